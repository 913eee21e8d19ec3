/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the proofs share. A proof is a program whose every run is right, whatever values the
 * nondet_ functions return; CBMC looks at all of them. The code is that of the product, built for
 * tables of 2 entries with a root of 8 (PTE_INDEX_BITS), where all sizes of leaves, splits and
 * merges still exist, and a bound on each loop that CBMC checks too.
 */
#ifndef TESTS_PROOFS_PROOFS_H
#define TESTS_PROOFS_PROOFS_H

#include <assert.h>
#include <errno.h>

#include "gstage/gtable.h"

enum { PROOF_PAGES = 4 }; /* that tables can have below the root */

bool nondet_bool(void);
unsigned nondet_unsigned(void);
uint64_t nondet_word(void);

/* Go on only where this holds. */
void __CPROVER_assume(bool what);

/* Pages below the root that are given out. */
unsigned proof_n_taken(void);

#endif
