#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Write the name of a linked image and the table of its functions' (lib/symbols.h) as assembly, to standard output.

usage: symbols.py NM IMAGE.elf
"""
import subprocess
import sys
from collections import Counter
from pathlib import Path

MAX_PENDING = 16  # of lib/symbols.c
IMAGE = 24        # bytes of its name
END, BETWEEN = "\0", "\n"


def functions_of(nm, image):
    """The length of the text, and names by where they start in it."""
    listing = subprocess.run([nm, "-n", image], check=True, capture_output=True, text=True).stdout
    symbols = [line.split() for line in listing.splitlines() if len(line.split()) == 3]
    address = {name: int(value, 16) for value, _, name in symbols}
    base, end = address["image_start"], address["image_rodata"]
    functions = {}
    for value, kind, name in symbols:
        offset = int(value, 16) - base
        # Labels of the assembler's own and the mark of the image's start are no functions.
        if kind in "tTwW" and offset < end - base and not name.startswith((".L", "$")) and name != "image_start":
            # What gcc made of it is called as the source calls it.
            functions.setdefault(offset, name.split(".")[0])
    return end - base, dict(sorted(functions.items()))


def shorten(names):
    """Give the codes that are no letter to the pairs that are most frequent, one after the other."""
    text = BETWEEN.join(name + END for name in names)
    pairs = {letter: END + letter for letter in set(text) - {BETWEEN}}
    pending = {letter: 1 for letter in pairs}  # the most codes that wait while this one is read
    for code in map(chr, range(1, 256)):
        if code in pairs or code == BETWEEN:
            continue
        counts = Counter(map("".join, zip(text, text[1:])))
        pair = next((p for p, n in counts.most_common() if n > 2 and BETWEEN not in p
                     and max(1 + pending[p[0]], pending[p[1]]) <= MAX_PENDING), None)
        if not pair:
            break
        pairs[code], pending[code] = pair, max(1 + pending[pair[0]], pending[pair[1]])
        text = text.replace(pair, code)
    return pairs, text.split(BETWEEN)


def number(n):
    """Seven bits a byte, the lowest first; the top bit says that more follow."""
    return ([n & 0x7F | 0x80] + number(n >> 7)) if n > 0x7F else [n]


def print_bytes(values):
    print("\t.byte " + ", ".join(map(str, values)))


def main():
    text_size, functions = functions_of(*sys.argv[1:])
    pairs, coded = shorten(functions.values())
    print(f"\t.section .symbols, \"a\"\n\t.balign 8\n\t.word {len(functions)}, {text_size}")
    print_bytes(Path(sys.argv[2]).stem.encode()[:IMAGE - 1].ljust(IMAGE, b"\0"))
    for code in range(256):
        print_bytes(map(ord, pairs.get(chr(code), END + END)))
    last = 0
    for offset, name in zip(functions, coded):
        print_bytes(number((offset - last) // 2) + list(map(ord, name)))
        last = offset


main()
