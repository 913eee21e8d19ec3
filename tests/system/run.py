# SPDX-License-Identifier: BSD-2-Clause
"""
The product as its users start it, with tools/run as `make run` does: without a terminal, where the
demonstration runs by itself; and on one, where they type to guests and to the monitor.
"""

import shlex

from runner.job import Job
from runner.qemu import Machine
from system._boot import console, prepared

UNAME = r'^Linux linux \S+ #1 SMP .* riscv64 GNU/Linux$'
HELLO = r'^hello from hart 0 of 1 on hartwood,vm$'
OFF = r'^switching off\r?$'    # a terminal returns the carriage once more
# Of Linux, which is busy and alone on its hart and so has no tick: a few are the boot hart's own
# (its console, and the other VM's end), where ticks would be hundreds.
TICKLESS = r'^linux switched itself off; .*\n  vCPU 0 on hart 0, .* \d interrupts,'

ESCAPE = '\x1d'
UBOOT_STOPS = ('Hit any key to stop autoboot', '\n')
PROMPT = '^=> '
MONITOR = '^hartwood> '
REFUSED = 'tests/system/stock/refused'

# What no lazy memory can be filled by; and the room that there is, and what would be needed.
WRONG = r'wrong\.dtb: /memory@80000000: fill-size: expected 0x1000 or 0x200000, found 0x3000$'
TIGHT = r'tight: does not start: linux/stable/vmlinux: .*\d+.*\d+'

# The report at the end names whom it has nothing else to tell of.
LEFT_OUT = r'^left out: %s; its line above says why$'

GREEDY = r'^\[ +0\.0[0-4]\d+\] greedy\.dtb: /memory@80000000: reg: out of memory$'

# AX12, the post-mortem: the cause with pc and addresses, registers, both stages of the walk (the
# guest's own tables are off), and the last events of the hart.
WALKED = [r'  guest virtual 0x{at}:$', r'    guest physical 0x{at}, not translated$',
          r'  guest physical 0x{at}:$', r'    level 2, entry at 0x[0-9a-f]+: 0x0{{16}} -{{8}}$',
          r'    nothing mapped$']


def postmortem(cause, pc, at, physical, number, injected):
    """`number` is the cause's, in hexadecimal, `injected` that of what the guest took instead."""
    return [rf'  {cause} at pc {pc} in S-mode, address {at}, guest-physical {physical}, htinst 0$',
            r'   ra 0{16}  sp 0{16}  gp 0{16}  tp 0{16}$', rf'   t0 0*{pc}  t1 ', r' t6 0{16}$',
            *(line.format(at=at) for line in WALKED),
            rf'  +\d+  exit \(cause, guest pc\) +{number} +{pc}$',
            rf'  +\d+  inject \(cause, value\) +{injected} +{at}$']


LOOPS = {
    'hole': postmortem('guest page fault on a fetch', '40000000', '40000000', '40000000', '14', '1'),
    'refused': postmortem('virtual instruction', '80200010', '62000073', '0', '16', '2'),
}

# Descriptions of which dtc and tools/bundle have nothing to say, or did not see: what each adds to
# that of hello, and what is said of it. The machine has Sv39x4 alone.
LACKING = {
    'mode': ('gstage-mode = "sv48x4";', r'^.*mode\.dtb: /: gstage-mode: '),
    'initrd': ('initrd { file = "nothere.cpio"; };',
               r'initrd: does not start: /initrd: file: nothere\.cpio is not in the archive$'),
    'kernel': ('kernel { file = "nothere.bin"; };',
               r'kernel: does not start: /kernel: file: nothere\.bin is not in the archive$'),
    'rom': ('rom@20000000 { reg = <0 0x20000000 0 0x1000>; file = "nothere.rom"; };',
            r'rom: does not start: /rom@20000000: file: nothere\.rom is not in the archive$'),
}


def jobs(env):
    yield run(env, 'demo', '', expect=[UNAME, r'^isa\s*: rv64imafdc', TICKLESS, OFF],
              time_limit=180)
    yield run(env, 'hello', 'hello', expect=[HELLO, OFF])
    yield run(env, 'refused', f'{REFUSED}/wrong.dts hello {REFUSED}/tight.dts', status=1,
              expect=[WRONG, TIGHT, HELLO, '^tight could not start; started 0 times',
                      LEFT_OUT % 'wrong.dtb', OFF])
    for way, told in LOOPS.items():
        yield run(env, f'loop-{way}', f'tests/system/loops/{way}.dts hello', status=1,
                  expect=[f'{way}: vCPU 0: its trap vector traps, again and again$', *told,
                          f'{way}: crashed$'])
    yield lacking(env)
    yield greedy(env)
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


def lacking(env):
    """What a VM lacks is named by node and property, and the others start."""
    steps = [f'cp {env.image("hello")} $place/hello.bin',
             'dtc -q -I dts -O dtb -o $place/hello.dtb guests/hello/hello.dts']
    for name, (added, _) in LACKING.items():
        steps.append(f"{{ cat guests/hello/hello.dts; echo '/ {{ label = \"{name}\"; {added} }};'; }} | "
                     f'dtc -q -I dts -O dtb -o $place/{name}.dtb')
    job = console(env, 'run/lacking', Machine(cpu='rva23s64', harts=1), status=1,
                  expect=[*(said for _, said in LACKING.values()), HELLO, LEFT_OUT % 'mode.dtb', OFF])
    return prepared(env, job, '\n'.join([
        *steps, '(cd $place; ls *.dtb hello.bin | cpio -o -H newc --quiet) >$place/all.cpio']),
        '-initrd', '$place/all.cpio')


def greedy(env):
    """Eager memory that is not free is refused before any is zeroed. Time is counted in instructions."""
    job = console(env, 'run/greedy', Machine(harts=1, memory='2G'), '-icount', 'shift=0', status=1,
                  expect=[GREEDY, HELLO, LEFT_OUT % 'greedy.dtb', OFF])
    return prepared(env, job, '\n'.join([
        f'cp {env.image("hello")} $place/hello.bin',
        "{ cat guests/hello/hello.dts; echo '/ { label = \"greedy\"; order = <0>; memory@80000000 "
        "{ reg = <0 0x80000000 4 0>; kind = \"eager\"; }; };'; } >$place/greedy.dts",
        f'tools/bundle --images $place $place/all.cpio $place/greedy.dts guests/hello/hello.dts']),
        '-initrd', '$place/all.cpio')


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
        ('^hello from hart 0', ESCAPE + '2'), ('^hello: switched itself off', ESCAPE + 'n'),
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
