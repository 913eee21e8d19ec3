/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What each change does to one entry, of any level of tables of the real width: for any entry that
 * is well-formed, any range and any place in it that a visit can come to. A leaf that appears lies
 * inside the range, leads into the frames that were given, and has the rights that were asked for;
 * no other right and no other frame ever gets into one.
 *
 * Well-formed: 0; or a leaf of at most 1G, aligned, user's, with A and D, whose rights an entry can
 * say; or what leads to a table, which level 0 does not.
 */
#include "tests/proofs/proofs.h"

#include "platform/mmu.h"

#include "gstage/gtable.c"

static pte_t fresh[1];

enum { FRESH_AT = 0x80000000 };

void *own_alloc(unsigned order)
{
	assert(!order);
	return nondet_bool() ? fresh : NULL;
}

void own_free(void *freed, unsigned order)
{
	(void)freed, (void)order;
	assert(false);
}

struct hpa own_hpa(const void *table)
{
	assert(table == fresh);
	return HPA(FRESH_AT);
}

void *own_ptr(struct hpa at)
{
	(void)at;
	assert(false);
	return NULL;
}

static bool is_leaf(pte_t entry, unsigned level)
{
	pte_t rights = entry & PTE_RWX;

	return (entry & ~PTE_PPN & ~PTE_RWX) == (PTE_V | PTE_U | PTE_A | PTE_D) &&
	       level <= GTABLE_1G && is_aligned(pte_hpa(entry).v, gtable_leaf_size(level)) &&
	       rights && (rights & PTE_R || !(rights & PTE_W));
}

static bool is_link(pte_t entry, unsigned level)
{
	return level && (entry & ~PTE_PPN) == PTE_V;
}

static bool is_well_formed(pte_t entry, unsigned level)
{
	return !entry || is_leaf(entry, level) || is_link(entry, level);
}

/* A range, and an entry that a visit of it comes to: see visit.c. */
static struct gtable t;
static struct gtable_garbage garbage;
static struct gpa gpa;
static struct hpa hpa;
static uint64_t size, at;
static unsigned level;
static bool whole;
static pte_t before, entry;

static void come_to_any(void)
{
	t.levels = nondet_unsigned();
	__CPROVER_assume(t.levels >= GTABLE_SV39X4 && t.levels <= GTABLE_SV57X4);
	gpa.v = nondet_word();
	size = nondet_word();
	at = nondet_word();
	level = nondet_unsigned();
	__CPROVER_assume(is_range(&t, gpa, size) && level < t.levels && at - gpa.v < size);
	uint64_t all = gtable_leaf_size(level);

	__CPROVER_assume(at == gpa.v || is_aligned(at, all));
	whole = is_aligned(at, all) && size - (at - gpa.v) >= all;
	before = entry = nondet_word();
	__CPROVER_assume(is_well_formed(entry, level));
}

/* gtable_map: first all entries are prepared, and if none says no, all are placed. */
static void prove_map(void)
{
	struct change c = { .t = &t, .largest = nondet_unsigned() };
	enum gtable_rights rights = nondet_unsigned();

	hpa.v = nondet_word();
	__CPROVER_assume(is_target(hpa, size) && are_rights(rights));
	c.shift = hpa.v - gpa.v;
	c.bits = leaf_bits(rights);
	__CPROVER_assume(c.largest <= GTABLE_1G);
	int got = prepare(&c, &entry, level, at, whole);

	assert(is_well_formed(entry, level));
	assert(entry == before || (!before && entry == pte_make(HPA(FRESH_AT), PTE_V)));
	if (got == GO_DOWN) {
		assert(is_link(entry, level));
		before = entry;
		assert(place(&c, &entry, level, at, whole) == GO_DOWN && entry == before);
		return;
	}
	assert(entry == before);
	assert(got == 0 || got == -ENOMEM || (got == -EEXIST && is_leaf(before, level)));
	if (got)
		return;
	assert(!before && !place(&c, &entry, level, at, whole));
	uint64_t all = gtable_leaf_size(level), offset = at - gpa.v;

	assert(is_leaf(entry, level) && level <= c.largest);
	assert((entry & PTE_RWX) == rights);
	assert(is_aligned(at, all) && offset < size && all <= size - offset);
	assert(pte_hpa(entry).v == hpa.v + offset && pte_hpa(entry).v + all <= END_OF_HPA);
}

static void prove_clear(void)
{
	struct change c = { .t = &t, .garbage = nondet_bool() ? &garbage : NULL };

	/* Ends were split, so no leaf reaches beyond; of tables that are dropped: change.c. */
	__CPROVER_assume(whole || !is_leaf(before, level));
	__CPROVER_assume(!(is_link(before, level) && whole && c.garbage));
	int got = clear(&c, &entry, level, at, whole);

	assert(got == (is_link(before, level) ? GO_DOWN : 0));
	assert(entry == (got ? before : 0));
}

static void prove_protect(void)
{
	enum gtable_rights rights = nondet_unsigned();
	struct change c = { .t = &t, .bits = rights };

	__CPROVER_assume(are_rights(rights));
	int got = change_rights(&c, &entry, level, at, whole);

	assert(got == (is_link(before, level) ? GO_DOWN : 0));
	assert(is_well_formed(entry, level));
	if (is_leaf(before, level))
		assert((entry & ~PTE_RWX) == (before & ~PTE_RWX) && (entry & PTE_RWX) == rights);
	else
		assert(entry == before);
}

/* The leaves that a split makes: number i of them, of the next smaller size. */
static void prove_split(void)
{
	uint64_t i = nondet_word();

	__CPROVER_assume(is_leaf(before, level) && level && i < PTES_PER_PAGE);
	pte_t part = before + i * leaf_step(level - 1);

	assert(is_leaf(part, level - 1));
	assert((part & ~PTE_PPN) == (before & ~PTE_PPN));
	assert(pte_hpa(part).v == pte_hpa(before).v + i * gtable_leaf_size(level - 1));
	assert(pte_hpa(part).v - pte_hpa(before).v < gtable_leaf_size(level));
}

int main(void)
{
	come_to_any();
	switch (nondet_unsigned()) {
	case 0:
		prove_map();
		break;
	case 1:
		prove_clear();
		break;
	case 2:
		prove_protect();
		break;
	case 3:
		prove_split();
		break;
	}
	return 0;
}
