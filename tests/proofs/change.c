/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * After an unmap nothing of the range is left; after a protect nothing of it has a right that was
 * not asked for; in either case all else is what it was, and after an error everything is. No page
 * of a table is lost or freed too early.
 */
#include "tests/proofs/proofs.h"

static struct gtable t;
static struct gtable_garbage garbage;

static uint64_t target(pte_t leaf, unsigned level, uint64_t at)
{
	return pte_hpa(leaf).v + at % gtable_leaf_size(level);
}

static int prove(struct gpa gpa, uint64_t size)
{
	struct gpa probe = GPA(nondet_word());
	enum gtable_rights rights = nondet_unsigned();
	unsigned level, level_before, op = OP;
	int got;

	pte_t before = gtable_leaf(&t, probe, &level_before);

	if (op == 0)
		got = gtable_unmap_and_drop(&t, gpa, size, KEEPS ? NULL : &garbage);
	else
		got = gtable_protect(&t, gpa, size, rights);
	assert(proof_n_taken() == t.n_pages + garbage.n_pages);
	pte_t leaf = gtable_leaf(&t, probe, &level);
	bool inside = !got && probe.v - gpa.v < size;

	if (inside && op == 0) {
		assert(!leaf);
		return 0;
	}
	assert(!leaf == !before);
	if (!leaf)
		return 0;
	assert(target(leaf, level, probe.v) == target(before, level_before, probe.v));
	if (inside)
		before = (before & ~PTE_RWX) | rights;
	assert((leaf & ~PTE_PPN) == (before & ~PTE_PPN));
	if (got)
		assert(leaf == before && level == level_before);
	return 0;
}

/* A leaf of LEVEL at 0, of which the largest is four pages, and the pages from FIRST on. */
int main(void)
{
	if (gtable_init(&t, GTABLE_SV39X4) ||
	    gtable_install(&t, GPA(0), HPA(nondet_word()), LEVEL, GTABLE_RWX))
		return 0;
	return prove(GPA(FIRST * PAGE_SIZE), N * PAGE_SIZE);
}
