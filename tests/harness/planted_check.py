#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
Lets the runner run the planted jobs, into a directory of their own, and sees that it calls each by
its name, counts each once, tells how to repeat it, and leaves no process behind.
"""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / 'tests'))

from runner.pytap import run_tests

OUT = Path(os.environ.get('O') or 'build') / 'test/runner/planted.inner'
MARK = f'{os.getpid()}-'
AGAIN = OUT.with_name('planted.again')  # for runs of some of them
COMMAND = [str(ROOT / 'tests/run'), '--jobs-of', 'tests/harness/planted.py', '--out']

# What the runner says of each job: the word, the counts, the kind, and something of the cause.
EXPECTED = {
    'fail': ('FAIL', '1 passed, 2 failed, 1 skipped', None, 'not ok planted.fails_and_goes_on'),
    'hang': ('FAIL', '1 passed, 1 failed', 'hang', 'after 1 of 2 results, in planted.never_ends'),
    'panic': ('FAIL', '1 passed, 1 failed', 'panic', 'breaks_an_invariant() does not hold, line 14'),
    'never_starts': ('FAIL', '1 failed', 'hang', 'it wrote no result file'),
    'refused': ('FAIL', '1 failed', 'no result', 'exit status 1'),
    'passes': ('PASS', '2 passed', None, None),
    'truncated': ('FAIL', '2 passed, 1 failed', 'truncated', 'after 2 of 3 results, in planted.c'),
    'wrong_plan': ('FAIL', '2 passed, 1 failed', 'wrong plan', '1..3, but there are 2'),
    'too_many': ('FAIL', '2 passed, 1 failed', 'wrong plan', 'the plan is 1..1'),
    'duplicate': ('FAIL', '3 passed, 1 failed', 'duplicate', 'the number 2 stands at two results'),
    'wrong_sum': ('FAIL', '2 passed, 1 failed', 'wrong sum', 'it counts 3, 0, 0'),
    'wrong_status': ('FAIL', '2 passed, 1 failed', 'wrong status', 'exit status 3, where 0 is due'),
    'hidden_failure': ('FAIL', '2 failed', 'wrong status', 'exit status 0, where 1 is due'),
    'no_tests': ('FAIL', '1 failed', 'no tests', None),
    'no_result': ('FAIL', '1 failed', 'no result', 'it wrote no result file; exit status 0'),
    'crash': ('FAIL', '1 passed, 1 failed', 'crash', 'SIGSEGV; it stops after 1 of 2 results'),
    'stubborn': ('FAIL', '1 failed', 'hang', 'time limit'),
    'leaves_a_child': ('PASS', '1 passed', None, None),
    'flood': ('FAIL', '1 failed', 'console flood', None),
    'missing': ('FAIL', '1 failed', 'cannot start', 'no/such/image is not there'),
    'not_a_program': ('FAIL', '1 failed', 'cannot start', 'no/such/program'),
    'skipped': ('SKIP', '1 skipped', 'it never runs', None),
    'dialogue': ('PASS', '1 passed', None, None),
    'silent': ('FAIL', '1 failed', 'wrong console', "'second'"),
    'forbidden': ('FAIL', '1 failed', 'wrong console', "it shows 'error: oh'"),
    'sanitizer': ('FAIL', '1 failed', 'sanitizer', 'AddressSanitizer: bad'),
    'reports': ('PASS', '1 passed', None, None),
    'reports_nothing': ('FAIL', '1 failed', 'no report', 'it reported nothing; exit status 1'),
    'reports_nowhere': ('FAIL', '1 failed', 'no report', 'it reported nothing; exit status 0'),
    'reports_less': ('FAIL', '1 failed', 'truncated', '2 lines, where 3 are due; exit status 0'),
    'reports_no_end': ('FAIL', '1 failed', 'truncated', 'has no end after 1 lines'),
    'reports_other': ('FAIL', '1 failed', 'wrong report', "'^all is well$' does not stand there"),
}


def environment(**settings):
    mine = {'ONLY', 'LIST', 'LONG', 'VERBOSE', 'KIT_RESULT', 'FUZZ_SECONDS', 'FUZZ_RUNS'}
    others = {name: value for name, value in os.environ.items() if name not in mine}
    return others | {'PLANTED': MARK} | settings


def run_planted(out, **settings):
    return subprocess.run([*COMMAND, str(out)], cwd=ROOT, env=environment(**settings), text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def processes_marked(mark):
    """Those of our runs: what a runner starts inherits its mark, some planted jobs add to it."""
    found = []
    for place in Path('/proc').glob('[0-9]*'):
        try:
            if f'PLANTED={MARK}{mark}'.encode() in (place / 'environ').read_bytes().split(b'\0'):
                found.append(place.name)
        except OSError:
            pass    # it has ended, or is not ours
    return found


def line_of(name):
    match = re.search(rf'^\S+ +planted/{name} .*$', RUN.stdout, re.MULTILINE)
    assert match, f'no line for planted/{name}'
    return match[0]


def paragraph_of(name):
    match = re.search(rf'^FAILED planted/{name}\b(.*?)(?=\n\n|\Z)', RUN.stdout,
                      re.MULTILINE | re.DOTALL)
    assert match, f'no paragraph for planted/{name}'
    return match[0]


def check_of(name, word, counts, kind, cause):
    def check():
        due = rf'{word} +planted/{name} +[\d.]+ s  {counts}' + (f': {kind}' if kind else '')
        assert re.fullmatch(due, line_of(name)), line_of(name)
        if cause:
            assert cause in paragraph_of(name), paragraph_of(name)
    check.__name__ = f'{name}_is_called_what_it_is'
    return check


def every_job_ended_and_no_other():
    names = re.findall(r'^\S+ +planted/(\S+) ', RUN.stdout, re.MULTILINE)
    names = [name for name in names if name in EXPECTED]
    assert sorted(names) == sorted(EXPECTED), names


def the_last_line_is_the_sum():
    texts = [counts for _, counts, _, _ in EXPECTED.values()]
    total = [sum(int(match[1]) for text in texts for match in re.finditer(rf'(\d+) {kind}', text))
             for kind in ('passed', 'failed', 'skipped')]
    last = RUN.stdout.splitlines()[-1]
    assert last == '%d passed, %d failed, %d skipped' % tuple(total), last


def the_status_is_that_of_a_failure():
    assert RUN.returncode == 1, RUN.returncode


def a_failed_test_shows_both_values_and_its_place():
    text = paragraph_of('fail')
    due = r'tests/harness/fail\.c:\d+: expected 1 \+ 1 == 3\n.*2 \(0x2\)\n.*3 \(0x3\)'
    assert re.search(due, text), text
    assert '"this"' in text and 'fail.c' in text and 'this is not reached' not in text, text


def a_hang_shows_what_its_test_said():
    assert 'on its way to nowhere' in paragraph_of('hang'), paragraph_of('hang')


def a_failure_can_be_repeated():
    assert f'repeat: {OUT}/planted/crash/repeat.sh' in paragraph_of('crash'), paragraph_of('crash')
    again = subprocess.run([ROOT / OUT / 'planted/crash/repeat.sh'], stdout=subprocess.DEVNULL)
    assert again.returncode == -signal.SIGSEGV, again.returncode


def junit_says_the_same():
    suites = ElementTree.parse(ROOT / OUT / 'junit.xml').getroot()
    last = RUN.stdout.splitlines()[-1]
    failures, skipped = int(suites.get('failures')), int(suites.get('skipped'))
    passed = int(suites.get('tests')) - failures - skipped
    assert last == f'{passed} passed, {failures} failed, {skipped} skipped', last
    assert len(suites.findall('.//testcase')) == int(suites.get('tests'))
    assert len(suites.findall('.//failure')) == failures
    hang = suites.find("./testsuite[@name='planted/hang']/testcase[@name='hang']/failure")
    assert hang is not None and hang.get('message').startswith('hang: '), 'the hang has no testcase'


def nothing_is_left_running():
    for mark in ('', 'stubborn', 'child'):
        assert not processes_marked(mark), processes_marked(mark)


def an_interrupted_run_leaves_nothing_behind():
    for number in (signal.SIGINT, signal.SIGTERM):
        mark = 'stubborn'
        run = subprocess.Popen([*COMMAND, str(AGAIN)], cwd=ROOT, text=True,
                               stdout=subprocess.PIPE,
                               env=environment(ONLY='planted/stubborn', SLOW='1000'))
        until(lambda: processes_marked(mark), 'it starts')
        run.send_signal(number)
        output, _ = run.communicate(timeout=30)
        assert run.returncode == 130 and 'stopped by SIG' in output, (run.returncode, output)
        assert not processes_marked(mark), processes_marked(mark)


def until(condition, what):
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end, f'waited in vain until {what}'
        time.sleep(0.05)


def jobs_are_listed_and_selected():
    listed = run_planted(AGAIN, LIST='1', ONLY='planted/si,wrong_s').stdout.split()
    assert listed == ['planted/wrong_sum', 'planted/wrong_status', 'planted/silent'], listed
    nothing = run_planted(AGAIN, ONLY='no-such-job')
    assert nothing.returncode == 1, nothing.returncode
    assert nothing.stdout == 'nothing ran\n0 passed, 0 failed, 0 skipped\n', nothing.stdout


def only_the_tests_that_are_asked_for_run():
    run = run_planted(AGAIN, ONLY='planted/fail:fails_and_leaves')
    assert run.stdout.splitlines()[-1] == '0 passed, 1 failed, 0 skipped', run.stdout


if __name__ == '__main__':
    RUN = run_planted(OUT)
    sys.exit(run_tests('planted', [
        *(check_of(name, *due) for name, due in EXPECTED.items()),
        every_job_ended_and_no_other, the_last_line_is_the_sum, the_status_is_that_of_a_failure,
        a_failed_test_shows_both_values_and_its_place, a_hang_shows_what_its_test_said,
        a_failure_can_be_repeated, junit_says_the_same, nothing_is_left_running,
        an_interrupted_run_leaves_nothing_behind, jobs_are_listed_and_selected,
        only_the_tests_that_are_asked_for_run]))
