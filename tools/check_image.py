#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Check a linked image: its components, their order, and that the table of names is true.

usage: check_image.py CROSS FIRST.elf FINAL.elf 'component=what it needs' ...

FIRST is the image linked without the table of names: its functions must lie where FINAL's do.
"""
import subprocess
import sys

RECORD = "component_of_"


def symbols(cross, image):
    listing = subprocess.run([cross + "nm", "-n", image], check=True, capture_output=True, text=True).stdout
    return [(int(f[0], 16), f[1], f[2]) for f in map(str.split, listing.splitlines()) if len(f) == 3]


def check_components(found, declared):
    order = [name[len(RECORD):] for _, _, name in found if name.startswith(RECORD)]
    for name in declared:
        if order.count(name) != 1:
            yield f"component '{name}' is named by the image but has {order.count(name)} COMPONENT records"
    for name in order:
        if name not in declared:
            yield f"COMPONENT({name}) is linked, but the image does not name it"
    for name, needs in declared.items():
        for need in needs:
            if need not in declared:
                yield f"component '{name}' needs '{need}', which the image does not name"
            elif name in order and need in order and order.index(need) > order.index(name):
                yield f"component '{name}' comes up before '{need}', which it needs"


def main():
    cross, first, final, *components = sys.argv[1:]
    declared = {c.split("=")[0]: c.split("=")[1].split() for c in components}
    found = symbols(cross, final)
    errors = list(check_components(found, declared))
    functions = [s for s in found if s[1] in "tT"]
    if functions != [s for s in symbols(cross, first) if s[1] in "tT"]:
        errors.append("functions moved between the two links: the table of names is wrong")
    # The register is a guest's or the program's: the linker must not shorten accesses by way of it.
    if any(name == "__global_pointer$" for _, _, name in found):
        errors.append("__global_pointer$ is defined: code may use gp, which nobody sets")
    for error in errors:
        print(f"{final}: {error}", file=sys.stderr)
    sys.exit(bool(errors))


main()
