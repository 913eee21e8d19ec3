# SPDX-License-Identifier: BSD-2-Clause
"""
Reads results as strictly as they are written: version, plan, tests numbered 1, 2, 3..., the sum.
Whatever else a file says is an error with a kind of its own, so that a program which died half-way
can never look like one that passed.
"""

import re
from dataclasses import dataclass, field

PASSED, FAILED, SKIPPED = 'passed', 'failed', 'skipped'


@dataclass
class Test:
    name: str
    outcome: str
    reason: str = ''                                # of a skip
    notes: list[str] = field(default_factory=list)  # what it said


@dataclass
class Tap:
    tests: list[Test] = field(default_factory=list)
    plan: int | None = None
    running: str | None = None  # the test that started and has no result
    notes: list[str] = field(default_factory=list)  # what that one said
    kind: str | None = None     # what is wrong with the file, in two words
    error: str | None = None    # and in a sentence

    def wrong(self, kind, error):
        """Only the first error is kept: the others follow from it."""
        if not self.kind:
            self.kind, self.error = kind, error

    def count(self, outcome):
        return sum(test.outcome == outcome for test in self.tests)


RESULT = re.compile(r'(not )?ok (\d+) - (\S+)(?: # SKIP (\S.*))?')
PLAN = re.compile(r'1\.\.(\d+)')
SUM = re.compile(r'# (\d+) passed, (\d+) failed, (\d+) skipped')
START = re.compile(r'# start (\S+)')


def parse(text):
    tap = Tap()
    lines = text.split('\n')
    unended = lines.pop()
    total = None
    for n, line in enumerate(lines):
        if total is not None:
            tap.wrong('bad line', f'"{line}" stands after the sum')
        elif n == 0:
            if line not in ('TAP version 13', 'TAP version 14'):
                tap.wrong('bad line', f'it begins with "{line}" and not with a version')
        elif match := SUM.fullmatch(line):
            total = tuple(int(count) for count in match.groups())
        else:
            _take_line(tap, line)
    if not lines:
        tap.wrong('no result', 'the result file is empty')
    elif total is None:
        _judge_unfinished(tap, unended)
    else:
        _judge_sum(tap, total)
    return tap


def _take_line(tap, line):
    if match := START.fullmatch(line):
        tap.running, tap.notes = match[1], []
    elif line.startswith('#'):
        tap.notes.append(line[1:].removeprefix(' '))
    elif match := PLAN.fullmatch(line):
        if tap.plan is not None:
            tap.wrong('wrong plan', 'there are two plans')
        elif tap.tests:
            tap.wrong('wrong plan', 'the plan stands after the first result')
        tap.plan = int(match[1])
    elif match := RESULT.fullmatch(line):
        _take_result(tap, match)
    elif line.startswith('Bail out!'):
        tap.wrong('bailed out', line)
    else:
        tap.wrong('bad line', f'"{line}" is not TAP')


def _take_result(tap, match):
    bad, number, name, reason = match.groups()
    number, due = int(number), len(tap.tests) + 1
    if number < due:
        tap.wrong('duplicate', f'the number {number} stands at two results, the second is {name}')
    elif number > due:
        tap.wrong('wrong plan', f'{name} has the number {number}, where {due} is due')
    if any(test.name == name for test in tap.tests):
        tap.wrong('duplicate', f'two results are called {name}')
    if tap.plan is None:
        tap.wrong('wrong plan', 'a result stands before the plan')
    elif due > tap.plan:
        tap.wrong('wrong plan', f'the plan is 1..{tap.plan}, and {name} is result {due}')
    outcome = FAILED if bad else SKIPPED if reason else PASSED
    tap.tests.append(Test(name, outcome, reason or '', tap.notes))
    tap.running, tap.notes = None, []


def _judge_unfinished(tap, unended):
    if tap.plan is None:
        where = 'before the plan'
    else:
        where = f'after {len(tap.tests)} of {tap.plan} results'
    if tap.running:
        where += f', in {tap.running}'
    if unended:
        where += f', in the middle of the line "{unended}"'
    tap.wrong('truncated', 'it stops ' + where)


def _judge_sum(tap, total):
    if tap.plan is None:
        tap.wrong('wrong plan', 'there is no plan')
    elif len(tap.tests) != tap.plan:
        tap.wrong('wrong plan',
                  f'the plan is 1..{tap.plan}, but there are {len(tap.tests)} results')
    counted = tuple(tap.count(outcome) for outcome in (PASSED, FAILED, SKIPPED))
    if total != counted:
        tap.wrong('wrong sum', 'it counts %d, %d, %d' % total + ' where %d, %d, %d are' % counted)
