/* SPDX-License-Identifier: BSD-2-Clause */
/* Between the main of this test and what counts for it (coverage.c). */
#ifndef TESTS_HOSTILE_HOST_H
#define TESTS_HOSTILE_HOST_H

#include "arch/bits.h"

struct vcpu;
struct vm;

struct guest_file {
	const char *at, *end;
};
extern const struct guest_file hostile_file, neighbour_file;

extern struct vm *hostile_vm, *neighbour_vm;

/* What the two guests have told; written on their harts. */
extern _Atomic uint64_t n_done; /* operations of the hostile one */
extern _Atomic uint64_t n_rounds;
extern uint64_t neighbour_says[4]; /* the last words of CALL_ROUND, or of CALL_FAILED */
extern _Atomic bool neighbour_failed;
/* By how much the neighbour's time was not the host's since it was started, at most. */
extern uint64_t most_skew;
/* How often the neighbour got its hart after another guest had it. */
extern _Atomic uint64_t n_turns;
extern _Atomic bool neighbour_has_hart; /* and nobody else since */

/* Another value as long as the hostile guest gets on with its operations; 0: it has none. */
uint64_t coverage_heartbeat(void);

/* Tell how often everything was reached. False if one that must be was reached less than `least`
 * times. */
bool coverage_report(unsigned least);

/* The operation that is going on does not end: main ends the VM. */
void coverage_note_stuck(void);

extern unsigned option_seed;

#endif
