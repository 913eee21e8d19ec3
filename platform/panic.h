/* SPDX-License-Identifier: BSD-2-Clause */
/* What happens when the hypervisor itself is wrong: one report, then the machine stops with a
 * failure. */
#ifndef PLATFORM_PANIC_H
#define PLATFORM_PANIC_H

#include "arch/bits.h"

_Noreturn void panic(const char *format, ...) PRINTF(1, 2);
_Noreturn void check_failed(const char *what, const char *file, int line);

/* An invariant of ours. Not for what a guest, a device tree or a user can cause. */
#define CHECK(cond) (LIKELY(cond) ? (void)0 : check_failed(#cond, __FILE__, __LINE__))

#endif
