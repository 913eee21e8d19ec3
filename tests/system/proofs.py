# SPDX-License-Identifier: BSD-2-Clause
"""
What CBMC proves about the G-stage's tables and the walkers: see tests/proofs.
"""

from runner.job import Job


def jobs(env):
    yield Job('proofs/gstage', ['tests/proofs/run', *env.pattern_words()], time_limit=600,
              takes_pattern=True, needs=[env.build / 'bin/cbmc'])
