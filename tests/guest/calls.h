/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the guest of tests and the image that runs it agree on: calls in the SBI's space for
 * experiments, which only that image answers, and the map of the VM.
 */
#ifndef TESTS_GUEST_CALLS_H
#define TESTS_GUEST_CALLS_H

#include "arch/bits.h"

#define TEST_CALLS 0x08000000l

enum test_call {
	TEST_SAY,      /* (gpa, n): a line of the results */
	TEST_END,      /* (n_failed): all results are out */
	TEST_PATTERN,  /* (gpa, n): which tests to run, as a string; empty: all */
	TEST_ASK,      /* (enum test_fact) */
	TEST_COUNT,    /* (enum test_count): of the calling vCPU */
	TEST_PARTNER,  /* (on): start or stop the second VM */
	TEST_TELL,     /* (enum told, value): for the other VM, which asks by FACT_TOLD */
	TEST_TIMELESS, /* (gpa): start the VM without counters there; it ends by itself */
	TEST_SCRATCH,  /* (gpa, writes): copy the scratch device's registers there, or from there */
	TEST_TYPE,     /* (gpa, n): somebody types this at the caller's console */
	TEST_KEY,      /* (ms): then somebody presses a key at the caller's console */
	TEST_RTC,      /* (offset): what the host reads of its real-time clock */
};

/* What VMs tell each other: numbers that TEST_TELL(n, value) writes. */
enum told {
	TOLD_TIME,
	TOLD_WRONG_AT_START,
	TOLD_ROUNDS,
	TOLD_WRONG,
	TOLD_TRIED, /* instructions */
	TOLD_ODD,   /* the last that did not end as it must, and below it how it ended */
	TOLD_ODD_CAUSE,
	TOLD_WORKS, /* bits of enum timeless_works */
	TOLD_ORDER, /* enum partner_order */
	TOLD_PMM,   /* what senvcfg.PMM held after 2 was written; ~0: there is no senvcfg */
	N_TOLD
};

/* What the second VM does when it starts. */
enum partner_order { ORDER_KEEP_STATE, ORDER_SHUT_DOWN, ORDER_TRY_SENVCFG };

/* What a guest without counters has all the same. */
enum timeless_works {
	WORKS_TREE = 1 << 0, /* names none of the extensions that it lacks */
	WORKS_BASE = 1 << 1,
	WORKS_TIMER = 1 << 2, /* set by call: it interrupts when it is past, and else not */
	WORKS_WAIT = 1 << 3,  /* wfi ends by it */
	WORKS_ALL = (1 << 4) - 1,
};

enum test_fact {
	FACT_IS_PARTNER,
	FACT_LEVELS,   /* of the G-stage table */
	FACT_QUARTERS, /* of its root that the hart translates: 4, or 2 on QEMU 7.2 */
	FACT_IS_LEAN,
	FACT_SIP_IS_WHOLE, /* the hart's vsip has all that is pending: QEMU 7.2's has not */
	FACT_PARTNER_RUNS,
	FACT_PARTNER_SHUT_DOWN, /* so it ended its last run */
	FACT_TIMELESS_RUNS,
	FACT_HAS_RTC,     /* there is a window on the host's */
	FACT_HAS_STATEEN, /* the hart can keep senvcfg from a guest */
	FACT_N_HARTS,     /* of the host */
	FACT_TOLD,        /* + enum told */
};

enum test_count {
	COUNT_EXITS,          /* + cause: SBI calls are not among them */
	COUNT_INJECTED = 32,  /* + cause */
	COUNT_ALL_EXITS = 48, /* but for interrupts of the host's */
	COUNT_MMIO,
	COUNT_FILLS,
	COUNT_WAITS,
	COUNT_CALLS,
	COUNT_FRAMES, /* that its VM holds, however they came */
};

#define MAP_UART     0x10000000ull
#define MAP_PLIC     0xc000000ull
#define MAP_RAM      0x80000000ull /* lazy, 2 MiB a fill: image, tree, and what tests allocate */
#define MAP_RAM_SIZE 0x4000000ull
#define MAP_PAGES    0x88000000ull /* lazy, 4 KiB a fill */
#define MAP_EAGER    0x8c000000ull
#define MAP_RESERVED 0x90000000ull
#define MAP_ROM      0x94000000ull
#define MAP_SCRATCH  0x98000000ull /* registers that take every access: tests/guest/scratch.c */
#define MAP_RTC      0x9c000000ull /* a page of the host's, where it has a goldfish RTC */
#define MAP_HOLE     0xa0000000ull
#define MAP_SIZE     0x400000ull /* of each of these that is memory */

#define SCRATCH_SIZE 64u

/* RAM in the quarters of the root but the first. Of Sv57x4 three lie beyond what an entry of the
 * guest's tables can name; there they are three entries of the root. */
static inline uint64_t map_quarter(unsigned levels, unsigned n)
{
	return ((uint64_t)n << (levels == 3 ? 39 : 48)) + 0x80000000ull;
}

#endif
