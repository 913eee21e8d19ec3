# SPDX-License-Identifier: BSD-2-Clause
"""
Boot arguments: what the options change is a fact that the image finds; what they say is said on the
console, for the one who typed them.
"""

from runner.qemu import Machine
from system._boot import boot, console

BOARD = Machine(cpu='sifive_u-5', harts=5)

# name, arguments, facts
CHANGES = [
    ('harts', ['harts=2'], {'harts': 2, 'left_out': 2}),
    ('harts-1', ['harts=1'], {'harts': 1, 'left_out': 3}),
    ('asid-bits', ['asid-bits=0'], {'asid_bits': 0}),
    ('asid-bits-2', ['asid-bits=0x2'], {'asid_bits': 2}),
    ('vmid-bits', ['vmid-bits=0'], {'vmid_bits': 0}),
    ('vmid-bits-3', ['vmid-bits=3'], {'vmid_bits': 3}),
    ('engine', ['engine=soft'], {'soft': 1}),
    ('console-sbi', ['console=sbi'], {'sbi_console': 1}),
    ('log', ['log=trace'], {'log': 3}),
    ('last-one-counts', ['log=info', 'log=error'], {'log': 0}),
    ('refused', ['log=much', 'harts=many', 'harts=', 'harts=99999999999', 'engine=Soft', 'harts=0',
                 'harts=65', 'vmid-bits=15', 'asid-bits=17', 'hart-wait=60001'],
     {'log': 1, 'harts': 4, 'soft': 0, 'vmid_bits': 14, 'asid_bits': 16}),
]

END = r'^switching off$'
HELP = {'asid-bits': 16, 'console': 'auto', 'engine': 'auto', 'hart-wait': 77, 'harts': 64,
        'log': 'info', 'trace': 'off', 'vmid-bits': 14}

# name, machine, arguments, what is said
SAYS = [
    ('nothing', Machine(), '', [END]),
    ('unknown', Machine(), 'no-such=1 quiet',
     [r"options: 'no-such' is unknown; `help` lists", r"options: 'quiet' is unknown"]),
    ('refused', Machine(), 'log=much asid-bits=many harts=0 escape=128',
     [r"options: 'log=much' is refused; expected one of error notice info trace; now notice",
      r"options: 'asid-bits=many' is refused; expected a number from 0 to 16; now 16",
      r"options: 'harts=0' is refused; expected a number from 1 to 64; now 64",
      r"options: 'escape=128' is refused; expected a number from 1 to 127; now 29"]),
    ('help', Machine(), 'hart-wait=77 log=info trace=off help',
     [rf'^\[.*\]   {name} +\S.*; now {now}\)$' for name, now in HELP.items()]),
    ('log-trace', Machine(), 'log=trace', [r'boot: memory\b', r'boot: harts\b']),
    ('console-sbi', Machine(), 'console=sbi', [r'^console    sbi-dbcn$']),
    # OpenSBI 1.1 has no DBCN.
    ('console-sbi-legacy', Machine(opensbi='1.1'), 'console=sbi', [r'^console    sbi-legacy$']),
    ('console-sbi-board', BOARD, 'console=sbi', [r'^console    sbi-dbcn$']),
    ('asid-bits', Machine(), 'asid-bits=0', [r'^  satp .*, ASID bits 0,']),
    ('harts', Machine(), 'harts=2', [r'^harts      2 of 4$', r'^  hart 1 ']),
]


def jobs(env):
    for name, arguments, facts in CHANGES:
        yield boot(env, f'option/{name}', Machine(), facts, arguments=arguments)
    for name, machine, arguments, expect in SAYS:
        reject = [] if 'unknown' in name else ['is unknown']
        yield console(env, f'option/says-{name}', machine, arguments=arguments,
                      expect=[*expect, *([END] if expect[-1] != END else [])], reject=reject)
