/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the proofs share. A proof is a program whose every run is right, whatever values the
 * nondet_ functions return; CBMC looks at all of them, and checks a bound on each loop. The code is
 * that of the product. What loops over levels only is proved of tables of the real width: a guest's
 * walk, and each step that a change of a range makes (steps.c), for any range, rights and entry.
 *
 * The rest is built for tables of 2 entries with a root of 8, where all sizes of leaves, splits and
 * merges still exist. The width of an index (PTE_INDEX_BITS) is the only parameter: it enters as
 * shifts, masks and the ends of loops over a table, each round of which is the same step on the
 * next entry. So a step is right for 512 entries by steps.c. That the rounds come one after another
 * to the entries over a range and no others is shown by small tables, for the ranges in `run` only.
 *
 * Of a map no state over time is proved, but what each of its changes asks the table's writer and
 * the allocator for, from any state of one region, within the bounds that asks.c names.
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
