#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Write docs/options.md from the OPTION_ declarations in the sources, to standard output.

usage: options_page.py FILE.c...
"""
import re
import sys

TEXT = r'((?:"(?:[^"\\]|\\.)*"\s*)+)'
OPTION = re.compile(
    r"^OPTION_(NUMBER|CHOICE|FLAG)\(\s*([\w-]+),\s*\w+,\s*(\w+),\s*(?:(\w+),\s*(\w+),\s*)?(?:"
    + TEXT + r",\s*)?" + TEXT + r"\);", re.M
)
# The variable's initial value is the default: a number, or a name of an enum or macro.
VALUE = r"\b{}\s*=\s*(\w+)\s*[,;]"


def text(literal):
    return "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', literal or ""))


def number(word):
    return {"MAX_HARTS": "64"}.get(word, word)


def default(source, kind, variable, choices):
    match = re.search(VALUE.format(variable), source)
    value = number(match[1]) if match else "0"
    if kind == "CHOICE":
        words = choices.split()
        # An enum's name ends in the choice's: LOG_NOTICE, CONSOLE_AUTO.
        named = [w for w in words if value.endswith("_" + w.upper())]
        return named[0] if named else words[int(value, 0)]
    return ("off", "on")[int(value, 0)] if kind == "FLAG" else value


def main():
    rows = []
    for path in sys.argv[1:]:
        source = open(path).read()
        for kind, name, variable, least, most, choices, about in OPTION.findall(source):
            values = " ".join(f"`{c}`" for c in (text(choices) or "off on").split())
            if kind == "NUMBER":
                values = f"{number(least)} to {number(most)}"
            rows.append((name, values, default(source, kind, variable, text(choices)), text(about)))
    print("# Options\n")
    print("<!-- Made by tools/options_page.py from the sources; `make docs` writes it. -->\n")
    print("The hypervisor reads its options as `name=value` words from the boot arguments (`/chosen/bootargs`:")
    print('QEMU\'s `-append`, U-Boot\'s `bootargs`; with make: `make run BOOTARGS="log=info"`). A flag alone means')
    print("`on`. `help` lists them at boot; an unknown one, or a value that is not in the table, is named and passed over. Numbers\n"
          "may be hexadecimal (0x1d); of two values for one option the last one counts.\n")
    print("| option | values | default | what it does |\n|---|---|---|---|")
    for name, values, value, about in sorted(rows):
        print(f"| `{name}` | {values} | `{value}` | {about} |")


main()
