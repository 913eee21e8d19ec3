/* SPDX-License-Identifier: BSD-2-Clause */
/* A walk of the G-stage reads only the root and tables of this one, which own memory's model
 * asserts, and finds what the table's own reader finds. */
#include "gstage/walk.h"
#include "tests/proofs/proofs.h"

static struct gtable t;

int main(void)
{
	struct gpa probe = GPA(nondet_word());
	unsigned level;
	struct walk w;

	if (gtable_init(&t, GTABLE_SV39X4) ||
	    gtable_install(&t, GPA(nondet_word()), HPA(nondet_word()), nondet_unsigned(), GTABLE_R))
		return 0;
	pte_t leaf = gtable_leaf(&t, probe, &level);

	walk_gstage(&w, &t, probe);
	assert((w.end == WALK_FOUND) == !!leaf);
	assert(w.end != WALK_TABLE_NOWHERE);
	assert(w.end != WALK_MALFORMED || probe.v >= gtable_end(&t));
	if (leaf)
		assert(w.leaf == leaf && w.size == gtable_leaf_size(level) &&
		       w.to == pte_hpa(leaf).v + probe.v % w.size);
	return 0;
}
