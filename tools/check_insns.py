#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Check the instructions of an image that users start.

No floating-point or vector instruction outside vcpu/hext/float.S and vcpu/hext/vector.S, which
switch that state: guests' F and V registers are live while the hypervisor runs. They are told by
their codes, since the disassembler names only those that it expects. And no semihosting call, which
reaches the files of the host it is simulated on.

usage: check_insns.py CROSS IMAGE.elf
"""
import re
import subprocess
import sys

FUNCTION = re.compile(r"^[0-9a-f]+ <(\S+)>:$")
INSTRUCTION = re.compile(r"^\s*[0-9a-f]+:\s+([0-9a-f]+)\s+\S+")
SEMIHOSTING = "01f01013"  # slli zero, zero, 0x1f: it marks the ebreak behind it
# What the two files define.
SWITCHES = {"float_save", "float_restore", "vector_save", "vector_restore"}
# Major opcodes: LOAD-FP and STORE-FP (vector too), the fused four, OP-FP, OP-V.
FLOAT = {0x07, 0x27, 0x43, 0x47, 0x4B, 0x4F, 0x53, 0x57}


def is_float(code):
    if len(code) == 4:  # c.fld, c.fsd and their sp forms: quadrants 0 and 2
        return int(code, 16) & 3 in (0, 2) and int(code, 16) >> 13 in (1, 5)
    return int(code, 16) & 0x7F in FLOAT


def main():
    cross, image = sys.argv[1:]
    listing = subprocess.run([cross + "objdump", "-d", image], check=True, capture_output=True, text=True).stdout
    function, errors = "", []
    for line in listing.splitlines():
        if match := FUNCTION.match(line):
            function = match[1]
        elif match := INSTRUCTION.match(line):
            code = match[1]
            if code == SEMIHOSTING:
                errors.append(f"{image}: {function} makes a semihosting call")
            if is_float(code) and function not in SWITCHES:
                errors.append(f"{image}: {function} holds {line.strip()}")
    for error in errors:
        print(error, file=sys.stderr)
    sys.exit(bool(errors))


main()
