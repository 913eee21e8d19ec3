/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Inside the frame allocator: all of RAM as one pool of blocks behind one lock, under the caches
 * and the owners of platform/frames.c. Blocks are named by the index of their first frame.
 */
#ifndef PLATFORM_FRAMES_POOL_H
#define PLATFORM_FRAMES_POOL_H

#include "arch/addr.h"
#include "lib/buddy.h"
#include "lib/machine.h"

struct frames_stats;

/* Without the lock: its banks, which are fixed, which pages of the table are there, and the fields
 * of the descriptor of a block that one has taken. */
extern struct buddy pool;

static inline uint64_t pool_n_frames(unsigned order)
{
	return 1ull << order;
}

static inline struct hpa pool_hpa(uint32_t index)
{
	return HPA(buddy_pfn(&pool, index) << PAGE_SHIFT);
}

/* As frames_init(). */
MUST_CHECK int pool_init(const struct hpa_range *banks, unsigned n_banks,
			 const struct hpa_range *taken, unsigned n_taken);

/* Take n blocks of that order, or half of that where they come easily; returns how many. 0: there
 * are none. */
MUST_CHECK unsigned pool_take(unsigned order, uint32_t *blocks, unsigned n);

/* Take this block, naturally aligned. -EBUSY: it is not all free; -ENOMEM: no page for the table.
 */
MUST_CHECK int pool_take_at(unsigned order, uint32_t index);

void pool_give(unsigned order, const uint32_t *blocks, unsigned n);

/* All but what caches hold. */
void pool_stats(struct frames_stats *stats);

#endif
