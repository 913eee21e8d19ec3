/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All changes of a range go through visit_range. Whatever the step says of each entry, it is asked
 * of every entry over the range once, in order, in the table that the entry above leads to, and
 * told rightly whether the range covers all that the entry maps; an error of the step ends it.
 *
 * A range covers no more than ENTRIES entries of the root, and of each table below. With tables of
 * 2 that leaves out only how often the loop over the root goes round. Two levels stand for more:
 * a visit of a table calls only that of a table one level below, in the same way at each.
 */
#include "tests/proofs/proofs.h"

#include <stdatomic.h>

#include "platform/mmu.h"

static pte_t load(const volatile void *entry);

#undef atomic_load_explicit
#define atomic_load_explicit(at, order) load(at)

#include "gstage/gtable.c"

static struct gpa gpa;
static uint64_t end, reached;
static int failed;

/* The tables that the visit is in, by level; numbers in place of pointers, which none follows. */
static struct {
	uint64_t table, first, past;
} in[LEVELS];

static pte_t went_down_at;
static unsigned went_down_from;

void *own_ptr(struct hpa at)
{
	return (void *)(uintptr_t)at.v;
}

static pte_t load(const volatile void *entry)
{
	assert((uintptr_t)entry == went_down_at);
	return pte_make(HPA(in[went_down_from - 1].table), PTE_V);
}

static uint64_t n_entries(uint64_t from, uint64_t to, unsigned level)
{
	unsigned shift = PAGE_SHIFT + PTE_INDEX_BITS * level;

	return (to - 1 >> shift) - (from >> shift) + 1;
}

static int step(struct change *c, pte_t *entry, unsigned level, uint64_t at, bool whole)
{
	uint64_t size = gtable_leaf_size(level), next = align_down(at, size) + size;
	uint64_t width = level == LEVELS - 1 ? 4 * PTES_PER_PAGE : PTES_PER_PAGE;
	uint64_t index = at >> (PAGE_SHIFT + PTE_INDEX_BITS * level) & (width - 1);

	(void)c;
	assert(level < LEVELS && at == reached && at < end);
	assert(at >= in[level].first && at < in[level].past);
	assert((uintptr_t)entry == in[level].table + index * sizeof(pte_t));
	assert(whole == (is_aligned(at, size) && next <= end));
	assert(whole || level);
	uint64_t past = next < end ? next : end;

	if (level && nondet_bool()) {
		uint64_t table = nondet_word();

		__CPROVER_assume(is_aligned(table, PAGE_SIZE) && table < BIT(52) &&
				 n_entries(at, past, level - 1) <= ENTRIES);
		in[level - 1].table = table;
		in[level - 1].first = align_down(at, size);
		in[level - 1].past = next;
		went_down_at = (uintptr_t)entry;
		went_down_from = level;
		return GO_DOWN;
	}
	if (nondet_bool()) {
		reached = end;
		return failed = -ENOMEM;
	}
	reached = past;
	return 0;
}

int main(void)
{
	struct gtable t = { .levels = LEVELS };
	struct change c = { .t = &t };
	uint64_t size = nondet_word(), root = nondet_word();

	gpa = GPA(nondet_word());
	__CPROVER_assume(is_aligned(root, PAGE_SIZE) && root < BIT(52) && is_range(&t, gpa, size));
	assert(is_aligned(gpa.v | size, PAGE_SIZE) && size && gpa.v + size > gpa.v &&
	       gpa.v + size <= gtable_end(&t));
	__CPROVER_assume(n_entries(gpa.v, gpa.v + size, LEVELS - 1) <= ENTRIES);
	t.root = (pte_t *)(uintptr_t)root;
	reached = gpa.v;
	end = gpa.v + size;
	in[LEVELS - 1].table = root;
	in[LEVELS - 1].past = gtable_end(&t);
	int got = visit_range(&c, step, gpa, size);

	assert(got == failed && reached == end);
	return 0;
}
