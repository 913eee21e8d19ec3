/* SPDX-License-Identifier: BSD-2-Clause */
/* FWFT: what a guest's hart may choose of its environment. */
#include "arch/csr.h"
#include "sbi/host/fwft.h"
#include "tests/kit/kit.h"
#include "tests/unit/vsbi_host.h"

enum { SET, GET, LOCK = 1 };
enum { ADUE = SBI_FWFT_PTE_AD_HW_UPDATING, PMLEN = SBI_FWFT_POINTER_MASKING_PMLEN };

static void begin_with_choice(uint64_t choice)
{
	begin();
	env.henvcfg_choice = choice;
	me->vs.henvcfg = ENVCFG_STCE | ENVCFG_CBZE;
}

static long set(uint64_t feature, uint64_t to, uint64_t flags)
{
	return error(SBI_EXT_FWFT, SET, WITH(feature, to, flags));
}

static uint64_t get(uint64_t feature)
{
	return value(SBI_EXT_FWFT, GET, WITH(feature));
}

TEST(fwft, feature_that_the_guest_has_is_set_and_nothing_beside_it)
{
	begin_with_choice(ENVCFG_ADUE | ENVCFG_PMM);
	EXPECT_EQ(get(ADUE), 0);
	EXPECT_EQ(set(ADUE, 1, 0), SBI_SUCCESS);
	EXPECT_EQ(get(ADUE), 1);
	EXPECT_EQ(me->vs.henvcfg, ENVCFG_STCE | ENVCFG_CBZE | ENVCFG_ADUE);
	EXPECT_EQ(set(ADUE, 1, 0), SBI_SUCCESS); /* as it is */
	EXPECT_EQ(set(PMLEN, 16, 0), SBI_SUCCESS);
	EXPECT_EQ(get(PMLEN), 16);
	EXPECT_EQ(me->vs.henvcfg, ENVCFG_STCE | ENVCFG_CBZE | ENVCFG_ADUE | ENVCFG_PMM);
	EXPECT_EQ(set(ADUE, 0, 0), SBI_SUCCESS);
	EXPECT_EQ(set(PMLEN, 0, 0), SBI_SUCCESS);
	EXPECT_EQ(me->vs.henvcfg, ENVCFG_STCE | ENVCFG_CBZE);
	EXPECT_EQ(vcpus[ELSEWHERE].vs.henvcfg, 0); /* each hart's own */
}

TEST(fwft, feature_that_the_guest_lacks_is_not_supported)
{
	begin_with_choice(0);
	for (unsigned feature = 0; feature <= PMLEN; feature++) {
		EXPECT_EQ(set(feature, 0, 0), SBI_ERR_NOT_SUPPORTED);
		EXPECT_EQ(error(SBI_EXT_FWFT, GET, WITH(feature)), SBI_ERR_NOT_SUPPORTED);
	}
	env.henvcfg_choice = ~0ull;
	for (unsigned feature = 0; feature < ADUE; feature++)
		EXPECT_EQ(set(feature, 0, 0), SBI_ERR_NOT_SUPPORTED);
	EXPECT_EQ(me->vs.henvcfg, ENVCFG_STCE | ENVCFG_CBZE);
}

TEST(fwft, reserved_and_platform_features_are_denied)
{
	static const uint64_t wrong[] = { 6,          0x3fffffff, 0x40000000, 0x7fffffff,
					  0x80000000, 0xbfffffff, 0xc0000000, 0xffffffff };

	begin_with_choice(~0ull);
	for (unsigned i = 0; i < ARRAY_LEN(wrong); i++) {
		struct sbi_ret ret = call(SBI_EXT_FWFT, GET, WITH(wrong[i]));

		EXPECT_EQ(ret.error, SBI_ERR_DENIED);
		EXPECT_EQ(ret.value, 0);
		EXPECT_EQ(set(wrong[i], 0, 0), SBI_ERR_DENIED);
	}
	/* Their number is 32 bits wide. */
	EXPECT_EQ(set(BIT(32) | ADUE, 1, 0), SBI_SUCCESS);
	EXPECT_EQ(get(BIT(63) | ADUE), 1);
}

TEST(fwft, values_and_flags_are_checked)
{
	static const uint64_t lengths[] = { 1, 2, 6, 8, 15, 17, 0xff, 0x107, ~0ull };

	begin_with_choice(ENVCFG_ADUE | ENVCFG_PMM);
	EXPECT_EQ(set(ADUE, 2, 0), SBI_ERR_INVALID_PARAM);
	EXPECT_EQ(set(ADUE, 0xff, 0), SBI_ERR_INVALID_PARAM);
	EXPECT_EQ(set(ADUE, BIT(32) | 1, 0), SBI_ERR_INVALID_PARAM);
	for (unsigned i = 0; i < ARRAY_LEN(lengths); i++)
		EXPECT_EQ(set(PMLEN, lengths[i], LOCK), SBI_ERR_INVALID_PARAM);
	EXPECT_EQ(set(PMLEN, 7, LOCK), SBI_ERR_INVALID_PARAM); /* this hart has no such mode */
	for (unsigned bit = 1; bit < 64; bit++)
		EXPECT_EQ(set(ADUE, 1, BIT(bit) | LOCK), SBI_ERR_INVALID_PARAM);
	EXPECT_EQ(me->vs.henvcfg, ENVCFG_STCE | ENVCFG_CBZE);
	EXPECT_EQ(me->sbi.fwft_locked, 0);
}

TEST(fwft, locked_feature_stays_as_it_is)
{
	begin_with_choice(ENVCFG_ADUE | ENVCFG_PMM);
	EXPECT_EQ(set(ADUE, 1, LOCK), SBI_SUCCESS);
	for (unsigned flags = 0; flags <= LOCK; flags++)
		for (unsigned to = 0; to < 3; to++)
			EXPECT_EQ(set(ADUE, to, flags), SBI_ERR_DENIED_LOCKED);
	EXPECT_EQ(set(ADUE, 0, 2), SBI_ERR_INVALID_PARAM);
	EXPECT_EQ(get(ADUE), 1);
	EXPECT_EQ(set(PMLEN, 16, 0), SBI_SUCCESS); /* the other is not */
}
