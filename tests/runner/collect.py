# SPDX-License-Identifier: BSD-2-Clause
"""
Finds every job there is: host programs and fuzzers by their lines in sources.mk, so that one that
was not built is a failure and not a silence; machines by tests/matrix.txt; and what the files under
tests/system yield.
"""

import importlib.util
import re
import traceback
from pathlib import Path

from runner import matrix, qemu
from runner.job import ROOT, Job

MACHINE_IMAGE = 'test-machine'

UNDEFINED = r'^.*runtime error:.*$'  # UBSan's word; it may go on after it

# Lines of a sources.mk.
UNIT = r'^unit\.(\S+)\s*:?='
UNIT_TSAN = r'^unit-tsan\s*[:+]?=(.*)$'
FUZZ = r'^fuzz\.(\S+)\s*:?='


def every_job(env):
    yield from checks_of_the_runner(env)
    yield from unit_jobs(env)
    yield from machine_jobs(env)
    for file in sorted((ROOT / 'tests/system').glob('[!_]*.py')):
        yield from jobs_of_file(env, file)
    yield from fuzz_jobs(env)


def checks_of_the_runner(env):
    for name, script in (('runner/matrix', 'tests/runner/matrix.py'),
                         ('runner/parts', 'tests/harness/parts.py'),
                         ('runner/planted', 'tests/harness/planted_check.py'),
                         ('unit/unwind_check', 'tests/unit/unwind_check.py')):
        yield Job(name, ['python3', '-B', script, 'check', *env.pattern_words()], time_limit=120,
                  takes_pattern=True)


def declared(file, pattern):
    """What the lines of a sources.mk that match `pattern` name, in their order, once each."""
    path = ROOT / file
    text = path.read_text().replace('\\\n', ' ') if path.exists() else ''
    found = [word for line in re.findall(pattern, text, re.MULTILINE) for word in line.split()]
    return list(dict.fromkeys(found))


def unit_jobs(env):
    sources = 'tests/unit/sources.mk'
    programs = [('asan', name) for name in declared(sources, UNIT)]
    programs += [('tsan', name) for name in declared(sources, UNIT_TSAN)]
    for kind, name in programs:
        program = env.build / 'host' / kind / name
        yield Job(f'unit/{kind}/{name}', [str(program), *env.pattern_words()], time_limit=120,
                  takes_pattern=True, reject=[UNDEFINED], needs=[program])


def fuzz_jobs(env):
    sources = 'tests/fuzz/sources.mk'
    amount = (f'-max_total_time={env.fuzz_seconds}' if env.fuzz_runs is None
              else f'-runs={env.fuzz_runs}')
    for name in declared(sources, FUZZ):
        job_name, program = f'fuzz/{name}', env.build / 'host/fuzz' / name
        corpus, words = env.build / 'corpus' / name, Path(f'tests/fuzz/{name}.dict')
        seeds = [f'tests/fuzz/seeds/{name}', *declared(sources, rf'^fuzz-seeds\.{name}\s*:?=(.*)$')]
        command = [str(program), amount, '-timeout=10', '-rss_limit_mb=1024',
                   '-print_final_stats=1', f'-artifact_prefix={env.place(job_name)}/']
        command += [f'-dict={words}'] if (ROOT / words).exists() else []
        command += [str(corpus), *(seed for seed in seeds if (ROOT / seed).is_dir())]
        yield Job(job_name, command, time_limit=env.fuzz_seconds + 120, tap=False,
                  reject=[UNDEFINED], needs=[program], makes=[corpus])


def machine_jobs(env):
    """The matrix, and some rows of it with the image built in other ways."""
    table = matrix.table()
    rows = table
    if env.long:
        machines = matrix.every_machine(matrix.LONG_VALUES)
        rows = [(matrix.name_of(machine), machine) for machine in machines]
    yield from jobs_of_rows(env, 'machine', rows, env.flavour)
    yield from jobs_of_rows(env, 'machine-debug', table if env.long else table[::6], 'debug')
    if env.long:
        yield from jobs_of_rows(env, 'machine-gcc14', table, 'release-gcc14')


def jobs_of_rows(env, kind, rows, flavour):
    for name, machine in rows:
        job = qemu.test_job(env, f'{kind}/{name}', machine, env.image(MACHINE_IMAGE, flavour))
        job.skip = matrix.why_not(machine) or _what_is_not_installed(env, machine)
        yield job


def _what_is_not_installed(env, machine):
    """Debian's moving sid is wanted only where it is; the rest must be there."""
    if machine.qemu == 'sid' and not (ROOT / qemu.binary(env, machine)).exists():
        return f'{qemu.binary(env, machine)} is not installed'
    if machine.opensbi == 'sid' and not (ROOT / qemu.firmware(env, machine)).exists():
        return f'{qemu.firmware(env, machine)} is not installed'
    return None


def jobs_of_file(env, file):
    """The jobs of a Python file that offers `jobs(env)`; a file that breaks is a job that fails."""
    try:
        spec = importlib.util.spec_from_file_location(file.stem, file)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return list(module.jobs(env))
    except Exception:
        tell = 'import sys; sys.exit(sys.argv[1])'
        return [Job(f'{file.parent.name}/{file.stem}',
                    ['python3', '-c', tell, traceback.format_exc()], tap=False)]
