/* SPDX-License-Identifier: BSD-2-Clause */
#include "gstage/gtable.h"

#include <errno.h>
#include <stdatomic.h>

#include "platform/mmu.h"

enum {
	ROOT_ORDER = 2, /* four pages */
	ROOT_ENTRIES = 4 * PTES_PER_PAGE,
	LARGEST_LEAF = 2, /* 1 GiB */
};

static uint64_t leaf_size(unsigned level)
{
	return BIT(PAGE_SHIFT + 9 * level);
}

/* Walkers of other harts read while we write. */
static pte_t entry_read(const pte_t *entry)
{
	return atomic_load_explicit((const _Atomic pte_t *)entry, memory_order_acquire);
}

static void entry_write(pte_t *entry, pte_t value)
{
	/* Release: a table's entries are cleared before it is seen. */
	atomic_store_explicit((_Atomic pte_t *)entry, value, memory_order_release);
}

static unsigned index_at(const struct gtable *t, struct gpa gpa, unsigned level)
{
	unsigned entries = level == t->levels - 1 ? ROOT_ENTRIES : PTES_PER_PAGE;

	return gpa.v >> (PAGE_SHIFT + 9 * level) & (entries - 1);
}

int gtable_init(struct gtable *t, unsigned levels)
{
	*t = (struct gtable){ .levels = levels };
	t->root = own_alloc(ROOT_ORDER);
	return t->root ? 0 : -ENOMEM;
}

static void free_below(struct gtable *t, pte_t *table, unsigned entries)
{
	for (unsigned i = 0; i < entries; i++) {
		if (!pte_is_table(table[i]))
			continue;
		pte_t *below = own_ptr(pte_hpa(table[i]));

		free_below(t, below, PTES_PER_PAGE);
		own_free(below, 0);
		t->n_pages--;
	}
}

void gtable_destroy(struct gtable *t)
{
	free_below(t, t->root, ROOT_ENTRIES);
	own_free(t->root, ROOT_ORDER);
	t->root = NULL;
}

/* The entry over `gpa` at `level`, or the leaf above it. */
static pte_t *entry_at(const struct gtable *t, struct gpa gpa, unsigned *level)
{
	pte_t *table = t->root;

	for (unsigned l = t->levels - 1;; l--) {
		pte_t *entry = &table[index_at(t, gpa, l)];

		if (l == *level || !pte_is_table(entry_read(entry))) {
			*level = l;
			return entry;
		}
		table = own_ptr(pte_hpa(entry_read(entry)));
	}
}

pte_t gtable_leaf(const struct gtable *t, struct gpa gpa, unsigned *level)
{
	*level = 0;
	if (gpa.v >= gtable_end(t))
		return 0;
	return entry_read(entry_at(t, gpa, level));
}

/*
 * The level of the largest leaf that can map the start of this: aligned on both sides, and where no
 * table stands yet. (A table cannot give way here: a walker may hold it until somebody fences.)
 */
static unsigned level_for(const struct gtable *t, struct gpa gpa, struct hpa hpa, uint64_t size)
{
	unsigned level = LARGEST_LEAF; /* below the root of every mode */

	for (; level > 0; level--) {
		unsigned at = level;
		bool fits = is_aligned(gpa.v | hpa.v, leaf_size(level)) && size >= leaf_size(level);

		if (fits && !pte_is_table(entry_read(entry_at(t, gpa, &at))))
			break;
	}
	return level;
}

/* Make tables down to `level` over `gpa`. -EEXIST: a leaf is in the way. */
static int make_tables(struct gtable *t, struct gpa gpa, unsigned level)
{
	for (;;) {
		unsigned at = level;
		pte_t *entry = entry_at(t, gpa, &at);

		if (entry_read(entry) && !pte_is_table(entry_read(entry)))
			return -EEXIST;
		if (at == level)
			return 0;
		pte_t *table = own_alloc(0);

		if (!table)
			return -ENOMEM;
		t->n_pages++;
		entry_write(entry, pte_make(own_hpa(table), PTE_V));
	}
}

int gtable_map(struct gtable *t, struct gpa gpa, struct hpa hpa, uint64_t size,
	       enum gtable_rights rights)
{
	uint64_t bits = PTE_V | PTE_U | PTE_A | PTE_D | rights, step;

	if (!size || !is_aligned(gpa.v | hpa.v | size, PAGE_SIZE) || !(rights & GTABLE_RWX) ||
	    (rights & (GTABLE_R | GTABLE_W)) == GTABLE_W)
		return -EINVAL;
	if (gpa.v >= gtable_end(t) || size > gtable_end(t) - gpa.v)
		return -EINVAL;
	for (uint64_t o = 0; o < size; o += step) {
		struct gpa at = GPA(gpa.v + o);
		unsigned level = level_for(t, at, HPA(hpa.v + o), size - o);
		int error = make_tables(t, at, level);

		if (error)
			return error;
		if (entry_read(entry_at(t, at, &level)))
			return -EEXIST;
		step = leaf_size(level);
	}
	/* Nothing can fail from here on: each leaf has its place, and it is empty. */
	for (uint64_t o = 0; o < size; o += step) {
		struct gpa at = GPA(gpa.v + o);
		struct hpa to = HPA(hpa.v + o);
		unsigned level = level_for(t, at, to, size - o);

		entry_write(entry_at(t, at, &level), pte_make(to, bits));
		step = leaf_size(level);
	}
	return 0;
}

int gtable_unmap(struct gtable *t, struct gpa gpa, uint64_t size)
{
	struct gpa end = GPA(gpa.v + size);

	if (!is_aligned(gpa.v | size, PAGE_SIZE) || gpa.v >= gtable_end(t) ||
	    size > gtable_end(t) - gpa.v)
		return -EINVAL;
	for (bool write = false;; write = true) {
		for (struct gpa at = gpa; at.v < end.v;) {
			unsigned level = 0;
			pte_t *entry = entry_at(t, at, &level);
			uint64_t first = align_down(at.v, leaf_size(level));

			if (entry_read(entry) &&
			    (first < gpa.v || first + leaf_size(level) > end.v))
				return -EINVAL;
			if (write)
				entry_write(entry, 0);
			at.v = first + leaf_size(level);
		}
		if (write)
			return 0;
	}
}
