/* SPDX-License-Identifier: BSD-2-Clause */
/* Guest memory by address: across pages, leaves and regions, and where it must fail. */
#include "gstage/gmap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/kit/kit.h"
#include "tests/unit/gmap_host.h"
#include "tests/unit/own_host.h"

/* Neighbours: RAM by 2 MiB leaves, by pages, and read-only by 2 MiB leaves; then nothing. */
enum { PAGED_SIZE = 64 * 1024 };
#define RAM   0x80000000ull
#define PAGED (RAM + 8 * MiB)
#define ROM   0x1000ull
#define RDO   (RAM + 16 * MiB)
#define IO    0x10000000ull
#define SIZE  (6 * MiB)

static struct gmap m;
static unsigned char *here, *back;

static void add(uint64_t at, uint64_t size, enum region_kind kind, enum gtable_rights rights,
		unsigned fill_level)
{
	struct region r = { .at = GPA(at),
			    .size = size,
			    .kind = kind,
			    .rights = rights,
			    .fill_level = fill_level };

	REQUIRE_EQ(gmap_add(&m, &r), 0);
}

static void begin_with_quota(uint64_t quota)
{
	gmap_host_no_limits();
	REQUIRE_EQ(gmap_init(&m, "vm", GTABLE_SV39X4, quota), 0);
	add(RAM, 8 * MiB, REGION_LAZY, GTABLE_RWX, 1);
	add(PAGED, PAGED_SIZE, REGION_LAZY, GTABLE_RWX, 0);
	add(RDO, 8 * MiB, REGION_LAZY, GTABLE_R, 1);
	add(ROM, 4 * PAGE_SIZE, REGION_ROM, GTABLE_R | GTABLE_X, 0);
	add(IO, PAGE_SIZE, REGION_DEVICE, GTABLE_R | GTABLE_W, 0);
	add(IO + PAGE_SIZE, PAGE_SIZE, REGION_EMULATED, GTABLE_R | GTABLE_W, 0);
	here = malloc(SIZE);
	back = calloc(1, SIZE);
	REQUIRE(here && back);
	srand(1);
	for (unsigned i = 0; i < SIZE; i++)
		here[i] = (unsigned char)(rand() >> 8);
}

static void begin(void)
{
	begin_with_quota(UINT64_MAX);
}

static void end(void)
{
	gmap_destroy(&m);
	EXPECT_EQ(gmap_host_n_held(), 0);
	EXPECT_EQ(own_host_n_taken(), 0);
	free(here);
	free(back);
}

static void expect_at(uint64_t gpa, const void *bytes, size_t n)
{
	REQUIRE(n <= SIZE);
	EXPECT_EQ(guest_copy_in(&m, back, GPA(gpa), n), 0);
	EXPECT(!memcmp(back, bytes, n));
}

static bool is_zero(uint64_t gpa, size_t n)
{
	unsigned char any = 0;

	REQUIRE_EQ(guest_copy_in(&m, back, GPA(gpa), n), 0);
	for (size_t i = 0; i < n; i++)
		any |= back[i];
	return !any;
}

/* ---- Copying (AX11) ---- */

TEST(gmem, copies_go_across_pages_leaves_and_regions)
{
	static const uint64_t edges[] = { RAM, RAM + PAGE_SIZE, RAM + 2 * MiB, PAGED,
					  PAGED + PAGE_SIZE };
	static const uint64_t sizes[] = { 1, 7, 8, 4096, 4097, 12288 };

	begin();
	for (unsigned e = 0; e < ARRAY_LEN(edges); e++)
		for (unsigned s = 0; s < ARRAY_LEN(sizes); s++)
			for (uint64_t before = 0; before <= sizes[s]; before += 1 + sizes[s] / 3) {
				uint64_t at = edges[e] - before < RAM ? RAM : edges[e] - before;
				const unsigned char *bytes = here + rand() % MiB;

				EXPECT_EQ(guest_copy_out(&m, GPA(at), bytes, sizes[s]), 0);
				expect_at(at, bytes, sizes[s]);
			}
	EXPECT_EQ(guest_copy_out(&m, GPA(RAM + MiB), here, SIZE), 0);
	expect_at(RAM + MiB, here, SIZE);
	EXPECT_EQ(guest_copy_in(&m, NULL, GPA(0), 0), 0);
	end();
}

TEST(gmem, what_was_never_touched_appears_and_is_zero)
{
	begin();
	EXPECT_EQ(gmap_host_n_held(), 0);
	EXPECT(is_zero(RAM + 2 * MiB - 100, 200));
	EXPECT_EQ(gmap_host_n_held(), 1024);
	EXPECT(is_zero(PAGED + 4095, 2));
	EXPECT_EQ(gmap_host_n_held(), 1026);
	end();
}

/* AX3, AS7: as far as the guest itself could, and what lies before has been copied. */
TEST(gmem, copies_end_where_memory_or_its_rights_do)
{
	begin();
	EXPECT_EQ(guest_copy_in(&m, back, GPA(0), 1), -EFAULT);
	EXPECT_EQ(guest_copy_in(&m, back, GPA(IO), 1), -EFAULT);
	EXPECT_EQ(guest_copy_in(&m, back, GPA(IO + PAGE_SIZE), 1), -EFAULT);
	EXPECT_EQ(guest_copy_out(&m, GPA(IO), back, 1), -EFAULT);
	EXPECT_EQ(guest_copy_out(&m, GPA(ROM), back, 1), -EFAULT);
	EXPECT_EQ(guest_copy_out(&m, GPA(RDO), back, 1), -EFAULT);
	EXPECT_EQ(guest_copy_in(&m, back, GPA(RDO), 1), 0);
	EXPECT_EQ(guest_copy_out(&m, GPA(PAGED + PAGED_SIZE - 5), here, 6), -EFAULT);
	expect_at(PAGED + PAGED_SIZE - 5, here, 5);
	EXPECT_EQ(guest_copy_in(&m, back, GPA(UINT64_MAX), 2), -EFAULT);
	EXPECT_EQ(guest_copy_in(&m, back, GPA(gtable_end(&m.table)), 1), -EFAULT);
	EXPECT_EQ(gmap_protect(&m, GPA(RDO), 8 * MiB, GTABLE_X), 0);
	EXPECT_EQ(guest_copy_in(&m, back, GPA(RDO), 1), -EFAULT);
	end();
}

TEST(gmem, copies_tell_of_memory_that_is_not_to_be_had)
{
	begin_with_quota(3);
	EXPECT_EQ(guest_copy_out(&m, GPA(PAGED), here, 3 * PAGE_SIZE), 0);
	EXPECT_EQ(guest_copy_out(&m, GPA(PAGED), here, 4 * PAGE_SIZE), -EDQUOT);
	EXPECT_EQ(guest_copy_in(&m, back, GPA(RAM), 1), -EDQUOT);
	EXPECT_EQ(guest_load(&m, GPA(RAM), here, 4 * MiB), -EDQUOT);
	end();
}

/* ---- Loading ---- */

TEST(gmem, loads_go_where_the_guest_may_not_write)
{
	begin();
	EXPECT_EQ(guest_load(&m, GPA(ROM + 5), here, 3 * PAGE_SIZE), 0);
	EXPECT_EQ(guest_load(&m, GPA(RDO), here, 3 * MiB), 0);
	expect_at(ROM + 5, here, 3 * PAGE_SIZE);
	expect_at(RDO, here, 3 * MiB);
	EXPECT(is_zero(ROM, 5));
	EXPECT(is_zero(RDO + 3 * MiB, MiB));
	EXPECT_EQ(guest_load(&m, GPA(IO), here, 1), -EFAULT);
	EXPECT_EQ(guest_load(&m, GPA(IO + PAGE_SIZE), here, 1), -EFAULT);
	EXPECT_EQ(guest_load(&m, GPA(ROM), here, 5 * PAGE_SIZE), -EFAULT);
	end();
}

/* An image costs what its bytes do: only what is beside it in its first and last leaf is zeroed. */
TEST(gmem, load_zeroes_nothing_that_it_overwrites_as_a_whole)
{
	begin();
	uint64_t n = gmap_host_n_zeroed();

	EXPECT_EQ(guest_load(&m, GPA(RAM + 2 * MiB), here, 4 * MiB), 0);
	EXPECT_EQ(guest_load(&m, GPA(PAGED), here, PAGED_SIZE), 0);
	EXPECT_EQ(gmap_host_n_zeroed(), n);
	expect_at(RAM + 2 * MiB, here, 4 * MiB);
	expect_at(PAGED, here, PAGED_SIZE);
	EXPECT_EQ(guest_load(&m, GPA(RAM + MiB), here, 6 * MiB), 0);
	EXPECT_EQ(gmap_host_n_zeroed() - n, 2 * MEGA_SIZE);
	expect_at(RAM + MiB, here, 6 * MiB);
	EXPECT(is_zero(RAM, MiB));
	EXPECT(is_zero(RAM + 7 * MiB, MiB));
	EXPECT_EQ(gmap_host_n_held(), 8 * MiB / PAGE_SIZE + PAGED_SIZE / PAGE_SIZE);
	end();
}

/* AX8: a block that is given out dirty holds nothing but the image, its neighbours stay as they
 * were. */
TEST(gmem, load_over_what_is_there_changes_just_its_bytes)
{
	begin();
	EXPECT_EQ(guest_copy_out(&m, GPA(RAM + 2 * MiB), here, 2 * MiB), 0);
	EXPECT_EQ(guest_copy_out(&m, GPA(PAGED), here, 2 * PAGE_SIZE), 0);
	uint64_t n_held = gmap_host_n_held();

	EXPECT_EQ(guest_load(&m, GPA(RAM + 2 * MiB + 3), here + 77, 2 * MiB - 5), 0);
	EXPECT_EQ(guest_load(&m, GPA(PAGED + 1), here + 5, 2 * PAGE_SIZE - 2), 0);
	EXPECT_EQ(gmap_host_n_held(), n_held);
	expect_at(RAM + 2 * MiB, here, 3);
	expect_at(RAM + 2 * MiB + 3, here + 77, 2 * MiB - 5);
	expect_at(RAM + 4 * MiB - 2, here + 2 * MiB - 2, 2);
	expect_at(PAGED, here, 1);
	expect_at(PAGED + 2 * PAGE_SIZE - 1, here + 2 * PAGE_SIZE - 1, 1);
	end();
}

TEST(gmem, load_does_with_pages_where_no_large_block_is_free)
{
	begin();
	gmap_host_limit(ORDER_MEGA, 1);
	EXPECT_EQ(guest_load(&m, GPA(RAM), here, 4 * MiB), 0);
	expect_at(RAM, here, 4 * MiB);
	end();
}

/* AS8: there is always something smaller to try, or the same again. */
TEST(gmem, load_makes_up_for_the_failure_of_any_one_allocation)
{
	enum { AT = 5 * MiB, N = 3 * MiB + 3 * PAGE_SIZE };

	for (unsigned kind = FAIL_OWN; kind < N_FAIL_KINDS; kind++)
		for (unsigned n = 1; n < 12; n++) {
			begin();
			gmap_host_fail_at(kind, n);
			EXPECT_EQ(guest_load(&m, GPA(RAM + AT), here, N), 0);
			gmap_host_fail_at(kind, 0);
			EXPECT_EQ(m.owner.n_held, gmap_host_n_held());
			expect_at(RAM + AT, here, N);
			end();
		}
}

TEST(gmem, load_tells_that_there_is_no_memory)
{
	begin();
	gmap_host_limit(ORDER_MEGA, 1);
	gmap_host_limit(ORDER_PAGE, 3);
	EXPECT_EQ(guest_load(&m, GPA(RAM), here, 4 * MiB), -ENOMEM);
	expect_at(RAM, here, 2 * MiB + 3 * PAGE_SIZE);
	end();
}
