# SPDX-License-Identifier: BSD-2-Clause
"""
Linux on harts that lack what most have, or that are told to say so: each way that is seldom taken
carries a whole boot, and a second guest beside it on the same hart.
"""

from runner.job import Job
from system.run import HELLO, OFF, UNAME

WAYS = {
    'no-htval': {'BOOTARGS': 'hide-htval'},             # the address of a fault is walked for
    'no-hedeleg': {'BOOTARGS': 'no-hedeleg'},           # each trap of the guest's own is handed on
    'no-vmid': {'BOOTARGS': 'vmid-bits=0'},             # every switch forgets all
    'one-vmid-bit': {'BOOTARGS': 'vmid-bits=1'},        # the second VM shares VMID 0
    'no-sstc': {'CPU': 'rv64,h=true,sstc=false'},       # the timer is ours, by hvip
    'no-svadu': {'CPU': 'rv64,h=true,svadu=false'},   # the guest keeps A and D by itself
}


def jobs(env):
    for name, variables in WAYS.items():
        yield Job(f'system/pretend/{name}',
                  ['tools/run', '--image', str(env.image('hartwood')), '--guests', ''],
                  tap=False, time_limit=180, expect=[UNAME, HELLO, OFF],
                  env={'O': str(env.build), 'SMP': '1', **variables},
                  needs=[env.image('hartwood'), env.image('hello'), env.build / 'bin/qemu-10'])
