/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which frames of RAM are free: a buddy allocator for blocks of 4 KiB (order 0) to 1 GiB (order
 * 18). Plain data and functions; locks, frames for the table and a page's mapping are its caller's.
 *
 * A frame has an index. Banks of RAM follow each other in the space of indices, each from a
 * multiple of 1 GiB on, such that an index and its frame number are equal modulo 1 GiB: so blocks
 * are aligned alike in both, buddies always lie in one bank, and a hole between two banks costs
 * nothing.
 *
 * The frame table has a descriptor for each index. Only the first frame of a block has one that
 * means anything, and a free block of 1 GiB needs none, it is a bit; so most of the table is never
 * touched, and a page of it need not be there before something is written to it. `mapped` has a bit
 * for each page that is. What is not there is no free block's start: it reads as zero, without
 * being read.
 *
 * Always true: no free block lies in another; no two free blocks are buddies (each free, aligned
 * run of frames lies in one block); the page of every free block's descriptor is there.
 */
#ifndef LIB_BUDDY_H
#define LIB_BUDDY_H

#include <stdatomic.h>

#include "arch/bits.h"

#define BUDDY_NONE UINT32_MAX

enum {
	BUDDY_TOP = 18, /* the order of the largest block: 1 GiB */
	BUDDY_BANKS = 16,
	BUDDY_GIGAS = 4096,          /* the most index space: 4 TiB */
	BUDDY_FRAMES_PER_PAGE = 256, /* descriptors in a page of the table */
	BUDDY_PAGES_PER_GIGA = 1024, /* pages of the table for 1 GiB of index space */
	BUDDY_SPLIT_TOP = 8,         /* the order of blocks with as many frames */
	BUDDY_MAX_MISSING = 11,      /* pages of the table that one cut may need */
};

struct frame {
	union {
		struct { /* of a free block: its neighbours in the list of its order */
			uint32_t next;
			uint32_t prev;
		};
		void *holder; /* of any other: its user's */
	};
	_Atomic uint32_t refs; /* its user's; 0 while it is free */
	uint8_t order;         /* of the block that starts here, free or given out */
	bool is_free;          /* a free block starts here */
};
_Static_assert(sizeof(struct frame) == 16, "256 descriptors in a page");

struct buddy_bank {
	uint64_t pfn;   /* its first frame */
	uint64_t n;     /* its length in frames */
	uint32_t index; /* of its first frame */
	uint32_t limit; /* where the next bank's indices may begin */
};

struct buddy {
	struct frame *frames;
	_Atomic uint64_t
		*mapped;    /* a bit a page of `frames`; only grows; may be read without a lock */
	uint32_t max_gigas; /* how far both reach */
	uint32_t n_banks;
	struct buddy_bank banks[BUDDY_BANKS];
	uint64_t n_free; /* frames */
	uint64_t n_blocks[BUDDY_TOP + 1];
	uint32_t first[BUDDY_TOP];        /* the lists of free blocks, BUDDY_NONE where empty */
	uint64_t gigas[BUDDY_GIGAS / 64]; /* the free blocks of order BUDDY_TOP */
};

/* Nothing is free yet. `frames` and `mapped` (zero) have room for max_gigas GiB of index space. */
void buddy_init(struct buddy *b, struct frame *frames, _Atomic uint64_t *mapped,
		uint32_t max_gigas);

/* Give indices to the n frames from number pfn on, n > 0; a bank that begins where the last one
 * ends continues it. Returns how many got one: less than n where there is no room for more indices
 * or banks. Banks must not overlap. */
uint64_t buddy_add_bank(struct buddy *b, uint64_t pfn, uint64_t n);

static inline uint32_t buddy_index(const struct buddy *b, uint64_t pfn) /* BUDDY_NONE: not RAM */
{
	for (uint32_t i = 0; i < b->n_banks; i++)
		if (LIKELY(pfn - b->banks[i].pfn < b->banks[i].n))
			return b->banks[i].index + (uint32_t)(pfn - b->banks[i].pfn);
	return BUDDY_NONE;
}

static inline uint64_t buddy_pfn(const struct buddy *b,
				 uint32_t index) /* of a frame that has one */
{
	const struct buddy_bank *bank = b->banks;

	while (UNLIKELY(index >= bank->limit))
		bank++;
	return bank->pfn + (index - bank->index);
}

static inline uint32_t buddy_page_of(uint32_t index)
{
	return index / BUDDY_FRAMES_PER_PAGE;
}

static inline bool buddy_has_page(const struct buddy *b, uint32_t page)
{
	return atomic_load_explicit(&b->mapped[page / 64], memory_order_acquire) >> (page % 64) & 1;
}

/* Page `page` of the table is there now, and zero. */
static inline void buddy_add_page(struct buddy *b, uint32_t page)
{
	atomic_fetch_or_explicit(&b->mapped[page / 64], BIT(page % 64), memory_order_release);
}

/* The order of the largest block that can begin at `index` and ends at `end` or before. */
unsigned buddy_order_between(uint32_t index, uint32_t end);

/* A block that can be had, and the order of the free block it is a part of. */
struct buddy_cut {
	uint32_t index;
	unsigned order;
	unsigned from;
};

/* Find a free block of that order, in the smallest block that has one; find this very block. False:
 * there is none; part of it is not free. Nothing changes. */
MUST_CHECK bool buddy_find(const struct buddy *b, unsigned order, struct buddy_cut *cut);
MUST_CHECK bool buddy_find_at(const struct buddy *b, uint32_t index, unsigned order,
			      struct buddy_cut *cut);

/* The pages of the table that must still be added before `cut` is taken; returns how many. */
unsigned buddy_missing(const struct buddy *b, const struct buddy_cut *cut,
		       uint32_t pages[BUDDY_MAX_MISSING]);

/* Take what was just found, no page missing: its descriptor is its user's from now on. Cannot fail.
 */
void buddy_take(struct buddy *b, const struct buddy_cut *cut);

/* What was just taken, as blocks of `order` side by side, each with a descriptor of its own. All of
 * these are on one page of the table: cut->order is at most BUDDY_SPLIT_TOP. */
void buddy_split(struct buddy *b, const struct buddy_cut *cut, unsigned order);

/* A block is free, whether it was taken or is new; the page of its descriptor must be there. It
 * becomes one with its buddy as far as that goes. Cannot fail. */
void buddy_give(struct buddy *b, uint32_t index, unsigned order);

#endif
