# SPDX-License-Identifier: BSD-2-Clause
"""
What a run says: a line for each job as it ends, then what failed and how to repeat it, and last,
alone on its line, the sum over all tests. The same goes into junit.xml.
"""

import re
import sys
from xml.etree import ElementTree

from runner.job import ROOT
from runner.tap import FAILED, PASSED, SKIPPED

NOT_IN_XML = re.compile('[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]')


class Report:
    def __init__(self, env, jobs):
        self.env = env
        self.outcomes = []
        self._width = max((len(job.name) for job in jobs), default=0)

    def say_started(self, job):
        if self.env.verbose:
            _say(f'start {job.name}')

    def take(self, outcome):
        self.outcomes.append(outcome)
        if not outcome.tests and not outcome.kind:
            return  # none of its tests has the name that is asked for
        counts = ', '.join(f'{outcome.count(kind)} {kind}' for kind in (PASSED, FAILED, SKIPPED)
                           if outcome.count(kind))
        _say(f'{outcome.word()}  {outcome.job.name:<{self._width}}  {outcome.seconds:6.1f} s  '
             + counts + _short_cause(outcome))
        if self.env.verbose:
            for test in outcome.tests:
                _say(f'      {test.outcome:<7}  {test.name}' + (test.reason and f': {test.reason}'))
                for note in test.notes:
                    _say(f'               {note}')

    def count(self, kind):
        return sum(outcome.count(kind) for outcome in self.outcomes)

    def finish(self):
        """Returns the exit status: 0 if something ran and nothing failed."""
        self._write_junit()
        for outcome in self.outcomes:
            if outcome.word() == 'FAIL':
                self._tell_failure(outcome)
        ran = self.count(PASSED) + self.count(FAILED)
        if not ran:
            _say('nothing ran')
        _say(', '.join(f'{self.count(kind)} {kind}' for kind in (PASSED, FAILED, SKIPPED)))
        return 0 if ran and not self.count(FAILED) else 1

    def _tell_failure(self, outcome):
        name = outcome.job.name
        _say(f'\nFAILED {name}' + (f': {outcome.kind}: {outcome.error}' if outcome.kind else ''))
        for test in outcome.tests:
            if test.outcome == FAILED:
                _say(f'  not ok {test.name}')
                for note in test.notes:
                    _say(f'    {note}')
        for note in outcome.unfinished:
            _say(f'    {note}')
        if outcome.kind == 'cannot start':
            return
        if outcome.excerpt:
            _say(f'  from {self.env.console(name)}:')
            for line in outcome.excerpt:
                _say(f'  | {line}')
        _say(f'  repeat: {self.env.place(name)}/repeat.sh')

    def _write_junit(self):
        suites = ElementTree.Element('testsuites', self._totals(self.outcomes))
        for outcome in self.outcomes:
            suite = ElementTree.SubElement(suites, 'testsuite', name=outcome.job.name,
                                           time=f'{outcome.seconds:.3f}', **self._totals([outcome]))
            for test in outcome.tests:
                _add_case(suite, outcome.job.name, test)
            if outcome.kind:
                case = ElementTree.SubElement(suite, 'testcase', classname=outcome.job.name,
                                              name=outcome.kind)
                _add(case, 'failure', '\n'.join(outcome.unfinished),
                     f'{outcome.kind}: {outcome.error}')
            if outcome.excerpt:
                _add(suite, 'system-out', '\n'.join(outcome.excerpt))
        path = ROOT / self.env.out / 'junit.xml'
        path.parent.mkdir(parents=True, exist_ok=True)
        ElementTree.ElementTree(suites).write(path, encoding='utf-8', xml_declaration=True)

    @staticmethod
    def _totals(outcomes):
        count = {kind: sum(outcome.count(kind) for outcome in outcomes)
                 for kind in (PASSED, FAILED, SKIPPED)}
        return {'tests': str(sum(count.values())), 'failures': str(count[FAILED]),
                'skipped': str(count[SKIPPED])}


def _short_cause(outcome):
    if outcome.kind:
        return f': {outcome.kind}'
    if outcome.word() == 'SKIP' and outcome.tests:
        return f': {outcome.tests[0].reason}'
    return ''


def _add_case(suite, job_name, test):
    case = ElementTree.SubElement(suite, 'testcase', classname=job_name, name=test.name)
    if test.outcome == FAILED:
        _add(case, 'failure', '\n'.join(test.notes), test.notes[0] if test.notes else 'failed')
    elif test.outcome == SKIPPED:
        _add(case, 'skipped', '', test.reason)


def _add(parent, tag, text, message=None):
    element = ElementTree.SubElement(parent, tag)
    element.text = NOT_IN_XML.sub('?', text)
    if message is not None:
        element.set('message', NOT_IN_XML.sub('?', message))


def _say(line):
    print(line)
    sys.stdout.flush()
