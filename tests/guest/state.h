/* SPDX-License-Identifier: BSD-2-Clause */
/* State that is filled with a pattern, and looked at again. */
#ifndef TESTS_GUEST_STATE_H
#define TESTS_GUEST_STATE_H

#include "tests/guest/world.h"

enum state { STATE_FLOATS, STATE_VECTORS, STATE_CSRS, N_STATES };

/* All of it is now a function of `pattern`, which is not 0; what the guest lacks is passed over. */
void state_fill(enum state s, uint64_t pattern);
/* How many of its registers are not what that made them; pattern 0: what a start makes them. */
unsigned state_wrong(enum state s, uint64_t pattern);
/* As at a start. */
void state_reset(void);

#endif
