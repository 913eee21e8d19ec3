/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * platform/frames.c under long, mixed work, with pages of the table refused and quotas ending at
 * every point: the books always balance, and all comes back.
 */
#include <errno.h>

#include "platform/frames.h"
#include "platform/hart.h"
#include "tests/kit/kit.h"
#include "tests/unit/frames_fixture.h"
#include "tests/unit/frames_host.h"
#include "tests/unit/frames_model.h"

enum { MAX_HELD = 2048 };

static struct {
	struct hpa at;
	unsigned order;
	unsigned refs;
} held[MAX_HELD];
static unsigned n_held;
static struct model_random randomness;

static uint64_t draw(uint64_t below)
{
	return model_draw(&randomness, below);
}

/* Each frame of a held block has its first frame's address as its word. */
static void mark(struct hpa at, unsigned order)
{
	for (uint64_t i = 0; i < 1ull << order; i++) {
		EXPECT_EQ(frames_host_word(at)[i], 0);
		frames_host_word(at)[i] = at.v;
	}
}

static void unmark(struct hpa at, unsigned order)
{
	for (uint64_t i = 0; i < 1ull << order; i++) {
		EXPECT_EQ(frames_host_word(at)[i], at.v);
		frames_host_word(at)[i] = 0;
	}
}

static void drop(unsigned i)
{
	if (!--held[i].refs) {
		unmark(held[i].at, held[i].order);
		frame_put(held[i].at);
		held[i] = held[--n_held];
		return;
	}
	frame_put(held[i].at);
	EXPECT_EQ(frame_refs(held[i].at), held[i].refs);
}

static void drop_all(void)
{
	while (n_held)
		drop(draw(n_held));
}

static void hold(struct hpa at, unsigned order)
{
	mark(at, order);
	held[n_held].at = at;
	held[n_held].order = order;
	held[n_held++].refs = 1;
}

static void try_any(unsigned order)
{
	struct hpa at;
	uint64_t n_before = owner.n_held;

	int error = frames_alloc(&owner, order, FRAMES_DIRTY, &at);
	if (!error)
		hold(at, order);
	else
		EXPECT(error == -ENOMEM || error == -EDQUOT);
	EXPECT_EQ(owner.n_held, n_before + (error ? 0 : 1ull << order));
}

static void try_at(unsigned order)
{
	struct hpa base = draw(2) ? HPA(RAM) : HPA(FAR_RAM);
	struct hpa at =
		HPA(align_down(base.v + draw(GiB / PAGE_SIZE) * PAGE_SIZE, PAGE_SIZE << order));
	uint64_t n_before = owner.n_held;

	int error = frames_alloc_at(&owner, at, order, FRAMES_DIRTY);
	if (!error)
		hold(at, order);
	EXPECT_EQ(owner.n_held, n_before + (error ? 0 : 1ull << order));
}

static void do_anything(unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		unsigned order = draw(8) ? draw(11) : draw(ORDER_GIGA + 1);

		hart_index = draw(4);
		if (n_held < MAX_HELD && draw(100) < (i < n / 2 ? 60 : 35)) {
			draw(3) ? try_any(order) : try_at(order);
		} else if (n_held && draw(4)) {
			drop(draw(n_held));
		} else if (n_held) {
			unsigned which = draw(n_held);

			frame_get(held[which].at);
			EXPECT_EQ(frame_refs(held[which].at), ++held[which].refs);
		}
	}
}

/* Everything is given back: what the table does not hold is free, in blocks as large as they can
 * be, and large enough to be allocated. */
static void expect_all_back(void)
{
	drop_all();
	EXPECT_EQ(owner.n_held, 0);
	for (hart_index = 0; hart_index < 4; hart_index++)
		frames_drain_cache();
	hart_index = 0;
	EXPECT_EQ(stats().n_cached, 0);
	expect_balance();
}

static const struct hpa_range two_banks[] = {
	{ HPA(RAM + 0x3000), 40 * MiB + 0x5000 },
	{ HPA(FAR_RAM - 11 * MiB), 1 * GiB + 17 * MiB + 0x1000 },
};
static const struct hpa_range some_taken[] = {
	{ HPA(RAM + 7 * MiB + 5), 3 * MiB },
	{ HPA(RAM + 8 * MiB), 12345 },
	{ HPA(FAR_RAM - 5 * MiB), 1 },
};

static void start_with_holes(void)
{
	start(two_banks, ARRAY_LEN(two_banks), some_taken, ARRAY_LEN(some_taken));
	n_held = 0;
}

static bool same_blocks(const struct frames_stats *a, const struct frames_stats *b)
{
	for (unsigned order = 0; order <= ORDER_GIGA; order++)
		if (a->n_free_blocks[order] != b->n_free_blocks[order])
			return false;
	return true;
}

/* Once the table has all its pages, no work leaves a trace: block by block all is as it was. */
TEST(frames_storm, is_as_it_was_when_all_is_given_back)
{
	struct hpa at;

	start_with_holes();
	randomness.state = 3;
	while (!frames_alloc(&owner, 0, FRAMES_DIRTY, &at))
		;
	EXPECT_EQ(stats().n_free, 0);
	for (unsigned i = 0; i < 2; i++)
		for (at = HPA(two_banks[i].at.v); at.v < two_banks[i].at.v + two_banks[i].size;
		     at.v += PAGE_SIZE)
			if (frame_refs(at))
				frame_put(at);
	expect_all_back();
	struct frames_stats before = stats();

	for (unsigned round = 0; round < 10; round++) {
		do_anything(4000);
		expect_balance();
		expect_all_back();
		struct frames_stats after = stats();

		EXPECT_EQ(after.n_free, before.n_free);
		EXPECT_EQ(after.n_table, before.n_table);
		EXPECT(same_blocks(&before, &after));
	}
}

/* While there are lesser pieces, the table takes its pages from those: a whole GiB stays one. */
TEST(frames_storm, does_not_break_a_gib_for_the_table)
{
	struct hpa_range banks[] = { { HPA(RAM), 4 * GiB }, { HPA(FAR_RAM), 64 * MiB } };

	start(banks, 2, NULL, 0);
	EXPECT_EQ(stats().n_free_blocks[ORDER_GIGA], 4);
	for (uint64_t o = 0; o < 4 * GiB; o += 333 * PAGE_SIZE)
		REQUIRE_EQ(frames_alloc_at(&owner, HPA(RAM + o), 0, FRAMES_DIRTY), 0);
	EXPECT_EQ(stats().n_free_blocks[ORDER_GIGA], 0);
	EXPECT(frames_host_n_mapped() > 3000);
	for (uint64_t o = 0; o < 4 * GiB; o += 333 * PAGE_SIZE)
		frame_put(HPA(RAM + o));
	expect_all_back();
	EXPECT_EQ(stats().n_free_blocks[ORDER_GIGA], 4);
}

/* The same work over and over, the table's n-th page refused, or that and all that follow, for each
 * n. */
static void fail_maps_from(uint64_t n_good, uint64_t n_bad)
{
	randomness.state = 11;
	start_with_holes();
	frames_host_fail_maps(n_good, n_bad);
	do_anything(400);
	expect_balance();
	frames_host_fail_maps(UINT64_MAX, 0);
	do_anything(100);
	expect_all_back();
	/* It still works: the largest block there is can be had. */
	unsigned order = ORDER_GIGA;
	while (!stats().n_free_blocks[order])
		order--;
	frame_put(must_alloc(order));
	expect_all_back();
}

TEST(frames_storm, balances_whichever_page_of_the_table_is_refused)
{
	randomness.state = 11;
	start_with_holes();
	uint64_t n_at_boot = frames_host_n_calls();
	do_anything(400);
	drop_all();
	uint64_t n_calls = frames_host_n_calls() - n_at_boot;

	REQUIRE(n_calls > 100);
	for (uint64_t n = 0; n <= n_calls; n++) {
		fail_maps_from(n, 1);
		fail_maps_from(n, 20);
		fail_maps_from(n, UINT64_MAX);
	}
	kit_note("refused each of %u pages", (unsigned)n_calls);
}

TEST(frames_storm, fails_to_start_where_a_page_of_the_table_is_refused)
{
	start_with_holes();
	uint64_t n_at_boot = frames_host_n_calls();

	for (uint64_t n = 0; n < n_at_boot; n++) {
		frames_host_reset(TABLE);
		frames_host_fail_maps(n, 1);
		int error = frames_init(two_banks, 2, some_taken, 3, MAX_HARTS);
		EXPECT(error == -ENOMEM || !error);
		if (error)
			continue;
		owner = (struct frame_owner){ .quota = UNLIMITED };
		expect_balance();
	}
}

/* A quota stops the same work at each allocation; nothing is lost by that. */
TEST(frames_storm, balances_wherever_a_quota_ends)
{
	for (uint64_t quota = 0; quota < 3000; quota += 1 + quota / 16) {
		randomness.state = 5;
		start_with_holes();
		owner.quota = quota;
		do_anything(300);
		EXPECT(owner.n_held <= quota);
		expect_balance();
		expect_all_back();
	}
}

/* The machine is filled to the last frame with blocks of each size, and emptied. */
TEST(frames_storm, fills_up_and_empties_with_blocks_of_any_order)
{
	for (unsigned order = 0; order <= ORDER_GIGA; order++) {
		struct hpa at;
		uint64_t n = 0;

		start_with_holes();
		while (!frames_alloc(&owner, order, FRAMES_DIRTY, &at)) {
			EXPECT(is_aligned(at.v, PAGE_SIZE << order));
			n++;
		}
		EXPECT_EQ(owner.n_held, n << order);
		for (unsigned o = order; o <= ORDER_GIGA; o++)
			EXPECT_EQ(stats().n_free_blocks[o], 0);
		expect_balance();
		for (unsigned i = 0; i < 2; i++) {
			uint64_t end = two_banks[i].at.v + two_banks[i].size;
			for (at = HPA(align_up(two_banks[i].at.v, PAGE_SIZE << order)); at.v < end;
			     at.v += PAGE_SIZE << order)
				if (frame_refs(at))
					frame_put(at), n--;
		}
		EXPECT_EQ(n, 0);
		expect_all_back();
	}
}
