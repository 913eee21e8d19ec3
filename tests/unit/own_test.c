/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Own memory over blocks that a model hands out: runs are aligned and disjoint, freed pages are
 * used again before a new block is taken, and addresses lead there and back. The pages themselves
 * are never touched.
 */
#include "platform/mmu.h"

#include <errno.h>
#include <string.h>

#include "platform/frames.h"
#include "platform/layout.h"
#include "platform/mmu_internal.h"
#include "platform/zero.h"
#include "tests/kit/kit.h"
#include "tests/unit/host_stubs.h"

enum { MAX_BLOCKS = 160, PAGES = 512 };

/* What own memory builds on. */
static struct hpa block_at[MAX_BLOCKS]; /* by number, as mapped */
static unsigned n_blocks, n_blocks_there_are = MAX_BLOCKS;
static const void *zeroed;
static uint64_t zeroed_size;

/* Scattered, and such that many have the same hash. */
static struct hpa place_of_block(unsigned number)
{
	return HPA(UINT64_C(0x80000000) + number % 4 * 512 * MEGA_SIZE +
		   number / 4 * (number % 2 ? 7 : 3) * MEGA_SIZE);
}

int frames_alloc(struct frame_owner *owner, unsigned order, enum frame_flags flags, struct hpa *at)
{
	EXPECT_EQ(order, ORDER_MEGA);
	if (n_blocks == n_blocks_there_are)
		return -ENOMEM;
	*at = place_of_block(n_blocks);
	return 0;
}

void mmu_map_mega(uint64_t va, struct hpa at)
{
	EXPECT_EQ(va, LAYOUT_OWN + n_blocks * MEGA_SIZE);
	block_at[n_blocks++] = at;
}

struct hpa mmu_mega_hpa(uint64_t va)
{
	return block_at[(va - LAYOUT_OWN) / MEGA_SIZE];
}

void zero_pages(void *pages, uint64_t size)
{
	zeroed = pages;
	zeroed_size = size;
}

/* Which pages the tests hold. */
static uint8_t held[MAX_BLOCKS * PAGES];

static void mark(const void *pages, unsigned order, uint8_t from, uint8_t to)
{
	uint64_t first = ((uint64_t)pages - LAYOUT_OWN) / PAGE_SIZE;

	for (uint64_t i = first; i < first + BIT(order); i++) {
		EXPECT_EQ(held[i], from);
		held[i] = to;
	}
}

static void *take(unsigned order)
{
	void *pages = own_alloc(order);

	if (!pages)
		return NULL;
	EXPECT(is_aligned((uint64_t)pages, PAGE_SIZE << order));
	EXPECT((uint64_t)pages >= LAYOUT_OWN);
	EXPECT((uint64_t)pages + (PAGE_SIZE << order) <= LAYOUT_OWN + n_blocks * MEGA_SIZE);
	EXPECT(zeroed == pages);
	EXPECT_EQ(zeroed_size, PAGE_SIZE << order);
	mark(pages, order, 0, 1);
	return pages;
}

static void give(void *pages, unsigned order)
{
	mark(pages, order, 1, 0);
	own_free(pages, order);
}

TEST(own, addresses_lead_there_and_back)
{
	void *pages[20];

	for (unsigned i = 0; i < 20; i++) {
		pages[i] = take(9);
		REQUIRE(pages[i]);
	}
	for (unsigned i = 0; i < 20; i++) {
		struct hpa at = own_hpa(pages[i]);

		EXPECT_EQ(own_hpa((char *)pages[i] + 0x12345).v, at.v + 0x12345);
		EXPECT(own_ptr(at) == pages[i]);
		EXPECT(own_ptr(HPA(at.v + MEGA_SIZE - 1)) == (char *)pages[i] + MEGA_SIZE - 1);
		give(pages[i], 9);
	}
	EXPECT(!own_ptr(HPA(0)));
	EXPECT(!own_ptr(HPA(UINT64_C(0x80000000) - 1)));
	EXPECT(!own_ptr(HPA(UINT64_C(0x80000000) + 511 * MEGA_SIZE)));
}

TEST(own, small_runs_share_a_block_and_are_filled_from_its_start)
{
	unsigned before = n_blocks;
	void *a = take(0), *b = take(0), *c = take(3), *d = take(0);

	REQUIRE(a && b && c && d);
	EXPECT_EQ((char *)b - (char *)a, PAGE_SIZE);
	EXPECT_EQ((char *)c - (char *)a, 8 * PAGE_SIZE);
	EXPECT_EQ((char *)d - (char *)a, 2 * PAGE_SIZE);
	give(b, 0);
	EXPECT(take(0) == b);
	give(a, 0);
	give(b, 0);
	give(c, 3);
	give(d, 0);
	EXPECT_EQ(n_blocks, before);
}

/* Any mix of orders, in any order of freeing. */
TEST(own, runs_never_overlap_and_all_come_back)
{
	enum { N = 300, STEPS = 20000 };
	static struct {
		void *pages;
		unsigned order;
	} runs[N];
	uint64_t state = 1;

	for (unsigned step = 0; step < STEPS; step++) {
		state = state * UINT64_C(6364136223846793005) + 1;
		unsigned i = (state >> 33) % N, dice = (state >> 20) % 1000;

		if (runs[i].pages) {
			give(runs[i].pages, runs[i].order);
			runs[i].pages = NULL;
		} else {
			runs[i].order = dice < 900 ? dice % 5 : dice % 10;
			runs[i].pages = take(runs[i].order);
			EXPECT(runs[i].pages);
		}
	}
	for (unsigned i = 0; i < N; i++)
		if (runs[i].pages)
			give(runs[i].pages, runs[i].order);
	unsigned n = n_blocks;
	void *whole[MAX_BLOCKS];

	for (unsigned i = 0; i < n; i++)
		whole[i] = take(9);
	EXPECT_EQ(n_blocks, n);
	for (unsigned i = 0; i < n; i++)
		give(whole[i], 9);
}

static void free_twice(void *context)
{
	own_free(context, 0);
}

static void free_misaligned(void *context)
{
	own_free((char *)context + PAGE_SIZE, 1);
}

static void ask_too_much(void *context)
{
	EXPECT(!own_alloc(10)); /* it does not return */
}

static void ask_for_foreign(void *context)
{
	(void)own_hpa(context);
}

/* These are found before the lock is taken, so what comes after can still run. */
TEST(own, misuse_is_found)
{
	int foreign;
	void *pages = take(1);

	REQUIRE(pages);
	EXPECT(host_check_fails(free_misaligned, pages));
	EXPECT(host_check_fails(ask_too_much, NULL));
	EXPECT(host_check_fails(ask_for_foreign, &foreign));
	give(pages, 1);
}

TEST(own, end_of_frames_and_of_addresses_is_told)
{
	static void *all[MAX_BLOCKS];
	unsigned n = 0;

	n_blocks_there_are = n_blocks + 3;
	while (n < MAX_BLOCKS && (all[n] = take(9)))
		n++;
	EXPECT_EQ(n, n_blocks_there_are);
	EXPECT(!take(0));
	n_blocks_there_are = MAX_BLOCKS + 1;
	while (n < MAX_BLOCKS && (all[n] = take(9)))
		n++;
	EXPECT_EQ(n, (LAYOUT_FRAMES - LAYOUT_OWN) / MEGA_SIZE);
	EXPECT(!take(9));
	while (n--)
		give(all[n], 9);
}

/* The last test: a CHECK that fails here leaves the lock held. */
TEST(own, page_that_is_freed_twice_is_found)
{
	void *pages = take(0);

	REQUIRE(pages);
	give(pages, 0);
	EXPECT(host_check_fails(free_twice, pages));
}
