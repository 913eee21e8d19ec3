/* SPDX-License-Identifier: BSD-2-Clause */
/* A VM's map, promise by promise; several harts at once are gmap_smp_test.c. */
#include "gstage/gmap.h"

#include <errno.h>
#include <string.h>

#include "platform/mmu.h"
#include "tests/kit/kit.h"
#include "tests/unit/gmap_host.h"
#include "tests/unit/own_host.h"

enum { PAGES = 512 }; /* of a 2 MiB leaf */
#define RAM       0x80000000ull
#define UNLIMITED UINT64_MAX

static struct gmap m;

/* ---- A map, and what is in it ---- */

/*
 * What a test looks for: that at one time when all is forgotten, what was mapped here is out of
 * the table and their blocks not yet given back.
 */
static struct {
	unsigned n; /* how often all was forgotten */
	struct gpa at, end;
	struct hpa held[4]; /* ends in 0 */
	bool is_seen;
	bool is_seen_before; /* the leaves stood still, and no fault could find their region */
} flushed;

static void forget(uint64_t tag)
{
	struct gpa at = flushed.at;
	unsigned level;

	EXPECT_EQ(tag, 7);
	flushed.n++;
	if (flushed.is_seen)
		return;
	if (gtable_next_leaf(&m.table, &at, flushed.end, &level)) {
		flushed.is_seen_before |= !gmap_find(&m, at);
		return;
	}
	flushed.is_seen = true;
	for (unsigned i = 0; flushed.held[i].v; i++)
		EXPECT(gmap_host_is_held(flushed.held[i]));
}

static void look_for(uint64_t at, uint64_t size, struct hpa first, struct hpa second)
{
	flushed.at = GPA(at);
	flushed.end = GPA(at + size);
	flushed.held[0] = first;
	flushed.held[1] = second;
	flushed.is_seen = false;
}

static void begin_with(unsigned levels, uint64_t quota)
{
	unsigned last_hart = 0;

	memset(&flushed, 0, sizeof(flushed));
	gmap_host_no_limits();
	REQUIRE_EQ(gmap_init(&m, "vm", levels, quota), 0);
	m.flusher.tag = 7;
	m.flusher.forget = forget;
	EXPECT(flush_note_load(&m.flusher, &m, &last_hart));
}

static void begin(void)
{
	begin_with(GTABLE_SV39X4, UNLIMITED);
}

/* AS8: the books balance after every test. */
static void end(void)
{
	gmap_destroy(&m);
	EXPECT_EQ(gmap_host_n_held(), 0);
	EXPECT_EQ(own_host_n_taken(), 0);
}

static struct region ram(uint64_t at, uint64_t size, enum region_kind kind, unsigned fill_level)
{
	return (struct region){ .at = GPA(at),
				.size = size,
				.kind = kind,
				.rights = kind == REGION_ROM ? GTABLE_R | GTABLE_X : GTABLE_RWX,
				.fill_level = fill_level };
}

static int add(uint64_t at, uint64_t size, enum region_kind kind, unsigned fill_level)
{
	struct region r = ram(at, size, kind, fill_level);

	return gmap_add(&m, &r);
}

static struct region window(uint64_t at, uint64_t host, uint64_t size)
{
	return (struct region){ .at = GPA(at),
				.size = size,
				.kind = REGION_DEVICE,
				.rights = GTABLE_R | GTABLE_W,
				.host = HPA(host) };
}

static int add_window(uint64_t at, uint64_t host, uint64_t size)
{
	struct region r = window(at, host, size);

	return gmap_add(&m, &r);
}

static int fill(uint64_t gpa, enum gtable_rights access)
{
	struct region *r = gmap_find(&m, GPA(gpa));

	return r ? gmap_fill(&m, r, GPA(gpa), access) : -ENXIO;
}

static pte_t leaf_at(uint64_t gpa)
{
	unsigned level;

	return gtable_leaf(&m.table, GPA(gpa), &level);
}

static unsigned level_at(uint64_t gpa)
{
	unsigned level;

	(void)gtable_leaf(&m.table, GPA(gpa), &level);
	return level;
}

static struct hpa hpa_of(uint64_t gpa)
{
	return HPA(pte_hpa(leaf_at(gpa)).v + gpa % gtable_leaf_size(level_at(gpa)));
}

static unsigned char *byte_at(uint64_t gpa)
{
	return gmap_host_byte(hpa_of(gpa));
}

static bool is_zero(uint64_t gpa, uint64_t size)
{
	const unsigned char *p = byte_at(gpa);

	return !p[0] && !memcmp(p, p + 1, size - 1);
}

/* All that a change could change: regions, leaves, frames. */
struct picture {
	unsigned n_regions;
	uint64_t shape, n_held;
};

static struct picture take_picture(void)
{
	const struct region_list *list = m.list;
	struct picture p = { .n_regions = list->n, .n_held = gmap_host_n_held() };
	struct gpa at = GPA(0);
	unsigned level;
	pte_t leaf;

	EXPECT_EQ(m.owner.n_held, p.n_held);
	for (unsigned i = 0; i < list->n; i++)
		p.shape = p.shape * 31 + list->by_address[i].at + list->by_address[i].last +
			  list->by_address[i].region->rights;
	while ((leaf = gtable_next_leaf(&m.table, &at, GPA(gtable_end(&m.table)), &level))) {
		p.shape = p.shape * 31 + at.v + leaf;
		at.v += gtable_leaf_size(level);
	}
	return p;
}

static void expect_same(struct picture before)
{
	struct picture now = take_picture();

	EXPECT_EQ(now.n_regions, before.n_regions);
	EXPECT_EQ(now.shape, before.shape);
	EXPECT_EQ(now.n_held, before.n_held);
}

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
	EXPECT_EQ(gmap_reset(&m), -EBUSY);
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
	EXPECT_EQ(gmap_reset(&m), 0);
	EXPECT_EQ(fill(RAM + 2 * PAGE_SIZE, GTABLE_W), FILL_NEW);
	end();
}

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
	EXPECT_EQ(gmap_reset(&m), 0);
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
		return gmap_reset(&m);
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
		EXPECT_EQ(gmap_reset(&m), 0);
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
