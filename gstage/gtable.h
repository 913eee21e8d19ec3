/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A G-stage table: from guest-physical to host-physical addresses, in the format that hgatp walks
 * (Sv39x4, Sv48x4, Sv57x4: the root is four pages). The one writer of its entries. Pure: pages for
 * tables come from own memory, whose host stand-in serves the tests.
 *
 * Several harts may change one table at once: what lies in one region is changed under that
 * region's lock, which the caller holds, while tables above that serve several regions are made by
 * compare-and-swap and go only with the whole. Two gtable_install may race even inside a region.
 *
 * Always true: an entry is a leaf inside what was mapped, or leads to a table of this one; leaves
 * carry A and D, since some cores fault instead of setting them. Changes are single stores that a
 * walker may see at once; who must fence is the caller's business, and each function says whether
 * there is anything to fence.
 */
#ifndef GSTAGE_GTABLE_H
#define GSTAGE_GTABLE_H

#include "arch/pte.h"

enum { GTABLE_SV39X4 = 3, GTABLE_SV48X4 = 4, GTABLE_SV57X4 = 5 }; /* levels */

/* The sizes of leaves, by level. */
enum { GTABLE_4K, GTABLE_2M, GTABLE_1G };

enum gtable_rights {
	GTABLE_R = PTE_R,
	GTABLE_W = PTE_W,
	GTABLE_X = PTE_X,
	GTABLE_RWX = PTE_RWX,
};

struct gtable {
	pte_t *root; /* 16 KiB, aligned */
	unsigned levels;
	_Atomic unsigned n_pages; /* of tables below the root */
};

/*
 * Pages of tables that no entry leads to any more, but that a walker may still read. They are freed
 * once every hart that ran the guest has fenced all addresses (a fence of some need not reach what
 * is kept of entries that are no leaves) and no hart is in a walk that it began before. Until then
 * a walker that is still there may take a fault for what is mapped. Starts as {}.
 */
struct gtable_garbage {
	pte_t *first;
	unsigned n_pages;
};

/* -ENOMEM. */
MUST_CHECK int gtable_init(struct gtable *t, unsigned levels);
/* Nobody walks it any more. */
void gtable_destroy(struct gtable *t);
void gtable_free_garbage(struct gtable_garbage *garbage);

/*
 * Let [gpa, +size) be [hpa, +size) with these rights, all page-aligned, by the largest leaves up to
 * level `largest` that both alignments allow. -EINVAL: misaligned, no rights, or beyond what the
 * levels reach; -EEXIST: part of it is mapped; -ENOMEM. On error nothing is mapped that was not;
 * tables that were made stay, empty. Fence: none; a hart that holds the old hole takes a fault.
 */
MUST_CHECK int gtable_map_up_to(struct gtable *t, struct gpa gpa, struct hpa hpa, uint64_t size,
				enum gtable_rights rights, unsigned largest);

MUST_CHECK static inline int gtable_map(struct gtable *t, struct gpa gpa, struct hpa hpa,
					uint64_t size, enum gtable_rights rights)
{
	return gtable_map_up_to(t, gpa, hpa, size, rights, GTABLE_1G);
}

/*
 * The first touch of lazy memory: exactly one leaf of that level, in one walk; both addresses are
 * aligned to it. -EEXIST: a leaf is there, another hart was first: fence it and retry. -EISDIR: a
 * table stands where the leaf would go; fill by what gtable_leaf says of the hole. -EINVAL,
 * -ENOMEM. Fence: the caller's own hart, where it keeps invalid entries.
 */
MUST_CHECK int gtable_install(struct gtable *t, struct gpa gpa, struct hpa hpa, unsigned level,
			      enum gtable_rights rights);

/* The level-0 tables that pages were installed in last, those of 128 MiB side by side at least.
 * Starts as {}, and is {} again as soon as tables there go. */
#ifndef GTABLE_CURSORS /* a proof has fewer */
#define GTABLE_CURSORS 64
#endif
struct gtable_cursors {
	struct gtable_cursor {
		uint64_t place; /* number of the table's range of addresses, + 1 */
		pte_t *table;
	} at[GTABLE_CURSORS]; /* by the low bits of the place */
};

/*
 * gtable_install of a page, without a walk where a cursor stands already. `cursors` belong
 * to the region, whose lock is held; rights and alignment are known to be right.
 */
MUST_CHECK int gtable_install_page(struct gtable *t, struct gtable_cursors *cursors, struct gpa gpa,
				   struct hpa hpa, enum gtable_rights rights);

/*
 * Let nothing of [gpa, +size), page-aligned, be mapped; holes are passed over, a larger leaf that
 * the range cuts is split. Tables that lie wholly inside are taken out into `garbage`; NULL leaves
 * them there, empty. -EINVAL; -ENOMEM: no table for a split; on error nothing has changed.
 * Fence: the range, on every hart that ran the guest, before the frames or the garbage are freed.
 */
MUST_CHECK int gtable_unmap_and_drop(struct gtable *t, struct gpa gpa, uint64_t size,
				     struct gtable_garbage *garbage);

MUST_CHECK static inline int gtable_unmap(struct gtable *t, struct gpa gpa, uint64_t size)
{
	return gtable_unmap_and_drop(t, gpa, size, NULL);
}

/* Give what is mapped of [gpa, +size) these rights, in place of those that it has; otherwise as
 * gtable_unmap. Fence: the range, on every hart that ran the guest, before it is believed that a
 * right is gone. */
MUST_CHECK int gtable_protect(struct gtable *t, struct gpa gpa, uint64_t size,
			      enum gtable_rights rights);

/*
 * Put one leaf of `level`, 2M or 1G, in place of the 512 leaves over `gpa`, whose table becomes
 * garbage. -ENOENT: they are not 512 of the next smaller size, contiguous, aligned and alike;
 * -EINVAL. All are of one region. Fence: before the garbage is freed; all translations stay what
 * they were.
 */
MUST_CHECK int gtable_merge(struct gtable *t, struct gpa gpa, unsigned level,
			    struct gtable_garbage *garbage);

/* The leaf over `gpa`, or 0 for a hole; *level is the leaf's, or that of the largest leaf that the
 * hole has room for (it may be above 1G). */
pte_t gtable_leaf(const struct gtable *t, struct gpa gpa, unsigned *level);

/* The first leaf over [*at, end), 0 if there is none; *at moves on to where it begins, or stays if
 * it is inside. Costs what the tables there cost, not what the holes do. */
pte_t gtable_next_leaf(const struct gtable *t, struct gpa *at, struct gpa end, unsigned *level);

/* The first address beyond what the table can map. */
static inline uint64_t gtable_end(const struct gtable *t)
{
	return BIT(PAGE_SHIFT + PTE_INDEX_BITS * t->levels + 2);
}

/* How much a leaf of that level maps. */
static inline uint64_t gtable_leaf_size(unsigned level)
{
	return BIT(PAGE_SHIFT + PTE_INDEX_BITS * level);
}

#endif
