/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Physical memory: every frame of every bank of RAM that firmware, image, tree and initrd leave
 * free. Frames are raw: nothing here maps them, and no frame is mapped in the hypervisor unless
 * somebody asks platform/mmu.h for it. A frame has an owner, who pays for it, and a reference
 * count.
 *
 * Always true: what is free (per-hart caches included), what owners hold and what the frame table
 * itself holds add up to the total.
 */
#ifndef PLATFORM_FRAMES_H
#define PLATFORM_FRAMES_H

#include <stdatomic.h>

#include "arch/addr.h"
#include "lib/machine.h"

enum {
	ORDER_PAGE = 0,  /* 4 KiB */
	ORDER_MEGA = 9,  /* 2 MiB */
	ORDER_GIGA = 18, /* 1 GiB, the largest block */
};

/* Who pays for frames: a VM, or a part of the hypervisor. Needs no registration; it may go away
 * once n_held, read with acquire order, is 0. */
struct frame_owner {
	const char *name;
	uint64_t quota;          /* frames it may hold; fixed while it holds any */
	_Atomic uint64_t n_held; /* frames it holds */
};

enum frame_flags {
	FRAMES_DIRTY = 0,       /* contents are whatever they are: for who overwrites all of it */
	FRAMES_ZEROED = 1 << 0, /* read as zero */
};

struct frames_stats {
	uint64_t n_total;    /* frames under management */
	uint64_t n_free;     /* per-hart caches included */
	uint64_t n_cached;   /* in per-hart caches */
	uint64_t n_table;    /* what the frame table holds: its pages, and frames kept for more */
	uint64_t n_left_out; /* frames of RAM for which the table has no room: not managed */
	uint64_t n_free_blocks[ORDER_GIGA + 1]; /* by order, caches not included */
};

/* Take over the RAM in `banks` (disjoint; whole pages count) less `taken` (any order, may overlap,
 * need not be page-aligned: a page touched by one is not free), for harts of index below `n_harts`.
 * Called once, before any other hart runs. Returns 0; -ENOMEM if there are not some forty free
 * pages in a row to begin the table with.
 */
MUST_CHECK int frames_init(const struct hpa_range *banks, unsigned n_banks,
			   const struct hpa_range *taken, unsigned n_taken, unsigned n_harts);

/* A naturally aligned block of 1 << order frames with reference count 1. -ENOMEM: no such block is
 * free, not even with every hart's cache given back; -EDQUOT: `owner` may not have it. On error
 * nothing has changed. */
MUST_CHECK int frames_alloc(struct frame_owner *owner, unsigned order, enum frame_flags flags,
			    struct hpa *at);

/* The block at `at`, if all of it is free RAM, caches included. -EBUSY: part of it is taken;
 * -EINVAL: misaligned or not RAM; -EDQUOT; -ENOMEM: the table could not be mapped for it. */
MUST_CHECK int frames_alloc_at(struct frame_owner *owner, struct hpa at, unsigned order,
			       enum frame_flags flags);

/* One more holder of the block / one fewer; the last one frees it and relieves its owner. `at` is
 * what the allocation returned. Whoever calls frame_put has seen to it that no TLB still knows the
 * block. */
void frame_get(struct hpa at);
void frame_put(struct hpa at);
unsigned frame_refs(struct hpa at);

/* The owner and order of an allocated block; NULL if `at` is not the start of one. The answer is
 * worth something only while the caller knows that the block is not being put for the last time. */
struct frame_owner *frame_owner_of(struct hpa at, unsigned *order);

/* A snapshot; no list is walked. Exact when no other hart allocates or frees meanwhile. */
void frames_stats(struct frames_stats *stats);

/* Give this hart's cache back, so that blocks can merge. */
void frames_drain_cache(void);

/*
 * Given by the runtime below it (platform/mmu.c; a reserved piece of address space in host tests).
 * The frame table is one array in virtual memory, 4 MiB for each GiB in which there is RAM, of
 * which a page is mapped when it is first needed, and for good.
 */

/* Where the table begins, aligned to 2 MiB, and how many bytes of addresses it may use. */
void *frames_table_base(void);
uint64_t frames_table_size(void);

/* Make the table's page number `page` readable, writable and zero, out of the frame `from`. A
 * second frame, `spare`, may be used for a page of page tables. Returns how many of the two frames
 * it has used, 1 or 2; or -ENOMEM, having used none. The frame lock is held: calls never overlap,
 * and no lock of a lower rank (RANK_MMU) may be taken. */
MUST_CHECK int frames_table_map(uint64_t page, struct hpa from, struct hpa spare);

/* Fill a block that nobody else knows of with zeros; no lock is held. */
void frames_zero(struct hpa at, uint64_t size);

#endif
