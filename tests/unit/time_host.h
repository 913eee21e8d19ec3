/* SPDX-License-Identifier: BSD-2-Clause */
/* Time for host tests: it stands still where a test puts it; the one timer that is set goes off
 * when it is let. */
#ifndef TESTS_UNIT_TIME_HOST_H
#define TESTS_UNIT_TIME_HOST_H

#include <stdbool.h>
#include <stdint.h>

/* What the counter shows. */
extern uint64_t host_time;

/* The timer that is set goes off; false: none is. */
bool host_let_time_pass(void);

#endif
