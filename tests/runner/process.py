# SPDX-License-Identifier: BSD-2-Clause
"""
One job's process: started in a session of its own, its output in console.log, its input typed as
its dialogue says, ended with everything that it started. Nothing waits here: the scheduler polls,
and all is done on one thread, so that "die when your parent dies" holds for the children.
"""

import ctypes
import os
import re
import shlex
import signal
import subprocess
import time

from runner.job import ROOT

CONSOLE_LIMIT = 16 << 20    # a guest that writes without end must not fill the disk
PATIENCE = 2.0              # seconds between asking a process group to end and killing it
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)


def die_with_parent():
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Process:
    """status: None while it runs, then as Popen gives it; stopped: why we ended it, or None;
    seconds: how long it has run."""

    def __init__(self, env, job):
        self.job = job
        self.status = None
        self.stopped = None
        self.seconds = 0.0
        self._started = time.monotonic()
        self.limit = job.time_limit * env.slow
        self._asked_to_end = None
        self._place = ROOT / env.place(job.name)
        self._clear_place()
        variables = {'KIT_RESULT': str(env.result(job.name)), **job.env}
        self._write_repeat(variables)
        self._console = open(self._place / 'console.log', 'wb')
        self._typed = 0         # how much of the dialogue is over
        self._read = 0          # and how much of the console it was read from
        self._child = subprocess.Popen(
            job.command, cwd=ROOT, env=os.environ | variables, stdout=self._console,
            stderr=subprocess.STDOUT, start_new_session=True, preexec_fn=die_with_parent,
            stdin=subprocess.PIPE if job.dialogue else subprocess.DEVNULL)

    def _clear_place(self):
        for directory in (self._place, *(ROOT / path for path in self.job.makes)):
            directory.mkdir(parents=True, exist_ok=True)
        for old in ('result.tap', 'report.log', 'console.log', 'repeat.sh'):
            (self._place / old).unlink(missing_ok=True)

    def _write_repeat(self, variables):
        script = self._place / 'repeat.sh'
        lines = ['#!/bin/sh', f'# {self.job.name}; its time limit was {self.limit:g} s']
        lines += [f'# when it shows {seen!r}, type {text!r}' for seen, text in self.job.dialogue]
        lines += [f'cd {shlex.quote(str(ROOT))} || exit']
        lines += [f'export {name}={shlex.quote(value)}' for name, value in variables.items()]
        lines += ['exec ' + shlex.join(self.job.command)]
        script.write_text('\n'.join(lines) + '\n')
        script.chmod(0o755)

    def poll(self):
        """Returns true when it has ended and nothing that it started is left."""
        self.seconds = time.monotonic() - self._started
        # The child stays unreaped until its group is killed: so long the group's number is its own.
        if os.waitid(os.P_PID, self._child.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            self._signal(signal.SIGKILL)
            self.status = self._child.wait()
            self._close()
            return True
        if self._asked_to_end is None:
            self._watch()
        elif time.monotonic() > self._asked_to_end + PATIENCE:
            self._signal(signal.SIGKILL)
        return False

    def stop(self, why):
        if self._asked_to_end is None:
            self.stopped = why
            self._asked_to_end = time.monotonic()
            self._signal(signal.SIGTERM)

    def _watch(self):
        if self.seconds > self.limit:
            self.stop('time limit')
        elif self._console_size() > CONSOLE_LIMIT:
            self.stop('console flood')
        elif self._typed < len(self.job.dialogue):
            self._talk()

    def _console_size(self):
        return os.fstat(self._console.fileno()).st_size

    def _talk(self):
        if self._console_size() <= self._read:
            return
        with open(self._place / 'console.log', 'rb') as console:
            console.seek(self._read)
            seen, text = self.job.dialogue[self._typed]
            match = re.search(seen.encode(), console.read(), re.MULTILINE)
        if match:
            self._read += match.end()
            self._typed += 1
            try:
                self._child.stdin.write(text.encode())
                self._child.stdin.flush()
            except BrokenPipeError:
                pass    # it has ended; poll will see it

    def _signal(self, number):
        try:
            os.killpg(self._child.pid, number)
        except ProcessLookupError:
            pass

    def _close(self):
        self._console.close()
        if self._child.stdin:
            try:
                self._child.stdin.close()
            except BrokenPipeError:
                pass
