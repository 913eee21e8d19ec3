/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A range is mapped exactly where, to where and with what was asked for, whatever leaf stood there
 * before; or nothing has changed.
 */
#include "tests/proofs/proofs.h"

static struct gtable t;

static uint64_t target(pte_t leaf, unsigned level, uint64_t at)
{
	return pte_hpa(leaf).v + at % gtable_leaf_size(level);
}

static int prove(struct gpa gpa, uint64_t size)
{
	struct gpa probe = GPA(nondet_word());
	struct hpa hpa = HPA(nondet_word());
	enum gtable_rights rights = nondet_unsigned();
	unsigned level, level_before, largest = nondet_unsigned();
	pte_t before = gtable_leaf(&t, probe, &level_before);
	int got = gtable_map_up_to(&t, gpa, hpa, size, rights, largest);
	pte_t leaf = gtable_leaf(&t, probe, &level);

	if (got || probe.v - gpa.v >= size) {
		assert(leaf == before && (!leaf || level == level_before));
		return 0;
	}
	assert(!before);
	assert(leaf && level <= GTABLE_1G && level <= largest);
	assert(target(leaf, level, probe.v) == hpa.v + (probe.v - gpa.v));
	assert((leaf & ~PTE_PPN) == (PTE_V | PTE_U | PTE_A | PTE_D | rights));
	return 0;
}

/* A leaf of LEVEL at 0, of which the largest is four pages, and the pages from FIRST on. */
int main(void)
{
	if (gtable_init(&t, GTABLE_SV39X4) ||
	    gtable_install(&t, GPA(0), HPA(nondet_word()), LEVEL, GTABLE_R))
		return 0;
	return prove(GPA(FIRST * PAGE_SIZE), N * PAGE_SIZE);
}
