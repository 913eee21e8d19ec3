# SPDX-License-Identifier: BSD-2-Clause
"""
What an ended job proves: its tests, and the one thing that is wrong with the job as a whole, told
as exactly what it is: a hang, a panic, a crash, no result... A job that did not end well counts as
one failed test more, unless the tests that failed are all there is to say.
"""

import re
import signal
from dataclasses import dataclass, field

from runner import tap
from runner.job import ROOT
from runner.tap import FAILED, PASSED, SKIPPED, Test

TAIL_LINES = 15     # the end of a console, where nothing else is known
LINE_LENGTH = 160
REPORT_END = re.compile(r'end of (\d+) lines')    # the last line of a report
CAUSE_LINES = 40    # what a console says from the sign of a bad end on

# What a console says before things end badly, and what it is then called.
SIGNS = [
    ('panic', re.compile(r'^(?:\*\*\* .* (?:crashed|stopped) on hart|.*Kernel panic).*$',
                         re.MULTILINE)),
    ('sanitizer', re.compile(r'^.*(?:Sanitizer:|runtime error:).*$', re.MULTILINE)),
    ('fuzzer', re.compile(r'^.*ERROR: libFuzzer:.*$', re.MULTILINE)),
]


@dataclass
class Outcome:
    job: object
    tests: list[Test] = field(default_factory=list)
    kind: str | None = None     # what is wrong with the job itself
    error: str | None = None    # and in a sentence
    seconds: float = 0.0
    excerpt: list[str] = field(default_factory=list)    # of its console, if it failed
    unfinished: list[str] = field(default_factory=list)  # what the test said that has no result

    def count(self, outcome):
        return sum(test.outcome == outcome for test in self.tests) + (
            1 if outcome == FAILED and self.kind else 0)

    def word(self):
        if self.count(FAILED):
            return 'FAIL'
        return 'PASS' if self.count(PASSED) else 'SKIP'


def skipped(job, reason):
    return Outcome(job, [Test(job.name, SKIPPED, reason)])


def unstarted(job, error):
    return Outcome(job, kind='cannot start', error=error)


def judge(env, process):
    job = process.job
    outcome = Outcome(job, seconds=process.seconds)
    console = _text(ROOT / env.console(job.name)) or ''
    results = _read_results(env, job)
    outcome.tests = results.tests
    outcome.unfinished = results.notes
    report = _text(ROOT / env.report(job.name)) or ''
    outcome.kind, outcome.error = _what_is_wrong(process, results, console, report)
    if not job.tap and not outcome.kind:
        outcome.tests = [Test(job.name, PASSED)]
    if not outcome.tests and not outcome.kind and not env.tests_only:
        outcome.kind, outcome.error = 'no tests', 'it has none'
    if outcome.count(FAILED):
        outcome.excerpt = _excerpt(console + report)
    return outcome


def _read_results(env, job):
    if not job.tap:
        return tap.Tap()
    text = _text(ROOT / env.result(job.name))
    if text is not None:
        return tap.parse(text)
    return tap.Tap(kind='no result', error='it wrote no result file')


def _what_is_wrong(process, results, console, report):
    """The first thing that is; a sign on the console is nearer to the cause than how it ended."""
    kind, error = _how_it_ended(process)
    if not kind and results.kind:
        kind, error = results.kind, f'{results.error}; exit status {process.status}'
    elif kind and results.kind:
        error += f'; {results.error}'
    lack = None if process.job.report is None else _what_a_report_lacks(report)
    if lack and not kind:
        kind, error = lack[0], f'{lack[1]}; exit status {process.status}'
    elif lack:
        error += f'; {lack[1]}'
    due = 1 if results.count(FAILED) else process.job.status
    if not kind and process.status != due:
        kind, error = 'wrong status', f'exit status {process.status}, where {due} is due'
    if kind:
        sign, match = _sign(console)
        return (sign, f'{_printable(match[0]).strip()}; {error}') if sign else (kind, error)
    return _what_the_texts_lack(process.job, console, report)


def _sign(console):
    for sign, pattern in SIGNS:
        if match := pattern.search(console):
            return sign, match
    return None, None


def _excerpt(console):
    sign, match = _sign(console)
    if sign:
        lines = console[match.start():].splitlines()[:CAUSE_LINES]
    else:
        lines = console.splitlines()[-TAIL_LINES:]
    return [_printable(line[:LINE_LENGTH]) for line in lines]


def _how_it_ended(process):
    if process.stopped == 'time limit':
        return 'hang', f'it was stopped after its time limit of {process.limit:g} s'
    if process.stopped:
        return process.stopped, f'it was stopped after {process.seconds:.1f} s'
    if process.status < 0:
        return 'crash', f'it died of {signal.Signals(-process.status).name}'
    return None, None


def _what_a_report_lacks(report):
    """Nothing may be missing of it, not even in its middle: it says itself how long it is."""
    if not report:
        return 'no report', 'it reported nothing'
    *lines, rest = report.split('\n')
    end = REPORT_END.fullmatch(lines[-1]) if lines and not rest else None
    if not end:
        return 'truncated', f'its report has no end after {len(lines)} lines'
    if int(end[1]) != len(lines) - 1:
        return 'truncated', f'its report has {len(lines) - 1} lines, where {end[1]} are due'
    return None


def _what_the_texts_lack(job, console, report):
    """The console as job.expect and job.reject want it, the report as job.report does."""
    for pattern in job.reject:
        if match := re.search(pattern, console, re.MULTILINE):
            return 'wrong console', f'it shows {_printable(match[0])!r}'
    for kind, patterns, text in (('wrong console', job.expect, console),
                                 ('wrong report', job.report or [], report)):
        at = 0
        for pattern in patterns:
            match = re.compile(pattern, re.MULTILINE).search(text, at)
            if not match:
                return kind, f'{pattern!r} does not stand there, or not in its turn'
            at = match.end()
    return None, None


def _text(path):
    try:
        return path.read_bytes().decode(errors='replace').replace('\r\n', '\n')
    except FileNotFoundError:
        return None


def _printable(line):
    return ''.join(c if c.isprintable() or c == '\t' else f'\\x{ord(c):02x}' for c in line)
