/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * platform/frames.c on one thread: what it takes over, what it gives out and what it refuses.
 * frames_storm_test.c has long work with failures at every point, frames_smp_test.c has the
 * threads.
 */
#include <errno.h>

#include "platform/frames.h"
#include "platform/hart.h"
#include "tests/kit/kit.h"
#include "tests/unit/frames_fixture.h"
#include "tests/unit/frames_host.h"
#include "tests/unit/frames_model.h"
#include "tests/unit/host_stubs.h"

/* ---- What is taken over ---- */

static bool is_taken(const struct hpa_range *taken, unsigned n, uint64_t page)
{
	for (unsigned i = 0; i < n; i++)
		if (taken[i].size && taken[i].at.v < page + PAGE_SIZE &&
		    taken[i].at.v + taken[i].size > page)
			return true;
	return false;
}

static uint64_t count_untaken(const struct hpa_range *banks, unsigned n_banks,
			      const struct hpa_range *taken, unsigned n_taken)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < n_banks; i++) {
		uint64_t page = align_up(banks[i].at.v, PAGE_SIZE);
		for (; page + PAGE_SIZE <= banks[i].at.v + banks[i].size; page += PAGE_SIZE)
			n += !is_taken(taken, n_taken, page);
	}
	return n;
}

TEST(frames, manages_exactly_the_pages_that_nothing_touches)
{
	struct model_random r = { 7 };
	struct hpa_range banks[3], taken[20];

	for (unsigned round = 0; round < 200; round++) {
		for (unsigned i = 0; i < ARRAY_LEN(banks); i++) {
			banks[i].at.v = RAM + i * 0x4321000ull * (round + 1) + model_draw(&r, 8192);
			banks[i].size = 2 * MiB + model_draw(&r, 4 * MiB);
		}
		for (unsigned i = 0; i < ARRAY_LEN(taken); i++) {
			taken[i].at.v = banks[i % 3].at.v - 8192 + model_draw(&r, 4 * MiB);
			taken[i].size = model_draw(&r, 4) * model_draw(&r, i ? 20000 : 3 * MiB);
		}
		start(banks, 3, taken, ARRAY_LEN(taken));
		EXPECT_EQ(stats().n_total, count_untaken(banks, 3, taken, ARRAY_LEN(taken)));
		expect_balance();
		for (struct hpa at; !frames_alloc(&owner, 0, FRAMES_DIRTY, &at);)
			EXPECT(!is_taken(taken, ARRAY_LEN(taken), at.v));
		EXPECT_EQ(stats().n_free, 0);
		expect_balance();
	}
}

TEST(frames, needs_some_ram_in_one_piece_to_start)
{
	struct hpa_range bank = { HPA(RAM), 64 * KiB };
	struct hpa_range all = { HPA(0), UINT64_MAX };

	frames_host_reset(TABLE);
	EXPECT_EQ(frames_init(NULL, 0, NULL, 0, MAX_HARTS), -ENOMEM);
	EXPECT_EQ(frames_init(&bank, 1, NULL, 0, MAX_HARTS), -ENOMEM);
	bank.size = 64 * MiB;
	EXPECT_EQ(frames_init(&bank, 1, &all, 1, MAX_HARTS), -ENOMEM);
}

/* A taken range at the very end of addresses, and one that would wrap, are what they look like. */
TEST(frames, survives_ranges_at_the_end_of_addresses)
{
	struct hpa_range bank = { HPA(RAM), 16 * MiB };
	struct hpa_range taken[] = { { HPA(UINT64_MAX - 100), 101 }, { HPA(UINT64_MAX - 5), 50 } };

	start(&bank, 1, taken, 2);
	EXPECT_EQ(stats().n_total, 16 * MiB / PAGE_SIZE);
}

/* The runtime's room for the table decides how much RAM is managed; the rest is counted. */
TEST(frames, leaves_out_ram_for_which_the_table_has_no_room)
{
	struct hpa_range banks[] = { { HPA(RAM), 100 * GiB }, { HPA(FAR_RAM), 1 * GiB } };

	start(banks, 2, NULL, 0);
	EXPECT_EQ(stats().n_total, 15 * GiB / PAGE_SIZE);
	EXPECT_EQ(stats().n_left_out, 86 * GiB / PAGE_SIZE);
	EXPECT_EQ(frames_alloc_at(&owner, HPA(RAM + 15 * GiB), 0, FRAMES_DIRTY), -EINVAL);
	EXPECT_EQ(frames_alloc_at(&owner, HPA(FAR_RAM), 0, FRAMES_DIRTY), -EINVAL);
	EXPECT_EQ(frames_alloc_at(&owner, HPA(RAM + 14 * GiB), ORDER_GIGA, FRAMES_DIRTY), 0);
}

TEST(frames, maps_of_the_table_what_is_touched_and_no_more)
{
	struct hpa_range banks[] = { { HPA(RAM), 768 * GiB }, { HPA(FAR_RAM * 13), 176 * GiB } };
	struct hpa_range image = { HPA(RAM), 3 * MiB };

	frames_host_reset(5 * GiB);
	owner = (struct frame_owner){ .quota = UNLIMITED };
	REQUIRE_EQ(frames_init(banks, 2, &image, 1, MAX_HARTS), 0);
	EXPECT_EQ(stats().n_total, 944 * GiB / PAGE_SIZE - 3 * MiB / PAGE_SIZE);
	EXPECT_EQ(stats().n_left_out, 0);
	EXPECT_EQ(stats().n_free_blocks[ORDER_GIGA], 943);
	for (unsigned i = 0; i < 10; i++) {
		(void)must_alloc(ORDER_PAGE);
		(void)must_alloc(ORDER_MEGA);
		(void)must_alloc(ORDER_GIGA);
	}
	kit_note("%u pages of the table for 944 GiB", (unsigned)frames_host_n_mapped());
	EXPECT(frames_host_n_mapped() <= 80);
	expect_balance();
}

/* ---- One block ---- */

TEST(frames, gives_aligned_blocks_with_one_holder_and_an_owner)
{
	unsigned order;

	start_with(3 * GiB);
	for (unsigned o = 0; o <= ORDER_GIGA; o++) {
		struct hpa at = must_alloc(o);

		EXPECT(is_aligned(at.v, PAGE_SIZE << o));
		EXPECT_EQ(frame_refs(at), 1);
		EXPECT(frame_owner_of(at, &order) == &owner);
		EXPECT_EQ(order, o);
		EXPECT(!frame_owner_of(HPA(at.v + PAGE_SIZE), &order));
		EXPECT_EQ(frame_refs(HPA(at.v + PAGE_SIZE)), 0);
	}
	EXPECT_EQ(owner.n_held, (2u << ORDER_GIGA) - 1);
	EXPECT(!frame_owner_of(HPA(RAM - PAGE_SIZE), &order));
	EXPECT(!frame_owner_of(HPA(RAM + 100), &order));
	expect_balance();
}

TEST(frames, frees_a_block_with_its_last_holder)
{
	start_with(64 * MiB);
	uint64_t n_free = stats().n_free;
	struct hpa at = must_alloc(3);

	frame_get(at);
	frame_get(at);
	EXPECT_EQ(frame_refs(at), 3);
	frame_put(at);
	frame_put(at);
	EXPECT_EQ(frame_refs(at), 1);
	EXPECT_EQ(owner.n_held, 8);
	EXPECT_EQ(stats().n_free, n_free - 8);
	frame_put(at);
	EXPECT_EQ(frame_refs(at), 0);
	EXPECT_EQ(owner.n_held, 0);
	EXPECT_EQ(stats().n_free, n_free);
}

TEST(frames, zeroes_the_whole_block_where_asked_to)
{
	start_with(64 * MiB);
	static const unsigned orders[] = { ORDER_PAGE, 4, ORDER_MEGA };

	for (unsigned i = 0; i < ARRAY_LEN(orders); i++) {
		struct hpa at = must_alloc(orders[i]);
		uint64_t *words = frames_host_word(at);
		uint64_t n = 1ull << orders[i], sum = 0;

		for (uint64_t w = 0; w < n; w++)
			words[w] = 5;
		frame_put(at);
		REQUIRE_EQ(frames_alloc_at(&owner, at, orders[i], FRAMES_DIRTY), 0);
		for (uint64_t w = 0; w < n; w++)
			sum += words[w];
		EXPECT_EQ(sum, 5 * n);
		frame_put(at);
		REQUIRE_EQ(frames_alloc_at(&owner, at, orders[i], FRAMES_ZEROED), 0);
		for (uint64_t w = 0; w < n; w++)
			EXPECT_EQ(words[w], 0);
	}
}

TEST(frames, holds_an_owner_to_its_quota)
{
	struct frame_owner small = { .name = "small", .quota = 9 };
	struct hpa at, page;

	start_with(2 * GiB);
	EXPECT_EQ(frames_alloc(&small, ORDER_GIGA, FRAMES_DIRTY, &at), -EDQUOT);
	EXPECT_EQ(frames_alloc(&small, 4, FRAMES_DIRTY, &at), -EDQUOT);
	EXPECT_EQ(frames_alloc(&small, 3, FRAMES_DIRTY, &at), 0);
	EXPECT_EQ(frames_alloc(&small, 0, FRAMES_DIRTY, &page), 0);
	EXPECT_EQ(frames_alloc(&small, 0, FRAMES_DIRTY, &page), -EDQUOT);
	EXPECT_EQ(frames_alloc_at(&small, HPA(RAM + 512 * MiB), 0, FRAMES_DIRTY), -EDQUOT);
	EXPECT_EQ(small.n_held, 9);
	frame_put(at);
	EXPECT_EQ(small.n_held, 1);
	EXPECT_EQ(frames_alloc_at(&small, HPA(RAM + 512 * MiB), 3, FRAMES_DIRTY), 0);
	frame_put(page);
	frame_put(HPA(RAM + 512 * MiB));
	EXPECT_EQ(small.n_held, 0);
}

/* ---- A certain block ---- */

TEST(frames, gives_a_certain_block_or_says_why_not)
{
	struct hpa_range banks[] = { { HPA(RAM), 64 * MiB }, { HPA(FAR_RAM), 1 * GiB } };
	struct hpa_range taken = { HPA(RAM + 32 * MiB + 100), 1 };

	start(banks, 2, &taken, 1);
	struct hpa last = HPA(RAM + 64 * MiB - PAGE_SIZE);

	EXPECT_EQ(frames_alloc_at(&owner, HPA(RAM - PAGE_SIZE), 0, FRAMES_DIRTY), -EINVAL);
	EXPECT_EQ(frames_alloc_at(&owner, HPA(RAM + 64 * MiB), 0, FRAMES_DIRTY), -EINVAL);
	EXPECT_EQ(frames_alloc_at(&owner, HPA(RAM + 100), 0, FRAMES_DIRTY), -EINVAL);
	EXPECT_EQ(frames_alloc_at(&owner, HPA(RAM + MiB), ORDER_MEGA, FRAMES_DIRTY), -EINVAL);
	EXPECT_EQ(frames_alloc_at(&owner, HPA(RAM), ORDER_GIGA, FRAMES_DIRTY), -EINVAL);
	EXPECT_EQ(frames_alloc_at(&owner, HPA(RAM + 32 * MiB), 0, FRAMES_DIRTY), -EBUSY);
	EXPECT_EQ(frames_alloc_at(&owner, HPA(RAM + 32 * MiB), ORDER_MEGA, FRAMES_DIRTY), -EBUSY);
	EXPECT_EQ(owner.n_held, 0);

	EXPECT_EQ(frames_alloc_at(&owner, last, 0, FRAMES_DIRTY), 0);
	EXPECT_EQ(frames_alloc_at(&owner, last, 0, FRAMES_DIRTY), -EBUSY);
	EXPECT_EQ(frames_alloc_at(&owner, HPA(RAM + 62 * MiB), ORDER_MEGA, FRAMES_DIRTY), -EBUSY);
	EXPECT_EQ(frames_alloc_at(&owner, HPA(FAR_RAM), ORDER_GIGA, FRAMES_DIRTY), 0);
	EXPECT_EQ(frames_alloc_at(&owner, HPA(FAR_RAM + MiB), 0, FRAMES_DIRTY), -EBUSY);
	frame_put(last);
	frame_put(HPA(FAR_RAM));
	expect_balance();
	EXPECT_EQ(owner.n_held, 0);
}

/* A page that lies in a cache, this hart's or another's, is free, and so it can be had. */
TEST(frames, finds_a_certain_block_in_any_cache)
{
	start_with(64 * MiB);
	for (unsigned order = 0; order <= ORDER_MEGA; order += ORDER_MEGA) {
		for (unsigned hart = 0; hart < 2; hart++) {
			struct hpa at = must_alloc(order);

			frame_put(at);
			EXPECT(stats().n_cached > 0);
			hart_index = hart ? MAX_HARTS - 1 : 0;
			EXPECT_EQ(frames_alloc_at(&owner, at, order, FRAMES_DIRTY), 0);
			hart_index = 0;
			EXPECT_EQ(frames_alloc_at(&owner, at, order, FRAMES_DIRTY), -EBUSY);
			frame_put(at);
			expect_balance();
		}
	}
}

/* In a machine all of whose table is mapped, what is called free can be had frame by frame. */
TEST(frames, gives_each_free_frame_by_its_address)
{
	start_with(16 * MiB);
	uint64_t n_free = stats().n_free, n_got = 0;
	struct hpa at = must_alloc(0);

	frame_put(at);
	for (at = HPA(RAM); at.v < RAM + 16 * MiB; at.v += PAGE_SIZE) {
		int error = frames_alloc_at(&owner, at, 0, FRAMES_DIRTY);

		EXPECT(!error || error == -EBUSY);
		n_got += !error;
		EXPECT(error || *frames_host_word(at) != FRAMES_HOST_TABLE);
	}
	EXPECT_EQ(stats().n_free, 0);
	EXPECT_EQ(n_got, owner.n_held);
	EXPECT(n_got + 64 >= n_free);
	expect_balance();
}

/* ---- Caches ---- */

TEST(frames, takes_back_what_caches_hold_before_it_says_no)
{
	enum { N = 8 };
	struct hpa_range banks[] = { { HPA(RAM), 32 * MiB }, { HPA(FAR_RAM), 1 * GiB } };
	struct hpa pages[N];

	start(banks, 2, NULL, 0);
	struct hpa giga = must_alloc(ORDER_GIGA);

	frame_put(giga);
	for (unsigned i = 0; i < N; i++) {
		hart_index = i;
		REQUIRE_EQ(frames_alloc_at(&owner, HPA(giga.v + i * 100 * MiB), 0, FRAMES_DIRTY),
			   0);
		pages[i] = HPA(giga.v + i * 100 * MiB);
	}
	for (unsigned i = 0; i < N; i++) {
		hart_index = i;
		frame_put(pages[i]);
	}
	EXPECT_EQ(stats().n_cached, N);
	EXPECT_EQ(stats().n_free_blocks[ORDER_GIGA], 0);
	hart_index = N;
	EXPECT_EQ(must_alloc(ORDER_GIGA).v, giga.v);
	EXPECT_EQ(stats().n_cached, 0);
	hart_index = 0;
	expect_balance();
}

TEST(frames, gives_the_last_frame_even_out_of_another_harts_cache)
{
	struct hpa at;

	start_with(16 * MiB);
	while (!frames_alloc(&owner, 0, FRAMES_DIRTY, &at))
		;
	EXPECT_EQ(stats().n_free, 0);
	struct hpa last = HPA(RAM + 15 * MiB);
	REQUIRE_EQ(frame_refs(last), 1);
	hart_index = 5;
	frame_put(last);
	hart_index = 6;
	/* The reserve is full, so what was given back is still free. */
	EXPECT_EQ(must_alloc(0).v, last.v);
	EXPECT_EQ(frames_alloc(&owner, 0, FRAMES_DIRTY, &at), -ENOMEM);
	hart_index = 0;
	expect_balance();
}

TEST(frames, keeps_a_cache_small)
{
	enum { N = 500 };
	struct hpa pages[N];

	start_with(64 * MiB);
	for (unsigned i = 0; i < N; i++)
		pages[i] = must_alloc(0);
	for (unsigned i = 0; i < N; i++) {
		frame_put(pages[i]);
		EXPECT(stats().n_cached <= 63);
	}
	frames_drain_cache();
	EXPECT_EQ(stats().n_cached, 0);
	expect_balance();
}

/* Free frames in blocks of less than 32, caches not included. */
static uint64_t n_in_fragments(void)
{
	struct frames_stats s = stats();
	uint64_t n = 0;

	for (unsigned order = 0; order < 5; order++)
		n += s.n_free_blocks[order] << order;
	return n;
}

/* A cache is filled from one block, of which each page is a block of its own at once; and from what
 * is left of others first. */
TEST(frames, fills_a_cache_with_neighbours_and_with_fragments_before_it_cuts)
{
	enum { N = 32 };
	struct hpa pages[N], fragment;

	start_with(64 * MiB);
	do
		must_alloc(0);
	while (n_in_fragments() || stats().n_cached);
	for (unsigned i = 0; i < N; i++)
		pages[i] = must_alloc(0);
	uint64_t first = align_down(pages[0].v, N * PAGE_SIZE);
	for (unsigned i = 0; i < N; i++) {
		unsigned order = 9;

		EXPECT_EQ(align_down(pages[i].v, N * PAGE_SIZE), first);
		EXPECT(frame_owner_of(pages[i], &order) == &owner);
		EXPECT_EQ(order, 0);
	}
	EXPECT_EQ(stats().n_cached, 0);
	fragment = pages[N / 2];
	frame_put(fragment);
	frames_drain_cache();
	EXPECT_EQ(n_in_fragments(), 1);
	bool is_used = false;
	for (unsigned i = 0; i < N; i++)
		is_used |= must_alloc(0).v == fragment.v;
	EXPECT(is_used);
	EXPECT_EQ(n_in_fragments(), 0);
	expect_balance();
}

/* ---- Misuse ---- */

static void put(void *at)
{
	frame_put(*(struct hpa *)at);
}

static void get(void *at)
{
	frame_get(*(struct hpa *)at);
}

static bool put_fails(struct hpa at)
{
	return host_check_fails(put, &at);
}

static bool get_fails(struct hpa at)
{
	return host_check_fails(get, &at);
}

TEST(frames, stops_at_a_put_or_get_of_what_is_no_allocated_block)
{
	static const unsigned orders[] = { ORDER_PAGE, 5, ORDER_MEGA, ORDER_GIGA };

	for (unsigned i = 0; i < ARRAY_LEN(orders); i++) {
		start_with(2 * GiB);
		struct hpa at = must_alloc(orders[i]);

		EXPECT(put_fails(HPA(at.v + 8)));
		EXPECT(put_fails(HPA(at.v + PAGE_SIZE)));
		EXPECT(put_fails(HPA(RAM - PAGE_SIZE)));
		EXPECT(put_fails(HPA(RAM + 2 * GiB)));
		EXPECT(get_fails(HPA(RAM + 2 * GiB)));
		EXPECT(!put_fails(at));
		EXPECT(put_fails(at));

		start_with(2 * GiB);
		at = must_alloc(orders[i]);
		EXPECT(!get_fails(at));
		EXPECT(!put_fails(at));
		EXPECT(!put_fails(at));
		EXPECT(get_fails(at));
	}
	start_with(2 * GiB); /* whose second half no descriptor speaks of */
	EXPECT(put_fails(HPA(RAM + GiB + 512 * MiB)));
	EXPECT(get_fails(HPA(RAM + GiB + 512 * MiB)));
}
