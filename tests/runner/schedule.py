# SPDX-License-Identifier: BSD-2-Clause
"""
Runs jobs, some at a time, and hands each outcome on as it comes. However it is left, by its end, by
Ctrl-C, or by a SIGTERM, no process that it started is left.
"""

import signal
import time

from runner.job import ROOT
from runner.process import Process
from runner.verdict import judge, skipped, unstarted

TICK = 0.02


class Interrupted(Exception):
    pass


def run(env, jobs, on_start, on_outcome):
    """Raises Interrupted, after everything has been killed, on SIGINT and SIGTERM."""
    signals = []
    old = {number: signal.signal(number, lambda received, _: signals.append(received))
           for number in (signal.SIGINT, signal.SIGTERM)}
    waiting, running = list(jobs), []
    try:
        while (waiting or running) and not signals:
            while not signals and (job := next_to_start(env, waiting, [p.job for p in running])):
                waiting.remove(job)
                _start(env, job, running, on_start, on_outcome)
            for process in [process for process in running if process.poll()]:
                running.remove(process)
                on_outcome(judge(env, process))
            time.sleep(TICK if running else 0)
    finally:
        _end(running)
        for number, handler in old.items():
            signal.signal(number, handler)
    if signals:
        raise Interrupted(signal.Signals(signals[0]).name)


def next_to_start(env, waiting, running):
    """The first job that there are CPUs for, or None; one that wants more than all runs alone."""
    free = env.n_cpus - sum(job.n_cpus for job in running)
    return next((job for job in waiting if job.n_cpus <= free or not running), None)


def _start(env, job, running, on_start, on_outcome):
    if job.skip:
        on_outcome(skipped(job, job.skip))
        return
    missing = [str(path) for path in job.needs if not (ROOT / path).exists()]
    if missing:
        on_outcome(unstarted(job, f'{", ".join(missing)} is not there'))
        return
    on_start(job)
    try:
        running.append(Process(env, job))
    except OSError as error:
        on_outcome(unstarted(job, str(error)))


def _end(running):
    for process in running:
        process.stop('interrupted')
    while running:
        running = [process for process in running if not process.poll()]
        time.sleep(TICK)
