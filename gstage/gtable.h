/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A G-stage table: from guest-physical to host-physical addresses, in the format that hgatp walks
 * (Sv39x4, Sv48x4, Sv57x4: the root is four pages). The one writer of its entries. Pure: pages for
 * tables come from own memory, whose host stand-in serves the tests.
 *
 * Always true: an entry is a leaf inside what was mapped, or leads to a table of this one; leaves
 * carry A and D, since some cores fault instead of setting them. Changes are single stores that a
 * walker may see at once; who must fence is the caller's business.
 */
#ifndef GSTAGE_GTABLE_H
#define GSTAGE_GTABLE_H

#include "arch/pte.h"

enum { GTABLE_SV39X4 = 3, GTABLE_SV48X4 = 4, GTABLE_SV57X4 = 5 }; /* levels */

enum gtable_rights {
	GTABLE_R = PTE_R,
	GTABLE_W = PTE_W,
	GTABLE_X = PTE_X,
	GTABLE_RWX = PTE_RWX,
};

struct gtable {
	pte_t *root; /* 16 KiB, aligned */
	unsigned levels;
	unsigned n_pages; /* of tables below the root */
};

/* -ENOMEM. */
MUST_CHECK int gtable_init(struct gtable *t, unsigned levels);
void gtable_destroy(struct gtable *t);

/*
 * Let [gpa, +size) be [hpa, +size) with these rights, all page-aligned, by the largest leaves that
 * both alignments allow. -EINVAL: misaligned, no rights, or beyond what the levels reach; -EEXIST:
 * part of it is mapped; -ENOMEM. On error nothing is mapped that was not; tables that were made
 * stay, empty.
 */
MUST_CHECK int gtable_map(struct gtable *t, struct gpa gpa, struct hpa hpa, uint64_t size,
			  enum gtable_rights rights);

/* Remove the leaves of [gpa, +size), which must begin and end where leaves do (-EINVAL); holes are
 * passed over. */
MUST_CHECK int gtable_unmap(struct gtable *t, struct gpa gpa, uint64_t size);

/* The leaf over `gpa`, 0 if there is none, and its level. */
pte_t gtable_leaf(const struct gtable *t, struct gpa gpa, unsigned *level);

/* The first address beyond what the table can map. */
static inline uint64_t gtable_end(const struct gtable *t)
{
	return BIT(PAGE_SHIFT + 9 * t->levels + 2);
}

#endif
