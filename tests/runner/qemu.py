# SPDX-License-Identifier: BSD-2-Clause
"""
Machines as QEMU makes them: `Machine` says which, `command` gives the words that start it, and
`test_job` a job that runs a test image on it. Every QEMU of every test comes from here.
"""

from pathlib import Path
from typing import NamedTuple

from runner.job import Job

CPUS = {
    'h': 'rv64,h=true',
    'no-h': 'rv64,h=false',
    'max': 'max',
    'rva23s64': 'rva23s64',
}
IRQS = {'plic': 'virt', 'aplic': 'virt,aia=aplic', 'imsic': 'virt,aia=aplic-imsic'}


class Machine(NamedTuple):
    qemu: str = '10'        # build/bin/qemu-...
    opensbi: str = '1.6'    # build/opensbi/...
    cpu: str = 'h'          # one of CPUS, or sifive_u-N: that board with N harts
    harts: int = 4
    memory: str = '2G'
    irq: str = 'plic'

    def is_board(self):
        return self.cpu.startswith('sifive_u-')


def binary(env, machine):
    return env.build / 'bin' / f'qemu-{machine.qemu}'


def firmware(env, machine):
    return env.build / 'opensbi' / machine.opensbi / 'fw_dynamic.bin'


def command(env, machine, *more, bios=None):
    """The console is stdin and stdout; a reboot is an end. `bios` replaces OpenSBI's fw_dynamic."""
    if machine.is_board():
        kind = ['-M', 'sifive_u']
    else:
        kind = ['-M', IRQS[machine.irq], '-cpu', CPUS[machine.cpu]]
    return [str(binary(env, machine)), *kind, '-smp', str(machine.harts), '-m', machine.memory,
            '-bios', str(bios or firmware(env, machine)),
            '-display', 'none', '-serial', 'stdio', '-monitor', 'none', '-no-reboot',
            *[str(word) for word in more]]


def semihosting(*words):
    """The option that lets the guest open our files; `words` become its command line."""
    return ['-semihosting-config', ','.join(
        ['enable=on', 'target=native', *('arg=' + str(word).replace(',', ',,') for word in words)])]


def test_words(env, name):
    """What a test image is told: where its results go, and which tests it shall run."""
    return semihosting('test', env.result(name), *env.pattern_words())


def test_job(env, name, machine, image, *more, bios=None, **job):
    """A job that runs a test image, which reports by semihosting."""
    image = Path(image)
    words = ['-kernel', image, *test_words(env, name), *more]
    return Job(name, command(env, machine, *words, bios=bios), n_cpus=machine.harts,
               takes_pattern=True,
               needs=[binary(env, machine), Path(bios or firmware(env, machine)), image], **job)
