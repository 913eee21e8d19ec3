/* SPDX-License-Identifier: BSD-2-Clause */
/* A merge changes no translation and no right, whatever leaves stand in the table that it replaces,
 * and happens only where it can. */
#include "tests/proofs/proofs.h"

static struct gtable t;
static struct gtable_garbage garbage;

static uint64_t target(pte_t leaf, unsigned level, uint64_t at)
{
	return pte_hpa(leaf).v + at % gtable_leaf_size(level);
}

static void install_any(uint64_t gpa)
{
	enum gtable_rights rights = nondet_bool() ? GTABLE_R : GTABLE_RWX;

	(void)!gtable_install(&t, GPA(gpa), HPA(nondet_word()), LEVEL - 1, rights);
}

int main(void)
{
	struct gpa probe = GPA(nondet_word());
	unsigned level, level_before;

	if (gtable_init(&t, GTABLE_SV39X4))
		return 0;
	install_any(0);
	install_any(gtable_leaf_size(LEVEL - 1));
	pte_t before = gtable_leaf(&t, probe, &level_before);
	int got = gtable_merge(&t, GPA(0), LEVEL, &garbage);
	pte_t leaf = gtable_leaf(&t, probe, &level);

	assert(got == 0 || got == -ENOENT);
	assert(proof_n_taken() == t.n_pages + garbage.n_pages);
	assert(!leaf == !before);
	if (leaf) {
		assert(target(leaf, level, probe.v) == target(before, level_before, probe.v));
		assert((leaf & ~PTE_PPN) == (before & ~PTE_PPN));
		assert(got || probe.v >= gtable_leaf_size(LEVEL) || level == LEVEL);
	}
	return 0;
}
