#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Check the instructions of an image that users start.

No floating-point or vector instruction outside the functions that switch that state: guests' F and
V registers are live while the hypervisor runs. And no semihosting call, which reaches the files of
the host it is simulated on.

usage: check_insns.py CROSS IMAGE.elf
"""
import re
import subprocess
import sys

FUNCTION = re.compile(r"^[0-9a-f]+ <(\S+)>:$")
INSTRUCTION = re.compile(r"^\s*[0-9a-f]+:\s+([0-9a-f]+)\s+(\S+)")
SEMIHOSTING = "01f01013"  # slli zero, zero, 0x1f: it marks the ebreak behind it
NOT_FLOAT = re.compile(r"^fence(\.\w+)?$")
FLOAT = re.compile(r"^(c\.)?(f|v)[a-z]")
# Functions that may: the ones that save and load that state.
SWITCHES = re.compile(r"^(fp|vector)_(save|restore)")


def main():
    cross, image = sys.argv[1:]
    listing = subprocess.run([cross + "objdump", "-d", image], check=True, capture_output=True, text=True).stdout
    function, errors = "", []
    for line in listing.splitlines():
        if match := FUNCTION.match(line):
            function = match[1]
        elif match := INSTRUCTION.match(line):
            code, name = match.groups()
            if code == SEMIHOSTING:
                errors.append(f"{image}: {function} makes a semihosting call")
            if FLOAT.match(name) and not NOT_FLOAT.match(name) and not SWITCHES.match(function):
                errors.append(f"{image}: {function} holds {line.strip()}")
    for error in errors:
        print(error, file=sys.stderr)
    sys.exit(bool(errors))


main()
