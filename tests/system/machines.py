# SPDX-License-Identifier: BSD-2-Clause
"""
Machines at the edges of what there is: one hart and many, little memory and much, banks far apart,
every boot hart, and harts that the tree or the firmware does not let run.
"""

from runner.qemu import Machine
from system._boot import (CHAINED_TREE, DEFAULT, boot, chain, chained, versions,
                          versions_text, with_chained_tree, with_tree)

# name, machine, facts, more words for QEMU
SIZES = [
    ('harts-1', Machine(harts=1), {'harts': 1, 'left_out': 0}, []),
    ('harts-32', Machine(harts=32), {'harts': 32, 'left_out': 0}, []),
    ('memory-256M', Machine(memory='256M'), {'memory': 256, 'banks': 1, 'harts': 4}, []),
    ('memory-16G', Machine(memory='16G'), {'memory': 16384, 'banks': 1, 'harts': 4}, []),
    ('numa', DEFAULT, {'memory': 2048, 'harts': 4},
     ['-object', 'memory-backend-ram,id=a,size=1G', '-object', 'memory-backend-ram,id=b,size=1G',
      '-numa', 'node,memdev=a,cpus=0-1', '-numa', 'node,memdev=b,cpus=2-3']),
]

# name, machine, edits of the tree, facts, arguments. Only the image sees these trees: what the
# firmware knows stays as it is.
BOARD = Machine(cpu='sifive_u-5', harts=5)
TREES = [
    ('two-banks-far-apart', Machine(memory='12G'),
     # 1 GiB at the start of RAM, 2 GiB at its end.
     'fdtput -t x $tree /memory@80000000 reg 0 80000000 0 40000000  3 0 0 80000000',
     {'memory': 3072, 'banks': 2, 'harts': 4}, []),
    ('hart-disabled', DEFAULT, 'fdtput -t s $tree /cpus/cpu@2 status disabled',
     {'harts': 3, 'left_out': 1}, []),
    ('hart-without-mmu', DEFAULT, 'fdtput -d $tree /cpus/cpu@3 mmu-type',
     {'harts': 3, 'left_out': 1}, []),
    ('hart-unknown-to-firmware', DEFAULT, 'fdtput -t x $tree /cpus/cpu@1 reg 9',
     {'harts': 3, 'left_out': 1}, []),
    # HSM starts hart 0 of this board, which has no S-mode and so never arrives.
    ('hart-never-arrives', BOARD,
     'fdtput -t s $tree /cpus/cpu@0 status okay; '
     'fdtput -t s $tree /cpus/cpu@0 mmu-type riscv,sv39',
     {'harts': 4, 'left_out': 1}, ['hart-wait=200']),
]
LEFT_OUT = {    # said on the console, which is for the machine's owner
    'hart-unknown-to-firmware': r'hart id 9 is left out: the firmware does not start it',
    'hart-never-arrives': r'hart id 0 is left out: started, but did not arrive',
}


def jobs(env):
    for name, machine, facts, words in SIZES:
        # Time runs on while the machine under QEMU is slow: nobody is to be given up for that.
        yield boot(env, f'machine/{name}', machine, facts, *words, arguments=['hart-wait=25000'])
    for name, machine, edits, facts, arguments in TREES:
        job = boot(env, f'machine/{name}', machine, facts,
                   *chained(env, tree=CHAINED_TREE, boot_hart=1 if machine is BOARD else 0),
                   kernel=chain(env), arguments=arguments)
        job.expect = [LEFT_OUT[name]] if name in LEFT_OUT else []
        yield with_chained_tree(env, job, edits)
    for n in 0, 1, 3:
        yield boot(env, f'machine/guest-files-{n}', Machine(irq='imsic'), {'geilen': n},
                   '-machine', f'aia-guests={n}')
    yield from seen_by_the_firmware_too(env)
    yield from every_boot_hart(env)
    yield boot(env, 'machine/harts-option', DEFAULT, {'harts': 2, 'left_out': 2},
               arguments=['harts=2'])
    # All others come too late, each finds itself given up; those that are early enough take part.
    yield boot(env, 'machine/no-patience', Machine(harts=8), arguments=['hart-wait=0'])


def seen_by_the_firmware_too(env):
    for qemu_version, sbi_version in versions(env):
        machine = Machine(qemu=qemu_version, opensbi=sbi_version)
        job = boot(env, f'machine/hart-disabled-for-all-{versions_text(machine)}', machine,
                   {'harts': 3, 'left_out': 1})
        yield with_tree(env, job, 'fdtput -t s $tree /cpus/cpu@2 status disabled')


def every_boot_hart(env):
    """OpenSBI takes the hart that comes first, most often 0; chain.S hands over to any. On a
    sifive_u the firmware's own choice is random, and hart 0 can never be it."""
    for machine, harts in ((DEFAULT, range(4)), (Machine(opensbi='1.1', harts=8), (7,)),
                           (BOARD, range(1, 5))):
        n_left_out = 1 if machine is BOARD else 0
        for hart in harts:
            yield boot(env, f'machine/boot-hart-{hart}-of-{machine.harts}-{machine.cpu}', machine,
                       {'boot_hart': hart, 'left_out': n_left_out},
                       *chained(env, boot_hart=hart), kernel=chain(env))
