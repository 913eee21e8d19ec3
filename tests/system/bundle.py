# SPDX-License-Identifier: BSD-2-Clause
"""
What guests are packed from: the archives (_bundle_check.py); the Linux guest's own parts, started
on the bare machine, where what fails is not the hypervisor's fault; and `make run` with a guest.
"""

from runner import qemu
from runner.job import Job
from runner.qemu import Machine

LINUX = 'linux/stable/vmlinux'
INITRAMFS = 'guests/initramfs.cpio'
PROMPT = '# '
OFF = r'reboot: Power down'


def jobs(env):
    yield Job('system/bundle/check', ['python3', '-B', 'tests/system/_bundle_check.py', 'check',
                                      *env.pattern_words()], time_limit=120, takes_pattern=True)
    yield natively(env, 'demo', 'script=demo',
                   expect=[r'^Linux .* riscv64 GNU/Linux', r'^processor\s*: 0', OFF])
    yield natively(env, 'shell', '', expect=[r'^42\r?$', r'^the terminal is /dev/ttyS0\r?$',
                                             r'\[1\].* Running .*sleep 1000', OFF],
                   dialogue=[(PROMPT, 'echo $((6 * 7))\n'),
                             (PROMPT, 'echo the terminal is $(tty)\n'),
                             (PROMPT, 'sleep 1000 &\n'), (PROMPT, 'jobs\n'), (PROMPT, 'exit\n')])
    image = env.image('hartwood')
    yield Job('system/bundle/run-hello', ['env', f'O={env.build}', 'tools/run', '--image',
                                          str(image), '--guests', 'hello'],
              tap=False, needs=[image, env.image('hello')], expect=[r'^hello from hart 0 of 1 on '])


def natively(env, name, arguments, **job):
    machine = Machine(harts=1, memory='256M')
    kernel, initramfs = env.build / LINUX, env.build / INITRAMFS
    command = qemu.command(env, machine, '-kernel', kernel, '-initrd', initramfs, '-append',
                           f'console=ttyS0 quiet panic=-1 {arguments}')
    return Job(f'system/bundle/linux-natively-{name}', command, tap=False, time_limit=120,
               needs=[kernel, initramfs, qemu.binary(env, machine), qemu.firmware(env, machine)],
               **job)
