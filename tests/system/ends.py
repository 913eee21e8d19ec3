# SPDX-License-Identifier: BSD-2-Clause
"""
How a machine ends: its status where there is a device to tell it by, and `make run` for a script,
which must end by itself.

Without a test device the firmware switches off (SRST). That ends QEMU too, but with status 0 in any
case: OpenSBI does not hand the reason on, and a sifive_u has no power switch, so that it is a
reset, at which QEMU ends because of -no-reboot.
"""

from runner import qemu
from runner.job import Job
from runner.qemu import Machine
from system._boot import (CHAINED_TREE, TIME_LIMIT, boot, chain, chained, console, versions,
                          versions_text, with_chained_tree)

BOARD = Machine(cpu='sifive_u-5', harts=5)
WAYS = {'success': 'crash=end_with_success', 'failure': 'crash=end_with_failure'}
NO_TEST_DEVICE = 'fdtput -r $tree /soc/$(fdtget -l $tree /soc | grep ^test@)'
SAID = r'^switching off$'


def jobs(env):
    for qemu_version, sbi_version in versions(env):
        machine = Machine(qemu=qemu_version, opensbi=sbi_version)
        of = versions_text(machine)
        for way, arguments in WAYS.items():
            yield console(env, f'end/{way}-{of}', machine, image='test-crash', arguments=arguments,
                          status=1 if way == 'failure' else 0)
            yield without_test_device(env, f'end/{way}-by-firmware-{of}', machine, arguments)
        job = boot(env, f'end/finds-no-test-device-{of}', machine, {'test_device': 0},
                   *chained(env, tree=CHAINED_TREE), kernel=chain(env))
        yield with_chained_tree(env, job, NO_TEST_DEVICE)
        board = machine._replace(cpu='sifive_u-5', harts=5)
        yield console(env, f'end/board-{of}', board, expect=[r'^power      firmware$', SAID])
    for name, variables in (('virt', {}), ('virt-7.2', {'QEMU': '7.2', 'OPENSBI': '1.1'}),
                            ('sifive_u', {'MACHINE': 'sifive_u'}),
                            ('arguments', {'BOOTARGS': 'harts=1'})):
        yield run(env, name, variables)


def without_test_device(env, name, machine, arguments):
    job = console(env, name, machine, *chained(env, 'test-crash', CHAINED_TREE),
                  image='test-crash', arguments=arguments)
    job.command[job.command.index('-kernel') + 1] = str(chain(env))
    return with_chained_tree(env, job, NO_TEST_DEVICE)


def run(env, name, variables):
    """tools/run, as `make run` calls it, with no terminal, and none of the caller's variables."""
    image = env.image('hartwood')
    harts = 1 if 'BOOTARGS' in variables else 4
    clean = ['env', *(word for name in ('MACHINE', 'CPU', 'SMP', 'MEM', 'AIA', 'QEMU',
                                                 'OPENSBI', 'BOOTARGS', 'QEMUFLAGS')
                      for word in ('-u', name))]
    settings = [f'{key}={value}' for key, value in ({'O': env.build} | variables).items()]
    return Job(f'system/end/run-{name}', [*clean, *settings, 'tools/run', '--image', str(image)],
               tap=False, time_limit=TIME_LIMIT, expect=[rf'^harts      {harts} of', SAID],
               needs=[image, qemu.binary(env, Machine())])
