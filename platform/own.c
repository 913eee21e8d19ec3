/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Own memory: 2 MiB blocks from the frame allocator, each mapped by one entry at the next place of
 * the own area, given out in naturally aligned runs of pages. A block stays ours once it is; free
 * pages are used again. From a physical address back to a pointer leads a small hash of the blocks.
 */
#include <errno.h>
#include <stdatomic.h>

#include "platform/frames.h"
#include "platform/layout.h"
#include "platform/lock.h"
#include "platform/mmu.h"
#include "platform/mmu_internal.h"
#include "platform/panic.h"
#include "platform/zero.h"

enum {
	MAX_BLOCKS = (LAYOUT_FRAMES - LAYOUT_OWN) / LAYOUT_MEGA,
	PAGES_PER_BLOCK = MEGA_SIZE / PAGE_SIZE,
	WORDS = PAGES_PER_BLOCK / 64,
	HASH_SIZE = 512, /* a power of two, well above MAX_BLOCKS */
	MAX_OWN_ORDER = 9,
};

struct block {
	uint64_t taken[WORDS]; /* a bit a page */
	uint16_t n_free;
};

NOT_CLEARED static struct block blocks[MAX_BLOCKS];
/* Written with the lock, read without: each only grows, and what it leads to was written before. */
static _Atomic uint32_t n_blocks;
static _Atomic uint64_t hash[HASH_SIZE]; /* where a block lies, and in the low bits its number + 1;
					    or 0 */
static struct lock own_lock = LOCK_INIT("own memory", RANK_OWN);
static struct frame_owner own_owner = { .name = "own memory", .quota = ~0ull };

static uint64_t block_va(unsigned number)
{
	return LAYOUT_OWN + number * MEGA_SIZE;
}

static unsigned blocks_there_are(void)
{
	return atomic_load_explicit(&n_blocks, memory_order_acquire);
}

static unsigned hash_start(struct hpa at)
{
	return at.v / MEGA_SIZE % HASH_SIZE; /* they come side by side, mostly */
}

static void hash_add(unsigned number, struct hpa at)
{
	unsigned i = hash_start(at);

	while (atomic_load_explicit(&hash[i], memory_order_relaxed))
		i = (i + 1) % HASH_SIZE;
	atomic_store_explicit(&hash[i], at.v | (number + 1), memory_order_release);
}

static int add_block(void)
{
	unsigned number = blocks_there_are();
	struct hpa at;

	if (number == MAX_BLOCKS)
		return -ENOMEM;
	int error = frames_alloc(&own_owner, ORDER_MEGA, FRAMES_DIRTY, &at);
	if (error)
		return error;
	mmu_map_mega(block_va(number), at);
	blocks[number] = (struct block){ .n_free = PAGES_PER_BLOCK };
	hash_add(number, at);
	atomic_store_explicit(&n_blocks, number + 1, memory_order_release);
	return 0;
}

/* The first free, aligned run of n pages (a power of two) of a block, or PAGES_PER_BLOCK. */
static unsigned find_run(const struct block *b, unsigned n)
{
	if (n >= 64) {
		for (unsigned w = 0; w < WORDS; w += n / 64) {
			uint64_t any = 0;

			for (unsigned i = w; i < w + n / 64; i++)
				any |= b->taken[i];
			if (!any)
				return w * 64;
		}
		return PAGES_PER_BLOCK;
	}
	uint64_t run = BIT(n) - 1;

	for (unsigned w = 0; w < WORDS; w++)
		for (unsigned at = 0; b->taken[w] != ~0ull && at < 64; at += n)
			if (!(b->taken[w] >> at & run))
				return w * 64 + at;
	return PAGES_PER_BLOCK;
}

static void mark_run(struct block *b, unsigned first, unsigned n, bool taken)
{
	for (unsigned i = first; i < first + n; i++) {
		CHECK((b->taken[i / 64] >> (i % 64) & 1) == !taken);
		b->taken[i / 64] ^= BIT(i % 64);
	}
	b->n_free += taken ? -n : n;
}

static void *take_run(unsigned n)
{
	for (unsigned b = 0, n_there = blocks_there_are(); b < n_there; b++) {
		if (blocks[b].n_free < n)
			continue;
		unsigned first = find_run(&blocks[b], n);
		if (first == PAGES_PER_BLOCK)
			continue;
		mark_run(&blocks[b], first, n, true);
		return (void *)(block_va(b) + first * PAGE_SIZE);
	}
	return NULL;
}

void *own_alloc(unsigned order)
{
	CHECK(order <= MAX_OWN_ORDER);
	lock_take(&own_lock);
	void *pages = take_run(1u << order);
	if (!pages && !add_block())
		pages = take_run(1u << order);
	lock_release(&own_lock);
	if (pages)
		zero_pages(pages, PAGE_SIZE << order);
	return pages;
}

void own_free(void *pages, unsigned order)
{
	uint64_t offset = (uint64_t)pages - LAYOUT_OWN;
	unsigned block = offset / MEGA_SIZE;

	CHECK((uint64_t)pages >= LAYOUT_OWN && block < blocks_there_are());
	CHECK(is_aligned(offset, PAGE_SIZE << order));
	lock_take(&own_lock);
	mark_run(&blocks[block], offset % MEGA_SIZE / PAGE_SIZE, 1u << order, false);
	lock_release(&own_lock);
}

uint64_t own_n_pages(void)
{
	uint64_t n = 0;

	lock_take(&own_lock);
	for (unsigned b = 0; b < blocks_there_are(); b++)
		n += PAGES_PER_BLOCK - blocks[b].n_free;
	lock_release(&own_lock);
	return n;
}

struct hpa own_hpa(const void *pages)
{
	uint64_t va = (uint64_t)pages;

	CHECK(va >= LAYOUT_OWN && va < block_va(blocks_there_are()));
	return HPA(mmu_mega_hpa(va).v + va % MEGA_SIZE);
}

/* On the way of every first touch, once for each level of a table. */
void *own_ptr(struct hpa at)
{
	for (unsigned i = hash_start(at);; i = (i + 1) % HASH_SIZE) {
		uint64_t block = atomic_load_explicit(&hash[i], memory_order_acquire);

		if (UNLIKELY(!block))
			return NULL;
		if (LIKELY(block / MEGA_SIZE == at.v / MEGA_SIZE))
			return (void *)(LAYOUT_OWN - MEGA_SIZE + block % MEGA_SIZE * MEGA_SIZE +
					at.v % MEGA_SIZE);
	}
}
