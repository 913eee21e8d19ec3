/* SPDX-License-Identifier: BSD-2-Clause */
/* Loads, stores and jumps that may trap: each returns CAUGHT_NOTHING, or the trap's cause. */
#ifndef TESTS_MACHINE_ACCESS_H
#define TESTS_MACHINE_ACCESS_H

#include "platform/catch.h"

static inline uint64_t try_load(uint64_t va)
{
	uint64_t caught, value;

	__asm__ volatile(CATCH("lb %[v], (%[va])")
			 : [caught] "=&r"(caught), [v] "=&r"(value)
			 : [va] "r"(va)
			 : "t0", "memory");
	return caught;
}

static inline uint64_t try_store(uint64_t va)
{
	uint64_t caught;

	__asm__ volatile(CATCH("sb zero, (%[va])")
			 : [caught] "=&r"(caught)
			 : [va] "r"(va)
			 : "t0", "memory");
	return caught;
}

/* Load a byte and store it again: of what is there nothing changes. */
static inline uint64_t try_update(uint64_t va)
{
	uint64_t caught = try_load(va);

	if (caught != CAUGHT_NOTHING)
		return caught;
	__asm__ volatile(CATCH("amoor.w zero, zero, (%[va])")
			 : [caught] "=&r"(caught)
			 : [va] "r"(va & ~3ull)
			 : "t0", "memory");
	return caught;
}

/*
 * Call what lies at `place`: text of an address that is known when the image is linked, since the
 * trap's pc is the place itself and must stand in the table of catches.
 */
#define try_call(place)                                                                            \
	({                                                                                         \
		uint64_t caught_;                                                                  \
		__asm__ volatile("	li	t0, -1\n"                                                    \
				 "	ld	t1, 770f\n"                                                  \
				 "	jalr	t1\n"                                                      \
				 "771:\n"                                                          \
				 "	.pushsection .catch, \"a\"\n"                                   \
				 "	.dword	" place ", 771b\n"                                 \
				 "	.popsection\n"                                                  \
				 "	.pushsection .rodata, \"a\"\n"                                  \
				 "	.balign	8\n"                                                    \
				 "770:	.dword	" place "\n"                                       \
				 "	.popsection\n"                                                  \
				 "	mv	%[caught], t0\n"                                             \
				 : [caught] "=r"(caught_)::"t0", "t1", "ra", "memory");            \
		caught_;                                                                           \
	})

#endif
