/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames, own memory and windows on the real machine: what the host's tests of the allocator cannot
 * show is that addresses are those of RAM, that contents are what they should be, and that two
 * harts see the same.
 */
#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "platform/boot.h"
#include "platform/frames.h"
#include "platform/hart.h"
#include "platform/layout.h"
#include "platform/mmu.h"
#include "tests/kit/kit.h"
#include "tests/machine/access.h"
#include "tests/machine/harts.h"

enum { QUOTA = 1024, PATTERN = 0xa5 };

static struct frame_owner owner = { .name = "test", .quota = QUOTA };

static bool is_in_ram(struct hpa at, uint64_t size)
{
	for (unsigned i = 0; i < machine.n_banks; i++)
		if (at.v >= machine.banks[i].at.v &&
		    at.v + size <= machine.banks[i].at.v + machine.banks[i].size)
			return true;
	return false;
}

static void fill(struct hpa at, uint64_t size, int byte)
{
	uint64_t unit = size < MEGA_SIZE ? size : MEGA_SIZE;

	for (uint64_t o = 0; o < size; o += unit) {
		void *window = window_open(HPA(at.v + o), unit);

		memset(window, byte, unit);
		window_close(window);
	}
}

/* Is every byte of the block `byte`? */
static bool is_filled(struct hpa at, uint64_t size, uint8_t byte)
{
	uint64_t unit = size < MEGA_SIZE ? size : MEGA_SIZE;
	uint64_t word = byte * UINT64_C(0x0101010101010101), difference = 0;

	for (uint64_t o = 0; o < size; o += unit) {
		uint64_t *window = window_open(HPA(at.v + o), unit);

		for (uint64_t i = 0; i < unit / sizeof(word); i++)
			difference |= window[i] ^ word;
		window_close(window);
	}
	return !difference;
}

static void expect_block(unsigned order)
{
	uint64_t size = PAGE_SIZE << order;
	struct hpa at, again;
	unsigned found;

	REQUIRE_EQ(frames_alloc(&owner, order, FRAMES_DIRTY, &at), 0);
	EXPECT(is_aligned(at.v, size));
	EXPECT(is_in_ram(at, size));
	EXPECT_EQ(frame_refs(at), 1);
	EXPECT(frame_owner_of(at, &found) == &owner);
	EXPECT_EQ(found, order);
	EXPECT_EQ(owner.n_held, 1ull << order);
	fill(at, size, PATTERN);
	frame_put(at);
	EXPECT_EQ(frame_refs(at), 0);

	/* The very block that is full of something. */
	REQUIRE_EQ(frames_alloc_at(&owner, at, order, FRAMES_ZEROED), 0);
	EXPECT(is_filled(at, size, 0));
	EXPECT_EQ(frames_alloc_at(&owner, at, order, FRAMES_DIRTY),
		  2ull << order > QUOTA ? -EDQUOT : -EBUSY);
	frame_put(at);
	REQUIRE_EQ(frames_alloc(&owner, order, FRAMES_ZEROED, &again), 0);
	EXPECT(is_filled(again, size, 0));
	frame_put(again);
	EXPECT_EQ(owner.n_held, 0);
}

TEST(frames, blocks_are_aligned_ram_and_zero_where_wanted)
{
	static const unsigned orders[] = { ORDER_PAGE, 1, 5, ORDER_MEGA, ORDER_MEGA + 1 };

	for (unsigned i = 0; i < ARRAY_LEN(orders); i++)
		expect_block(orders[i]);
}

TEST(frames, neighbours_of_a_zeroed_block_are_left_alone)
{
	struct hpa pair;

	REQUIRE_EQ(frames_alloc(&owner, 2, FRAMES_DIRTY, &pair), 0);
	fill(pair, PAGE_SIZE << 2, PATTERN);
	frames_zero(HPA(pair.v + PAGE_SIZE), PAGE_SIZE);
	EXPECT(is_filled(pair, PAGE_SIZE, PATTERN));
	EXPECT(is_filled(HPA(pair.v + PAGE_SIZE), PAGE_SIZE, 0));
	EXPECT(is_filled(HPA(pair.v + 2 * PAGE_SIZE), PAGE_SIZE, PATTERN));
	frame_put(pair);
}

TEST(frames, quota_is_the_limit_and_refusal_changes_nothing)
{
	static struct frame_owner poor = { .name = "poor", .quota = 3 };
	struct hpa a, b;

	REQUIRE_EQ(frames_alloc(&poor, 1, FRAMES_DIRTY, &a), 0);
	EXPECT_EQ(frames_alloc(&poor, 1, FRAMES_DIRTY, &b), -EDQUOT);
	EXPECT_EQ(poor.n_held, 2);
	REQUIRE_EQ(frames_alloc(&poor, 0, FRAMES_DIRTY, &b), 0);
	EXPECT_EQ(poor.n_held, 3);
	frame_put(a);
	frame_put(b);
	EXPECT_EQ(poor.n_held, 0);
}

TEST(frames, what_is_not_free_ram_cannot_be_had)
{
	extern const char image_start[];

	EXPECT_EQ(frames_alloc_at(&owner, image_hpa(image_start), ORDER_PAGE, FRAMES_DIRTY),
		  -EBUSY);
	EXPECT_EQ(frames_alloc_at(&owner, boot_tree_range().at, ORDER_PAGE, FRAMES_DIRTY),
		  is_aligned(boot_tree_range().at.v, PAGE_SIZE) ? -EBUSY : -EINVAL);
	EXPECT_EQ(frames_alloc_at(&owner, HPA(0), ORDER_PAGE, FRAMES_DIRTY), -EINVAL);
	EXPECT_EQ(frames_alloc_at(&owner, HPA(1ull << 55), ORDER_PAGE, FRAMES_DIRTY), -EINVAL);
	for (unsigned i = 0; i < machine.n_reserved; i++)
		EXPECT(frames_alloc_at(&owner, HPA(align_down(machine.reserved[i].at.v, PAGE_SIZE)),
				       ORDER_PAGE, FRAMES_DIRTY) < 0);
	EXPECT_EQ(owner.n_held, 0);
}

static uint64_t n_free(void)
{
	struct frames_stats stats;

	frames_stats(&stats);
	return stats.n_free;
}

/* Pages, and some of the blocks that no cache keeps. */
static unsigned churned_order(unsigned n)
{
	return n % 8 ? ORDER_PAGE : 1 + n / 8 % 2;
}

/* Take and give many blocks; what one hart puts in, no other may find in its own. */
static void churn(void *context)
{
	enum { N = 40, ROUNDS = 3 }; /* more than a cache holds */
	struct hpa at[N];

	(void)context;
	for (unsigned round = 0; round < ROUNDS; round++) {
		unsigned n = 0;

		for (; n < N && frames_alloc(&owner, churned_order(n), FRAMES_DIRTY, &at[n]) == 0;
		     n++)
			fill(at[n], PAGE_SIZE << churned_order(n), (int)(hart_index * N + n));
		EXPECT(n > 0);
		while (n--) {
			EXPECT(is_filled(at[n], PAGE_SIZE << churned_order(n),
					 (uint8_t)(hart_index * N + n)));
			frame_put(at[n]);
		}
	}
	frames_drain_cache();
}

TEST(frames, balance_holds_when_every_hart_takes_and_gives)
{
	frames_drain_cache();
	uint64_t before = n_free();

	run_on_every_hart(churn, NULL);
	EXPECT_EQ(owner.n_held, 0);
	/* The frame table may have grown by what it needed to cut blocks. */
	struct frames_stats stats;

	frames_stats(&stats);
	EXPECT(stats.n_free <= before && stats.n_free + 64 >= before);
	EXPECT(stats.n_free + stats.n_table < stats.n_total);
	run_on_every_hart(churn, NULL);
	EXPECT_EQ(n_free(), stats.n_free);
}

TEST(own, pages_are_zero_and_their_address_leads_there_and_back)
{
	for (unsigned order = 0; order <= ORDER_MEGA; order++) {
		uint64_t size = PAGE_SIZE << order;
		uint8_t *p = own_alloc(order), any = 0;

		REQUIRE(p);
		for (uint64_t i = 0; i < size; i++)
			any |= p[i];
		EXPECT_EQ(any, 0);
		EXPECT(is_aligned((uint64_t)p, size));
		EXPECT(is_aligned(own_hpa(p).v, size));
		EXPECT(is_in_ram(own_hpa(p), size));
		EXPECT(own_ptr(own_hpa(p)) == p);
		EXPECT(own_ptr(HPA(own_hpa(p).v + size - 1)) == p + size - 1);
		memset(p, PATTERN, size);
		EXPECT(is_filled(own_hpa(p), size, PATTERN));
		own_free(p, order);
	}
}

TEST(own, address_that_was_not_given_leads_nowhere)
{
	extern const char image_start[];
	struct hpa at;

	EXPECT(!own_ptr(image_hpa(image_start)));
	EXPECT(!own_ptr(HPA(0)));
	REQUIRE_EQ(frames_alloc(&owner, ORDER_MEGA, FRAMES_DIRTY, &at), 0);
	EXPECT(!own_ptr(at));
	frame_put(at);
}

static void hold_own_pages(void *context)
{
	enum { N = 40 };
	uint64_t *p[N];

	(void)context;
	for (unsigned i = 0; i < N; i++) {
		p[i] = own_alloc(i % 4);
		EXPECT(p[i] && !*p[i]);
		if (p[i])
			*p[i] = hart_index * N + i + 1;
	}
	for (unsigned i = 0; i < N; i++) {
		if (!p[i])
			continue;
		EXPECT_EQ(*p[i], hart_index * N + i + 1);
		own_free(p[i], i % 4);
	}
}

TEST(own, every_hart_gets_pages_of_its_own)
{
	run_on_every_hart(hold_own_pages, NULL);
}

/* Once its blocks are there, own memory takes no more frames. */
TEST(own, freed_pages_are_used_again)
{
	run_on_every_hart(hold_own_pages, NULL);
	uint64_t before = n_free();

	for (unsigned i = 0; i < 8; i++)
		run_on_every_hart(hold_own_pages, NULL);
	EXPECT_EQ(n_free(), before);
}

TEST(window, shows_the_frame_that_it_was_opened_on)
{
	struct hpa a, b;

	REQUIRE_EQ(frames_alloc(&owner, ORDER_PAGE, FRAMES_ZEROED, &a), 0);
	REQUIRE_EQ(frames_alloc(&owner, ORDER_PAGE, FRAMES_ZEROED, &b), 0);
	for (uint64_t i = 0; i < 8; i++) {
		uint64_t *window = window_open(HPA((i % 2 ? a : b).v + 8 * i), 8);

		EXPECT_EQ((uint64_t)window % PAGE_SIZE, 8 * i);
		*window = i + 1;
		window_close(window);
	}
	for (uint64_t i = 0; i < 8; i++) {
		const uint64_t *window = window_open(i % 2 ? a : b, PAGE_SIZE);

		EXPECT_EQ(window[i], i + 1);
		EXPECT_EQ(window[i ^ 1], 0);
		window_close((void *)window);
	}
	frame_put(a);
	frame_put(b);
}

TEST(window, small_and_large_show_the_same_at_once)
{
	struct hpa mega;

	REQUIRE_EQ(frames_alloc(&owner, ORDER_MEGA, FRAMES_ZEROED, &mega), 0);
	volatile uint64_t *large = window_open(mega, MEGA_SIZE);

	for (uint64_t o = 0; o < MEGA_SIZE; o += 37 * PAGE_SIZE) {
		volatile uint64_t *small = window_open(HPA(mega.v + o), PAGE_SIZE);

		*small = o + 1;
		EXPECT_EQ(large[o / 8], o + 1);
		large[o / 8 + 1] = o + 2;
		EXPECT_EQ(small[1], o + 2);
		window_close((void *)small);
	}
	window_close((void *)large);
	frame_put(mega);
}

TEST(window, closed_one_reaches_nothing_once_fenced)
{
	struct hpa at;

	REQUIRE_EQ(frames_alloc(&owner, ORDER_PAGE, FRAMES_ZEROED, &at), 0);
	void *window = window_open(at, PAGE_SIZE);

	window_close(window);
	__asm__ volatile("sfence.vma" ::: "memory");
	EXPECT_EQ(try_load((uint64_t)window), CAUSE_LOAD_PAGE);
	frame_put(at);
}

/* A counter in a frame that each hart reaches through its own windows. */
static void count_through_windows(void *context)
{
	const struct hpa *at = context;

	for (unsigned i = 0; i < 50; i++) {
		_Atomic uint64_t *small = window_open(*at, 8);
		_Atomic uint64_t *large = window_open(HPA(align_down(at->v, MEGA_SIZE)), MEGA_SIZE);

		atomic_fetch_add(small, 1);
		atomic_fetch_add(large + at->v % MEGA_SIZE / 8, 1);
		window_close((void *)large);
		window_close((void *)small);
	}
}

TEST(window, every_hart_writes_through_its_own)
{
	struct hpa at;

	REQUIRE_EQ(frames_alloc(&owner, ORDER_PAGE, FRAMES_ZEROED, &at), 0);
	run_on_every_hart(count_through_windows, &at);
	const uint64_t *window = window_open(at, 8);

	EXPECT_EQ(*window, 100 * n_harts());
	window_close((void *)window);
	frame_put(at);
}
