# SPDX-License-Identifier: BSD-2-Clause
"""Tests written in Python, reported as the C kit reports its own."""

import os
import sys
import traceback


def run_tests(suite, tests, only=None):
    """Run functions that raise if they fail, named by their sentences; returns the exit status."""
    only = only or (sys.argv[2] if len(sys.argv) > 2 else '')
    tests = [test for test in tests if only in f'{suite}.{test.__name__}']
    path = os.environ.get('KIT_RESULT')
    out = open(path, 'w') if path else sys.stdout
    passed = 0

    def say(line):
        print(line, file=out, flush=True)

    say('TAP version 13')
    say(f'1..{len(tests)}')
    for number, test in enumerate(tests, 1):
        name = f'{suite}.{test.__name__}'
        say(f'# start {name}')
        try:
            test()
        except Exception:
            for line in traceback.format_exc().rstrip().splitlines():
                say(f'# {line}')
            say(f'not ok {number} - {name}')
        else:
            passed += 1
            say(f'ok {number} - {name}')
    say(f'# {passed} passed, {len(tests) - passed} failed, 0 skipped')
    return 0 if passed == len(tests) else 1
