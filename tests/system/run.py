# SPDX-License-Identifier: BSD-2-Clause
"""
The product as its users start it, with tools/run as `make run` does: without a terminal, where the
demonstration runs by itself; and on one, where they type to guests and to the monitor.
"""

import shlex

from runner.job import Job
from system._boot import prepared

UNAME = r'^Linux linux \S+ #1 SMP .* riscv64 GNU/Linux$'
HELLO = r'^hello from hart 0 of 1 on hartwood,vm$'
OFF = r'^switching off\r?$'    # a terminal returns the carriage once more

ESCAPE = '\x1d'
UBOOT_STOPS = ('Hit any key to stop autoboot', '\n')
PROMPT = '^=> '
MONITOR = '^hartwood> '
REFUSED = 'tests/system/stock/refused'

# What no lazy memory can be filled by; and the room that there is, and what would be needed.
WRONG = r'wrong\.dtb: /memory@80000000: fill-size: expected 0x1000 or 0x200000, found 0x3000$'
TIGHT = r'tight: does not start: linux/stable/vmlinux: .*\d+.*\d+'


def jobs(env):
    yield run(env, 'demo', '', expect=[UNAME, r'^isa\s*: rv64imafdc', OFF], time_limit=180)
    yield run(env, 'hello', 'hello', expect=[HELLO, OFF])
    yield run(env, 'refused', f'{REFUSED}/wrong.dts hello {REFUSED}/tight.dts', status=1,
              expect=[WRONG, TIGHT, HELLO])
    for way in ('hole', 'refused'):
        yield run(env, f'loop-{way}', f'tests/system/loops/{way}.dts hello', status=1,
                  expect=[f'{way}: vCPU 0: its trap vector traps, again and again$',
                          f'{way}: crashed$'])
    yield prepared(env, run(env, 'many-vcpus', f'{env.place("system/run/many-vcpus")}/many.dts',
                            expect=[r'^hello from hart 0 of 64 ']),
                   "sed 's/no-default-devices;/& vcpus = <64>;/' guests/hello/hello.dts >$place/many.dts\n"
                   f'cp {env.image("hello")} $place/hello.bin')
    yield prepared(env, run(env, 'own', f'{env.place("system/run/own")}/mine.dts', expect=[HELLO]),
                   f'cp {env.image("hello")} $place/mine.img\n'
                   'sed s/hello.bin/mine.img/ guests/hello/hello.dts >$place/mine.dts')
    yield on_terminal(env, 'uboot', 'uboot', [
        UBOOT_STOPS, (PROMPT, 'version\n'), ('^U-Boot 20', ''), (PROMPT, 'reset\n'),
        UBOOT_STOPS, (PROMPT, 'poweroff\n')], expect=[r'uboot: switched itself off', OFF])
    yield on_terminal(env, 'linux', 'linux', [
        ('# ', 'uname -a\n'), ('^Linux linux ', ''),
        ('# ', 'echo go$((1 + 1)); sleep 1000\n'), ('^go2', '\x03'),
        ('# ', 'exit\n')], expect=[r'linux: switched itself off', OFF], time_limit=120)
    yield monitor(env)
    # The way of every end: all VMs have stopped, the report, off; and the status tells of a crash.
    yield on_terminal(env, 'quit', 'uboot', [
        UBOOT_STOPS, (PROMPT, ESCAPE + 'm'), (MONITOR, 'quit\n')],
        expect=['uboot: was stopped', '^uboot was stopped; started', OFF])
    yield on_terminal(env, 'quit-crashed', 'uboot tests/system/loops/hole.dts', [
        ('hole: crashed', ESCAPE + 'm'), (MONITOR, 'quit\n')], status=1,
        expect=['uboot: was stopped', '^hole crashed; started', OFF])


def monitor(env):
    """Every command of the monitor, and the keys, on the machine's console."""
    return on_terminal(env, 'monitor', 'uboot hello', [
        UBOOT_STOPS, (PROMPT, ESCAPE + 'm'),
        (MONITOR, 'help\n'), (r'^list .*the VMs', ''),
        (MONITOR, 'list\n'), (r'^1 +uboot +runs', ''), (r'^2 +hello +switched itself off', ''),
        (MONITOR, 'stats uboot\n'), (r'device accesses', ''),
        (MONITOR, 'xlate uboot 0x80200000 gpa\n'), (r'80200000', ''),
        (MONITOR, 'xlate uboot 0x50000000 gpa\n'), (r'50000000', ''),
        (MONITOR, 'start hello\n'), ('hello: switched itself off', 'console hello 4096\n'),
        ('^hello from hart 0', ESCAPE + 'n'),
        (r'^\[uboot', 'echo a${nothing}b\n'), ('^ab', ''), (PROMPT, ESCAPE + 'm'),
        (MONITOR, 'start uboot\n'), ('uboot: runs; `restart` starts it anew', ''),
        (MONITOR, 'stop hello\n'), ('hello: switched itself off; `start` starts it anew', ''),
        (MONITOR, 'console nobody\n'), ("there is no VM 'nobody'; `list` shows", ''),
        # What was typed is drawn again behind a notice.
        (MONITOR, 'start hello\nlis'), ('hello: switched itself off', ''),
        ('^hartwood> lis', 't\n'), (r'^1 +uboot +runs', ''),
        (MONITOR, 'restart uboot\n'), ('uboot: starts again', ''),
        ('uboot: was stopped, and starts again', ''),
        (MONITOR, 'console 1\n'),
        UBOOT_STOPS, (PROMPT, ESCAPE + 'm'), (MONITOR, 'trace 4\n'),
        (MONITOR, 'nonsense\n'), ("'nonsense' is unknown", 'stop uboot\n'),
        ('uboot: stops', ''), ('uboot: was stopped', ''), (MONITOR, 'quit\n')])


def run(env, name, guests, status=0, time_limit=60, **job):
    name = f'system/run/{name}'
    image = env.image('hartwood')
    command = ['tools/run', '--image', str(image), '--guests', guests]
    variables = {'O': str(env.build), 'SMP': '2'}
    return Job(name, command, tap=False, status=status, time_limit=time_limit, n_cpus=2,
               env=variables, needs=[image, env.image('hello'), env.build / 'bin/qemu-10'], **job)


def on_terminal(env, name, guests, dialogue, **job):
    """The same on a terminal of its own, on which is typed what the dialogue says."""
    job = run(env, name, guests, dialogue=dialogue, **job)
    job.command = ['script', '-qefc', shlex.join(job.command), '/dev/null']
    return job
