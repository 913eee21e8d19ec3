#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Write the table of function names (lib/symbols.h) of a linked image as assembly, to standard output.

usage: symbols.py NM IMAGE.elf
"""
import subprocess
import sys


def main():
    nm, image = sys.argv[1:]
    listing = subprocess.run([nm, "-n", image], check=True, capture_output=True, text=True).stdout
    symbols = [line.split() for line in listing.splitlines() if len(line.split()) == 3]
    address = {name: int(value, 16) for value, _, name in symbols}
    base, end = address["image_start"], address["image_rodata"]
    functions = {}
    for value, kind, name in symbols:
        offset = int(value, 16) - base
        # Labels of the assembler's own and the mark of the image's start are no functions.
        if kind in "tTwW" and offset < end - base and not name.startswith((".L", "$")) and name != "image_start":
            functions.setdefault(offset, name)
    print(f"\t.section .symbols, \"a\"\n\t.balign 8\n\t.word {len(functions)}, {end - base}")
    place = 0
    for offset in sorted(functions):
        print(f"\t.word {offset}, {place}")
        place += len(functions[offset]) + 1
    for offset in sorted(functions):
        print(f"\t.asciz \"{functions[offset]}\"")


main()
