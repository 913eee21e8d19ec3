# SPDX-License-Identifier: BSD-2-Clause
"""
tools/bundle and tools/initramfs: their archives as cpio reads them, and what they say about
mistakes.
"""

import hashlib
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / 'tests'))

from runner.pytap import run_tests  # noqa: E402

BUILD = Path(os.environ.get('O') or 'build')
BIG = b'an image of some size\n' * 1000


def description(*files):
    nodes = ''.join(f'\tnode{n} {{ file = "{file}"; }};\n' for n, file in enumerate(files))
    return f'/dts-v1/;\n/ {{\n\tcompatible = "hartwood,vm";\n{nodes}}};\n'.encode()


class Scene:
    """A directory with these files, and what the tools do in it."""

    def __init__(self, files):
        self.directory = tempfile.TemporaryDirectory()
        self.place = Path(self.directory.name)
        for name, content in files.items():
            path = self.place / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.directory.cleanup()

    def tool(self, name, *words):
        return subprocess.run(['python3', '-B', ROOT / 'tools' / name, *words], cwd=self.place,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def pack(self, *words, out='out.cpio', tool='bundle'):
        order = [*words, out] if tool == 'initramfs' else ['--images', 'images', out, *words]
        done = self.tool(tool, *order)
        assert done.returncode == 0 and not done.stdout, done.stdout
        return (self.place / out).read_bytes()

    def refusal(self, *words, tool='bundle'):
        """The last line of what it says when it ends with an error; no archive is left."""
        out = 'refused.cpio'
        order = [*words, out] if tool == 'initramfs' else ['--images', 'images', out, *words]
        done = self.tool(tool, *order)
        assert done.returncode == 1, done.stdout
        assert 'Traceback' not in done.stdout, done.stdout
        assert not list(self.place.glob(out + '*'))
        return done.stdout.rstrip().rpartition('\n')[2]

    def unpacked(self, archive):
        where = self.place / 'unpacked'
        where.mkdir()
        subprocess.run(['cpio', '-id', '--quiet', '--no-absolute-filenames'], cwd=where, check=True,
                       input=archive)
        return {str(path.relative_to(where)): path.read_bytes()
                for path in where.rglob('*') if path.is_file()}


def must_name(text, *words):
    for word in words:
        assert word in text, f'{word!r} is not in {text!r}'


def what_is_packed_is_what_cpio_unpacks():
    files = {'a.dts': description('images-are-here', 'sub/initrd', '/abs'),
             'images-are-here': BIG, 'images/sub/initrd': b'initrd'}
    with Scene(files) as scene:
        absolute = str(scene.place / 'elsewhere')
        (scene.place / 'elsewhere').write_bytes(b'absolute')
        (scene.place / 'a.dts').write_bytes(description('images-are-here', 'sub/initrd', absolute))
        found = scene.unpacked(scene.pack('a.dts'))
    assert found.pop('a.dtb')[:4] == b'\xd0\x0d\xfe\xed'
    assert found == {'images-are-here': BIG, 'sub/initrd': b'initrd',
                     absolute.lstrip('/'): b'absolute'}, found


def what_a_description_may_say_gives_no_warning():
    nodes = b"""/dts-v1/;
/ {
	compatible = "hartwood,vm";
	#address-cells = <2>;
	#size-cells = <2>;
	memory@80000000 { reg = <0 0x80000000 0 0x4000000>; kind = "eager"; };
	rom@20000000 { reg = <0 0x20000000 0 0x1000>; file = "rom"; };
	device@10001000 { reg = <0 0x10001000 0 0x1000>; host-address = <0x10001000>; };
	serial@10000000 { compatible = "ns16550a"; reg = <0 0x10000000 0 0x1000>; interrupts = <10>; };
	plic@c000000 { compatible = "sifive,plic-1.0.0"; reg = <0 0xc000000 0 0x600000>; };
	kernel { entry = <0x0 0x20000000>; };
};
"""
    with Scene({'a.dts': nodes, 'rom': BIG}) as scene:
        assert BIG in scene.pack('a.dts')


def the_same_input_gives_the_same_bytes():
    files = {'a.dts': description('x', 'y'), 'b.dts': description('y'), 'x': BIG, 'y': b'why'}
    with Scene(files) as scene:
        first = scene.pack('a.dts', 'b.dts')
        for name in files:
            os.utime(scene.place / name, (1, 1))
            (scene.place / name).chmod(0o600)
        assert scene.pack('b.dts', 'a.dts', out='sub/again.cpio') == first


def a_file_of_two_descriptions_is_there_once():
    with Scene({'a.dts': description('x'), 'b.dts': description('x'), 'images/x': BIG}) as scene:
        assert scene.pack('a.dts', 'b.dts').count(BIG) == 1


def a_file_of_two_names_is_there_once_and_cpio_finds_both():
    files = {'a.dts': description('x', 'z'), 'b/b.dts': description('y', '../x'), 'x': BIG}
    with Scene(files) as scene:
        for name in ('z', 'b/y'):
            (scene.place / name).symlink_to(scene.place / 'x')
        archive = scene.pack('a.dts', 'b/b.dts')
        assert archive.count(BIG) == 1
        found = scene.unpacked(archive.replace(b'../x', b'./ux'))   # cpio -i is right to refuse it
    assert [found[name] for name in ('x', 'y', 'z', 'ux')] == [BIG] * 4, found.keys()


def a_file_beside_the_description_comes_before_others_of_its_name():
    include = b'/include/ "../base/base.dts"\n/ { label = "other"; };\n'
    files = {'mine/a.dts': include, 'base/base.dts': description('x'), 'mine/x': b'mine',
             'base/x': b'base', 'images/x': b'images'}
    with Scene(files) as scene:
        found = scene.unpacked(scene.pack('mine/a.dts'))
        assert found['x'] == b'mine' and b'other' in found['a.dtb'], found


def content_begins_at_a_multiple_of_8():
    names = ['x' * n for n in range(1, 20)]
    files = {name: name.encode() + BIG for name in names}
    with Scene({'a.dts': description(*names), **files}) as scene:
        archive = scene.pack('a.dts')
        places = [archive.index(content) for content in files.values()]
        places.append(archive.index(b'\xd0\x0d\xfe\xed'))
        assert not any(place % 8 for place in places), places


def an_initramfs_has_what_its_list_says():
    lines = '''# a comment
dir /dev 0755 0 0
nod /dev/console 0600 0 5 c 5 1   # of group 5
nod /dev/loop0 0660 0 0 b 7 0
file /bin/tool ${WHERE}/source 0755 1 2
slink /bin/alias tool 0777 0 0
'''
    with Scene({'list': lines.encode(), 'here/source': BIG}) as scene:
        os.environ['WHERE'] = 'here'
        archive = scene.pack('list', tool='initramfs')
        assert archive == scene.pack('list', out='again', tool='initramfs')
    told = subprocess.run(['cpio', '-itvn', '--quiet'], input=archive, check=True,
                          stdout=subprocess.PIPE).stdout.decode()
    seen = [re.sub(' +', ' ', line) for line in told.splitlines()]
    date = 'Jan 1 1970'
    assert seen == [f'lrwxrwxrwx 1 0 0 4 {date} bin/alias -> tool',
                    f'-rwxr-xr-x 1 1 2 {len(BIG)} {date} bin/tool',
                    f'drwxr-xr-x 1 0 0 0 {date} dev',
                    f'crw------- 1 0 5 5, 1 {date} dev/console',
                    f'brw-rw---- 1 0 0 7, 0 {date} dev/loop0'], told


def a_mistake_in_a_list_is_named_by_its_line():
    with Scene({'x': b''}) as scene:
        for line, *words in (('file /x nowhere 0644 0 0', 'nowhere cannot be read'),
                             ('file /x x 0644 0', 'not understood'),
                             ('pipe /x 0644 0 0', 'pipe /x', 'not understood'),
                             ('nod /x 0600 0 0 p 1 1', 'not understood'),
                             ('dir /a 0755 0 0', 'twice')):
            (scene.place / 'list').write_text(f'dir /a 0755 0 0\n\n{line}\n')
            must_name(scene.refusal('list', tool='initramfs'), 'list:3: ', *words)


def a_file_that_is_not_there_is_named_with_its_property_and_where_it_was_looked_for():
    files = {'sub/a.dts': description('x', 'no'), 'images/x': b'', 'images/no/dir': b''}
    with Scene(files) as scene:
        must_name(scene.refusal('sub/a.dts'), 'bundle: sub/a.dts: /node1: file = "no" ',
                  'looked in sub, images; ', 'put the file beside')


def a_description_that_dtc_refuses_is_named():
    with Scene({'a.dts': b'/dts-v1/;\n/ { nonsense }\n'}) as scene:
        must_name(scene.refusal('a.dts'), 'bundle: a.dts is not compiled')
        must_name(scene.refusal('b.dts'), 'bundle: b.dts is not there')


def names_that_mean_two_things_are_refused():
    files = {'a.dts': description('x'), 'x': b'one', 'b/b.dts': description('x'), 'b/x': b'two',
             'b/a.dts': description(), 'c.dts': description('a.dtb'), 'a.dtb': b'three'}
    with Scene(files) as scene:
        must_name(scene.refusal('a.dts', 'b/b.dts'), 'b/b.dts: /node0: file = "x" is ',
                  f'{scene.place.resolve()}/x by that name', 'rename')
        must_name(scene.refusal('a.dts', 'b/a.dts'), 'b/a.dts and a.dts would both be a.dtb')
        must_name(scene.refusal('c.dts', 'a.dts'), 'c.dts: /node0: file = "a.dtb" is the name of a '
                  'description')


def a_refused_bundle_leaves_the_old_one_as_it_was():
    with Scene({'a.dts': description('x'), 'x': BIG}) as scene:
        old = scene.pack('a.dts')
        (scene.place / 'x').unlink()
        assert scene.tool('bundle', 'out.cpio', 'a.dts').returncode == 1
        assert (scene.place / 'out.cpio').read_bytes() == old


def the_guests_of_the_tree_are_packed_without_a_warning():
    images = [BUILD / 'release', BUILD / 'debug', BUILD / 'guests', BUILD]
    words = [word for place in images for word in ('--images', place)]
    descriptions = sorted(Path('guests').glob('*/*.dts'))
    assert len(descriptions) >= 4
    with Scene({}) as scene:
        out = scene.place / 'out.cpio'
        done = subprocess.run(['tools/bundle', *words, out, *descriptions], cwd=ROOT, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        assert done.returncode == 0 and not done.stdout, done.stdout
        found = scene.unpacked(out.read_bytes())
    linux = (BUILD / 'linux/stable/vmlinux').read_bytes()
    assert hashlib.sha256(found['linux/stable/vmlinux']).digest() == hashlib.sha256(linux).digest()


def a_run_of_an_unknown_guest_says_which_there_are():
    done = subprocess.run(['tools/run', '--image', 'Makefile', '--guests', 'hello nope'], cwd=ROOT,
                          text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == 2, done.stdout
    must_name(done.stdout, 'GUEST=nope: guests/nope/nope.dts is not there', 'hello linux uboot')


TESTS = [test for name, test in list(globals().items())
         if callable(test) and getattr(test, '__module__', '') == __name__
         and name not in ('Scene', 'description', 'must_name')]

if __name__ == '__main__':
    os.chdir(ROOT)
    sys.exit(run_tests('bundle', TESTS))
