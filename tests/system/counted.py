# SPDX-License-Identifier: BSD-2-Clause
"""
The machine tests with time counted in instructions: only there can a test see that a hart sleeps.
"""

from runner import qemu
from runner.qemu import Machine


def jobs(env):
    yield qemu.test_job(env, 'system/counted', Machine(harts=2), env.image('test-machine'),
                        '-icount', 'shift=0')
