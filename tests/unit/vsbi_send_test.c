/* SPDX-License-Identifier: BSD-2-Clause */
/* What a guest sends to its harts: IPI and RFENCE. */
#include <pthread.h>

#include "platform/hart.h"
#include "tests/kit/kit.h"
#include "tests/unit/vsbi_host.h"

/* --- IPI --- */

TEST(ipi, goes_to_the_harts_of_the_mask_and_no_others)
{
	begin();
	EXPECT_EQ(error(SBI_EXT_IPI, 0, WITH(5, 0)), SBI_SUCCESS);
	EXPECT_EQ(take_ipis(), 5);
	EXPECT_EQ(error(SBI_EXT_IPI, 0, WITH(5, 1)), SBI_SUCCESS);
	EXPECT_EQ(take_ipis(), 10);
	EXPECT_EQ(error(SBI_EXT_IPI, 0, WITH(1, 3)), SBI_SUCCESS);
	EXPECT_EQ(take_ipis(), 8);
}

TEST(ipi, base_of_all_ones_is_everybody_whatever_the_mask)
{
	begin();
	EXPECT_EQ(error(SBI_EXT_IPI, 0, WITH(0, ALL)), SBI_SUCCESS);
	EXPECT_EQ(take_ipis(), 15);
	EXPECT_EQ(error(SBI_EXT_IPI, 0, WITH(~0ull, ALL)), SBI_SUCCESS);
	EXPECT_EQ(take_ipis(), 15);
}

TEST(ipi, empty_mask_is_nobody_and_its_base_need_not_exist)
{
	begin();
	EXPECT_EQ(error(SBI_EXT_IPI, 0, WITH(0, 0)), SBI_SUCCESS);
	EXPECT_EQ(error(SBI_EXT_IPI, 0, WITH(0, 1000)), SBI_SUCCESS);
	EXPECT_EQ(take_ipis(), 0);
}

TEST(ipi, one_hart_that_does_not_exist_and_nothing_is_sent)
{
	begin();
	EXPECT_EQ(error(SBI_EXT_IPI, 0, WITH(0x11, 0)), SBI_ERR_INVALID_PARAM);
	EXPECT_EQ(error(SBI_EXT_IPI, 0, WITH(3, 3)), SBI_ERR_INVALID_PARAM);
	EXPECT_EQ(error(SBI_EXT_IPI, 0, WITH(1, 4)), SBI_ERR_INVALID_PARAM);
	EXPECT_EQ(error(SBI_EXT_IPI, 0, WITH(BIT(63), 0)), SBI_ERR_INVALID_PARAM);
	EXPECT_EQ(error(SBI_EXT_IPI, 0, WITH(1, 63)), SBI_ERR_INVALID_PARAM);
	EXPECT_EQ(error(SBI_EXT_IPI, 0, WITH(1, 64)), SBI_ERR_INVALID_PARAM);
	EXPECT_EQ(error(SBI_EXT_IPI, 0, WITH(BIT(62) | 1, 2)), SBI_ERR_INVALID_PARAM); /* 64 */
	EXPECT_EQ(take_ipis(), 0);
	EXPECT_EQ(seen.n_looks + seen.n_kicks, 0);
}

TEST(ipi, ids_do_not_wrap)
{
	begin();
	EXPECT_EQ(error(SBI_EXT_IPI, 0, WITH(4, ~1ull)), SBI_ERR_INVALID_PARAM); /* 2^64 */
	EXPECT_EQ(take_ipis(), 0);
}

/* --- RFENCE --- */

TEST(rfence, own_hart_executes_what_was_asked)
{
	begin();
	EXPECT_EQ(error(SBI_EXT_RFNC, 0, WITH(1, 0)), SBI_SUCCESS);
	expect_fence(FENCE_CODE, 0, ~0ull, 0);
	EXPECT_EQ(error(SBI_EXT_RFNC, 1, WITH(1, 0, 0x4000, 0x2000)), SBI_SUCCESS);
	expect_fence(FENCE_PAGES, 0x4000, 0x2000, 0);
	EXPECT_EQ(error(SBI_EXT_RFNC, 2, WITH(1, 0, 0x4000, 0x1000, 7)), SBI_SUCCESS);
	expect_fence(FENCE_ASID, 0x4000, 0x1000, 7);
	EXPECT_EQ(me->requests, 0);
}

TEST(rfence, both_zero_or_a_size_of_all_ones_is_everything)
{
	begin();
	EXPECT_EQ(error(SBI_EXT_RFNC, 1, WITH(1, 0, 0, 0)), SBI_SUCCESS);
	expect_fence(FENCE_PAGES, 0, ~0ull, 0);
	EXPECT_EQ(error(SBI_EXT_RFNC, 2, WITH(1, 0, 0x7000, ~0ull, 3)), SBI_SUCCESS);
	expect_fence(FENCE_ASID, 0x7000, ~0ull, 3);
}

TEST(rfence, size_0_elsewhere_is_nothing)
{
	begin();
	EXPECT_EQ(error(SBI_EXT_RFNC, 1, WITH(1, 0, 0x4000, 0)), SBI_SUCCESS);
	expect_fence(FENCE_PAGES, 0x4000, 0, 0);
}

TEST(rfence, range_may_end_with_the_address_space_and_not_behind_it)
{
	begin();
	EXPECT_EQ(error(SBI_EXT_RFNC, 1, WITH(1, 0, -0x1000ull, 0x1000)), SBI_SUCCESS);
	expect_fence(FENCE_PAGES, -0x1000ull, 0x1000, 0);
	EXPECT_EQ(error(SBI_EXT_RFNC, 1, WITH(1, 0, -0x1000ull, 0x1001)), SBI_ERR_INVALID_ADDRESS);
	EXPECT_EQ(error(SBI_EXT_RFNC, 2, WITH(1, 0, 0x1000, ~1ull, 0)), SBI_ERR_INVALID_ADDRESS);
	EXPECT_EQ(seen.n_fences, 0);
}

TEST(rfence, wrong_asid_or_hart_is_refused_and_nothing_fenced)
{
	begin();
	EXPECT_EQ(error(SBI_EXT_RFNC, 2, WITH(1, 0, 0, 0, 0x10000)), SBI_ERR_INVALID_PARAM);
	EXPECT_EQ(error(SBI_EXT_RFNC, 2, WITH(1, 0, 0, 0, 0xffff)), SBI_SUCCESS);
	expect_fence(FENCE_ASID, 0, ~0ull, 0xffff);
	for (unsigned i = 0; i < 3; i++)
		EXPECT_EQ(error(SBI_EXT_RFNC, i, WITH(0x13, 0)), SBI_ERR_INVALID_PARAM);
	EXPECT_EQ(seen.n_fences + seen.n_kicks, 0);
	EXPECT_EQ(vcpus[ELSEWHERE].fences, FENCES_LOADED);
}

TEST(rfence, fences_of_a_guests_guests_are_not_supported)
{
	begin();
	for (unsigned i = 3; i <= 6; i++)
		EXPECT_EQ(error(SBI_EXT_RFNC, i, WITH(1, 0)), SBI_ERR_NOT_SUPPORTED);
}

TEST(rfence, caller_goes_on_when_a_loaded_sibling_has_executed)
{
	struct vcpu *other = &vcpus[ELSEWHERE];

	begin();
	EXPECT_EQ(error(SBI_EXT_RFNC, 1, WITH(2, 0, 0x4000, 0x1000)), SBI_SUCCESS);
	EXPECT_EQ(me->verdict, VERDICT_POLL);
	EXPECT_EQ(seen.n_kicks, 1);
	EXPECT_EQ(seen.n_fences, 0); /* not ours */
	EXPECT(vcpu_awaits_fences(me));

	hart_index = ELSEWHERE;
	vcpu_take_fences(other);
	expect_fence(FENCE_PAGES, 0, ~0ull, 0);
	EXPECT_EQ(other->fences, FENCES_LOADED);
	vcpu_take_fences(other); /* once only */
	EXPECT_EQ(seen.n_fences, 0);
	EXPECT(!vcpu_awaits_fences(me));
}

TEST(rfence, caller_waits_while_a_sibling_is_executing)
{
	begin();
	EXPECT_EQ(error(SBI_EXT_RFNC, 0, WITH(2, 0)), SBI_SUCCESS);
	vcpus[ELSEWHERE].fences = FENCES_LOADED | FENCES_RUN;
	EXPECT(vcpu_awaits_fences(me));
	vcpus[ELSEWHERE].fences = FENCES_LOADED;
	EXPECT(!vcpu_awaits_fences(me));
}

TEST(rfence, sibling_that_is_not_loaded_executes_when_it_is)
{
	struct vcpu *other = &vcpus[NOT_LOADED];

	begin();
	EXPECT_EQ(error(SBI_EXT_RFNC, 0, WITH(4, 0)), SBI_SUCCESS);
	EXPECT_EQ(me->requests, 0);
	EXPECT_EQ(seen.n_kicks, 0);
	vcpu_note_load(other);
	expect_fence(FENCE_CODE, 0, ~0ull, 0);
	vcpu_note_save(other);
	vcpu_note_load(other);
	EXPECT_EQ(seen.n_fences, 0);
}

TEST(rfence, nobody_waits_for_a_sibling_that_left_its_hart)
{
	begin();
	EXPECT_EQ(error(SBI_EXT_RFNC, 2, WITH(2, 0, 0, 0, 1)), SBI_SUCCESS);
	EXPECT(vcpu_awaits_fences(me));
	vcpu_note_save(&vcpus[ELSEWHERE]);
	EXPECT(!vcpu_awaits_fences(me));
	vcpu_note_load(&vcpus[ELSEWHERE]);
	expect_fence(FENCE_PAGES, 0, ~0ull, 0); /* what it was asked for is not lost */
}

TEST(rfence, everybody_is_the_caller_too)
{
	begin();
	EXPECT_EQ(error(SBI_EXT_RFNC, 0, WITH(0, ALL)), SBI_SUCCESS);
	expect_fence(FENCE_CODE, 0, ~0ull, 0);
	EXPECT_EQ(me->awaits, BIT(ELSEWHERE));
	for (unsigned i = 1; i < N; i++)
		EXPECT(vcpus[i].fences & FENCE_CODE);
}

/* Two harts that ask each other all the time. Plain words: that each reads what the other wrote
 * before it asked, and is done with it when the other goes on, is what fences promise. */
enum { ROUNDS = 20000 };
static uint64_t written[2], read_in_fence[2];

static void record_fence(struct vcpu *v, enum guest_fence kind, uint64_t start, uint64_t size,
			 uint64_t asid)
{
	(void)kind, (void)start, (void)size, (void)asid;
	read_in_fence[v->index] = written[!v->index];
}

static void *ask_and_answer(void *which)
{
	struct vcpu *v = which, *other = &vcpus[!v->index];

	hart_index = v->hart;
	for (uint64_t n = 1; n <= ROUNDS; n++) {
		written[v->index] = n;
		vcpu_ask_fence(v, other, FENCE_PAGES);
		while (vcpu_awaits_fences(v))
			vcpu_take_fences(v);
		if (atomic_load(&other->fences) & FENCES_LOADED)
			EXPECT_EQ(read_in_fence[other->index], n);
	}
	vcpu_note_save(v);
	return NULL;
}

TEST(rfence, two_that_ask_each_other_both_go_on)
{
	static const struct vcpu_engine recorder = { .guest_fence = record_fence };
	pthread_t thread[2];

	begin();
	for (unsigned i = 0; i < 2; i++) {
		vcpus[i].engine = &recorder;
		written[i] = read_in_fence[i] = 0;
	}
	for (unsigned i = 0; i < 2; i++)
		REQUIRE_EQ(pthread_create(&thread[i], NULL, ask_and_answer, &vcpus[i]), 0);
	for (unsigned i = 0; i < 2; i++)
		REQUIRE_EQ(pthread_join(thread[i], NULL), 0);
}
