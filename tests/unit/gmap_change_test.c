/* SPDX-License-Identifier: BSD-2-Clause */
/* A VM's map at run time, out of memory, and from one life to the next. */
#include <errno.h>

#include "tests/unit/gmap_check.h"

/* ---- Changes at run time (AX10) ---- */

/* The frames are free, and the guest that had them has forgotten, in this order. */
TEST(gmap, every_hart_forgets_after_the_entries_go_and_before_the_frames_do)
{
	begin();
	REQUIRE_EQ(add(RAM, 4 * MiB, REGION_LAZY, 1), 0);
	REQUIRE_EQ(add(RAM + 4 * MiB, 4 * MiB, REGION_LAZY, 0), 0);
	REQUIRE_EQ(fill(RAM, GTABLE_W), FILL_NEW);
	REQUIRE_EQ(fill(RAM + 4 * MiB, GTABLE_W), FILL_NEW);
	REQUIRE_EQ(fill(RAM + 5 * MiB, GTABLE_W), FILL_NEW);
	struct hpa large = hpa_of(RAM), small = hpa_of(RAM + 4 * MiB),
		   other = hpa_of(RAM + 5 * MiB);

	look_for(RAM, 4 * MiB, large, HPA(0));
	EXPECT_EQ(gmap_remove(&m, GPA(RAM), 4 * MiB), 0);
	EXPECT(flushed.is_seen);
	EXPECT(!gmap_host_is_held(large));
	EXPECT(!gmap_find(&m, GPA(RAM)));
	look_for(RAM + 4 * MiB, 4 * MiB, small, other);
	EXPECT_EQ(gmap_reset(&m, NULL), 0);
	EXPECT(flushed.is_seen);
	EXPECT(!gmap_host_is_held(small) && !gmap_host_is_held(other));
	REQUIRE_EQ(fill(RAM + 4 * MiB, GTABLE_W), FILL_NEW);
	look_for(RAM + 4 * MiB, 4 * MiB, hpa_of(RAM + 4 * MiB), HPA(0));
	end();
	EXPECT(flushed.is_seen);
}

/* The first forgetting of a removal is for the list: no fault may still know the region. */
TEST(gmap, region_is_out_of_the_list_before_its_entries_go)
{
	begin();
	REQUIRE_EQ(add(RAM, 4 * MiB, REGION_EAGER, 0), 0);
	look_for(RAM, 4 * MiB, hpa_of(RAM), HPA(0));

	EXPECT_EQ(gmap_remove(&m, GPA(RAM), 4 * MiB), 0);
	EXPECT(flushed.is_seen);
	EXPECT(flushed.is_seen_before);
	end();
}

/* More leaves than one round takes. */
TEST(gmap, large_regions_of_small_leaves_go_in_rounds)
{
	enum { N = 1500 };

	begin();
	REQUIRE_EQ(add(RAM, 64 * MiB, REGION_LAZY, 0), 0);
	for (uint64_t i = 0; i < N; i++)
		REQUIRE_EQ(fill(RAM + i * 37 % 16384 * PAGE_SIZE, GTABLE_W), FILL_NEW);
	EXPECT_EQ(gmap_host_n_held(), N);
	EXPECT_EQ(gmap_remove(&m, GPA(RAM), 64 * MiB), 0);
	EXPECT_EQ(gmap_host_n_held(), 0);
	EXPECT(!leaf_at(RAM));
	EXPECT_EQ(m.table.n_pages, 1); /* what is wider than the region */
	end();
}

TEST(gmap, protect_changes_what_is_there_and_what_appears_later)
{
	begin();
	REQUIRE_EQ(add(RAM, 4 * MiB, REGION_LAZY, 0), 0);
	REQUIRE_EQ(add(RAM + 4 * MiB, PAGE_SIZE, REGION_EAGER, 0), 0);
	REQUIRE_EQ(fill(RAM, GTABLE_W), FILL_NEW);
	unsigned n = flushed.n;

	EXPECT_EQ(gmap_protect(&m, GPA(RAM), 4 * MiB, GTABLE_R), 0);
	EXPECT(flushed.n > n);
	EXPECT_EQ(leaf_at(RAM) & PTE_RWX, GTABLE_R);
	EXPECT_EQ(fill(RAM, GTABLE_W), -EACCES);
	EXPECT_EQ(fill(RAM + PAGE_SIZE, GTABLE_W), -EACCES);
	EXPECT_EQ(fill(RAM + PAGE_SIZE, GTABLE_R), FILL_NEW);
	EXPECT_EQ(leaf_at(RAM + PAGE_SIZE) & PTE_RWX, GTABLE_R);
	EXPECT_EQ(leaf_at(RAM + 4 * MiB) & PTE_RWX, GTABLE_RWX); /* the neighbour */
	EXPECT_EQ(gmap_protect(&m, GPA(RAM), 4 * MiB, GTABLE_RWX), 0);
	EXPECT_EQ(leaf_at(RAM + PAGE_SIZE) & PTE_RWX, GTABLE_RWX);
	EXPECT_EQ(fill(RAM, GTABLE_W), FILL_PRESENT);
	end();
}

/* A table that lost its last leaf must not keep larger ones out. */
TEST(gmap, region_where_a_smaller_one_was_has_large_leaves_again)
{
	begin();
	for (unsigned i = 0; i < 3; i++) {
		REQUIRE_EQ(add(RAM + MiB, PAGE_SIZE, REGION_EAGER, 0), 0);
		REQUIRE_EQ(gmap_remove(&m, GPA(RAM + MiB), PAGE_SIZE), 0);
		if (i == 0)
			EXPECT_EQ(add(RAM, 4 * MiB, REGION_EAGER, 0), 0);
		if (i == 1)
			EXPECT_EQ(add_window(RAM, RAM, 4 * MiB), 0);
		if (i == 2)
			EXPECT_EQ(add(RAM, 4 * MiB, REGION_LAZY, 1), 0);
		EXPECT(fill(RAM + 5, GTABLE_R) >= 0);
		EXPECT_EQ(level_at(RAM), GTABLE_2M);
		REQUIRE_EQ(gmap_remove(&m, GPA(RAM), 4 * MiB), 0);
	}
	end();
}

/* ---- Out of memory, wherever (AS8) ---- */

enum operation {
	ADD_LAZY,
	ADD_EAGER,
	ADD_ROM,
	ADD_DEVICE,
	ADD_EMULATED,
	FILL_PAGE,
	FILL_LARGE,
	REMOVE,
	PROTECT,
	RESET,
	N_OPERATIONS
};

static int operate(enum operation o)
{
	switch (o) {
	case ADD_LAZY:
		return add(0, 4 * MiB, REGION_LAZY, 1);
	case ADD_EAGER:
		return add(4 * GIGA_SIZE - MEGA_SIZE - 8 * KiB, 2 * MEGA_SIZE, REGION_EAGER, 0);
	case ADD_ROM:
		return add(0, 4 * MiB, REGION_ROM, 0);
	case ADD_DEVICE:
		return add_window(GIGA_SIZE - MEGA_SIZE - 8 * KiB, RAM - MEGA_SIZE, 2 * MEGA_SIZE);
	case ADD_EMULATED:
		return add(0, PAGE_SIZE, REGION_EMULATED, 0);
	case FILL_PAGE:
		return fill(RAM + 8 * MiB, GTABLE_W);
	case FILL_LARGE:
		return fill(RAM + MEGA_SIZE, GTABLE_W);
	case REMOVE:
		return gmap_remove(&m, GPA(RAM), 8 * MiB);
	case PROTECT:
		return gmap_protect(&m, GPA(RAM), 8 * MiB, GTABLE_R);
	default:
		return gmap_reset(&m, NULL);
	}
}

/* True: it was enough. */
static bool try_with_failure(enum operation o, enum gmap_host_kind kind, unsigned n)
{
	begin();
	REQUIRE_EQ(add(RAM, 8 * MiB, REGION_LAZY, 1), 0);
	REQUIRE_EQ(add(RAM + 8 * MiB, MiB, REGION_LAZY, 0), 0);
	REQUIRE_EQ(add(RAM + 9 * MiB, 3 * PAGE_SIZE, REGION_EAGER, 0), 0);
	REQUIRE_EQ(fill(RAM, GTABLE_W), FILL_NEW);
	struct picture before = take_picture();

	gmap_host_fail_at(kind, n);
	int got = operate(o);

	gmap_host_fail_at(kind, 0);
	if (got) {
		EXPECT_EQ(got, -ENOMEM);
		if (o != RESET)
			expect_same(before);
		EXPECT_EQ(operate(o), 0); /* and the next try finds all as it was */
	}
	EXPECT_EQ(m.owner.n_held, gmap_host_n_held());
	end();
	return !got;
}

TEST(gmap, out_of_memory_at_any_allocation_changes_nothing)
{
	unsigned n_failed = 0;

	for (unsigned o = 0; o < N_OPERATIONS; o++)
		for (unsigned kind = 0; kind < N_FAIL_KINDS; kind++) {
			unsigned n = 1, n_good = 0;

			/* A failure may be made up for by smaller blocks. */
			for (; n_good < 4 && n < 2000; n++)
				n_good = try_with_failure(o, kind, n) ? n_good + 1 : 0;
			n_failed += n - 1 - n_good;
		}
	EXPECT(n_failed > 40);
}

TEST(gmap, map_that_cannot_begin_leaves_nothing)
{
	for (unsigned kind = 0; kind < FAIL_FRAMES; kind++) {
		gmap_host_fail_at(kind, 1);
		EXPECT_EQ(gmap_init(&m, "vm", GTABLE_SV48X4, 0), -ENOMEM);
		gmap_host_fail_at(kind, 0);
		EXPECT(!m.table.root);
		EXPECT_EQ(own_host_n_taken(), 0);
	}
}

/* ---- Life (AX17, AX8) ---- */

/* What a guest wrote, or another one, is never seen again. */
TEST(gmap, reset_gives_memory_as_at_the_first_start_any_number_of_times)
{
	begin();
	REQUIRE_EQ(add(RAM, 8 * MiB, REGION_LAZY, 1), 0);
	REQUIRE_EQ(add(RAM + 8 * MiB, MEGA_SIZE + PAGE_SIZE, REGION_EAGER, 0), 0);
	REQUIRE_EQ(add(0, MiB, REGION_ROM, 0), 0);
	REQUIRE_EQ(add_window(MiB, 0, MiB), 0);
	struct picture fresh = take_picture();
	unsigned n_tables = 0;

	for (unsigned round = 0; round < 30; round++) {
		EXPECT_EQ(fill(RAM + round % 4 * MEGA_SIZE, GTABLE_W), FILL_NEW);
		EXPECT_EQ(fill(round * PAGE_SIZE, GTABLE_R), FILL_NEW);
		EXPECT(is_zero(RAM + 8 * MiB, MEGA_SIZE));
		EXPECT(is_zero(RAM + 8 * MiB + MEGA_SIZE, PAGE_SIZE));
		EXPECT(is_zero(RAM + round % 4 * MEGA_SIZE, MEGA_SIZE));
		*byte_at(RAM + 8 * MiB) = 1;
		*byte_at(RAM + round % 4 * MEGA_SIZE) = 1;
		EXPECT_EQ(gmap_reset(&m, NULL), 0);
		EXPECT_EQ(take_picture().n_held, fresh.n_held);
		EXPECT(!leaf_at(RAM + round % 4 * MEGA_SIZE));
		if (!round)
			n_tables = own_host_n_taken();
		EXPECT_EQ(own_host_n_taken(), n_tables);
	}
	end();
}

TEST(gmap, map_can_end_and_begin_again)
{
	for (unsigned round = 0; round < 20; round++) {
		begin_with(GTABLE_SV39X4 + round % 3, UNLIMITED);
		REQUIRE_EQ(add(RAM, 4 * MiB, REGION_EAGER, 0), 0);
		EXPECT(is_zero(RAM, MEGA_SIZE));
		*byte_at(RAM + round) = 1;
		end();
	}
}

/* What a reset with pauses did since the last one. */
static struct {
	unsigned n, ends_at;
	uint64_t n_zeroed;
} paused;

static int pause_reset(struct gmap *map)
{
	uint64_t n_zeroed = gmap_host_n_zeroed();

	EXPECT(map == &m);
	EXPECT(n_zeroed - paused.n_zeroed <= MEGA_SIZE);
	paused.n_zeroed = n_zeroed;
	return ++paused.n == paused.ends_at ? -ECANCELED : 0;
}

static int reset_with_pauses(unsigned ends_at)
{
	paused.n = 0;
	paused.ends_at = ends_at;
	paused.n_zeroed = gmap_host_n_zeroed();
	return gmap_reset(&m, pause_reset);
}

/* A page, 2 MiB, 1 GiB in pieces, a page: 515 pauses. */
TEST(gmap, reset_pauses_after_each_2_mib_that_it_zeroed_and_may_end_there)
{
	static const unsigned ends[] = { 1, 2, 3, 300, 2 + PAGES, 3 + PAGES };
	const uint64_t size = GIGA_SIZE + MEGA_SIZE + 2 * PAGE_SIZE;

	begin();
	REQUIRE_EQ(add(GIGA_SIZE - MEGA_SIZE - PAGE_SIZE, size, REGION_EAGER, 0), 0);
	uint64_t n_zeroed = gmap_host_n_zeroed();

	EXPECT_EQ(reset_with_pauses(0), 0);
	EXPECT_EQ(paused.n, 3 + PAGES);
	EXPECT_EQ(gmap_host_n_zeroed() - n_zeroed, size);
	EXPECT_EQ(level_at(GIGA_SIZE), GTABLE_1G);
	EXPECT_EQ(gmap_host_n_held(), size / PAGE_SIZE);
	for (unsigned i = 0; i < ARRAY_LEN(ends); i++) {
		EXPECT_EQ(reset_with_pauses(ends[i]), -ECANCELED);
		EXPECT_EQ(paused.n, ends[i]);
		EXPECT(!leaf_at(2 * GIGA_SIZE));
		/* The block that was being zeroed went back. */
		EXPECT_EQ(gmap_host_n_held(), ends[i] == 1           ? 0
					      : ends[i] == 2         ? 1
					      : ends[i] <= 2 + PAGES ? 1 + PAGES
								     : 1 + PAGES + PAGES * PAGES);
		EXPECT_EQ(m.owner.n_held, gmap_host_n_held());
	}
	EXPECT_EQ(reset_with_pauses(0), 0);
	EXPECT_EQ(gmap_host_n_held(), size / PAGE_SIZE);
	end();
}
