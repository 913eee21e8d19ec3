/* SPDX-License-Identifier: BSD-2-Clause */
/* A VM's map, promise by promise; its changes are gmap_change_test.c, several harts at once are
 * gmap_smp_test.c. */
#include <errno.h>

#include "platform/mmu.h"
#include "tests/unit/gmap_check.h"

/* ---- Kinds ---- */

/* AS3: no entry, no table, no frame stands for what was never touched. */
TEST(gmap, lazy_range_has_no_entries)
{
	begin();
	unsigned n_before = own_host_n_taken();

	REQUIRE_EQ(add(RAM, 512 * MiB, REGION_LAZY, 1), 0);
	REQUIRE_EQ(add(0, MiB, REGION_ROM, 0), 0);
	EXPECT_EQ(own_host_n_taken(), n_before);
	EXPECT_EQ(gmap_host_n_held(), 0);
	EXPECT_EQ(flushed.n, 2); /* old lists are freed when nobody reads them */
	end();
}

/* AX2, AX8: whatever the frame held before; nothing asks what the instruction was. */
TEST(gmap, first_touch_gives_zeroed_memory_of_the_fill_size)
{
	begin();
	REQUIRE_EQ(add(RAM, 8 * MiB, REGION_LAZY, 1), 0);
	REQUIRE_EQ(add(0, MiB, REGION_LAZY, 0), 0);
	EXPECT_EQ(fill(RAM + 3 * MiB + 17, GTABLE_W), FILL_NEW);
	EXPECT_EQ(level_at(RAM + 3 * MiB), GTABLE_2M);
	EXPECT(is_zero(RAM + 2 * MiB, MEGA_SIZE));
	EXPECT_EQ(fill(PAGE_SIZE + 4095, GTABLE_X), FILL_NEW);
	EXPECT_EQ(level_at(PAGE_SIZE), GTABLE_4K);
	EXPECT(is_zero(PAGE_SIZE, PAGE_SIZE));
	EXPECT(!leaf_at(0));
	EXPECT(!leaf_at(2 * PAGE_SIZE));
	EXPECT(!leaf_at(RAM));
	EXPECT(!leaf_at(RAM + 4 * MiB));
	EXPECT_EQ(gmap_host_n_held(), 513);
	end();
}

/* AS7: it gives its frame back and says so; a frame that comes back is no reason to try again. */
TEST(gmap, fill_for_which_no_table_can_be_had_ends)
{
	void **taken = NULL, **page;

	begin();
	REQUIRE_EQ(add(RAM, 4 * MiB, REGION_LAZY, 0), 0);
	while ((page = own_alloc(0))) {
		*page = taken;
		taken = page;
	}
	EXPECT_EQ(fill(RAM, GTABLE_W), -ENOMEM);
	EXPECT_EQ(gmap_host_n_held(), 0);
	while ((page = taken)) {
		taken = *page;
		own_free(page, 0);
	}
	EXPECT_EQ(fill(RAM, GTABLE_W), FILL_NEW);
	end();
}

/* A spurious fault, after another hart was first. */
TEST(gmap, second_touch_finds_what_the_first_brought)
{
	begin();
	REQUIRE_EQ(add(RAM, 4 * MiB, REGION_LAZY, 1), 0);
	REQUIRE_EQ(add(0, MiB, REGION_LAZY, 0), 0);
	for (uint64_t gpa = 0; gpa <= RAM; gpa += RAM) {
		REQUIRE_EQ(fill(gpa, GTABLE_W), FILL_NEW);
		*byte_at(gpa) = 0x5a;
		struct picture before = take_picture();

		EXPECT_EQ(fill(gpa + 8, GTABLE_R), FILL_PRESENT);
		EXPECT_EQ(*byte_at(gpa), 0x5a);
		expect_same(before);
	}
	end();
}

/* AX3: what the guest is told is for who asked; here nothing appears. */
TEST(gmap, access_beyond_the_rights_brings_nothing)
{
	struct region r = ram(RAM, 4 * MiB, REGION_LAZY, 0);

	begin();
	r.rights = GTABLE_R;
	REQUIRE_EQ(gmap_add(&m, &r), 0);
	REQUIRE_EQ(add(0, MiB, REGION_ROM, 0), 0);
	EXPECT_EQ(fill(RAM, GTABLE_W), -EACCES);
	EXPECT_EQ(fill(RAM, GTABLE_X), -EACCES);
	EXPECT_EQ(fill(0, GTABLE_W), -EACCES);
	EXPECT_EQ(gmap_host_n_held(), 0);
	EXPECT_EQ(fill(RAM, GTABLE_R), FILL_NEW);
	EXPECT_EQ(fill(RAM, GTABLE_W), -EACCES);
	EXPECT_EQ(leaf_at(RAM) & PTE_RWX, GTABLE_R);
	EXPECT_EQ(fill(0, GTABLE_X), FILL_NEW);
	EXPECT_EQ(leaf_at(0) & PTE_RWX, GTABLE_R | GTABLE_X);
	end();
}

/* AX5. */
TEST(gmap, each_kind_has_behind_it_what_it_says)
{
	begin();
	REQUIRE_EQ(add(RAM, 4 * MiB, REGION_LAZY, 1), 0);
	REQUIRE_EQ(add(RAM + 4 * MiB, 4 * MiB, REGION_EAGER, 0), 0);
	REQUIRE_EQ(add(RAM + 8 * MiB, MiB, REGION_RESERVED, 0), 0);
	REQUIRE_EQ(add(RAM + 9 * MiB, MiB, REGION_ROM, 0), 0);
	REQUIRE_EQ(add_window(RAM + 10 * MiB, 0x10000000, MiB), 0);
	REQUIRE_EQ(add(RAM + 11 * MiB, PAGE_SIZE, REGION_EMULATED, 0), 0);
	EXPECT_EQ(fill(RAM, GTABLE_R), FILL_NEW);
	EXPECT_EQ(fill(RAM + 4 * MiB, GTABLE_R), FILL_PRESENT);
	EXPECT_EQ(fill(RAM + 8 * MiB, GTABLE_R), -EFAULT);
	EXPECT_EQ(fill(RAM + 9 * MiB, GTABLE_R), FILL_NEW);
	EXPECT_EQ(fill(RAM + 10 * MiB, GTABLE_R), FILL_PRESENT);
	EXPECT_EQ(fill(RAM + 11 * MiB, GTABLE_R), -EFAULT);
	EXPECT_EQ(fill(RAM + 12 * MiB, GTABLE_R), -ENXIO);
	EXPECT_EQ(fill(RAM - 1, GTABLE_R), -ENXIO);
	EXPECT_EQ(gmap_host_n_held(), 3 * PAGES + 1);
	end();
}

TEST(gmap, eager_memory_is_there_zeroed_by_the_largest_leaves_that_fit)
{
	begin();
	REQUIRE_EQ(add(GIGA_SIZE - MEGA_SIZE - PAGE_SIZE, GIGA_SIZE + MEGA_SIZE + 2 * PAGE_SIZE,
		       REGION_EAGER, 0),
		   0);
	EXPECT_EQ(level_at(GIGA_SIZE - MEGA_SIZE - PAGE_SIZE), GTABLE_4K);
	EXPECT_EQ(level_at(GIGA_SIZE - MEGA_SIZE), GTABLE_2M);
	EXPECT_EQ(level_at(GIGA_SIZE), GTABLE_1G);
	EXPECT_EQ(level_at(2 * GIGA_SIZE), GTABLE_4K);
	EXPECT(is_zero(GIGA_SIZE - MEGA_SIZE, MEGA_SIZE));
	EXPECT_EQ(gmap_host_n_held(), PAGES * PAGES + PAGES + 2);
	end();
}

TEST(gmap, eager_memory_does_with_smaller_blocks_where_no_large_one_is_free)
{
	begin();
	gmap_host_limit(ORDER_GIGA, 0);
	gmap_host_limit(ORDER_MEGA, 1);
	REQUIRE_EQ(add(RAM, 4 * MiB, REGION_EAGER, 0), 0);
	EXPECT_EQ(level_at(RAM), GTABLE_2M);
	EXPECT_EQ(level_at(RAM + MEGA_SIZE), GTABLE_4K);
	EXPECT_EQ(gmap_host_n_held(), 2 * PAGES);
	end();
}

/* AX14 of it: no leaf larger than what is the region's alone. */
TEST(gmap, large_leaf_that_would_stick_out_of_the_region_is_filled_by_pages)
{
	begin();
	REQUIRE_EQ(add(RAM + PAGE_SIZE, 4 * MiB, REGION_LAZY, 1), 0);
	EXPECT_EQ(fill(RAM + MEGA_SIZE - 1, GTABLE_W), FILL_NEW);
	EXPECT_EQ(level_at(RAM + MEGA_SIZE - 1), GTABLE_4K);
	EXPECT_EQ(fill(RAM + MEGA_SIZE, GTABLE_W), FILL_NEW);
	EXPECT_EQ(level_at(RAM + MEGA_SIZE), GTABLE_2M);
	EXPECT_EQ(fill(RAM + 2 * MEGA_SIZE, GTABLE_W), FILL_NEW);
	EXPECT_EQ(level_at(RAM + 2 * MEGA_SIZE), GTABLE_4K);
	EXPECT_EQ(gmap_host_n_held(), PAGES + 2);
	end();
}

TEST(gmap, pages_do_where_no_large_block_is_free)
{
	begin();
	gmap_host_limit(ORDER_MEGA, 0);
	REQUIRE_EQ(add(RAM, 4 * MiB, REGION_LAZY, 1), 0);
	EXPECT_EQ(fill(RAM + PAGE_SIZE, GTABLE_W), FILL_NEW);
	gmap_host_no_limits();
	uint64_t n_zeroed = gmap_host_n_zeroed();

	EXPECT_EQ(fill(RAM, GTABLE_W), FILL_NEW); /* a table stands there now */
	EXPECT_EQ(gmap_host_n_zeroed() - n_zeroed, PAGE_SIZE);
	EXPECT_EQ(level_at(RAM), GTABLE_4K);
	EXPECT_EQ(gmap_host_n_held(), 2);
	end();
}

/* ---- Windows (AX7) ---- */

TEST(gmap, window_leads_from_each_page_to_its_own)
{
	static const struct {
		uint64_t at, host, size;
	} w[] = {
		{ 0x10000000, 0x20005000, 0x3000 },
		{ 0x10003000, 0x20008000, 0x1000 }, /* goes on on both sides */
		{ 0x10004000, 0x20000000, 0x5000 }, /* on one side only; the hosts overlap */
		{ 0x10200000, 0x40200000, 0x201000 },
		{ 0x1fffff000, 0x3000, 0x1000 },
	};

	begin();
	for (unsigned i = ARRAY_LEN(w); i--;)
		REQUIRE_EQ(add_window(w[i].at, w[i].host, w[i].size), 0);
	for (unsigned i = 0; i < ARRAY_LEN(w); i++)
		for (uint64_t o = 0; o < w[i].size; o += PAGE_SIZE) {
			EXPECT_EQ(hpa_of(w[i].at + o + 0x123).v, w[i].host + o + 0x123);
			EXPECT_EQ(leaf_at(w[i].at + o) & PTE_RWX, GTABLE_R | GTABLE_W);
		}
	EXPECT_EQ(level_at(0x10200000), GTABLE_2M);
	EXPECT(!leaf_at(0x10009000));
	EXPECT(!leaf_at(0x10401000));
	EXPECT_EQ(gmap_remove(&m, GPA(0x10003000), 0x1000), 0);
	EXPECT(leaf_at(0x10002000) && !leaf_at(0x10003000) && leaf_at(0x10004000));
	EXPECT_EQ(m.owner.n_held, 0); /* they are nobody's frames */
	end();
}

TEST(gmap, window_beyond_what_an_entry_can_say_is_refused)
{
	begin();
	EXPECT_EQ(add_window(RAM, BIT(56) - PAGE_SIZE, 2 * PAGE_SIZE), -EINVAL);
	EXPECT_EQ(add_window(RAM, BIT(56) - PAGE_SIZE, PAGE_SIZE), 0);
	EXPECT_EQ(add_window(RAM + PAGE_SIZE, 0x800, PAGE_SIZE), -EINVAL);
	end();
}

/* ---- The root (AX9) ---- */

TEST(gmap, every_quarter_of_an_aligned_root_serves_in_every_mode)
{
	for (unsigned levels = GTABLE_SV39X4; levels <= GTABLE_SV57X4; levels++) {
		uint64_t quarter = BIT(PAGE_SHIFT + 9 * levels);

		begin_with(levels, UNLIMITED);
		EXPECT(is_aligned(own_hpa(m.table.root).v, 16 * KiB));
		for (unsigned q = 0; q < 4; q++) {
			REQUIRE_EQ(add(q * quarter, MiB, REGION_LAZY, 0), 0);
			REQUIRE_EQ(add((q + 1) * quarter - PAGE_SIZE, PAGE_SIZE, REGION_LAZY, 0),
				   0);
		}
		for (unsigned q = 0; q < 4; q++) {
			EXPECT_EQ(fill(q * quarter, GTABLE_W), FILL_NEW);
			EXPECT_EQ(fill((q + 1) * quarter - 1, GTABLE_W), FILL_NEW);
		}
		EXPECT_EQ(gmap_host_n_held(), 8);
		EXPECT_EQ(add(4 * quarter, PAGE_SIZE, REGION_LAZY, 0), -ERANGE);
		EXPECT_EQ(add(4 * quarter - MiB, 2 * MiB, REGION_LAZY, 0), -ERANGE);
		end();
	}
}

/* ---- Errors (AX10, AS1, AS7) ---- */

TEST(gmap, add_says_what_is_wrong)
{
	struct region r = ram(RAM, MiB, REGION_LAZY, 0);

	begin();
	REQUIRE_EQ(add(RAM + 4 * MiB, MiB, REGION_LAZY, 0), 0);
	struct picture before = take_picture();

	EXPECT_EQ(add(RAM, 0, REGION_LAZY, 0), -EINVAL);
	EXPECT_EQ(add(RAM + 8, MiB, REGION_LAZY, 0), -EINVAL);
	EXPECT_EQ(add(RAM, MiB + 8, REGION_LAZY, 0), -EINVAL);
	EXPECT_EQ(add(RAM, MiB, N_REGION_KINDS, 0), -EINVAL);
	EXPECT_EQ(add(RAM, MiB, REGION_LAZY, 2), -EINVAL);
	static const enum gtable_rights bad[] = { 0, GTABLE_W, GTABLE_W | GTABLE_X,
						  GTABLE_R | PTE_G };

	for (unsigned i = 0; i < ARRAY_LEN(bad); i++) {
		r.rights = bad[i];
		EXPECT_EQ(gmap_add(&m, &r), -EINVAL);
	}
	r = ram(RAM, MiB, REGION_ROM, 0);
	r.rights = GTABLE_RWX;
	EXPECT_EQ(gmap_add(&m, &r), -EINVAL);
	EXPECT_EQ(add(BIT(41), MiB, REGION_LAZY, 0), -ERANGE);
	EXPECT_EQ(add(BIT(41) - MiB, 2 * MiB, REGION_RESERVED, 0), -ERANGE);
	EXPECT_EQ(add(RAM, -RAM, REGION_LAZY, 0), -ERANGE);
	EXPECT_EQ(add(RAM + 5 * MiB - PAGE_SIZE, MiB, REGION_LAZY, 0), -EEXIST);
	EXPECT_EQ(add(RAM + 3 * MiB, MiB + PAGE_SIZE, REGION_EAGER, 0), -EEXIST);
	EXPECT_EQ(add(RAM, 16 * MiB, REGION_RESERVED, 0), -EEXIST);
	EXPECT_EQ(add(RAM + 4 * MiB, MiB, REGION_EMULATED, 0), -EEXIST);
	expect_same(before);
	EXPECT_EQ(add(RAM + 3 * MiB, MiB, REGION_EAGER, 0), 0); /* beside is not over */
	EXPECT_EQ(add(RAM + 5 * MiB, MiB, REGION_RESERVED, 0), 0);
	end();
}

TEST(gmap, list_of_regions_is_sorted_and_ends)
{
	begin();
	for (uint64_t i = 0; i < GMAP_REGIONS; i++)
		REQUIRE_EQ(add(RAM + i * 37 % 64 * MiB, MiB, REGION_RESERVED, 0), 0);
	EXPECT_EQ(add(0, MiB, REGION_RESERVED, 0), -ENOSPC);
	const struct region_list *list = m.list;

	EXPECT_EQ(list->n, GMAP_REGIONS);
	for (unsigned i = 1; i < list->n; i++)
		EXPECT(list->by_address[i].at > list->by_address[i - 1].last);
	for (uint64_t i = 0; i < 64; i++) {
		const struct region *r = gmap_find(&m, GPA(RAM + i * MiB + 5));
		bool is_there = false;

		for (uint64_t j = 0; j < GMAP_REGIONS; j++)
			is_there |= j * 37 % 64 == i;
		EXPECT_EQ(!!r, is_there);
		EXPECT(!r || r->at.v == RAM + i * MiB);
	}
	end();
}

/* The order in which things are looked at: range, then region, then rights, then what is behind. */
TEST(gmap, remove_and_protect_say_what_is_wrong)
{
	begin();
	REQUIRE_EQ(add(RAM, 4 * MiB, REGION_EAGER, 0), 0);
	REQUIRE_EQ(add(0, MiB, REGION_ROM, 0), 0);
	struct picture before = take_picture();
	static const struct {
		uint64_t at, size;
		int due;
	} bad[] = {
		{ RAM, 0, -EINVAL },
		{ RAM + 1, 4 * MiB, -EINVAL },
		{ RAM, 4 * MiB - 1, -EINVAL },
		{ BIT(41), MiB, -ERANGE },
		{ RAM, -PAGE_SIZE, -ERANGE },
		{ RAM, 2 * MiB, -ENOENT },
		{ RAM + 2 * MiB, 2 * MiB, -ENOENT },
		{ RAM, 8 * MiB, -ENOENT },
		{ 4 * RAM, 4 * MiB, -ENOENT },
	};

	for (unsigned i = 0; i < ARRAY_LEN(bad); i++) {
		EXPECT_EQ(gmap_remove(&m, GPA(bad[i].at), bad[i].size), bad[i].due);
		EXPECT_EQ(gmap_protect(&m, GPA(bad[i].at), bad[i].size, GTABLE_W), bad[i].due);
	}
	EXPECT_EQ(gmap_protect(&m, GPA(RAM), 4 * MiB, 0), -EINVAL);
	EXPECT_EQ(gmap_protect(&m, GPA(RAM), 4 * MiB, GTABLE_W), -EINVAL);
	EXPECT_EQ(gmap_protect(&m, GPA(RAM), 4 * MiB, GTABLE_R | PTE_G), -EINVAL);
	EXPECT_EQ(gmap_protect(&m, GPA(0), MiB, GTABLE_RWX), -EINVAL);
	expect_same(before);
	end();
}

TEST(gmap, what_is_pinned_cannot_be_taken_away)
{
	begin();
	REQUIRE_EQ(add(RAM, 4 * MiB, REGION_EAGER, 0), 0);
	REQUIRE_EQ(add(0, MiB, REGION_LAZY, 0), 0);
	REQUIRE_EQ(fill(0, GTABLE_R), FILL_NEW);
	gmap_find(&m, GPA(RAM))->is_pinned = true;
	struct picture before = take_picture();

	EXPECT_EQ(gmap_remove(&m, GPA(RAM), 4 * MiB), -EBUSY);
	EXPECT_EQ(gmap_protect(&m, GPA(RAM), 4 * MiB, GTABLE_R), -EBUSY);
	EXPECT_EQ(gmap_reset(&m, NULL), -EBUSY);
	expect_same(before);
	gmap_find(&m, GPA(RAM))->is_pinned = false;
	EXPECT_EQ(gmap_remove(&m, GPA(RAM), 4 * MiB), 0);
	end();
}

/* AX8: to the frame, and what was refused is had again once something went back. */
TEST(gmap, quota_bounds_what_appears)
{
	begin_with(GTABLE_SV39X4, 2);
	REQUIRE_EQ(add(RAM, 4 * MiB, REGION_LAZY, 0), 0);
	EXPECT_EQ(fill(RAM, GTABLE_W), FILL_NEW);
	EXPECT_EQ(fill(RAM + PAGE_SIZE, GTABLE_W), FILL_NEW);
	struct picture before = take_picture();

	EXPECT_EQ(fill(RAM + 2 * PAGE_SIZE, GTABLE_W), -EDQUOT);
	EXPECT_EQ(add(0, PAGE_SIZE, REGION_EAGER, 0), -EDQUOT);
	EXPECT_EQ(fill(RAM, GTABLE_W), FILL_PRESENT); /* not what a hart that lost its race gets */
	expect_same(before);
	EXPECT_EQ(gmap_reset(&m, NULL), 0);
	EXPECT_EQ(fill(RAM + 2 * PAGE_SIZE, GTABLE_W), FILL_NEW);
	end();
}
