# SPDX-License-Identifier: BSD-2-Clause
"""U-Boot and a unikernel's ELF file as guests, and what becomes of a guest that crashes."""

from runner.qemu import Machine
from system._stock import stock


def jobs(env):
    for tests in ('uboot', 'crash', 'elf'):
        yield stock(env, tests, f'{tests}.')
    yield stock(env, 'uboot-qemu7.2-sbi1.1', 'uboot.', Machine('7.2', '1.1', harts=1))
