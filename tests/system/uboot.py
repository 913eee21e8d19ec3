# SPDX-License-Identifier: BSD-2-Clause
"""
U-Boot and a unikernel's ELF file as guests, and what becomes of a guest that crashes, touches what it
may not, or finds no memory left.
"""

from runner.qemu import Machine
from system._stock import stock


def jobs(env):
    for tests in ('uboot', 'crash', 'elf'):
        yield stock(env, tests, f'{tests}.')
    yield stock(env, 'rights', 'rights.', time_limit=120)
    yield stock(env, 'alone', 'alone.', Machine(harts=2), time_limit=120)
    # The archive and the image take half of it.
    for harts in (1, 2):
        yield stock(env, f'shortage-x{harts}', 'shortage.', Machine(harts=harts, memory='128M'),
                    time_limit=240)
    yield stock(env, 'uboot-qemu7.2-sbi1.1', 'uboot.', Machine('7.2', '1.1', harts=1))
