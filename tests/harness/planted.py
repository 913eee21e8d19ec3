# SPDX-License-Identifier: BSD-2-Clause
"""Jobs that end in every way a job can; planted_check.py holds what the runner must say of each."""

import os
from pathlib import Path

from runner import qemu
from runner.job import ROOT, Job

MACHINE = qemu.Machine()
SHORT = 2
MARK = os.environ.get('PLANTED', '')    # of the run that these belong to
BOOT = 10   # seconds in which an image has surely come to its tests


def jobs(env):
    yield from _machines(env)
    yield from _results()
    yield from _processes(env)
    yield from _consoles()
    yield from _reports(env)


def _machines(env):
    for kind in ('fail', 'hang', 'panic'):
        yield qemu.test_job(env, f'planted/{kind}', MACHINE, env.image(f'harness-{kind}'),
                            time_limit=BOOT)
    zeros = env.out / 'zeros.bin'   # no code at all
    (ROOT / zeros).parent.mkdir(parents=True, exist_ok=True)
    (ROOT / zeros).write_bytes(bytes(4096))
    yield qemu.test_job(env, 'planted/never_starts', MACHINE, zeros, time_limit=SHORT)
    yield Job('planted/refused', qemu.command(env, MACHINE, '-device', 'no-such-device'))


def _results():
    """Result files that are wrong, or right with a wrong exit status."""
    good = 'ok 1 - planted.a\nok 2 - planted.b\n'
    for name, text, status in (
            ('passes', f'1..2\n{good}# 2 passed, 0 failed, 0 skipped\n', 0),
            ('truncated', f'1..3\n{good}# start planted.c\n# half way\nok 3 - pla', 0),
            ('wrong_plan', f'1..3\n{good}# 2 passed, 0 failed, 0 skipped\n', 0),
            ('too_many', f'1..1\n{good}# 2 passed, 0 failed, 0 skipped\n', 0),
            ('duplicate', f'1..3\n{good}ok 2 - planted.c\n# 3 passed, 0 failed, 0 skipped\n', 0),
            ('wrong_sum', f'1..2\n{good}# 3 passed, 0 failed, 0 skipped\n', 0),
            ('wrong_status', f'1..2\n{good}# 2 passed, 0 failed, 0 skipped\n', 3),
            ('no_tests', '1..0\n# 0 passed, 0 failed, 0 skipped\n', 0),
            ('hidden_failure', '1..1\nnot ok 1 - planted.a\n# 0 passed, 1 failed, 0 skipped\n', 0)):
        script = 'printf "TAP version 13\\n%s" "$1" >"$KIT_RESULT"; exit "$2"'
        yield Job(f'planted/{name}', ['sh', '-c', script, 'sh', text, str(status)])
    yield Job('planted/no_result', ['true'])


def _processes(env):
    yield Job('planted/crash', ['tests/harness/fake_qemu'])
    yield Job('planted/stubborn', ['sh', '-c', 'trap "" TERM; sleep 1000 & sleep 1001'],
              time_limit=SHORT / 4, env={'PLANTED': MARK + 'stubborn'})
    yield Job('planted/leaves_a_child', ['sh', '-c', 'sleep 1000 & exit 0'], tap=False,
              env={'PLANTED': MARK + 'child'})
    yield Job('planted/flood', ['yes', 'and so on and so on'], tap=False)
    yield Job('planted/missing', ['true'], needs=[Path('no/such/image')])
    yield Job('planted/not_a_program', ['no/such/program'])
    yield Job('planted/skipped', ['false'], skip='it never runs')


def _consoles():
    ask = 'printf "name? "; read name; echo "hello $name"; exit 7'
    yield Job('planted/dialogue', ['sh', '-c', ask], tap=False, status=7, time_limit=SHORT * 5,
              dialogue=[(r'name\? ', 'world\n')], expect=[r'hello', r'world$'])
    yield Job('planted/silent', ['echo', 'second first'], tap=False, expect=['first', 'second'])
    yield Job('planted/forbidden', ['echo', 'runtime error: oh'], tap=False, reject=['error: .*'])
    yield Job('planted/sanitizer', ['sh', '-c', 'echo "==1==ERROR: AddressSanitizer: bad"; exit 1'])


def _reports(env):
    """Files that a program writes beside its console."""
    for name, text, status in (('reports', 'all is well\nend of 1 lines\n', 0),
                               ('reports_nothing', '', 1),
                               ('reports_less', 'all is well\nsome more\nend of 3 lines\n', 0),
                               ('reports_no_end', 'all is well\nend of 1 li', 0),
                               ('reports_other', 'all is lost\nend of 1 lines\n', 0)):
        name = f'planted/{name}'
        script = 'printf "%s" "$1" >"$2"; exit "$3"'
        yield Job(name, ['sh', '-c', script, 'sh', text, str(env.report(name)), str(status)],
                  tap=False, report=[r'^all is well$'])
    yield Job('planted/reports_nowhere', ['true'], tap=False, report=[])
