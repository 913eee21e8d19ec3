# SPDX-License-Identifier: BSD-2-Clause
"""
Tests that run inside VMs (tests/guest), on machines such that every two values that can stand
together do so once: of QEMU, OpenSBI, CPU, the G-stage's levels, and whether the guest has all
that the hart offers or lacks what can be refused.

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


def every_row():
    return [Row(version, sbi, cpu, levels, lean)
            for (version, cpu), modes in LEVELS.items()
            for sbi, levels, lean in itertools.product(('1.1', '1.6'), modes, (False, True))]


def jobs(env):
    rows = every_row()
    for row in sorted(rows if env.long else matrix.cover(rows, rows)):
        machine = Machine(qemu=row.qemu, opensbi=row.opensbi, cpu=row.cpu, harts=1, memory='256M')
        name = (f'system/guest/inside-{row.cpu}-levels{row.levels}{"-lean" if row.lean else ""}'
                f'-qemu{row.qemu}-sbi{row.opensbi}')
        options = f'levels={row.levels}' + (' lean' if row.lean else '')
        yield qemu.test_job(env, name, machine, env.image('test-guest'), '-append', options,
                            time_limit=TIME_LIMIT)
