/* SPDX-License-Identifier: BSD-2-Clause */
/* The hypervisor's side of the guest tests: between the calls (host_calls.c) and main. */
#ifndef TESTS_GUEST_HOST_H
#define TESTS_GUEST_HOST_H

#include "hyp/vm.h"
#include "sbi/guest/vsbi.h"

/* Fixed before a VM runs. */
extern struct vm *tester, *partner, *timeless;
extern const char *test_pattern; /* NULL: all tests */
extern unsigned gstage_levels, n_quarters, is_lean;
extern bool vsip_is_whole;

/* Written by the calls. */
extern int n_failed; /* -1: the guest has not said it */

/* Write one line, whole, where results go. */
void results_write(const char *line, size_t n);

/* A device whose registers are plain memory that every width reads and writes: into the map of a VM
 * that was just made. 0, or -errno. */
MUST_CHECK int scratch_add(struct vm *vm);
struct sbi_ret scratch_copy(struct vcpu *v);

/* The host's goldfish RTC, of which the tester has a window. `at` is its page. */
bool rtc_find(struct hpa *at);
struct sbi_ret rtc_read(struct vcpu *v);

#endif
