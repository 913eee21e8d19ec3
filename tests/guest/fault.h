/* SPDX-License-Identifier: BSD-2-Clause */
/* What tests of faults share: accesses of each kind, and what their faults must be. */
#ifndef TESTS_GUEST_FAULT_H
#define TESTS_GUEST_FAULT_H

#include "tests/guest/insn.h"

enum { N_ACCESSES = 7 };
/* Of the address in a1; the access fault that is theirs. */
extern const struct access_kind {
	uint32_t insn;
	unsigned cause;
} accesses[N_ACCESSES];

/* Run what lies at `gpa`. */
void run_at(enum world w, uint64_t gpa);

/* So the last trial ended, in S-mode with interrupts off, and it says from which mode. */
void expect_fault(enum world w, unsigned cause, uint64_t value, uint64_t pc);

/* 4 KiB of lazy memory that comes in pages, and the page below it; untouched. */
uint64_t fresh_page(void);

#endif
