/* SPDX-License-Identifier: BSD-2-Clause */
/* A leaf is installed exactly where, to where and with what was asked for, or nothing is. */
#include "gstage/walk.h"
#include "tests/proofs/proofs.h"

static struct gtable t;

static bool are_rights(enum gtable_rights rights)
{
	return rights == GTABLE_R || rights == GTABLE_X || rights == (GTABLE_R | GTABLE_W) ||
	       rights == (GTABLE_R | GTABLE_X) || rights == GTABLE_RWX;
}

int main(void)
{
	struct gpa gpa = GPA(nondet_word()), probe = GPA(nondet_word());
	struct hpa hpa = HPA(nondet_word());
	unsigned level = nondet_unsigned(), found;
	enum gtable_rights rights = nondet_unsigned();

	if (gtable_init(&t, GTABLE_SV39X4))
		return 0;
	int got = gtable_install(&t, gpa, hpa, level, rights);
	pte_t leaf = gtable_leaf(&t, probe, &found);

	assert(got == 0 || got == -ENOMEM || got == -EINVAL);
	if (got) {
		assert(!leaf);
		return 0;
	}
	uint64_t size = gtable_leaf_size(level);

	assert(level <= GTABLE_1G && are_rights(rights) && is_aligned(gpa.v | hpa.v, size));
	assert(!!leaf == (probe.v - gpa.v < size));
	if (leaf) {
		assert(found == level);
		assert(leaf == pte_make(hpa, PTE_V | PTE_U | PTE_A | PTE_D | rights));
	}
	return 0;
}
