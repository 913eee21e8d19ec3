#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
The matrix of machines: what columns there are, which values can stand together, and how few rows it
takes for every two of them that can to do so once.

    matrix.py           print a new table, in place of tests/matrix.txt
    matrix.py check     the tests of tests/matrix.txt, as TAP to the file that KIT_RESULT names
"""

import itertools
import random
import sys
from pathlib import Path

if __name__ == '__main__':
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from runner.pytap import run_tests
from runner.qemu import Machine

TABLE = Path(__file__).resolve().parents[1] / 'matrix.txt'
VALUES = {
    'qemu': ['7.2', '10'],
    'opensbi': ['1.1', '1.6'],
    'cpu': ['h', 'no-h', 'max', 'rva23s64', 'sifive_u-2', 'sifive_u-5'],
    'harts': [1, 2, 4, 8],
    'memory': ['256M', '2G', '16G'],
    'irq': ['plic', 'aplic', 'imsic'],
}
LONG_VALUES = VALUES | {'qemu': ['7.2', '10', 'sid'], 'opensbi': ['1.1', '1.6', 'sid']}
BOARD_HARTS = {'sifive_u-2': 2, 'sifive_u-5': 5}
ATTEMPTS = 50  # random tables of which the shortest is taken


def why_not(machine):
    """Why such a machine cannot exist, or None."""
    if machine.cpu in ('max', 'rva23s64') and machine.qemu == '7.2':
        return f'QEMU 7.2 has no {machine.cpu}'
    if machine.is_board():
        if machine.harts != BOARD_HARTS[machine.cpu]:
            return f'{machine.cpu} has {BOARD_HARTS[machine.cpu]} harts'
        if machine.irq != 'plic':
            return 'sifive_u has a PLIC'
    elif machine.harts not in VALUES['harts']:
        return f'only a sifive_u has {machine.harts} harts'
    return None


def every_machine(values):
    """All that can exist, in a fixed order."""
    values = values | {'harts': sorted({*values['harts'], *BOARD_HARTS.values()})}
    machines = (Machine(*row) for row in itertools.product(*values.values()))
    return [machine for machine in machines if not why_not(machine)]


def pairs(machine):
    """Every two columns of a row, with their values."""
    return itertools.combinations(machine._asdict().items(), 2)


def every_pair(machines):
    return {pair for machine in machines for pair in pairs(machine)}


def missing_pairs(machines):
    """A sentence for each pair that can exist and that none of these machines has."""
    missing = every_pair(every_machine(VALUES)) - every_pair(machines)
    return sorted(f'no row has {a[0]} {a[1]} with {b[0]} {b[1]}' for a, b in missing)


def name_of(machine):
    harts = '' if machine.is_board() else f'-x{machine.harts}'
    return (f'{machine.cpu}{harts}-{machine.memory}-{machine.irq}'
            f'-qemu{machine.qemu}-sbi{machine.opensbi}')


def cover(machines, order):
    """Greedy: always the machine with the most pairs that no row has; `order` decides a draw."""
    left = every_pair(machines)
    pairs_of = {machine: set(pairs(machine)) for machine in machines}
    rows = []
    while left:
        best = max(order, key=lambda machine: len(pairs_of[machine] & left))
        rows.append(best)
        left -= pairs_of[best]
    return rows


def best_cover(machines):
    """The shortest of some covers, the same ones each time."""
    dice = random.Random(1)
    covers = (cover(machines, dice.sample(machines, len(machines))) for _ in range(ATTEMPTS))
    rank = {machine: n for n, machine in enumerate(machines)}
    return sorted(min(covers, key=len), key=rank.get)


def table_text(rows):
    cells = [['name', *Machine._fields]]
    cells += [[name_of(row), *map(str, row)] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells)]
    lines = ['  '.join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip()
             for row in cells]
    return '\n'.join([
        '# The machines that the tests run on. Every two values that can stand together do so in',
        '# a row. Made by tests/runner/matrix.py, checked by `make test`.', *lines, ''])


def read_table(text):
    """Returns (name, machine) for each row; raises ValueError, with the line, if it is no table."""
    lines = [line.split() for line in text.splitlines() if line and not line.startswith('#')]
    if not lines or lines[0] != ['name', *Machine._fields]:
        raise ValueError('its first line must be: name ' + ' '.join(Machine._fields))
    rows = []
    for line in lines[1:]:
        if len(line) != len(lines[0]):
            raise ValueError('these are not the columns: ' + ' '.join(line))
        name, *values = line
        machine = Machine(*values)
        rows.append((name, machine._replace(harts=int(machine.harts))))
    return rows


def table():
    return read_table(TABLE.read_text())


def no_row_is_impossible():
    for name, machine in table():
        assert not why_not(machine), f'{name}: {why_not(machine)}'
        for column, value in machine._asdict().items():
            known = VALUES[column] + ([*BOARD_HARTS.values()] if column == 'harts' else [])
            assert value in known, f'{name}: {value} is no value of {column}'


def every_pair_that_can_exist_stands_in_a_row():
    missing = missing_pairs([machine for _, machine in table()])
    assert not missing, '\n'.join(missing)


def names_say_their_values():
    for name, machine in table():
        assert name == name_of(machine), f'{name} should be called {name_of(machine)}'


def no_row_stands_twice():
    machines = [machine for _, machine in table()]
    assert len(set(machines)) == len(machines)


def no_table_made_here_is_shorter():
    made = best_cover(every_machine(VALUES))
    assert len(table()) <= len(made), f'{len(table())} rows, where {len(made)} are enough'


if __name__ == '__main__':
    if sys.argv[1:] == ['check']:
        sys.exit(run_tests('matrix', [
            no_row_is_impossible, every_pair_that_can_exist_stands_in_a_row, names_say_their_values,
            no_row_stands_twice, no_table_made_here_is_shorter]))
    sys.stdout.write(table_text(best_cover(every_machine(VALUES))))
