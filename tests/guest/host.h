/* SPDX-License-Identifier: BSD-2-Clause */
/* The hypervisor's side of the guest tests: between the calls (host_calls.c) and main. */
#ifndef TESTS_GUEST_HOST_H
#define TESTS_GUEST_HOST_H

#include "hyp/vm.h"

/* Fixed before a VM runs. */
extern struct vm *tester, *partner, *timeless;
extern const char *test_pattern; /* NULL: all tests */
extern unsigned gstage_levels, n_quarters, is_lean;
extern bool vsip_is_whole;

/* Written by the calls. */
extern int n_failed; /* -1: the guest has not said it */

/* Write one line, whole, where results go. */
void results_write(const char *line, size_t n);

#endif
