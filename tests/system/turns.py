# SPDX-License-Identifier: BSD-2-Clause
"""
A guest goes on while another one starts on its hart, whose eager memory is zeroed, which takes 18
ms, and which is unpacked, which takes a quarter of a second: again and again it waits for a slice of
10 ms and the piece that the loader was at when that was over.
Time is counted in instructions. A guest that never waits can be looked at, on this hart and on
another.
"""

from runner.qemu import Machine
from system._boot import console, prepared

ESCAPE, MONITOR = '\x1d', '^hartwood> '
MAKE = r'''
{ cat %s; seq 1 700000; } | gzip >$place/packed.gz
sed 's/"hello"/"packed"/; s/hello.bin/packed.gz/; s/no-default-devices;/& start = "manual";/;
    s/0x2000000>;/0x20000000>; kind = "eager";/' \
    guests/hello/hello.dts >$place/packed.dts
sed 's/"hello"/"turns"/; s/hello.bin/turns.bin/' guests/hello/hello.dts >$place/turns.dts
tools/bundle --images %s $place/turns.cpio $place/packed.dts $place/turns.dts'''


# Its text, by its own table and the VM's.
LOOKED_AT = [(MONITOR, 'xlate turns ffffffc000000000\n'), ('^  host physical', '')]


def jobs(env):
    hello = env.image('hello')
    job = console(env, 'loading-in-turns', Machine(harts=1), '-icount', 'shift=0', time_limit=90, dialogue=[
        ('^it looks', ESCAPE + 'm'), *LOOKED_AT, (MONITOR, 'start packed\n'),
        ('packed: switched itself off', 'console turns\n'), (r'^\[turns\]', 'x')],
        expect=['packed: starts', r'^the longest time between two looks: 1[0-3]\d{3} us'])
    yield prepared(env, job, MAKE % (hello, hello.parent), '-initrd', '$place/turns.cpio')
    other = console(env, 'looked-at-elsewhere', Machine(harts=2), dialogue=[
        ('^it looks', ESCAPE + 'm'), *LOOKED_AT, (MONITOR, 'console turns\n'), (r'^\[turns\]', 'x')],
        expect=['^the longest time', 'vCPU 0 on hart 1'])
    yield prepared(env, other, MAKE % (hello, hello.parent), '-initrd', '$place/turns.cpio')
