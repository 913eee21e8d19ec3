/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What stands in for the runtime in host tests: threads are harts, and a failed CHECK can be
 * expected.
 */
#ifndef TESTS_UNIT_HOST_STUBS_H
#define TESTS_UNIT_HOST_STUBS_H

#include <stdbool.h>

/* Run f(context) on this thread; true if a CHECK in it failed, which ended it there. Anywhere else
 * a failed CHECK ends the program. */
bool host_check_fails(void (*f)(void *context), void *context);

/* How many harts n_harts() tells of: 1 at first. */
void host_set_n_harts(unsigned n);

#endif
