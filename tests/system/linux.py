# SPDX-License-Identifier: BSD-2-Clause
"""
Debian's kernel as a guest. All of its tests run on one machine; that it boots, works and switches
off is tried on every kind of machine that can have guests.
"""

from itertools import product

from runner.qemu import Machine
from system._boot import versions_text
from system._stock import stock

# Every two of QEMU, OpenSBI and CPU that can stand together; the tests on one machine add QEMU 10
# with h. QEMU 7.2 has no other CPU.
ROWS = [*product(['7.2'], ['1.1', '1.6'], ['h']),
        *product(['10'], ['1.1', '1.6'], ['max', 'rva23s64'])]
LONG_ROWS = [*product(['7.2'], ['1.1', '1.6', 'sid'], ['h']),
             *product(['10', 'sid'], ['1.1', '1.6', 'sid'], ['h', 'max', 'rva23s64'])]


def jobs(env):
    yield stock(env, 'linux', 'linux.', time_limit=600)
    yield stock(env, 'restart', 'restart.', Machine(harts=1),
                '-append', f'restarts={100 if env.long else 10}',
                time_limit=5400 if env.long else 600)
    for harts in (1, 2):
        yield stock(env, f'pair-x{harts}', 'pair.', Machine(harts=harts), time_limit=120)
        yield stock(env, f'pause-x{harts}', 'pause.', Machine(harts=harts), time_limit=240)
        for vcpus in ('two', 'four'):
            yield stock(env, f'smp-{vcpus}-x{harts}', f'smp.{vcpus}', Machine(harts=harts),
                        time_limit=120)
    for qemu, opensbi, cpu in LONG_ROWS if env.long else ROWS:
        machine = Machine(qemu=qemu, opensbi=opensbi, cpu=cpu, harts=1)
        yield stock(env, f'linux-{cpu}-{versions_text(machine)}', 'linux.boots_to_a_shell', machine,
                    time_limit=120)
