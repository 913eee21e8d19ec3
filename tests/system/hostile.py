# SPDX-License-Identifier: BSD-2-Clause
"""
A guest that tries everything against the hypervisor, beside one that checks that nobody disturbs
it, on the same hart and on another.

No semihosting here, and so no results of tests: a guest could use it. The verdict is the machine's
exit status, by its test device; the report comes by a serial port on the machine's PCI bus. No guest
is given either.
"""

from runner.qemu import Machine
from system._boot import console

FULL, PART = 500, 60        # thousands of operations; so many as FULL must reach everything
LONG_THOUSANDS = 16000
HARTS = {'same-hart': 1, 'other-hart': 2}
OLD, NEW = ('7.2', '1.1'), ('10', '1.6')    # QEMU and OpenSBI
ROWS = [('same-hart', NEW, 'h', FULL), ('other-hart', OLD, 'h', FULL),
        ('other-hart', NEW, 'max', PART), ('same-hart', OLD, 'h', PART)]
LONG_ROWS = [(where, versions, cpu, LONG_THOUSANDS) for where in HARTS for versions, cpu in
             ((NEW, 'h'), (OLD, 'h'), (NEW, 'max'), (('10', '1.1'), 'rva23s64'))]
NEIGHBOUR = r'^a round is over$'   # on the console, whatever the other one prints
VERDICT = r'^hostile: \d+ operations, seed \d+: nobody was disturbed$'


def jobs(env):
    for seed, (where, (qemu, sbi), cpu, thousands) in enumerate(LONG_ROWS if env.long else ROWS, 1):
        machine = Machine(qemu=qemu, opensbi=sbi, cpu=cpu, harts=HARTS[where], memory='1G')
        name = f'hostile/{where}-{cpu}-qemu{qemu}'
        report = f'file,id=report,path={env.report(f"system/{name}")}'
        yield console(env, name, machine, '-chardev', report, '-device', 'pci-serial,chardev=report',
                      image='hartwood-hostile', report=[VERDICT], expect=[NEIGHBOUR],
                      arguments=f'operations={thousands} seed={seed} log=error',
                      time_limit=max(900, thousands / 2), n_cpus=machine.harts)
