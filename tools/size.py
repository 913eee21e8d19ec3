#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Print the bytes of an image by component, read from the linker's map.

usage: size.py IMAGE.map 'component=its sources' ...
"""
import re
import sys
from collections import defaultdict

KINDS = {".text": "code", ".rodata": "constants", ".srodata": "constants", ".data": "data", ".sdata": "data",
         ".bss": "bss", ".sbss": "bss", ".tdata": "locals", ".tbss": "locals", ".pages": "tables",
         ".symbols": "constants", ".catch": "constants", ".components": "constants", ".options": "constants"}
PLACE = re.compile(r"^ (\.?[\w.*-]+)?\s+0x([0-9a-f]+)\s+0x([0-9a-f]+) (\S.*)$")
# A section with a long name has its place on the next line.
LONG_NAME = re.compile(r"^( \.[\w.-]+)\n +0x", re.M)


def kind_of(section):
    for prefix, kind in KINDS.items():
        if section == prefix or section.startswith(prefix + "."):
            return kind
    return None


def component_of(origin, components):
    for name, sources in components.items():
        if any(origin.endswith(f"/{s}.o") for s in sources):
            return name
    if "libfdt" in origin:
        return "(libfdt)"
    if "symbols.o" in origin:
        return "(names of functions)"
    return "(picolibc)" if ".a(" in origin else "(other)"


def main():
    components = {c.split("=")[0]: c.split("=")[1].split() for c in sys.argv[2:]}
    sums = defaultdict(lambda: defaultdict(int))
    text = open(sys.argv[1]).read().split("Linker script and memory map")[1]
    section = ""
    for line in LONG_NAME.sub(r"\1 0x", text).splitlines():
        match = PLACE.match(line)
        if match:
            kind = kind_of(match[1] or section)
            if kind and int(match[2], 16):
                sums[component_of(match[4], components)][kind] += int(match[3], 16)
    columns = ["code", "constants", "data", "bss", "locals", "tables"]
    print(f"{'component':<22}" + "".join(f"{c:>10}" for c in columns) + f"{'in file':>10}")
    in_file = lambda row: row["code"] + row["constants"] + row["data"]
    for name in sorted(sums, key=lambda n: -in_file(sums[n])):
        row = sums[name]
        print(f"{name:<22}" + "".join(f"{row[c]:>10}" for c in columns) + f"{in_file(row):>10}")
    total = {c: sum(row[c] for row in sums.values()) for c in columns}
    print(f"{'total':<22}" + "".join(f"{total[c]:>10}" for c in columns) + f"{in_file(total):>10}")


main()
