# SPDX-License-Identifier: BSD-2-Clause
"""
What `make check` must find, planted in files where it may not be, and what it must leave alone.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / 'tests'))

from runner.pytap import run_tests  # noqa: E402

REGISTERS = """
    hstatus hedeleg hideleg hie hip hvip hvien hvictl hviprio1 hviprio2 hgeie hgeip henvcfg hcounteren
    htimedelta hgatp htval htinst hcontext hstateen0 hstateen1 hstateen2 hstateen3 vsstatus vsie vsip
    vstvec vsscratch vsepc vscause vstval vsatp vstimecmp vsiselect vsireg vsireg2 vstopei vstopi""".split()
INSTRUCTIONS = """
    hfence.gvma hfence.vvma hinval.gvma hinval.vvma hlv.b hlv.bu hlv.h hlv.hu hlv.w hlv.wu hlv.d hlvx.hu
    hlvx.wu hsv.b hsv.h hsv.w hsv.d""".split()
HYPERVISORS = [
    'x = csr_read(CSR_HGATP);', 'csr_write(CSR_VSATP, 0);', 'csr_read(0x680);', 'x |= HSTATUS_SPV;',
    'x = HGATP_MODE;', 'x = HVIP_VSSIP;', 'csr_set(CSR_HVIP, 4);', 'li t0, CSR_VSEPC',
    'hfence_all();', '.insn r 0x73, 0, 0x31, x0, x0, x0', '.insn r 0x73, 4, 0x36, t0, t1, x0',
    *(f'__asm__ volatile("{insn}" : : "r"(x));' for insn in (
        *(f'{name} %0, %1' for name in INSTRUCTIONS), *(f'csrr %0, {name}' for name in REGISTERS),
        r'\thfence.vvma zero, zero', r'nop\nhlv.d %0, (%1)', r'\tcsrrw\t%0, hstatus, %1',
        r'nop\ncsrs\thenvcfg, %0', 'csrw vsatp, %0', 'csrwi hvip, 0', 'csrci hie, 4',
        'csrr %0, 0x680', 'csrr %0, 0xe12')),
    '\tcsrw\thedeleg, t0', '\thfence.gvma', '/* why */ hfence.gvma', '"/*" hfence.gvma "*/"',
]
ANYBODYS = [
    'x = f->henvcfg & ~hstateen0;', 'printf("  hgatp    %s, htinst %x", vsatp);',
    '/* hgatp, as hfence.gvma\n   makes CSR_HGATP of it */', '// csrw hgatp, t0',
    'csr_read(CSR_HPMCOUNTER3);', 'csr_write(CSR_VSTART, 0);', 'csr_write(CSR_SATP, 0x680);',
    '\tcsrw\tCSR_SATP, a3', '__asm__("csrr %0, instret");', '"csrr %[v], " CSR_TEXT(csr)',
]


def found(pattern, texts):
    """Of these texts those that are found, each planted in a file of its own, named as the pattern says."""
    names = {pattern.format(n): text for n, text in enumerate(texts)}
    with tempfile.TemporaryDirectory() as place:
        for name, text in names.items():
            (Path(place) / name).parent.mkdir(parents=True, exist_ok=True)
            (Path(place) / name).write_text(f'/* A file. */\n{text}\n')
        done = subprocess.run([sys.executable, ROOT / 'tools/check_hext.py', *names], cwd=place,
                              text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    said = done.stdout.splitlines()
    assert done.returncode == bool(said), done.stdout
    for line in said:
        assert ':2: uses the H extension' in line, line
    return [names[line.partition(':')[0]] for line in said]


def what_uses_the_h_extension_is_found():
    for pattern in ('hyp/x{}.c', 'platform/x{}.S', 'vcpu/x{}.h'):
        got = found(pattern, HYPERVISORS)
        assert got == HYPERVISORS, [text for text in HYPERVISORS if text not in got]


def what_only_speaks_of_it_is_not():
    got = found('hyp/x{}.c', ANYBODYS)
    assert not got, got


def who_is_there_for_it_may_use_it():
    for pattern in ('arch/x{}.h', 'vcpu/hext/x{}.S', 'platform/probe{}.c', 'tests/x{}.c', 'bench/x{}.c'):
        assert not found(pattern, HYPERVISORS), pattern


if __name__ == '__main__':
    sys.exit(run_tests('checks', [what_uses_the_h_extension_is_found, what_only_speaks_of_it_is_not,
                                  who_is_there_for_it_may_use_it]))
