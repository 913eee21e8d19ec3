/* SPDX-License-Identifier: BSD-2-Clause */
/* SBI 0.1, whose masks are read by the guest's own translation. */
#include <string.h>

#include "arch/cause.h"
#include "arch/csr.h"
#include "arch/pte.h"
#include "tests/kit/kit.h"
#include "tests/unit/vsbi_host.h"

/* a1 is as it was. */
static long legacy(uint64_t extension, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3)
{
	struct sbi_ret ret = call(extension, 77, WITH(a0, a1, a2, a3)); /* a6 is ignored */

	EXPECT_EQ(ret.value, a1);
	return ret.error;
}

static uint64_t mask_at(uint64_t at, uint64_t mask)
{
	memcpy(ram + (at - RAM_AT), &mask, sizeof(mask));
	return at;
}

TEST(legacy, changes_a0_alone)
{
	begin();
	uint64_t mask = mask_at(LEGACY_MASK_AT, 1);

	EXPECT_EQ(legacy(0, 0x55, 1, 2, 3), 0);
	EXPECT_EQ(seen.timer, 0x55);
	EXPECT_EQ(legacy(1, 0x100 | 'c', 1, 2, 3), 0);
	EXPECT_EQ(seen.out[0], 'c');
	EXPECT_EQ(legacy(2, 0, 1, 2, 3), -1);
	EXPECT_EQ(legacy(3, 0, 1, 2, 3), 0);
	EXPECT_EQ(legacy(4, mask, 1, 2, 3), 0);
	EXPECT_EQ(legacy(5, mask, 1, 2, 3), 0);
	EXPECT_EQ(legacy(6, mask, 1, 2, 3), 0);
	EXPECT_EQ(legacy(7, mask, 1, 2, 3), 0);
	legacy(8, 0, 1, 2, 3);
	EXPECT_EQ(me->verdict, VERDICT_STOP);
	EXPECT_EQ(me->stop, STOP_SHUTDOWN);
}

TEST(legacy, getchar_gives_bytes_not_signs)
{
	begin();
	seen.in = "\xff\x01";
	seen.n_in = 2;
	EXPECT_EQ(legacy(2, 0, 0, 0, 0), 0xff);
	EXPECT_EQ(legacy(2, 0, 0, 0, 0), 1);
	EXPECT_EQ(legacy(2, 0, 0, 0, 0), -1);
}

TEST(legacy, putchar_waits_for_room)
{
	begin();
	seen.console_room = 0;
	EXPECT_EQ(legacy(1, 'x', 5, 0, 0), 'x');
	EXPECT_EQ(me->pc, ECALL_AT);
	EXPECT_EQ(me->verdict, VERDICT_POLL);
}

TEST(legacy, clear_ipi_says_whether_there_was_one)
{
	begin();
	is_ipi_pending = true;
	EXPECT_EQ(legacy(3, 0, 0, 0, 0), 1);
	EXPECT_EQ(legacy(3, 0, 0, 0, 0), 0);
}

TEST(legacy, masks_begin_with_hart_0_and_no_mask_is_everybody)
{
	begin();
	EXPECT_EQ(legacy(4, mask_at(LEGACY_MASK_AT, 6), 0, 0, 0), 0);
	EXPECT_EQ(take_ipis(), 6);
	EXPECT_EQ(legacy(4, 0, 0, 0, 0), 0);
	EXPECT_EQ(take_ipis(), 15);
	EXPECT_EQ(legacy(4, mask_at(LEGACY_MASK_AT, 0x12), 0, 0, 0), SBI_ERR_INVALID_PARAM);
	EXPECT_EQ(take_ipis(), 0);
}

TEST(legacy, fences_are_those_of_rfence)
{
	begin();
	uint64_t mask = mask_at(LEGACY_MASK_AT, 1);

	legacy(5, mask, 0, 0, 0);
	expect_fence(FENCE_CODE, 0, ~0ull, 0);
	legacy(6, mask, 0x4000, 0x1000, 0);
	expect_fence(FENCE_PAGES, 0x4000, 0x1000, 0);
	legacy(7, mask, 0, 0, 9);
	expect_fence(FENCE_ASID, 0, ~0ull, 9);
	EXPECT(legacy(6, mask, -0x1000ull, 0x2000, 0) < 0);
	EXPECT_EQ(seen.n_fences, 0);
}

/* Sv39, one table: GVA 0x40000000 (1 GiB leaf) leads to RAM_AT, with these bits. */
static uint64_t map_mask(uint64_t bits)
{
	uint64_t leaf = (uint64_t)RAM_AT >> 2 | bits, table = (RAM_AT + 0x2000) >> 12;

	memcpy(ram + 0x2000 + 8, &leaf, sizeof(leaf));
	translation.satp = 8ull << 60 | table;
	return 0x40000000 + (LEGACY_MASK_AT - RAM_AT);
}

TEST(legacy, mask_is_read_through_the_guests_own_translation)
{
	begin();
	mask_at(LEGACY_MASK_AT, 2);
	EXPECT_EQ(legacy(4, map_mask(PTE_V | PTE_R | PTE_A), 0, 0, 0), 0);
	EXPECT_EQ(take_ipis(), 2);
}

static void expect_mask_fault(uint64_t at, uint64_t cause)
{
	seen.n_injected = 0;
	EXPECT_EQ(legacy(4, at, 0x33, 0, 0), at); /* a0 as it was: the call did not happen */
	EXPECT_EQ(seen.n_injected, 1);
	EXPECT_EQ(seen.cause, cause);
	EXPECT_EQ(seen.value, at);
	EXPECT_EQ(take_ipis(), 0);
	EXPECT_EQ(me->requests, 0);
}

TEST(legacy, mask_that_the_guest_could_not_read_is_its_own_load_fault)
{
	begin();
	mask_at(LEGACY_MASK_AT, 2);
	expect_mask_fault(map_mask(0), CAUSE_LOAD_PAGE);
	expect_mask_fault(map_mask(PTE_V | PTE_X | PTE_A), CAUSE_LOAD_PAGE);
	expect_mask_fault(map_mask(PTE_V | PTE_R | PTE_A | PTE_U), CAUSE_LOAD_PAGE);
	expect_mask_fault(map_mask(PTE_V | PTE_R), CAUSE_LOAD_PAGE); /* A is the guest's to set */
	translation.satp = 8ull << 60 | 0x12345;
	expect_mask_fault(0x40000000, CAUSE_LOAD_ACCESS); /* a table where nothing is */
	translation.satp = 0;
	expect_mask_fault(0x10, CAUSE_LOAD_ACCESS);
}

TEST(legacy, guests_rights_are_those_of_sum_and_mxr_and_adue)
{
	begin();
	mask_at(LEGACY_MASK_AT, 2);
	translation.sum = translation.mxr = true;
	EXPECT_EQ(legacy(4, map_mask(PTE_V | PTE_R | PTE_A | PTE_U), 0, 0, 0), 0);
	EXPECT_EQ(legacy(4, map_mask(PTE_V | PTE_X | PTE_A), 0, 0, 0), 0);
	me->vs.henvcfg = ENVCFG_ADUE;
	EXPECT_EQ(legacy(4, map_mask(PTE_V | PTE_R), 0, 0, 0), 0);
	EXPECT_EQ(take_ipis(), 2);
}

TEST(legacy, mask_may_cross_a_page_and_the_second_may_fault)
{
	begin();
	EXPECT_EQ(legacy(4, mask_at(RAM_AT + 0xffd, 2), 0, 0, 0), 0);
	EXPECT_EQ(take_ipis(), 2);
	legacy(4, RAM_AT + RAM_SIZE - 4, 0, 0, 0);
	EXPECT_EQ(seen.cause, CAUSE_LOAD_ACCESS);
	EXPECT_EQ(seen.value, RAM_AT + RAM_SIZE);
}
