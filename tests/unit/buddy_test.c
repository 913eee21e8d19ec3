/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lib/buddy.c on a table of which only those pages can be touched that it has asked for; its frames
 * do not come out of the buddy here, so that whatever is taken and given back leaves no trace at
 * all.
 */
#include "lib/buddy.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "tests/kit/kit.h"
#include "tests/unit/frames_model.h"

#define GIGA_FRAMES BIT(BUDDY_TOP)

enum { GIGAS = 16, N_PAGES = GIGAS * BUDDY_PAGES_PER_GIGA };

static struct buddy b;
static _Atomic uint64_t mapped[N_PAGES / 64];
static struct frame *table;

static void start(uint32_t max_gigas)
{
	uint64_t size = N_PAGES * PAGE_SIZE;

	if (table)
		munmap(table, size);
	table = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	REQUIRE(table != MAP_FAILED);
	memset((void *)mapped, 0, sizeof(mapped));
	buddy_init(&b, table, mapped, max_gigas);
}

static void add_page(uint32_t page)
{
	char *at = (char *)table + page * PAGE_SIZE;

	REQUIRE(!buddy_has_page(&b, page));
	REQUIRE_EQ(mprotect(at, PAGE_SIZE, PROT_READ | PROT_WRITE), 0);
	buddy_add_page(&b, page);
}

/* Make these frames free, in the blocks that they are made of. */
static void add_free(uint64_t pfn, uint64_t n)
{
	uint32_t index = buddy_index(&b, pfn);
	uint32_t end = index + n;

	while (index < end) {
		unsigned order = buddy_order_between(index, end);

		if (order < BUDDY_TOP && !buddy_has_page(&b, buddy_page_of(index)))
			add_page(buddy_page_of(index));
		buddy_give(&b, index, order);
		index += 1u << order;
	}
}

static void take(const struct buddy_cut *cut)
{
	uint32_t pages[BUDDY_MAX_MISSING];
	unsigned n = buddy_missing(&b, cut, pages);

	EXPECT(n <= BUDDY_MAX_MISSING);
	for (unsigned i = 0; i < n; i++)
		add_page(pages[i]); /* which sees to it that none is named twice */
	EXPECT_EQ(buddy_missing(&b, cut, pages), 0);
	buddy_take(&b, cut);
}

static uint64_t n_pages_there(void)
{
	uint64_t n = 0;

	for (uint32_t page = 0; page < N_PAGES; page++)
		n += buddy_has_page(&b, page);
	return n;
}

/* An index and its frame number are equal modulo 1 GiB, banks far apart lie close, holes have none.
 */
TEST(buddy, numbers_frames_of_all_banks_compactly)
{
	start(GIGAS);
	EXPECT_EQ(buddy_add_bank(&b, 0x80003, 1000), 1000);
	EXPECT_EQ(buddy_add_bank(&b, 0x1000000, GIGA_FRAMES + 1), GIGA_FRAMES + 1);
	EXPECT_EQ(buddy_add_bank(&b, 0x2012345, 10), 10);

	EXPECT_EQ(buddy_index(&b, 0x80003), 3);
	EXPECT_EQ(buddy_index(&b, 0x80002), BUDDY_NONE);
	EXPECT_EQ(buddy_index(&b, 0x80003 + 1000), BUDDY_NONE);
	EXPECT_EQ(buddy_index(&b, 0x1000000), GIGA_FRAMES);
	EXPECT_EQ(buddy_index(&b, 0x1000000 + GIGA_FRAMES), 2 * GIGA_FRAMES);
	EXPECT_EQ(buddy_index(&b, 0x2012345), 3 * GIGA_FRAMES + 0x12345);
	EXPECT_EQ(buddy_index(&b, 0), BUDDY_NONE);
	EXPECT_EQ(buddy_index(&b, UINT64_MAX), BUDDY_NONE);
	for (unsigned i = 0; i < 10; i++)
		EXPECT_EQ(buddy_pfn(&b, buddy_index(&b, 0x2012345 + i)), 0x2012345 + i);
	EXPECT_EQ(buddy_pfn(&b, GIGA_FRAMES + 7), 0x1000007);
}

TEST(buddy, makes_one_block_of_two_banks_that_touch)
{
	struct buddy_cut cut;

	start(GIGAS);
	EXPECT_EQ(buddy_add_bank(&b, 0x80000, GIGA_FRAMES / 2), GIGA_FRAMES / 2);
	EXPECT_EQ(buddy_add_bank(&b, 0x80000 + GIGA_FRAMES / 2, GIGA_FRAMES), GIGA_FRAMES);
	EXPECT_EQ(b.n_banks, 1);
	add_free(0x80000, GIGA_FRAMES / 2);
	EXPECT(!buddy_find(&b, BUDDY_TOP, &cut));
	add_free(0x80000 + GIGA_FRAMES / 2, GIGA_FRAMES);
	EXPECT_EQ(b.n_blocks[BUDDY_TOP], 1);
	EXPECT_EQ(b.n_blocks[BUDDY_TOP - 1], 1);
	EXPECT(buddy_find(&b, BUDDY_TOP, &cut));
}

TEST(buddy, gives_indices_only_where_the_table_has_room)
{
	start(2);
	EXPECT_EQ(buddy_add_bank(&b, 0x80100, GIGA_FRAMES), GIGA_FRAMES);
	EXPECT_EQ(buddy_add_bank(&b, 0x80100 + GIGA_FRAMES, GIGA_FRAMES), GIGA_FRAMES - 0x100);
	EXPECT_EQ(buddy_add_bank(&b, 0x1000000, 1), 0);
	EXPECT_EQ(buddy_index(&b, 0x80000 + 2 * GIGA_FRAMES - 1), 2 * GIGA_FRAMES - 1);
	EXPECT_EQ(buddy_index(&b, 0x80000 + 2 * GIGA_FRAMES), BUDDY_NONE);

	start(GIGAS);
	for (unsigned i = 0; i < GIGAS; i++)
		EXPECT_EQ(buddy_add_bank(&b, 2 * i * GIGA_FRAMES, 1), 1);
	EXPECT_EQ(buddy_add_bank(&b, 100 * GIGA_FRAMES, 1), 0);
}

TEST(buddy, finds_the_largest_block_between_two_frames)
{
	EXPECT_EQ(buddy_order_between(0, 1), 0);
	EXPECT_EQ(buddy_order_between(1, 100), 0);
	EXPECT_EQ(buddy_order_between(4, 8), 2);
	EXPECT_EQ(buddy_order_between(8, 15), 2);
	EXPECT_EQ(buddy_order_between(0, GIGA_FRAMES - 1), BUDDY_TOP - 1);
	EXPECT_EQ(buddy_order_between(GIGA_FRAMES, 9 * GIGA_FRAMES), BUDDY_TOP);
}

/* A free GiB costs no page of the table; one frame out of its middle costs those of its halves. */
TEST(buddy, needs_pages_of_the_table_only_for_blocks_it_cuts)
{
	struct buddy_cut cut;

	start(GIGAS);
	EXPECT_EQ(buddy_add_bank(&b, 0x80000, 8 * GIGA_FRAMES), 8 * GIGA_FRAMES);
	add_free(0x80000, 8 * GIGA_FRAMES);
	EXPECT_EQ(n_pages_there(), 0);
	EXPECT_EQ(b.n_free, 8 * GIGA_FRAMES);

	REQUIRE(buddy_find_at(&b, 5 * GIGA_FRAMES + 0x2aaaa, 0, &cut));
	take(&cut);
	EXPECT_EQ(n_pages_there(), 11);
	REQUIRE(buddy_find(&b, BUDDY_TOP, &cut));
	EXPECT_EQ(cut.index, 0);
	take(&cut);
	EXPECT_EQ(n_pages_there(), 12);
	EXPECT_EQ(b.n_blocks[BUDDY_TOP], 6);
	for (unsigned order = 0; order < BUDDY_TOP; order++)
		EXPECT_EQ(b.n_blocks[order], 1);
}

/* The smallest block that will do is cut, so large ones stay whole. */
TEST(buddy, cuts_the_smallest_block_that_is_large_enough)
{
	struct buddy_cut cut;

	start(GIGAS);
	EXPECT_EQ(buddy_add_bank(&b, 0x80000, 2 * GIGA_FRAMES), 2 * GIGA_FRAMES);
	add_free(0x80000, 2 * GIGA_FRAMES);
	REQUIRE(buddy_find(&b, 3, &cut));
	EXPECT_EQ(cut.from, BUDDY_TOP);
	take(&cut);
	for (unsigned order = 3; order < BUDDY_TOP; order++) {
		REQUIRE(buddy_find(&b, order, &cut));
		EXPECT_EQ(cut.from, order);
	}
	REQUIRE(buddy_find(&b, 0, &cut));
	EXPECT_EQ(cut.from, 3);
}

/* A block's buddy may lie outside of RAM, or where the table has no page: it must not be looked at.
 */
TEST(buddy, never_looks_at_a_buddy_whose_page_is_not_there)
{
	static const uint64_t pfns[] = { 0x80000 + 0x100, 0x80000 + 0x10000, 0x80000 + 0x20000 };
	struct buddy_cut cut;

	start(GIGAS);
	EXPECT_EQ(buddy_add_bank(&b, 0x80000, GIGA_FRAMES), GIGA_FRAMES);
	for (unsigned i = 0; i < ARRAY_LEN(pfns); i++)
		add_free(pfns[i], 0x100);
	EXPECT_EQ(b.n_blocks[8], 3);
	for (unsigned i = 0; i < ARRAY_LEN(pfns); i++) {
		EXPECT(!buddy_find_at(&b, buddy_index(&b, pfns[i] ^ 0x100), 0, &cut));
		EXPECT(!buddy_find_at(&b, 0, 18, &cut));
		REQUIRE(buddy_find_at(&b, buddy_index(&b, pfns[i]) + 0x33, 0, &cut));
		take(&cut);
		buddy_give(&b, cut.index, 0);
	}
	EXPECT_EQ(b.n_blocks[8], 3);
	EXPECT_EQ(b.n_free, 0x300);
}

/* Each part has a descriptor that says its order, whatever stood there, and goes back alone. */
TEST(buddy, splits_what_was_taken_into_blocks_of_their_own)
{
	struct buddy_cut cut;

	start(GIGAS);
	EXPECT_EQ(buddy_add_bank(&b, 0x80000, GIGA_FRAMES), GIGA_FRAMES);
	add_free(0x80100, 0x100);
	for (uint32_t i = 0; i < 0x100; i++)
		table[0x100 + i].order = 7;
	REQUIRE(buddy_find(&b, 8, &cut));
	take(&cut);
	buddy_split(&b, &cut, 2);
	for (uint32_t i = 0; i < 0x100; i += 4)
		EXPECT_EQ(table[cut.index + i].order, 2);
	EXPECT_EQ(b.n_free, 0);
	for (uint32_t i = 0; i < 0x100; i += 4)
		buddy_give(&b, cut.index + i, 2);
	EXPECT_EQ(b.n_blocks[8], 1);
	EXPECT_EQ(b.n_free, 0x100);
}

/* ---- Anything, in any order, against the model ---- */

enum { MAX_HELD = 4096 };

static struct {
	uint32_t index;
	unsigned order;
} held[MAX_HELD];
static unsigned n_held;
static struct model model;
static struct model_random randomness;

static uint64_t draw(uint64_t below)
{
	return model_draw(&randomness, below);
}

static void start_with_banks(void)
{
	static const struct {
		uint64_t pfn, n;
	} banks[] = {
		{ 0x80003, 5001 },                        /* odd at both ends, less than a GiB */
		{ 0x1000000, GIGA_FRAMES + 3 * 512 + 1 }, /* a whole GiB and a bit */
		{ 0x3000000 - 700, GIGA_FRAMES + 1400 },  /* a whole GiB in the middle */
	};

	start(GIGAS);
	n_held = 0;
	for (unsigned i = 0; i < ARRAY_LEN(banks); i++) {
		model_add_bank(&model, banks[i].pfn, banks[i].n);
		EXPECT_EQ(buddy_add_bank(&b, banks[i].pfn, banks[i].n), banks[i].n);
		/* Frame 0x80100 and its neighbours are a hole. */
		uint64_t n = i ? 0 : 0x100;
		if (n) {
			add_free(banks[i].pfn, 0xfd);
			model_set_free(&model, banks[i].pfn, 0xfd, true);
		}
		add_free(banks[i].pfn + n, banks[i].n - n);
		model_set_free(&model, banks[i].pfn + n, banks[i].n - n, true);
	}
}

static void compare(void)
{
	uint64_t n_blocks[MODEL_ORDERS];

	model_count_blocks(&model, n_blocks);
	EXPECT_EQ(b.n_free, model.n_free);
	for (unsigned order = 0; order <= BUDDY_TOP; order++)
		EXPECT_EQ(b.n_blocks[order], n_blocks[order]);
}

static bool model_has(unsigned order)
{
	uint64_t n_blocks[MODEL_ORDERS], n = 0;

	model_count_blocks(&model, n_blocks);
	for (; order <= BUDDY_TOP; order++)
		n += n_blocks[order];
	return n;
}

static void keep(const struct buddy_cut *cut)
{
	model_set_free(&model, buddy_pfn(&b, cut->index), 1ull << cut->order, false);
	take(cut);
	EXPECT_EQ(table[cut->index].order, cut->order);
	held[n_held].index = cut->index;
	held[n_held++].order = cut->order;
}

static void give_back(unsigned i)
{
	model_set_free(&model, buddy_pfn(&b, held[i].index), 1ull << held[i].order, true);
	buddy_give(&b, held[i].index, held[i].order);
	held[i] = held[--n_held];
}

static void try_any(unsigned order)
{
	struct buddy_cut cut;

	if (!buddy_find(&b, order, &cut)) {
		EXPECT(!model_has(order));
		return;
	}
	EXPECT(is_aligned(buddy_pfn(&b, cut.index), 1ull << order));
	keep(&cut);
}

static void try_at(unsigned order)
{
	const struct model_bank *bank = &model.banks[draw(model.n_banks)];
	uint64_t pfn = align_down(bank->pfn + draw(bank->n), 1ull << order);
	uint32_t index = buddy_index(&b, pfn);
	struct buddy_cut cut;

	if (index == BUDDY_NONE)
		return;
	bool found = buddy_find_at(&b, index, order, &cut);
	EXPECT_EQ(found, model_all_free(&model, pfn, 1ull << order));
	if (found)
		keep(&cut);
}

TEST(buddy, behaves_as_the_model_does)
{
	struct buddy before;

	randomness.state = 1;
	start_with_banks();
	compare();
	before = b;
	for (unsigned round = 0; round < 4; round++) {
		for (unsigned i = 0; i < 6000; i++) {
			bool grows = draw(100) < (i < 4000 ? 65 : 35);
			/* Small blocks mostly, but now and then any. */
			unsigned order = draw(8) ? draw(7) : draw(BUDDY_TOP + 1);

			if (grows && n_held < MAX_HELD)
				draw(2) ? try_any(order) : try_at(order);
			else if (n_held)
				give_back(draw(n_held));
			EXPECT_EQ(b.n_free, model.n_free);
			if (i % 1000 == 0)
				compare();
		}
		while (n_held)
			give_back(draw(n_held));
		compare();
		/* Each GiB that was whole is whole again, and nothing tells what went on. */
		EXPECT_EQ(b.n_blocks[BUDDY_TOP], 2);
		EXPECT(!memcmp(b.n_blocks, before.n_blocks, sizeof(b.n_blocks)));
		EXPECT(!memcmp(b.gigas, before.gigas, sizeof(b.gigas)));
		EXPECT_EQ(b.n_free, before.n_free);
	}
	model_drop(&model);
}

/* The last frame is found, and what comes back last merges with all the rest. */
TEST(buddy, gives_out_every_frame_and_is_whole_after)
{
	uint32_t n = GIGA_FRAMES;
	struct buddy_cut cut;

	start(GIGAS);
	EXPECT_EQ(buddy_add_bank(&b, 0x80000, n), n);
	add_free(0x80000, n);
	for (uint32_t i = 0; i < n; i++) {
		REQUIRE(buddy_find(&b, 0, &cut));
		take(&cut);
	}
	EXPECT(!buddy_find(&b, 0, &cut));
	EXPECT_EQ(b.n_free, 0);
	EXPECT_EQ(n_pages_there(), BUDDY_PAGES_PER_GIGA);
	for (uint32_t i = 0; i < n; i += 2)
		buddy_give(&b, i, 0);
	EXPECT_EQ(b.n_blocks[0], n / 2);
	for (uint32_t i = 1; i < n; i += 2)
		buddy_give(&b, i, 0);
	EXPECT_EQ(b.n_blocks[BUDDY_TOP], 1);
	EXPECT_EQ(b.n_blocks[0], 0);
	EXPECT_EQ(b.n_free, n);
}
