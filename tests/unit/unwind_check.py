#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
Compares what lib/unwind.c reads from the instructions of real images with what the compiler wrote into their
.debug_frame: the size of the frame and the place of the return address, at every call's return and at every
other instruction.

    unwind_check.py check [pattern]     as TAP, to the file that KIT_RESULT names

Looks at each image of build/release (or as O and DEBUG say). Code without .debug_frame, as assembly and the
C library's, cannot be compared and is left out.
"""

import bisect
import os
import re
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

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
    return [image for image in found if image.with_suffix('.bin').exists()]


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
    functions, columns = [], []
    for line in output_of(CROSS + 'readelf', '--debug-dump=frames-interp', image).splitlines():
        if match := re.search(r' FDE .* pc=([0-9a-f]+)\.\.([0-9a-f]+)', line):
            functions.append(Function(int(match[1], 16), int(match[2], 16)))
        elif ' CIE ' in line:
            columns = None
        elif line.strip().startswith('LOC'):
            columns = line.split() if columns is not None or functions else None
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
    """(address, its length, is it a call) of each."""
    found = []
    for line in output_of(CROSS + 'objdump', '-d', '-M', 'no-aliases', image).splitlines():
        if match := re.match(r'\s*([0-9a-f]+):\s+([0-9a-f]{4}|[0-9a-f]{8})\s+(\S+)\s*(\S*)', line):
            address, code, name, operands = match.groups()
            is_call = name == 'c.jalr' or (name in ('jal', 'jalr') and operands.startswith('ra,'))
            found.append((int(address, 16), len(code) // 2, is_call))
    return found


@cache
def dump_program():
    place = Path(tempfile.mkdtemp(prefix='unwind.')) / 'unwind_dump'
    output_of(os.environ.get('HOST_CC', 'cc'), '-std=gnu2x', '-O1', '-I.', '-o', place,
              'tests/unit/unwind_dump.c', 'lib/unwind.c')
    return place


@cache
def places(image):
    """(function's name, pc, is it behind a call, frame by .debug_frame, frame by lib/unwind.c, and does that
    call it a return) for each instruction that .debug_frame knows."""
    symbols = [line.split() for line in output_of(CROSS + 'nm', '-n', image).splitlines()]
    address_of = {words[2]: int(words[0], 16) for words in symbols if len(words) == 3}
    base, end = address_of['image_start'], address_of['image_rodata']
    # What tools/symbols.py puts into the table that the crash report uses.
    starts = {int(words[0], 16): words[2] for words in reversed(symbols)
              if len(words) == 3 and words[1] in 'tTwW' and base <= int(words[0], 16) < end
              and not words[2].startswith(('.L', '$')) and words[2] != 'image_start'}
    ordered = sorted(starts)
    functions = sorted(functions_of(image), key=lambda function: function.start)
    functions = [function for function in functions if base <= function.start < end]
    function_starts = [function.start for function in functions]
    found, previous_call = [], False
    for address, length, is_call in instructions_of(image):
        # A call's return may lie behind the function's last instruction, where the call never returns.
        for pc, is_return in ((address, False), (address + length, True)):
            if is_return and not is_call:
                continue
            at = bisect.bisect_right(function_starts, address) - 1
            if at < 0 or not functions[at].start <= address < functions[at].end:
                continue
            start = ordered[bisect.bisect_right(ordered, address) - 1]
            found.append((starts[start], start, pc, is_return, functions[at].frame_at(address)
                          if is_return else functions[at].frame_at(pc)))
    lines = output_of(dump_program(), image.with_suffix('.bin'), given=''.join(
        f'{start - base:x} {pc - base:x} {is_return:d}\n' for _, start, pc, is_return, _ in found)).splitlines()
    assert len(lines) == len(found)
    said = [tuple(map(int, line.split())) for line in lines]
    return [(name, pc, is_return, frame, line[:2], bool(line[2]))
            for (name, _, pc, is_return, frame), line in zip(found, said)]


def agree(frame, said):
    """The compiler may say that ra is in its register while its copy on the stack is good as well."""
    return said == frame or (frame[1] == -1 and said[0] == frame[0] and 0 <= said[1] < said[0])


def compare(wanted):
    wrong, n = [], 0
    for image in images():
        for name, pc, is_return, frame, said, _ in places(image):
            if is_return != wanted:
                continue
            n += 1
            if not agree(frame, said):
                wrong.append(f'{image.name}: {name} at {pc:x}: (size, ra) is {frame}, read as {said}')
    assert n > 1000, f'only {n} places were compared'
    assert not wrong, '\n'.join([f'{len(wrong)} of {n} places are wrong', *wrong[:SHOWN]])


def every_return_of_a_call_has_the_compilers_frame():
    compare(True)


def every_other_place_has_the_compilers_frame():
    compare(False)


def every_return_of_a_call_is_known_as_one():
    wrong = [f'{image.name}: {name} at {pc:x}' for image in images()
             for name, pc, is_return, _, _, known in places(image) if is_return and not known]
    assert not wrong, '\n'.join(wrong[:SHOWN])


if __name__ == '__main__':
    sys.exit(run_tests('unwind_check', [
        every_return_of_a_call_has_the_compilers_frame, every_other_place_has_the_compilers_frame,
        every_return_of_a_call_is_known_as_one]))
