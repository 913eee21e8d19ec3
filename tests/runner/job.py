# SPDX-License-Identifier: BSD-2-Clause
"""
What there is to run, and where: `Env` holds the settings of one run and its paths, `Job` is one
command with what is expected of it. A job names everything by paths relative to the root, which is
where it is started, so that its command can be repeated by hand.
"""

import os
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Job:
    name: str                   # "kind/..." as it is listed, selected and stored
    command: list[str]
    time_limit: float = 60      # seconds; then its processes are killed and it is a hang
    n_cpus: int = 1             # how many it keeps busy
    tap: bool = True            # it writes its tests to env.result(name); else it is itself one
    takes_pattern: bool = False # its command was made with env.tests_only, if that is set
    status: int = 0             # how it must end; where it writes TAP: 1 if a test failed
    expect: list[str] = field(default_factory=list)  # regexes that its console shows, in this order
    reject: list[str] = field(default_factory=list)  # regexes that its console never shows
    report: list[str] | None = None  # the same of env.report(name), if it writes that
    dialogue: list[tuple[str, str]] = field(default_factory=list)  # seen this, type that, in order
    env: dict[str, str] = field(default_factory=dict)
    needs: list[Path] = field(default_factory=list)  # files without which it has failed
    makes: list[Path] = field(default_factory=list)  # directories that it finds made
    skip: str | None = None     # why it cannot run here


@dataclass
class Env:
    build: Path = Path('build')         # relative to the root, as `make O=` was told
    flavour: str = 'release'            # of the images: as `make DEBUG=` was told
    out: Path = Path('build/test')
    jobs_only: list[str] = field(default_factory=list)  # a job's name must contain one of them
    tests_only: str | None = None       # a test's name must contain it
    long: bool = False
    n_cpus: int = os.cpu_count() or 1   # that all jobs together keep busy
    verbose: bool = False
    fuzz_seconds: int = 60
    fuzz_runs: int | None = None        # this many inputs in place of a time
    slow: float = 1.0                   # every time limit is multiplied by it

    @staticmethod
    def from_environment(variables):
        """The settings that tests/run names, and O and DEBUG, which make exports."""
        jobs, _, tests = variables.get('ONLY', '').partition(':')
        build = Path(variables.get('O') or 'build')
        env = Env(build=build, out=build / 'test', long=is_set(variables, 'LONG'),
                  verbose=is_set(variables, 'VERBOSE'),
                  flavour='debug' if variables.get('DEBUG') else 'release',
                  jobs_only=jobs.replace(',', ' ').split(), tests_only=tests or None)
        if variables.get('JOBS'):
            env.n_cpus = max(1, int(variables['JOBS']))
        env.fuzz_seconds = int(variables.get('FUZZ_SECONDS') or (600 if env.long else 60))
        if variables.get('FUZZ_RUNS'):
            env.fuzz_runs = int(variables['FUZZ_RUNS'])
        env.slow = float(variables.get('SLOW') or 1)
        return env

    def wants(self, job):
        if self.tests_only and not job.takes_pattern:
            return False
        return not self.jobs_only or any(only in job.name for only in self.jobs_only)

    def pattern_words(self):
        """The argument that tells a program of tests which ones to run."""
        return [self.tests_only] if self.tests_only else []

    def image(self, name, flavour=None):
        """An image, as its image.mk names it: a flat binary with the header of a Linux Image."""
        return self.build / (flavour or self.flavour) / f'{name}.bin'

    def place(self, name):
        """The directory, from the root, that holds all that the job leaves."""
        return self.out / name

    def result(self, name):
        return self.place(name) / 'result.tap'

    def report(self, name):
        return self.place(name) / 'report.log'

    def console(self, name):
        return self.place(name) / 'console.log'


def is_set(variables, name):
    return variables.get(name, '') not in ('', '0')
