/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Own memory as proofs see it: one array, in which the root comes first and then the tables, so
 * short that only their entries fit; their addresses are whole pages all the same. Any allocation
 * may fail. Nothing is asked for that was not given, and nothing is freed twice.
 */
#include "platform/mmu.h"
#include "tests/proofs/proofs.h"

enum { AT = 0x80000000, ROOT = 4 * PTES_PER_PAGE, PAGE = PTES_PER_PAGE };

static pte_t words[ROOT + PROOF_PAGES * PAGE];
static bool is_taken[PROOF_PAGES];
static unsigned n_given;

void *own_alloc(unsigned order)
{
	if (nondet_bool())
		return NULL;
	if (order)
		return words;
	__CPROVER_assume(n_given < PROOF_PAGES);
	is_taken[n_given] = true;
	return &words[ROOT + PAGE * n_given++];
}

void own_free(void *freed, unsigned order)
{
	unsigned page = (unsigned)((pte_t *)freed - words - ROOT) / PAGE;

	assert(page < n_given && is_taken[page]);
	is_taken[page] = false;
}

struct hpa own_hpa(const void *table)
{
	unsigned word = (unsigned)((const pte_t *)table - words);

	return HPA(word < ROOT ? AT : AT + (4 + (word - ROOT) / PAGE) * PAGE_SIZE);
}

void *own_ptr(struct hpa at)
{
	uint64_t offset = at.v - AT, page = (offset >> PAGE_SHIFT) - 4;
	unsigned word = (unsigned)(offset % PAGE_SIZE) / sizeof(pte_t);

	if (offset < ROOT * sizeof(pte_t))
		return &words[word];
	assert(page < PROOF_PAGES && is_taken[page] && word < PAGE);
	return &words[ROOT + (unsigned)page * PAGE + word];
}

unsigned proof_n_taken(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < PROOF_PAGES; i++)
		n += is_taken[i];
	return n;
}
