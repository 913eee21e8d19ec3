# SPDX-License-Identifier: BSD-2-Clause
"""
What the files of this directory share: jobs that boot an image and compare what it found with
facts, steps that prepare such a boot, and the step between firmware and image (chain.S).

Facts are checked by the image itself (boot_facts.c), which reports by semihosting: a verdict is
never read off a console, save where the console's text is what is tried.
"""

from runner import qemu
from runner.job import Job
from runner.qemu import Machine

RAM = 0x80000000
VERSIONS = [('7.2', '1.1'), ('7.2', '1.6'), ('10', '1.1'), ('10', '1.6')]   # of QEMU and OpenSBI
LONG_VERSIONS = [('10', 'sid'), ('sid', '1.6'), ('sid', 'sid')]
DEFAULT = Machine()
TIME_LIMIT = 30     # a boot takes one second or two; a loaded machine is slower

# chain.S: where its orders lie, and where things are that it may be told to use.
ORDER = RAM + 0x300000
CHAINED_IMAGE = RAM + 0x400000
CHAINED_TREE = RAM + 0x8000000
FIRMWARE_MEMORY = f'''memory=/reserved-memory/firmware@{RAM:x}
fdtput -c -p $tree $memory
fdtput -t x $tree /reserved-memory '#address-cells' 2
fdtput -t x $tree /reserved-memory '#size-cells' 2
fdtput $tree /reserved-memory ranges
fdtput -t x $tree $memory reg 0 {RAM:x} 0 200000
fdtput $tree $memory no-map'''


def versions(env):
    return VERSIONS + (LONG_VERSIONS if env.long else [])


def versions_text(machine):
    return f'qemu{machine.qemu}-sbi{machine.opensbi}'


def words_of(facts):
    """Facts as boot arguments, with their number, so that lost ones are missed."""
    return [f'facts={len(facts)}', *(f'fact.{name}={value:#x}' for name, value in facts.items())]


def boot(env, name, machine=DEFAULT, facts=None, *more, arguments=(), kernel=None, bios=None,
         image='test-boot', **job):
    """A boot that must find these facts. `kernel` replaces what the firmware is given to start."""
    name = f'system/{name}'
    image = env.image(image)
    words = ['-append', ' '.join([*words_of(facts or {}), *arguments]),
             '-kernel', kernel or image, *qemu.test_words(env, name), *more]
    job.setdefault('time_limit', TIME_LIMIT)
    return Job(name, qemu.command(env, machine, *words, bios=bios), takes_pattern=True,
               needs=[image, qemu.binary(env, machine), bios or qemu.firmware(env, machine)], **job)


def console(env, name, machine=DEFAULT, *more, image='hartwood', arguments='', **job):
    """A boot whose console and exit status are what is tried."""
    name = f'system/{name}'
    image = env.image(image)
    job.setdefault('time_limit', TIME_LIMIT)
    command = qemu.command(env, machine, '-kernel', image, '-append', arguments, *more)
    return Job(name, command, tap=False,
               needs=[image, qemu.binary(env, machine), qemu.firmware(env, machine)], **job)


def prepared(env, job, script, *last):
    """The same job after a script of shell, which has the job's directory in $place and its command
    in "$@"; `last` are words that the command gets only then."""
    words = [f'place={env.place(job.name)}', script, 'exec "$@" ' + ' '.join(last)]
    job.command = ['sh', '-ec', '\n'.join(words), 'sh', *job.command]
    return job


def with_tree(env, job, edits, *last):
    """The same job, after the device tree that QEMU makes for it was put in $tree and edited."""
    dump = 'tree=$place/tree.dtb; "$@" -machine dumpdtb=$tree >/dev/null'
    return prepared(env, job, f'{dump}\n{edits}', *(last or ['-dtb', '"$tree"']))


def with_chained_tree(env, job, edits):
    """The same job, where only the image sees the edited tree; the firmware keeps the one that QEMU
    made, and does not get to say in ours what memory is its own."""
    loaded = f'"loader,file=$tree,addr={CHAINED_TREE:#x},force-raw=on"'
    return with_tree(env, job, f'{FIRMWARE_MEMORY}\n{edits}', '-device', loaded)


def chained(env, image='test-boot', tree=None, boot_hart=None):
    """The words that start an image by way of chain.S. tree: an address, None: the firmware's."""
    orders = {0: CHAINED_IMAGE}
    if tree is not None:
        orders |= {8: 1, 16: tree}
    if boot_hart is not None:
        orders |= {24: 1, 32: boot_hart}
    words = ['-device', f'loader,file={env.image(image)},addr={CHAINED_IMAGE:#x},force-raw=on']
    for place, value in orders.items():
        words += ['-device', f'loader,addr={ORDER + place:#x},data={value:#x},data-len=8']
    return words


def chain(env):
    return env.image('chain')

