# SPDX-License-Identifier: BSD-2-Clause
"""
Jobs of stock guests in VMs, driven from inside by the image test-stock: it types into the guests'
consoles and reads them, and only its verdict leaves, by semihosting. All guests lie in one archive.
"""

from runner import qemu
from runner.qemu import Machine


def stock(env, name, tests, machine=Machine(harts=1), *more, **job):
    """A job of the tests whose names contain `tests`, or those asked for where it has them all."""
    job = qemu.test_job(env, f'system/stock/{name}', machine, env.image('test-stock'),
                        '-initrd', archive(env), *more, **job)
    if not env.tests_only:
        words = job.command.index('-semihosting-config') + 1
        job.command[words] += f',arg={tests}'
    job.needs.append(archive(env))
    return job


def archive(env):
    return env.image('stock').with_suffix('.cpio')
