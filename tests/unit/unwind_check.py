#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
Compares what lib/unwind.c reads from the instructions of real images with what the compiler wrote into their
.debug_frame: the size of the frame and the place of the return address, at every call's return and at every
other instruction.

    unwind_check.py check [pattern]     as TAP, to the file that KIT_RESULT names

Looks at each image of build/release (or as O and DEBUG say). Assembly has no .debug_frame and is left out.
"""

import atexit
import bisect
import os
import re
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / 'tests'))

from runner.job import Env
from runner.pytap import run_tests

CROSS = os.environ.get('CROSS', 'riscv64-unknown-elf-')
SHOWN = 20


def output_of(*command, given=None):
    return subprocess.run([str(word) for word in command], input=given, check=True,
                          capture_output=True, text=True, cwd=ROOT).stdout


def images():
    env = Env.from_environment(os.environ)
    found = sorted((ROOT / env.build / env.flavour).glob('*.elf'))
    assert found, 'there is no image; make images'
    return [image for image in found if image.with_suffix('.symbols.S').exists()]


class Function:
    """A range of addresses, and rows (from which address, size of the frame, where ra is)."""

    def __init__(self, start, end):
        self.start, self.end = start, end
        self.rows = [(start, 0, None)]

    def frame_at(self, pc):
        """(size, ra's distance from the sp of now, or -1)"""
        row = self.rows[bisect.bisect_right([row[0] for row in self.rows], pc) - 1]
        _, size, ra = row
        return size, -1 if ra is None else size + ra


def functions_of(image):
    """As .debug_frame has them. Frames that do not hang on sp are refused."""
    functions, columns = [], None
    for line in output_of(CROSS + 'readelf', '--debug-dump=frames-interp', image).splitlines():
        if match := re.search(r' FDE .* pc=([0-9a-f]+)\.\.([0-9a-f]+)', line):
            functions.append(Function(int(match[1], 16), int(match[2], 16)))
        elif line.strip().startswith('LOC'):
            columns = line.split()
        elif columns and functions and (words := line.split()):
            row = dict(zip(columns, words))
            pc = int(row['LOC'], 16)
            if not functions[-1].start <= pc < functions[-1].end:
                continue    # the row of a CIE: sp+0
            assert row['CFA'].startswith('sp+'), f'{image}: a frame of {row["CFA"]} at {pc:x}'
            ra = row.get('ra', 'u')
            functions[-1].rows.append((pc, int(row['CFA'][3:]), int(ra[1:]) if ra != 'u' else None))
    return functions


def instructions_of(image):
    """(address, length, is it a call, does it call __riscv_save_n) of each."""
    found = []
    for line in output_of(CROSS + 'objdump', '-d', '-M', 'no-aliases', image).splitlines():
        if match := re.match(r'\s*([0-9a-f]+):\s+([0-9a-f]{4}|[0-9a-f]{8})\s+(\S+)\s*(\S*)', line):
            address, code, name, operands = match.groups()
            is_call = name == 'c.jalr' or (name in ('jal', 'jalr') and operands.startswith('ra,'))
            found.append((int(address, 16), len(code) // 2, is_call, '<__riscv_save_' in line))
    return found


@cache
def dump_program():
    directory = tempfile.mkdtemp(prefix='unwind.')
    atexit.register(shutil.rmtree, directory)
    place = Path(directory) / 'unwind_dump'
    output_of(os.environ.get('HOST_CC', 'cc'), '-std=gnu2x', '-O1', '-I.', '-o', place,
              'tests/unit/unwind_dump.c', 'lib/unwind.c')
    return place


def names_of(image):
    """What tools/symbols.py puts into the table that the crash report uses, and where the text starts."""
    symbols = [line.split() for line in output_of(CROSS + 'nm', '-n', image).splitlines()]
    symbols = [(int(words[0], 16), *words[1:]) for words in symbols if len(words) == 3]
    address_of = {name: address for address, _, name in symbols}
    base, end = address_of['image_start'], address_of['image_rodata']
    return base, {address: name for address, kind, name in reversed(symbols)
                  if kind in 'tTwW' and base <= address < end and name != 'image_start'
                  and not name.startswith(('.L', '$'))}


class Place(NamedTuple):
    name: str           # of the function
    start: int          # where it starts
    pc: int
    is_return: bool     # the place behind a call; what is compared is then the frame at the call
    frame: tuple        # by .debug_frame


@cache
def places_of(image):
    """Each instruction that .debug_frame knows, each call's return, and what lib/unwind.c says of them."""
    base, names = names_of(image)
    starts = sorted(names)
    functions = sorted(functions_of(image), key=lambda function: function.start)
    function_starts = [function.start for function in functions]
    places = []
    for address, length, is_call, _ in instructions_of(image):
        function = functions[bisect.bisect_right(function_starts, address) - 1]
        if not function.start <= address < function.end:
            continue
        start = starts[bisect.bisect_right(starts, address) - 1]
        here = Place(names[start], start, address, False, function.frame_at(address))
        places.append(here)
        if is_call:
            places.append(here._replace(pc=address + length, is_return=True))
    lines = output_of(dump_program(), image.with_suffix('.bin'), given=''.join(
        f'{place.start - base:x} {place.pc - base:x} {place.is_return:d}\n' for place in places))
    said = [tuple(map(int, line.split())) for line in lines.splitlines()]
    assert len(places) == len(said)
    return list(zip(places, said))


def built_for_size(image):
    """Starts of functions whose .debug_frame is ahead of what happens, where they jump to __riscv_restore_n."""
    _, names = names_of(image)
    starts = sorted(names)
    return {starts[bisect.bisect_right(starts, address) - 1]
            for address, _, _, saves in instructions_of(image) if saves}


def agree(frame, said):
    """The compiler may say that ra is in its register while its copy on the stack is good as well."""
    return said == frame or (frame[1] == -1 and said[0] == frame[0] and 0 <= said[1] < said[0])


def compare(is_wanted):
    wrong, n = [], 0
    for image in images():
        left_out = built_for_size(image)
        for place, (size, ra, _) in places_of(image):
            if not is_wanted(place, left_out):
                continue
            n += 1
            if not agree(place.frame, (size, ra)):
                wrong.append(f'{image.name}: {place.name} at {place.pc:x}: (size, ra) is {place.frame}, '
                             f'and read as {(size, ra)}')
    assert n > 1000, f'only {n} places were compared'
    assert not wrong, '\n'.join([f'{len(wrong)} of {n} places are wrong', *wrong[:SHOWN]])


def every_return_of_a_call_has_the_compilers_frame():
    compare(lambda place, left_out: place.is_return)


def every_other_place_has_the_compilers_frame():
    compare(lambda place, left_out: not place.is_return and place.start not in left_out)


def every_return_of_a_call_is_known_as_one():
    wrong = [f'{image.name}: {place.name} at {place.pc:x}' for image in images()
             for place, (_, _, is_known) in places_of(image) if place.is_return and not is_known]
    assert not wrong, '\n'.join(wrong[:SHOWN])


if __name__ == '__main__':
    sys.exit(run_tests('unwind_check', [
        every_return_of_a_call_has_the_compilers_frame, every_other_place_has_the_compilers_frame,
        every_return_of_a_call_is_known_as_one]))
