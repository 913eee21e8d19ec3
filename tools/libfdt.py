#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Make Debian's riscv64 libfdt.a fit a soft-float link.

The library is compiled for the double-float ABI but uses no floating point, so only the ABI mark in each object's
ELF header keeps it from being linked. That it uses none is checked here, instruction by
instruction, before the mark is cleared.

usage: libfdt.py CROSS IN.a OUT.a
"""
import os
import re
import struct
import subprocess
import sys
import tempfile

EF_RISCV_FLOAT_ABI = 0x6
E_FLAGS_OFFSET = 48  # in an ELF64 header
FLOAT = re.compile(r"^\s*[0-9a-f]+:\s+[0-9a-f]+\s+(f(?!ence)\S+|c\.f\S+|v[a-z]\S*)\s")


def main():
    cross, source, target = sys.argv[1:]
    listing = subprocess.run([cross + "objdump", "-d", source], check=True, capture_output=True, text=True).stdout
    for line in listing.splitlines():
        if FLOAT.match(line):
            sys.exit(f"libfdt: {source} holds a floating-point or vector instruction: {line.strip()}")
    source = os.path.abspath(source)
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([cross + "ar", "x", source], check=True, cwd=folder)
        members = sorted(os.listdir(folder))
        for member in members:
            with open(os.path.join(folder, member), "r+b") as f:
                f.seek(E_FLAGS_OFFSET)
                (flags,) = struct.unpack("<I", f.read(4))
                f.seek(E_FLAGS_OFFSET)
                f.write(struct.pack("<I", flags & ~EF_RISCV_FLOAT_ABI))
        if os.path.exists(target):
            os.remove(target)
        paths = [os.path.join(folder, member) for member in members]
        subprocess.run([cross + "ar", "rcsD", target, *paths], check=True)


main()
