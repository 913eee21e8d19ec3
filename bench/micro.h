/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The micro program: what single operations cost. A group is one file that ends in its list of
 * rows, and one line in micro.c.
 */
#ifndef BENCH_MICRO_H
#define BENCH_MICRO_H

#include "arch/bits.h"

struct row {
	const char *name;      /* as bench/run knows it */
	void (*prepare)(void); /* not counted; before each run. NULL: nothing */
	void (*run)(void);
	unsigned n; /* operations in a run */
};

struct group {
	const struct row *rows;
	unsigned n_rows;
};

#define GROUP(var, rows_) const struct group var = { .rows = (rows_), .n_rows = ARRAY_LEN(rows_) }

extern const struct group sbi_group, interrupt_group, memory_group, device_group;

enum { ROUNDS = 250 };

/*
 * An SBI call made ROUNDS times. a2 and up keep their values over a call, by the specification, so
 * the loop is five instructions. t0 is left to an interrupt's handler.
 */
#define CALL_ROUNDS(ext, fid, arg0, arg1, arg2, arg3)                                              \
	do {                                                                                       \
		register uint64_t n_ __asm__("s1") = ROUNDS;                                       \
		register uint64_t r0_ __asm__("s2") = (arg0), r1_ __asm__("s3") = (arg1);          \
		register uint64_t r2_ __asm__("a2") = (arg2), r3_ __asm__("a3") = (arg3);          \
		register uint64_t r6_ __asm__("a6") = (fid), r7_ __asm__("a7") = (ext);            \
                                                                                                   \
		__asm__ volatile("1:	mv	a0, %[r0]\n"                                               \
				 "	mv	a1, %[r1]\n"                                                 \
				 "	ecall\n"                                                        \
				 "	addi	%[n], %[n], -1\n"                                          \
				 "	bnez	%[n], 1b\n"                                                \
				 : [n] "+r"(n_)                                                    \
				 : [r0] "r"(r0_), [r1] "r"(r1_), "r"(r2_), "r"(r3_), "r"(r6_),     \
				   "r"(r7_)                                                        \
				 : "a0", "a1", "t0", "memory");                                    \
	} while (0)

#endif
