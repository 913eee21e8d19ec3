/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two harts of one guest: the second runs a function at a time, which the first lets it begin, and
 * `step` says how far the two are with each other. All of it with interrupts off.
 */
#ifndef TESTS_GUEST_PAIR_H
#define TESTS_GUEST_PAIR_H

#include <stdatomic.h>

#include "platform/hart.h"
#include "sbi/host/sbi.h"

enum { SECOND = 1, NOBODY = 2 };

const char *needs_two(void);

extern _Atomic uint64_t step;
extern _Atomic bool is_done; /* with its function */

/* The step is 0 when it begins. */
void let_second(void (*function)(void));
/* False: it took too long. */
bool await_step(uint64_t n);
bool await_done(void);

void pause_ms(unsigned ms);
/* Was there an IPI for this hart? It is gone. */
bool take_soft(void);

static inline long error_of(long extension, long function, uint64_t a0, uint64_t a1, uint64_t a2)
{
	return sbi_call(extension, function, a0, a1, a2, 0, 0).error;
}

#endif
