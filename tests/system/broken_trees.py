# SPDX-License-Identifier: BSD-2-Clause
"""
Device trees with which no boot can be: each ends at once with one line that says what is wrong.

The status of QEMU says nothing of it: the test device stands in the tree that cannot be read, and
OpenSBI's own way to switch off ends QEMU with status 0 whatever reason it is given.
"""

from runner.qemu import Machine
from system._boot import (CHAINED_TREE, DEFAULT, chain, chained, console, versions, versions_text,
                          with_chained_tree)

HARTS = range(4)

# name, edits of the tree, the reason
BROKEN = [
    ('no-magic', 'printf x | dd of=$tree conv=notrunc status=none',
     r'the firmware passed none in a1'),
    # The size of the whole is at byte 4, and what follows it says where the parts are.
    ('size-of-0', r"printf '\0\0\0\0' | dd of=$tree bs=1 seek=4 conv=notrunc status=none",
     r'its size is absurd'),
    ('size-of-2G', r"printf '\200\0\0\0' | dd of=$tree bs=1 seek=4 conv=notrunc status=none",
     r'its size is absurd'),
    ('cut-off', 'truncate -s 4096 $tree; truncate -s 64K $tree', r'\S.*'),
    ('struct-beyond-end', r"printf '\0\177\0\0' | dd of=$tree bs=1 seek=8 conv=notrunc status=none",
     r'\S.*'),
    ('zeros-inside', 'dd if=/dev/zero of=$tree bs=1 seek=256 count=64 conv=notrunc status=none',
     r'\S.*'),
    ('no-memory', 'fdtput -r $tree /memory@80000000', r'/: no RAM: .*'),
    ('no-timebase', 'fdtput -d $tree /cpus timebase-frequency', r'/: no timebase-frequency .*'),
    ('no-usable-hart', '\n'.join(f'fdtput -d $tree /cpus/cpu@{n} mmu-type' for n in HARTS),
     r'/: the boot hart 0 cannot be used: no mmu-type .*'),
    ('no-harts', '\n'.join(f'fdtput -r $tree /cpus/cpu@{n}' for n in HARTS),
     r'/: no cpu node with reg 0, .*'),
    ('boot-hart-disabled', 'fdtput -t s $tree /cpus/cpu@0 status disabled',
     r'/: the boot hart 0 cannot be used: disabled'),
]
# Where there is no tree at all.
NOWHERE = [('null', 0), ('no-memory-there', 0x4000000000)]

LINE = r'^\[ +\d+\.\d+\] ERROR: boot: device tree: '
# It says one line, and neither crashes nor goes on.
REJECT = [r'^\*\*\* Hartwood', rf'(?s){LINE}.*{LINE}', r'^machine  ']


def jobs(env):
    for name, edits, reason in BROKEN:
        yield with_chained_tree(env, refused(env, name, DEFAULT, CHAINED_TREE, reason), edits)
    for name, place in NOWHERE:
        for qemu_version, sbi_version in versions(env):
            machine = Machine(qemu=qemu_version, opensbi=sbi_version)
            yield refused(env, f'at-{name}-{versions_text(machine)}', machine, place,
                          'the firmware passed none in a1')


def refused(env, name, machine, place, reason):
    job = console(env, f'tree/{name}', machine, *chained(env, 'hartwood', place, boot_hart=0),
                  image='hartwood', expect=[rf'{LINE}({reason})$'], reject=REJECT)
    job.command[job.command.index('-kernel') + 1] = str(chain(env))
    return job
