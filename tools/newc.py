# SPDX-License-Identifier: BSD-2-Clause
"""
Archives in cpio's "newc" format, which Linux takes for its initramfs and the hypervisor for what it
boots. Made here and not by cpio, which needs root for a device node and copies times and owners.

Always true: the same entries give the same bytes, in whatever order they were added; a name is
there once; data begins at a multiple of 8 bytes, so that a device tree can be read where it lies
and an image be copied by doublewords. (newc promises 4: a name is given more NULs than one.)
"""

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

HEADER = 110    # "070701" and 13 fields of 8 hexadecimal digits
END = 'TRAILER!!!'


@dataclass
class Entry:
    mode: int
    owner: tuple[int, int] = (0, 0)
    data: bytes = b''
    device: tuple[int, int] = (0, 0)
    names: list[str] = field(default_factory=list)  # more than one: hard links


class Archive:
    def __init__(self):
        self._entries = {}

    def add_file(self, name, data, mode=0o644, owner=(0, 0)):
        self._add(name, Entry(stat.S_IFREG | mode, owner, data))

    def add_directory(self, name, mode=0o755, owner=(0, 0)):
        self._add(name, Entry(stat.S_IFDIR | mode, owner))

    def add_link(self, name, target, mode=0o777, owner=(0, 0)):
        """A symbolic link."""
        self._add(name, Entry(stat.S_IFLNK | mode, owner, target.encode()))

    def add_device(self, name, kind, number, mode=0o600, owner=(0, 0)):
        """kind: c or b; number: (major, minor)"""
        mode |= {'c': stat.S_IFCHR, 'b': stat.S_IFBLK}[kind]
        self._add(name, Entry(mode, owner, device=number))

    def add_name(self, name, file):
        """One more name, a hard link, for the file that is there as `file`."""
        self._add(name, self._entries[plain(file)])

    def write(self, path):
        """Whoever reads `path` meanwhile sees the old file or the new one, whole."""
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f'{path.name}.{os.getpid()}')
        try:
            with open(unfinished, 'wb') as out:
                self._write_entries(out)
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)

    def _add(self, name, entry):
        name = plain(name)
        if name in self._entries:
            raise ValueError(f'{name} is there already')
        self._entries[name] = entry
        entry.names = sorted([*entry.names, name])

    def _write_entries(self, out):
        serials = {}
        for name, entry in sorted(self._entries.items(), key=lambda item: item[0]):
            serial = serials.setdefault(id(entry), len(serials) + 1)
            # The content of hard links comes with the last of them.
            _write_entry(out, serial, name, entry, entry.data if name == entry.names[-1] else b'')
        _write_entry(out, 0, END, Entry(0, names=[END]), b'')


def plain(name):
    """A name as archives have it, where all names begin at the root."""
    return name.removeprefix('./').lstrip('/')


def _write_entry(out, serial, name, entry, data):
    name = name.encode() + b'\0'
    name += b'\0' * (-(out.tell() + HEADER + len(name)) % 8)
    # serial number, mode, owners, links, time, size, device of the file, device it is, name, sum
    fields = (serial, entry.mode, *entry.owner, len(entry.names), 0, len(data), 0, 0,
              *entry.device, len(name), 0)
    out.write(b'070701' + b''.join(b'%08X' % value for value in fields) + name)
    out.write(data + b'\0' * (-len(data) % 4))
