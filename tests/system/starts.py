# SPDX-License-Identifier: BSD-2-Clause
"""
The ways to be started: by every firmware in reach, as an ELF and as a flat image, at more than one
address, with an initrd, and by U-Boot's booti.
"""

from runner.qemu import Machine
from system._boot import (DEFAULT, RAM, boot, chain, chained, prepared, versions, versions_text)

MIB = 1 << 20
PLACES = [RAM + 2 * MIB, RAM + 4 * MIB, RAM + 86 * MIB, RAM + 1026 * MIB]
FIRMWARE = {'1.1': 0x10001, '1.6': 0x10006}     # as its version call says; sid moves

INITRD_LINES = 20000
INITRD = ''.join(f'{n}\n' for n in range(1, INITRD_LINES + 1)).encode()
MAKE_INITRD = f'seq {INITRD_LINES} >$place/initrd'

UBOOT = 'u-boot/qemu-riscv64_smode/u-boot.bin'
MAKE_DISK = '''disk=$place/disk.img
rm -f $disk; truncate -s 16M $disk; mformat -i $disk ::
mcopy -i $disk {image} ::image; mcopy -i $disk $place/initrd ::initrd'''
# No lock: the file is the job's own.
DISK = ['-drive', '"file=$disk,format=raw,if=none,id=disk,file.locking=off"',
        '-device', 'virtio-blk-device,drive=disk']


def jobs(env):
    for qemu_version, sbi_version in versions(env):
        machine = Machine(qemu=qemu_version, opensbi=sbi_version)
        yield from of_machine(env, machine)
        yield from by_uboot(env, machine)
    for place in PLACES:
        yield at(env, place)
    yield in_dirty_memory(env)
    # What QEMU's -kernel does for fw_dynamic, done by a step that fw_jump starts.
    for version in FIRMWARE:
        yield boot(env, f'start/fw_jump-chained-sbi{version}', Machine(opensbi=version),
                   {'image': RAM + 4 * MIB}, *chained(env), kernel=chain(env),
                   bios=fw_jump(env, version))


def of_machine(env, machine):
    of = versions_text(machine)
    facts = {'image': RAM + 2 * MIB, 'harts': machine.harts, 'left_out': 0, 'memory': 2048,
             'banks': 1, 'initrd_size': 0, 'test_device': 1, 'soft': 0}
    if machine.opensbi in FIRMWARE:
        facts |= {'firmware': FIRMWARE[machine.opensbi]}
    elf = env.image('test-boot').with_suffix('.elf')
    yield boot(env, f'start/fw_dynamic-flat-{of}', machine, facts)
    yield boot(env, f'start/fw_dynamic-elf-{of}', machine, facts, kernel=elf)
    yield boot(env, f'start/fw_jump-flat-{of}', machine, facts, bios=fw_jump(env, machine.opensbi))
    yield boot(env, f'start/fw_jump-elf-{of}', machine, facts, kernel=elf,
               bios=fw_jump(env, machine.opensbi))
    job = boot(env, f'start/initrd-{of}', machine, initrd_facts())
    yield prepared(env, job, MAKE_INITRD, '-initrd', '$place/initrd')


def fw_jump(env, version):
    return env.build / 'opensbi' / version / 'fw_jump.bin'


def initrd_facts():
    a = b = 0   # as boot_facts.c sums it up
    for byte in INITRD:
        a = (a + byte) % 0xffff
        b = (b + a) % 0xffff
    return {'initrd_size': len(INITRD), 'initrd_sum': b << 16 | a}


def at(env, place):
    """fw_dynamic goes where the ELF's entry is: a copy with other physical addresses will do."""
    job = boot(env, f'start/at-{place:#x}', DEFAULT, {'image': place, 'harts': DEFAULT.harts},
               kernel=env.place(f'system/start/at-{place:#x}') / 'moved.elf')
    elf = env.image('test-boot').with_suffix('.elf')
    move = place - (RAM + 2 * MIB)
    return prepared(env, job, f"riscv64-unknown-elf-objcopy --change-section-lma '*+{move:#x}' "
                              f'{elf} $place/moved.elf')


def in_dirty_memory(env):
    """QEMU's memory is zero at first, a board's is not: what nobody clears holds something else here."""
    job = boot(env, 'start/dirty-memory', DEFAULT, {'image': RAM + 2 * MIB, 'harts': DEFAULT.harts},
               kernel=env.place('system/start/dirty-memory') / 'dirty.bin')
    return prepared(env, job, f"{{ cat {env.image('test-boot')}; head -c {6 * MIB} /dev/zero | "
                              f"tr '\\0' '\\245'; }} >$place/dirty.bin")


def by_uboot(env, machine):
    of = versions_text(machine)
    facts = {'image': RAM + 2 * MIB, 'harts': machine.harts}
    yield booti(env, f'start/booti-{of}', machine, facts | {'initrd_size': 0}, '-')
    yield booti(env, f'start/booti-initrd-{of}', machine, facts | initrd_facts(),
                '${ramdisk_addr_r}:${filesize}')


def booti(env, name, machine, facts, initrd):
    """U-Boot takes commands on its console, and passes on the tree that it was given itself."""
    job = boot(env, name, machine, facts, kernel=env.build / UBOOT)
    arguments = job.command[job.command.index('-append') + 1]
    commands = ['virtio scan',
                'load virtio 0 ${kernel_addr_r} image',
                'load virtio 0 ${ramdisk_addr_r} initrd',
                f'setenv bootargs {arguments}',
                f'booti ${{kernel_addr_r}} {initrd} ${{fdtcontroladdr}}']
    job.dialogue = [('Hit any key to stop autoboot', '\n'),
                    *[('^=> ', command + '\n') for command in commands]]
    job.needs.append(env.build / UBOOT)
    job.command[job.command.index('-append'):job.command.index('-append') + 2] = []
    return prepared(env, job, f'{MAKE_INITRD}\n{MAKE_DISK.format(image=env.image("test-boot"))}',
                    *DISK)
