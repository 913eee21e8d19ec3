# SPDX-License-Identifier: BSD-2-Clause
"""
A guest that is paused from the monitor (AX17): its time stands still for the quarter of a second
that another one's loading takes, for the vCPU that runs as for the one that waits, and what can be
done to it meanwhile. Time is counted in instructions.
"""

from runner.qemu import Machine
from system._boot import console, prepared

ESCAPE, MONITOR = '\x1d', '^hartwood> '
MAKE = r'''
{ cat %s; seq 1 700000; } | gzip >$place/packed.gz
sed 's/"hello"/"packed"/; s/hello.bin/packed.gz/; s/no-default-devices;/& start = "manual";/' \
    guests/hello/hello.dts >$place/packed.dts
sed 's/"hello"/"still"/; s/hello.bin/still.bin/; s/no-default-devices;/& vcpus = <2>; %s/' \
    guests/hello/hello.dts >$place/still.dts
tools/bundle --images %s $place/still.cpio $place/packed.dts $place/still.dts'''

# The boot hart, which has the monitor, sees to one of the vCPUs.
STOOD = r'^the longest time between two looks: \d{1,4} us, the timer \d{1,5} us late'
TIMERS = {'sstc': '', 'sbi': 'remove-extensions = "sstc";'}
PAUSED = [
    (MONITOR, 'pause still\n'), ('^still: pauses', ''),
    (MONITOR, 'list\n'), (r'^\d  still +is paused', ''),
    (MONITOR, 'pause still\n'), ('^still: is paused; `resume` lets it go on', ''),
    (MONITOR, 'start still\n'), ('^still: is paused; `restart` starts it anew', ''),
    (MONITOR, 'stats still\n'),
    (r'vCPU 0 on hart \d, paused', ''), (r'vCPU 1 on hart \d, paused', ''),
    (MONITOR, 'xlate still ffffffc000000000\n'), ('^  host physical', ''),
]
RESUMED = [
    (MONITOR, 'resume still\n'), ('^still: goes on', ''),
    (MONITOR, 'resume still\n'), ('^still: runs; `pause` lets it stand still', ''),
]
LOOKS_AGAIN = [(MONITOR, 'console still 4096\n'), ('^it looks, on 2 harts', ESCAPE + 'm')]


def jobs(env):
    for timer in TIMERS:
        for harts in (1, 2):
            yield still(env, f'time-{timer}-x{harts}', TIMERS[timer], harts, [
                *PAUSED, (MONITOR, 'start packed\n'), ('packed: switched itself off', ''), *RESUMED,
                (MONITOR, 'console still\n'), (r'^\[still\]', 'x')],
                expect=[STOOD])
    # Who looks at its console is told, what he types is kept for it; and a stop, or quit, ends it.
    yield still(env, 'typed', '', 2, [
        *PAUSED, (MONITOR, 'console still\n'), ('^still: is paused', ''),
        (r'^\[still\]', 'x' + ESCAPE + 'm'),
        *RESUMED[:2], ('still: switched itself off', ''), (MONITOR, 'quit\n')],
        expect=['^still switched itself off'])
    yield still(env, 'stopped', '', 2, [
        *PAUSED, (MONITOR, 'restart still\n'), ('still: was stopped, and starts again', ''),
        *LOOKS_AGAIN,
        *PAUSED, (MONITOR, 'stop still\n'), ('still: was stopped', ''),
        (MONITOR, 'resume still\n'), ('^still: was stopped; `restart` starts it anew', ''),
        (MONITOR, 'restart still\n'), ('^still: starts again', ''), *LOOKS_AGAIN,
        *PAUSED, (MONITOR, 'quit\n')],
        expect=['^still was stopped; started 3 times'])


def still(env, name, says, harts, dialogue, **job):
    hello = env.image('hello')
    job = console(env, f'pause/{name}', Machine(harts=harts), '-icount', 'shift=0', time_limit=60,
                  dialogue=[('^it looks, on 2 harts', ESCAPE + 'm'), *dialogue], **job)
    return prepared(env, job, MAKE % (hello, says, hello.parent), '-initrd', '$place/still.cpio')
