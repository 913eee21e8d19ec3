# SPDX-License-Identifier: BSD-2-Clause
"""That `make check` finds what it shall (_checks_check.py)."""

from runner.job import Job


def jobs(env):
    yield Job('system/checks', ['python3', '-B', 'tests/system/_checks_check.py', 'check',
                                *env.pattern_words()], takes_pattern=True)
