/* SPDX-License-Identifier: BSD-2-Clause */
/* Time for host tests: it stands still at 0 until the one timer that is set is let run. */
#ifndef TESTS_UNIT_TIME_HOST_H
#define TESTS_UNIT_TIME_HOST_H

#include <stdbool.h>

/* The timer that is set goes off; false: none is. */
bool host_let_time_pass(void);

#endif
