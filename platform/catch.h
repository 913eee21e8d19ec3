/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The trap catcher: one instruction that may trap, with a place in a table that the hypervisor's
 * trap handler looks up. After a caught trap, execution goes on behind the instruction with the
 * cause.
 */
#ifndef PLATFORM_CATCH_H
#define PLATFORM_CATCH_H

#include "arch/cause.h"
#include "arch/csr.h"

#define CAUGHT_NOTHING (~0ull)

/* The instruction at `from` may trap; then t0 = scause, and execution goes on at `to`. */
struct catch_entry {
	uint64_t from;
	uint64_t to;
};

/* Assembly text around an instruction that may trap. t0 is used, and says afterwards what happened.
 */
/* clang-format off */
#define CATCH(insn)                                                                                \
	"	li	t0, -1\n"                                                                          \
	"771:	" insn "\n"                                                                          \
	"772:\n"                                                                                   \
	"	.pushsection .catch, \"a\"\n"                                                              \
	"	.dword	771b, 772b\n"                                                                      \
	"	.popsection\n"                                                                             \
	"	mv	%[caught], t0\n"
/* clang-format on */

/* Each returns CAUGHT_NOTHING, or the cause of the trap; `value` is then untouched. */
#define csr_try_read(csr, value)                                                                   \
	({                                                                                         \
		uint64_t caught_, read_;                                                           \
		__asm__ volatile(CATCH("csrr %[v], " CSR_TEXT(csr))                                \
				 : [caught] "=&r"(caught_), [v] "=&r"(read_)::"t0", "memory");     \
		if (caught_ == CAUGHT_NOTHING)                                                     \
			*(value) = read_;                                                          \
		caught_;                                                                           \
	})
#define csr_try_swap(csr, new_value, old)                                                          \
	({                                                                                         \
		uint64_t caught_, read_;                                                           \
		__asm__ volatile(CATCH("csrrw %[v], " CSR_TEXT(csr) ", %[n]")                      \
				 : [caught] "=&r"(caught_), [v] "=&r"(read_)                       \
				 : [n] "r"((uint64_t)(new_value))                                  \
				 : "t0", "memory");                                                \
		if (caught_ == CAUGHT_NOTHING)                                                     \
			*(old) = read_;                                                            \
		caught_;                                                                           \
	})
#define csr_exists(csr)                                                                            \
	({                                                                                         \
		uint64_t ignored_;                                                                 \
		csr_try_read(csr, &ignored_) == CAUGHT_NOTHING;                                    \
	})

#endif
