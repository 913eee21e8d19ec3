# SPDX-License-Identifier: BSD-2-Clause
"""
Tests that run inside VMs (tests/guest), on machines such that every two values that can stand
together do so once: of QEMU, OpenSBI, CPU, the G-stage's levels, whether the guest has all that the
hart offers or lacks what can be refused, and whether the hart says which address faulted. What two
vCPUs do to each other is tried on one hart and on two.

The guest hands its results to the hypervisor, and that writes them by semihosting.
"""

import itertools
from typing import NamedTuple

from runner import matrix, qemu
from runner.qemu import Machine
from system._boot import TIME_LIMIT

LEVELS = {('7.2', 'h'): (3, 4), ('10', 'h'): (3, 4, 5), ('10', 'max'): (3, 4, 5),
          ('10', 'rva23s64'): (3,)}


class Row(NamedTuple):
    qemu: str
    opensbi: str
    cpu: str
    levels: int
    lean: bool
    no_htval: bool

    def name(self):
        return (f'inside-{self.cpu}-levels{self.levels}{"-lean" if self.lean else ""}'
                f'{"-no-htval" if self.no_htval else ""}-qemu{self.qemu}-sbi{self.opensbi}')

    def options(self):
        return (f'levels={self.levels}{" lean" if self.lean else ""}'
                f'{" hide-htval" if self.no_htval else ""}')


def every_row():
    return [Row(version, sbi, cpu, *others)
            for (version, cpu), modes in LEVELS.items()
            for sbi, *others in itertools.product(('1.1', '1.6'), modes, (False, True),
                                                  (False, True))]


def jobs(env):
    rows = every_row()
    for row in sorted(rows if env.long else matrix.cover(rows, rows)):
        machine = Machine(qemu=row.qemu, opensbi=row.opensbi, cpu=row.cpu, harts=1, memory='256M')
        yield inside(env, row.name(), machine, row.options())
    for qemu_version, harts in itertools.product(('7.2', '10'), (1, 2)):
        machine = Machine(qemu=qemu_version, harts=harts, memory='256M')
        job = inside(env, f'inside-vcpus2-x{harts}-qemu{qemu_version}', machine, 'vcpus=2')
        if not env.tests_only:
            words = job.command.index('-semihosting-config') + 1
            job.command[words] += ',arg=second.'
        yield job


def inside(env, name, machine, options):
    return qemu.test_job(env, f'system/guest/{name}', machine, env.image('test-guest'),
                         '-append', options, time_limit=TIME_LIMIT)
