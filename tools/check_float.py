#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Check that an image holds no floating-point or vector instruction outside the functions that
switch that state: guests' F and V registers are live while the hypervisor runs.

usage: check_float.py CROSS IMAGE.elf
"""
import re
import subprocess
import sys

FUNCTION = re.compile(r"^[0-9a-f]+ <(\S+)>:$")
INSTRUCTION = re.compile(r"^\s*[0-9a-f]+:\s+[0-9a-f]+\s+(\S+)")
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
            name = match[1]
            if FLOAT.match(name) and not NOT_FLOAT.match(name) and not SWITCHES.match(function):
                errors.append(f"{image}: {function} holds {line.strip()}")
    for error in errors:
        print(error, file=sys.stderr)
    sys.exit(bool(errors))


main()
