# SPDX-License-Identifier: BSD-2-Clause
"""
More VMs described than there can be: those that there is room for run, and the one behind them is
refused by name.
"""

from system._boot import prepared
from system.run import run

MOST = 32
LAST = r'^switching off$'


def jobs(env):
    names = [f'vm{n:02}' for n in range(1, MOST + 2)]
    place = env.place('system/run/many-vms')
    job = run(env, 'many-vms', ' '.join(f'{place}/{name}.dts' for name in names), status=1,
              expect=[f'{names[MOST]}.dtb: .*there are too many',
                      *(f'^{name} switched itself off; started 1 time,' for name in names[:MOST]),
                      f'^left out: {names[MOST]}.dtb;', LAST],
              reject=[f'{names[MOST]}.* switched itself off'])
    yield prepared(env, job,
                   f'for name in {" ".join(names)}; do\n'
                   '\tsed "s/\\"hello\\"/\\"$name\\"/" guests/hello/hello.dts >$place/$name.dts\n'
                   'done\n'
                   f'cp {env.image("hello")} $place/hello.bin')
