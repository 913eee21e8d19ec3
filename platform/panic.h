/* SPDX-License-Identifier: BSD-2-Clause */
/* What happens when the hypervisor itself is wrong: one report, then the machine stops with a
 * failure. */
#ifndef PLATFORM_PANIC_H
#define PLATFORM_PANIC_H

#include "arch/bits.h"

_Noreturn void panic(const char *format, ...) PRINTF(1, 2);

/*
 * An invariant of ours. Not for what a guest, a device tree or a user can cause. What a release
 * says of one that does not hold is its line; its function is known from the return address. The
 * texts of conditions and the names of files are in debug builds only, and on the host.
 */
#define CHECK(cond) (LIKELY(cond) ? (void)0 : CHECK_FAILED(#cond, __FILE__, __LINE__))

#if defined(DEBUG) || !defined(__riscv)
#define CHECK_FAILED(what, file, line) check_failed(what, file, line)
_Noreturn void check_failed(const char *what, const char *file, int line);
#else
#define CHECK_FAILED(what, file, line) check_failed(line)
_Noreturn void check_failed(int line);
#endif

#endif
