#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The parts of the runner, each alone: reading TAP, settings, tables and lists."""

import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from runner import collect, matrix, qemu, schedule, tap
from runner.job import ROOT, Env, Job
from runner.pytap import run_tests
from runner.report import NOT_IN_XML

HEAD = 'TAP version 13\n'
GOOD = (HEAD + '1..3\n# start s.a\n# a note\nok 1 - s.a\n# start s.b\n# why\nnot ok 2 - s.b\n'
        'ok 3 - s.c # SKIP no such thing\n# 1 passed, 1 failed, 1 skipped\n')


def parse_kind(text):
    return tap.parse(text).kind


def good_results_are_read_whole():
    got = tap.parse(GOOD)
    assert got.kind is None, got.error
    assert [(test.name, test.outcome, test.reason, test.notes) for test in got.tests] == [
        ('s.a', 'passed', '', ['a note']), ('s.b', 'failed', '', ['why']),
        ('s.c', 'skipped', 'no such thing', [])], got.tests


def no_test_at_all_is_no_error():
    assert parse_kind(HEAD + '1..0\n# 0 passed, 0 failed, 0 skipped\n') is None


def results_cut_anywhere_are_an_error():
    for end in range(len(GOOD)):
        assert parse_kind(GOOD[:end]), GOOD[:end]


def results_without_any_one_line_are_an_error():
    lines = GOOD.splitlines(keepends=True)
    for n, line in enumerate(lines):
        if not line.startswith('# ') or 'passed' in line:
            assert parse_kind(''.join(lines[:n] + lines[n + 1:])), line


def results_with_any_line_twice_are_an_error():
    lines = GOOD.splitlines(keepends=True)
    for n, line in enumerate(lines):
        if not line.startswith('# ') or 'passed' in line:
            assert parse_kind(''.join(lines[:n + 1] + lines[n:])), line


def errors_have_their_names():
    for kind, body in (
            ('no result', None),
            ('bad line', '1..1\nOK 1 - s.a\n'),
            ('bad line', '1..1\nok 1 - s.a # skip lower case\n'),
            ('bad line', '1..1\nok 1 - s.a # SKIP\n'),
            ('bad line', '1..1\nok 1 - s.a\n# 1 passed, 0 failed, 0 skipped\n# more\n'),
            ('wrong plan', '1..1\nok 1 - s.a\nok 2 - s.b\n'),
            ('wrong plan', '1..2\nok 2 - s.b\n'),
            ('wrong plan', '1..1\n1..1\n'),
            ('wrong plan', 'ok 1 - s.a\n1..1\n'),
            ('duplicate', '1..2\nok 1 - s.a\nok 1 - s.b\n'),
            ('duplicate', '1..2\nok 1 - s.a\nok 2 - s.a\n'),
            ('bailed out', '1..1\nBail out! no more\n'),
            ('truncated', '1..1\nok 1 - s.a\n'),
            ('wrong sum', '1..1\nok 1 - s.a\n# 0 passed, 0 failed, 1 skipped\n')):
        got = parse_kind('' if body is None else HEAD + body)
        assert got == kind, (kind, got, body)


def settings_are_read_from_the_environment():
    env = Env.from_environment({'ONLY': 'unit,fuzz:ring.wraps', 'LONG': '1', 'JOBS': '3',
                                'FUZZ_RUNS': '9', 'SLOW': '2.5', 'VERBOSE': '0', 'DEBUG': '1',
                                'O': 'elsewhere'})
    assert (env.jobs_only, env.tests_only) == (['unit', 'fuzz'], 'ring.wraps'), env
    assert env.long and not env.verbose and env.n_cpus == 3, env
    assert (env.fuzz_seconds, env.fuzz_runs, env.slow) == (600, 9, 2.5), env
    assert env.out == Path('elsewhere/test'), env
    assert env.image('x') == Path('elsewhere/debug/x.bin'), env


def empty_settings_are_no_settings():
    empty = dict.fromkeys(('ONLY', 'LONG', 'JOBS', 'VERBOSE', 'FUZZ_SECONDS', 'FUZZ_RUNS', 'SLOW',
                           'DEBUG', 'O'), '')
    assert Env.from_environment(empty) == Env.from_environment({})


def jobs_start_while_there_are_cpus_for_them():
    small, large = Job('small', [], n_cpus=1), Job('large', [], n_cpus=8)
    busy = Job('busy', [], n_cpus=3)
    env = Env(n_cpus=4)
    assert schedule.next_to_start(env, [large, small], [busy]) is small
    assert schedule.next_to_start(env, [large], [busy]) is None
    assert schedule.next_to_start(env, [large, small], []) is large
    assert schedule.next_to_start(env, [], []) is None


def a_pattern_for_tests_leaves_out_jobs_that_cannot_take_it():
    env = Env.from_environment({'ONLY': ':ring'})
    assert env.wants(Job('a', [], takes_pattern=True))
    assert not env.wants(Job('b', []))


def commas_in_paths_are_doubled_for_qemu():
    assert qemu.semihosting('t', 'a,b')[1] == 'enable=on,target=native,arg=t,arg=a,,b'


def lists_of_sources_are_read_over_long_lines():
    file = ROOT / Env().out / 'runner/parts/sources.mk'
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text('# unit.no := x\nunit.a := a.c \\\n\tunit.b := c.c\nunit.d := d.c\n'
                    'unit-libs.d := -lfdt\nunit-tsan += a\nunit-tsan += d a\n')
    name = file.relative_to(ROOT)
    assert collect.declared(name, collect.UNIT) == ['a', 'd']
    assert collect.declared(name, collect.UNIT_TSAN) == ['a', 'd']
    assert collect.declared('no/such/file', collect.UNIT) == []


def a_file_of_jobs_that_breaks_is_a_job_that_fails():
    file = ROOT / Env().out / 'runner/parts/broken.py'
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text('def jobs(env):\n    yield no_such_name\n')
    job, = collect.jobs_of_file(Env(), file)
    assert job.name == 'parts/broken' and 'no_such_name' in job.command[-1], job


def a_table_that_cannot_be_read_says_where():
    for text in ('', 'name qemu\n', matrix.table_text([]) + 'a 7.2 1.1 h 1 2G\n'):
        try:
            matrix.read_table(text)
        except ValueError:
            continue
        assert False, text


def a_table_is_read_as_it_was_written():
    rows = [machine for _, machine in matrix.table()]
    assert [machine for _, machine in matrix.read_table(matrix.table_text(rows))] == rows


def without_any_one_row_the_table_lacks_a_pair():
    rows = [machine for _, machine in matrix.table()]
    for row in rows:
        assert matrix.missing_pairs([other for other in rows if other != row]), row


def machines_that_cannot_exist_have_their_reason():
    machine = qemu.Machine()
    assert matrix.why_not(machine) is None
    for change, reason in ((dict(qemu='7.2', cpu='rva23s64'), 'QEMU 7.2 has no rva23s64'),
                           (dict(cpu='sifive_u-2'), 'sifive_u-2 has 2 harts'),
                           (dict(cpu='sifive_u-5', harts=5, irq='imsic'), 'sifive_u has a PLIC'),
                           (dict(harts=5), 'only a sifive_u has 5 harts')):
        assert matrix.why_not(machine._replace(**change)) == reason, change


def what_xml_cannot_hold_is_replaced():
    assert NOT_IN_XML.sub('?', 'a\x1b[0m\x00\n\ud800') == 'a?[0m?\n?'


if __name__ == '__main__':
    sys.exit(run_tests('parts', [
        good_results_are_read_whole, no_test_at_all_is_no_error, results_cut_anywhere_are_an_error,
        results_without_any_one_line_are_an_error, results_with_any_line_twice_are_an_error,
        errors_have_their_names, settings_are_read_from_the_environment,
        empty_settings_are_no_settings, jobs_start_while_there_are_cpus_for_them,
        a_pattern_for_tests_leaves_out_jobs_that_cannot_take_it,
        commas_in_paths_are_doubled_for_qemu, lists_of_sources_are_read_over_long_lines,
        a_file_of_jobs_that_breaks_is_a_job_that_fails, a_table_that_cannot_be_read_says_where,
        a_table_is_read_as_it_was_written, without_any_one_row_the_table_lacks_a_pair,
        machines_that_cannot_exist_have_their_reason, what_xml_cannot_hold_is_replaced]))
