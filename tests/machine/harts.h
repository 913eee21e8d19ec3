/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests run on hart 0 while the other harts idle; this lets them work for a test. What runs on
 * another hart may EXPECT but not REQUIRE.
 */
#ifndef TESTS_MACHINE_HARTS_H
#define TESTS_MACHINE_HARTS_H

#include "arch/bits.h"

/* How long a test waits for what must happen, before it says that it did not. */
enum { PATIENCE_US = 20000000 };

/* Skips a test where there is one hart only. */
const char *needs_another_hart(void);

/* Run f(context) on that hart and return when it is done. */
void run_on(unsigned hart, void (*f)(void *context), void *context);

/* Run it on every hart, this one too. All are there before any begins. */
void run_on_every_hart(void (*f)(void *context), void *context);

/* Poll this hart until `*flag` is `value`, or until patience ends: then false. */
MUST_CHECK bool poll_until(_Atomic unsigned *flag, unsigned value);

/* Poll this hart for so long. */
void poll_for(uint64_t us);

#endif
