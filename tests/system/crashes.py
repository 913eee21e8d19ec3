# SPDX-License-Identifier: BSD-2-Clause
"""
The report of a hypervisor that is wrong (platform/crash.c), for every way to crash that
crash_ways.c knows: the cause in words, the callers by their names in order, and a machine that is
switched off as failed.
"""

from system._boot import console

TOLD = ['crash_as_told', 'main', 'boot_main']
BY_WORK = ['crash_as_told', 'crash_by_work', 'work_run', 'irq_poll']
STOPPED = ['panic']

# way, hart, what the first lines say, callers from the innermost on ('' where nothing has a name)
CRASHES = [
    ('load_from_null', 0, r'load page fault .*\n.*\(a null pointer\)', ['load_from_null', *TOLD]),
    ('load_from_null', 2, r'load page fault .*\n.*\(a null pointer\)',
     ['load_from_null', *BY_WORK]),
    ('store_to_null', 0, r'store page fault .*\n.*\(a null pointer\)', ['store_to_null', *TOLD]),
    ('store_to_text', 0, r'store page fault .*\n.*\(the image\'s text\)', ['store_to_text', *TOLD]),
    ('store_to_constant', 0, r'store page fault', ['store_to_constant', *TOLD]),
    ('jump_to_data', 0, r'fetch page fault', ['', 'jump_to_data', *TOLD]),
    ('jump_to_null', 0, r'fetch page fault .*\n.*\(a null pointer\)', ['', 'jump_to_null', *TOLD]),
    ('run_nonsense', 0, r'illegal instruction', ['run_nonsense', *TOLD]),
    ('overflow_stack_at_all', 0, r'store page fault .*\n.*\(the boot hart\'s stack overflowed\)',
     ['overflow_stack'] * 20),
    ('overflow_stack_at_all', 2, r'store page fault .*\n.*\(a hart\'s stack overflowed\)',
     ['overflow_stack'] * 20),
    ('fail_check', 0, r'a CHECK of fail_check\(\) does not hold, line 115\n',
     [*STOPPED, 'check_failed', 'fail_check', *TOLD]),
    ('fail_check', 3, r'a CHECK of fail_check\(\) does not hold, line 115\n',
     [*STOPPED, 'check_failed', 'fail_check', *BY_WORK]),
    ('call_abort', 0, r'abort was called', [*STOPPED, 'abort', 'call_abort', *TOLD]),
    ('overflow_buffer', 0, r'a stack buffer overflowed into its guard',
     [*STOPPED, '__stack_chk_fail', 'overflow_buffer', *TOLD]),
    ('crash_in_the_report', 0, r'load page fault',
     ['load_from_null', 'crash_in_the_report', *TOLD]),
]
ALL_HARTS = 64  # as crash_ways.c understands it
NESTED = 'crash: another fault in this report; it ends here'
REPORT = r'^\*\*\* test-crash '


def jobs(env):
    for way, hart, cause, callers in CRASHES:
        expect = [rf'{REPORT}.* on hart {hart} \(id \d+\): {cause}', backtrace(callers)]
        reject = [NESTED]
        if way == 'crash_in_the_report':
            expect, reject = expect + [NESTED], []
        yield crash(env, way, hart, expect, reject)
    # Another hart is stopped at its next poll point, and before it switches off as a success.
    for meanwhile in ('work', 'end'):
        yield crash(env, 'load_from_null', 2,
                    [REPORT, backtrace(['load_from_null', *BY_WORK])], [NESTED], meanwhile)
    # All harts crash at once: one report, whole.
    yield crash(env, 'crash_together', ALL_HARTS,
                [REPORT, backtrace(['load_from_null', 'crash_together', 'crash_as_told'])],
                [NESTED, rf'(?s){REPORT}.*{REPORT}'])


def crash(env, way, hart, expect, reject, meanwhile=None):
    name = f'crash/{way}' + (f'-hart{hart}' if hart else '')
    more = ''
    if meanwhile:
        name, more = f'{name}-others-{meanwhile}', f' crash-meanwhile={meanwhile}'
    return console(env, name, image='test-crash', status=1, expect=expect, reject=reject,
                   arguments=f'crash={way} crash-hart={hart}{more}')


def backtrace(callers):
    """Lines that follow each other, numbered. The compiler may add a suffix to a name."""
    lines = [rf'  #{n:<2} [0-9a-f]{{16}}' + (rf'  {name}(\.\w+)*\+0x[0-9a-f]+' if name else '')
             for n, name in enumerate(callers)]
    return '\n'.join(['^called from:', *lines]) + '$'
