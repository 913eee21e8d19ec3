/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whatever a guest's memory holds, a walk of any mode reads one entry a level, that of the address,
 * the first in the root and each other in the table that the one before leads to; and what it finds
 * lies inside the page that the last one maps.
 */
#include "gstage/walk.h"
#include "tests/proofs/proofs.h"

static uint64_t table, from;
static unsigned n_reads, n_levels;

static bool read(void *context, struct gpa at, uint64_t *entry)
{
	assert(is_aligned(at.v, sizeof(pte_t)));
	assert(at.v - table < PTES_PER_PAGE * sizeof(pte_t));
	assert(n_reads < n_levels);
	n_reads++;
	assert((at.v - table) / sizeof(pte_t) == pte_index(from, n_levels - n_reads));
	*entry = nondet_word();
	table = pte_hpa(*entry).v;
	return nondet_bool();
}

int main(void)
{
	uint64_t vsatp = nondet_word(), mode = vsatp >> 60;
	struct walk_access access = { .kind = GTABLE_W,
				      .user = nondet_bool(),
				      .sum = nondet_bool() };
	struct gva gva = GVA(nondet_word());
	struct walk w;

	table = vsatp << 20 >> 8;
	from = gva.v;
	n_levels = mode >= 8 && mode <= 10 ? (unsigned)mode - 5 : 0;
	walk_guest(&w, vsatp, gva, nondet_word() & (PTE_N | PTE_PBMT), read, NULL);
	assert(w.n_steps <= n_levels);
	assert(w.end != WALK_FOUND || w.size || !mode);
	if (w.end == WALK_FOUND && w.size) {
		assert(is_power_of_two(w.size) && w.size >= PAGE_SIZE);
		assert(w.to % PAGE_SIZE == gva.v % PAGE_SIZE);
		assert(w.to % w.size == gva.v % w.size);
		assert(w.leaf == w.steps[w.n_steps - 1].entry && w.leaf & PTE_V);
	}
	if (w.end != WALK_FOUND)
		assert(walk_guest_fault(&w, access));
	else if (w.size && !walk_guest_fault(&w, access))
		assert(w.leaf & PTE_W && w.leaf & PTE_R);
	return 0;
}
