/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the two guests of this test tell the test's hypervisor, by calls of an extension that only
 * this image has. Whatever must outlive the hostile guest is kept on the other side, since the
 * guest may lose all its memory at any time.
 */
#ifndef TESTS_HOSTILE_CALLS_H
#define TESTS_HOSTILE_CALLS_H

#define EXT_HOSTILE 0x08686f73 /* in the experimental space */

/* All that was handed out is done, or there was nothing. Returns in a0 the number of the next
 * operation, in a1 the seed: BATCH_SIZE of them may be done. */
#define CALL_NEXT 0
/* From the neighbour. A round of checks is over; a0: its number in this life, a1: the time it sees,
 * a2: the longest that it saw its work take, a3: the latest that its timer came, both in ticks. */
#define CALL_ROUND 1
/* A check failed: a0 says which (enum neighbour_check), a1 and a2 what was found and what was due.
 */
#define CALL_FAILED 2

#define BATCH_AT 0x80340000

/* Where the host has its PCI bus: configuration space, and windows on I/O and memory. */
#define HOST_ECAM 0x30000000
#define HOST_IO   0x03000000
#define HOST_PCI  0x40000000

#define CAUSE_NONE (-1ull)
#define CAUSE_BOOT (-2ull)

#ifndef __ASSEMBLER__

#include "arch/bits.h"

/*
 * What the hostile guest says of the operations that it has, at BATCH_AT in its memory. They come
 * in batches, since a call costs QEMU more than most of them. The other side believes what it can
 * check, and no more: a guest like this may write over its own notes.
 */
enum { BATCH_SIZE = 64, OUTCOME_INTERRUPT = 0x40, OUTCOME_NONE = 0x80, OUTCOME_UNKNOWN = 0xff };
struct batch {
	uint64_t first, seed;
	uint64_t n_begun;
	uint8_t outcomes[BATCH_SIZE]; /* a cause; OUTCOME_INTERRUPT and its number; the others */
};

enum neighbour_check {
	CHECK_FRESH,
	CHECK_MEMORY,
	CHECK_ALIAS, /* memory, by other addresses */
	CHECK_X,
	CHECK_F,
	CHECK_V,
	CHECK_CSR,
	CHECK_TIME_BACK,
	CHECK_TIME_FAST,
	CHECK_TIME_SLOW,
	CHECK_TIMER_EARLY,
	CHECK_TIMER_LATE,
	CHECK_TRAP,
	N_CHECKS,
};

#endif
#endif
