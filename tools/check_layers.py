#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Check that no folder includes from one that stands below it: the table is tools/layers.txt.

usage: check_layers.py FILE...
"""
import re
import sys

TABLE = "tools/layers.txt"
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"')


def read_table():
    layers = {}
    for line in open(TABLE):
        words = line.split("#")[0].split()
        if words:
            layers[words[0]] = words[1:]
    return layers


def layer_of(path, layers):
    holding = [name for name in layers if path.startswith(name + "/")]
    return max(holding, key=len) if holding else None


def check(path, layers):
    mine = layer_of(path, layers)
    if mine is None:
        yield f"{path}: its folder does not stand in {TABLE}"
        return
    for number, line in enumerate(open(path), 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        theirs = layer_of(match[1], layers)
        if theirs is None:
            yield f"{path}:{number}: includes {match[1]}: write it from the root of the tree"
        elif theirs != mine and theirs not in layers[mine] and "*" not in layers[mine]:
            yield f"{path}:{number}: {mine} may not use {theirs} ({match[1]})"


def main():
    layers = read_table()
    errors = [e for path in sys.argv[1:] for e in check(path, layers)]
    for error in errors:
        print(error, file=sys.stderr)
    sys.exit(bool(errors))


main()
