/* SPDX-License-Identifier: BSD-2-Clause */
/* The way of the second hart out of its world, and back when it is started or woken anew. */
#ifndef TESTS_GUEST_SECOND_H
#define TESTS_GUEST_SECOND_H

#define SECOND_SAVED 0
#define SECOND_FOUND 168

#ifndef __ASSEMBLER__

#include <assert.h>

#include "arch/bits.h"

struct second {
	uint64_t saved[21];
	/* What it found where it began again. */
	struct {
		uint64_t a0, satp, sstatus, sie, sip;
	} found;
};
static_assert(offsetof(struct second, found) == SECOND_FOUND);

/*
 * A function of the SBI by which this hart stops or sleeps; its three arguments. Returns the error
 * if it does not; else 0 when somebody lets it begin at second_begins, translation off, with the
 * address of `s` in memory. The root that it has now must map that address and the code there.
 */
long second_leave(struct second *s, uint64_t function, uint64_t a0, uint64_t a1, uint64_t a2,
		  long extension);
extern const char second_begins[];

#endif
#endif
