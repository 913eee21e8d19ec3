# SPDX-License-Identifier: BSD-2-Clause
"""
A guest that tries everything against the hypervisor, beside one that checks that nobody disturbs
it, on the same hart and on another.

No semihosting here, and so no results of tests: a guest could use it. The verdict is the machine's
exit status, by its test device, which no guest is given; the report is the hypervisor's console, to
which no guest is attached.
"""

from runner.qemu import Machine
from system._boot import console

THOUSANDS = 250             # operations a row; there are four rows
LONG_THOUSANDS = 16000      # and eight rows, at other seeds
HARTS = {1: 'same-hart', 2: 'other-hart'}
VERDICT = r'^hostile: \d+ operations, seed \d+: nobody was disturbed$'


def jobs(env):
    rows = [(qemu, sbi, 'h') for qemu, sbi in (('10', '1.6'), ('7.2', '1.1'))]
    if env.long:
        rows += [('10', '1.6', 'max'), ('10', '1.1', 'rva23s64')]
    for number, (qemu, sbi, cpu) in enumerate(rows):
        for harts, where in HARTS.items():
            machine = Machine(qemu=qemu, opensbi=sbi, cpu=cpu, harts=harts, memory='1G')
            seed = 2 * number + harts
            operations = LONG_THOUSANDS if env.long else THOUSANDS
            yield console(env, f'hostile/{where}-{cpu}-qemu{qemu}', machine,
                          image='hartwood-hostile',
                          arguments=f'operations={operations} seed={seed} log=error',
                          expect=[VERDICT], time_limit=max(420, operations / 2), n_cpus=harts)
