/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Own memory (platform/mmu.h) for host tests: a pool of pages whose physical addresses are made up.
 * Any number of threads may use it. Always true: what is given out is zeroed, and what is not given
 * out is full of a pattern that no table has.
 */
#ifndef TESTS_UNIT_OWN_HOST_H
#define TESTS_UNIT_OWN_HOST_H

enum { OWN_HOST_PAGES = 4096, OWN_HOST_AT = 0x40000000 };

unsigned own_host_n_taken(void);

/* Let the n-th allocation from now on fail, 1 being the next; 0: none. */
void own_host_fail_at(unsigned n);

#endif
