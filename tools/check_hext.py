#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Check that the H extension is used in arch/, vcpu/hext/ and the boot probe only: guests run on harts
without it, too. Its registers are known by number, by macro and by name in an instruction; its
instructions by mnemonic and by encoding: SYSTEM with funct7 0x11, 0x31 and the 0x30s. Comments may
speak of either, and fields may be called like registers.

usage: check_hext.py FILE...
"""
import re
import sys

MAY_USE = re.compile(r"(arch|vcpu/hext|tests|bench)/|platform/probe")
COMMENT_OR_STRING = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"', re.DOTALL)
CONTROL = re.compile(r"\\[nrtv]")

REGISTER = (r"(?:h(?:status|[ei]deleg|i[ep]|vi(?:p|en|ctl|prio[12]h?)|gei[ep]|envcfg|counteren|timedelta|gatp"
            r"|tval|tinst|context|stateen[0-3])"
            r"|vs(?:status|i[ep]|tvec|scratch|epc|cause|tval|atp|timecmp|iselect|ireg[2-6]?|topei|topi)"
            r"|0x[26][0-9a-f]{2}|0xe12)\b")
USE = re.compile("|".join((
    r"\bCSR_(?!HPMCOUNTER|VSTART\b)(?:H|VS)[A-Z0-9]+\b",
    r"\b(?:HSTATUS|HGATP|HVIP)_[A-Z0-9]+\b",
    r"\bcsr[rwsci]+\s[^;\n]*?\b" + REGISTER,
    r"\bcsr_[a-z_]+\(\s*" + REGISTER,
    r"\bhfence_[a-z]+\b",
    r"\bh(?:fence|inval)\.[gv]vma\b",
    r"\bh(?:lvx?\.[bhwd]u?|sv\.[bhwd])\b",
    r"0x73, [04], 0x(?:11|3[0-7])")))


def plain(text):
    """The text without its comments, and with blanks for \\n and the like in strings."""
    def keep(match):
        word = match[0]
        return CONTROL.sub("  ", word) if word[0] == '"' else re.sub("[^\n]", " ", word)
    return COMMENT_OR_STRING.sub(keep, text)


def check(path):
    for number, line in enumerate(plain(open(path).read()).split("\n"), 1):
        match = USE.search(line)
        if match:
            yield f"{path}:{number}: uses the H extension ({match[0].strip()})"


def main():
    errors = [e for path in sys.argv[1:] if not MAY_USE.match(path) for e in check(path)]
    for error in errors:
        print(error, file=sys.stderr)
    sys.exit(bool(errors))


main()
