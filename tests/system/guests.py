# SPDX-License-Identifier: BSD-2-Clause
"""
The built-in unikernel as a guest, on every kind of hart that can run one; and what its calls cost.

The machine's status is the verdict: it is a success only if the guest switched itself off. The
console says besides that it was the guest who spoke.
"""

from runner.job import Job
from runner.qemu import Machine
from system._boot import console, versions, versions_text

SPOKE = [r'^hello from hart 0 of 1 on hartwood,vm$', r'hello: switched itself off$']
NEEDS_H = r'harts: none can run guests: that needs the H extension so far$'


def jobs(env):
    for qemu_version, sbi_version in versions(env):
        for cpu in ('h',) if qemu_version == '7.2' else ('h', 'max', 'rva23s64'):
            machine = Machine(qemu=qemu_version, opensbi=sbi_version, cpu=cpu, harts=2)
            yield console(env, f'guest/hello-{cpu}-{versions_text(machine)}', machine, expect=SPOKE)
        without = Machine(qemu=qemu_version, opensbi=sbi_version, cpu='no-h')
        yield console(env, f'guest/none-{versions_text(without)}', without, status=1, expect=[NEEDS_H])
    images = [env.image('micro'), env.image('hartwood')]
    # KVM's column needs a compiler for Linux, which tests do not install.
    command = ['python3', '-B', 'bench/run', '--part', 'micro', '--without', 'kvm', str(images[0].parent)]
    yield Job('system/guest/what-calls-cost', command, tap=False, time_limit=120, needs=images,
              expect=[r'^sbi-get-spec-version .* holds$'])
