/* SPDX-License-Identifier: BSD-2-Clause */
/* What both guests of this test share: they run without the runtime, on nothing but this. */
#ifndef TESTS_HOSTILE_BARE_H
#define TESTS_HOSTILE_BARE_H

#include "arch/bits.h"

#define BARE_RAM      0x80000000ull
#define BARE_RAM_SIZE 0x1000000ull

struct bare_ret {
	uint64_t error, value;
};

static inline struct bare_ret bare_call(uint64_t extension, uint64_t function, uint64_t x0,
					uint64_t x1, uint64_t x2, uint64_t x3)
{
	register uint64_t a0 __asm__("a0") = x0;
	register uint64_t a1 __asm__("a1") = x1;
	register uint64_t a2 __asm__("a2") = x2;
	register uint64_t a3 __asm__("a3") = x3;
	register uint64_t a6 __asm__("a6") = function;
	register uint64_t a7 __asm__("a7") = extension;

	__asm__ volatile("ecall"
			 : "+r"(a0), "+r"(a1)
			 : "r"(a2), "r"(a3), "r"(a6), "r"(a7)
			 : "memory");
	return (struct bare_ret){ a0, a1 };
}

/* Spreads every bit of x over all of the result (the finalizer of SplitMix64). */
static inline uint64_t bare_mix(uint64_t x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
	x = (x ^ x >> 27) * 0x94d049bb133111eb;
	return x ^ x >> 31;
}

#endif
