/* SPDX-License-Identifier: BSD-2-Clause */
/* PMU, of which the firmware's events are there. */
#include "arch/cause.h"
#include "tests/kit/kit.h"
#include "tests/unit/vsbi_host.h"

enum { FW = 0xf0000 };

static uint64_t configure(uint64_t event, uint64_t flags)
{
	return value(SBI_EXT_PMU, 2, WITH(0, 0xffff, flags, event, 0));
}

static uint64_t count(uint64_t counter)
{
	return value(SBI_EXT_PMU, 5, WITH(counter));
}

TEST(pmu, all_counters_are_firmware_counters)
{
	begin();
	uint64_t n = value(SBI_EXT_PMU, 0, WITH(0));

	EXPECT(n >= 8);
	for (unsigned i = 0; i < n; i++)
		EXPECT_EQ(value(SBI_EXT_PMU, 1, WITH(i)), BIT(63) | 63 << 12);
	EXPECT_EQ(error(SBI_EXT_PMU, 1, WITH(n)), SBI_ERR_INVALID_PARAM);
	EXPECT_EQ(error(SBI_EXT_PMU, 1, WITH(~0ull)), SBI_ERR_INVALID_PARAM);
}

TEST(pmu, every_firmware_event_can_be_counted_and_no_other)
{
	static const uint64_t wrong[] = { 0,         1,       0x10000,  0x20000,
					  0x30000,   FW + 22, FW + 256, FW + 65535,
					  0x10f0005, FW - 1,  ~0ull };

	begin();
	for (unsigned i = 0; i < 22; i++)
		EXPECT_EQ(configure(FW + i, 0), 0);
	for (unsigned i = 0; i < ARRAY_LEN(wrong); i++)
		EXPECT_EQ(error(SBI_EXT_PMU, 2, WITH(0, 1, 0, wrong[i], 0)), SBI_ERR_NOT_SUPPORTED);
	EXPECT_EQ(error(SBI_EXT_PMU, 2, WITH(0, 1, 0, FW + 5, 1)), SBI_ERR_NOT_SUPPORTED);
}

TEST(pmu, counter_counts_from_its_start_to_its_stop)
{
	begin();
	call(SBI_EXT_TIME, 0, WITH(0));
	uint64_t c = configure(FW + 5, 0);

	call(SBI_EXT_TIME, 0, WITH(0));
	EXPECT_EQ(count(c), 0);
	EXPECT_EQ(error(SBI_EXT_PMU, 3, WITH(c, 1, 0, 99)), SBI_SUCCESS);
	call(SBI_EXT_TIME, 0, WITH(0));
	call(0, 0, WITH(0)); /* the legacy one, too */
	EXPECT_EQ(count(c), 2);
	EXPECT_EQ(error(SBI_EXT_PMU, 4, WITH(c, 1, 0)), SBI_SUCCESS);
	call(SBI_EXT_TIME, 0, WITH(0));
	EXPECT_EQ(count(c), 2);
	EXPECT_EQ(error(SBI_EXT_PMU, 3, WITH(c, 1, 0, 99)), SBI_SUCCESS); /* goes on */
	call(SBI_EXT_TIME, 0, WITH(0));
	EXPECT_EQ(count(c), 3);
	EXPECT_EQ(value(SBI_EXT_PMU, 6, WITH(c)), 0);
}

TEST(pmu, start_sets_the_value_where_it_is_told_to)
{
	begin();
	uint64_t c = configure(FW + 5, 0);

	EXPECT_EQ(error(SBI_EXT_PMU, 3, WITH(c, 1, 1, -1ull)), SBI_SUCCESS);
	EXPECT_EQ(count(c), -1ull);
	call(SBI_EXT_TIME, 0, WITH(0));
	EXPECT_EQ(count(c), 0); /* 64 bits wide */
}

TEST(pmu, match_takes_the_first_that_does_not_count)
{
	begin();
	EXPECT_EQ(configure(FW + 5, 4), 0);
	EXPECT_EQ(configure(FW + 5, 4), 1);
	EXPECT_EQ(value(SBI_EXT_PMU, 2, WITH(1, 6, 0, FW + 5, 0)), 2);
	EXPECT_EQ(error(SBI_EXT_PMU, 2, WITH(0, 3, 0, FW + 5, 0)), SBI_ERR_NOT_SUPPORTED);
	EXPECT_EQ(error(SBI_EXT_PMU, 2, WITH(0, 0, 0, FW + 5, 0)), SBI_ERR_NOT_SUPPORTED);
	/* Matching skipped: the first, whatever it does. */
	EXPECT_EQ(value(SBI_EXT_PMU, 2, WITH(0, 3, 1, FW + 6, 0)), 0);
}

TEST(pmu, flags_clear_and_start)
{
	begin();
	EXPECT_EQ(configure(FW + 5, 4), 0);
	call(SBI_EXT_TIME, 0, WITH(0));
	EXPECT_EQ(count(0), 1);
	EXPECT_EQ(error(SBI_EXT_PMU, 4, WITH(0, 1, 0)), SBI_SUCCESS);
	EXPECT_EQ(configure(FW + 5, 4), 0); /* has no impact on the value */
	EXPECT_EQ(count(0), 1);
	EXPECT_EQ(error(SBI_EXT_PMU, 4, WITH(0, 1, 0)), SBI_SUCCESS);
	EXPECT_EQ(configure(FW + 5, 2 | 0xf8), 0);
	EXPECT_EQ(count(0), 0);
}

TEST(pmu, sets_and_flags_are_checked_first)
{
	begin();
	for (unsigned f = 2; f <= 4; f++) {
		EXPECT_EQ(error(SBI_EXT_PMU, f, WITH(0, 0x10001, 0, FW)), SBI_ERR_INVALID_PARAM);
		EXPECT_EQ(error(SBI_EXT_PMU, f, WITH(15, 3, 0, FW)), SBI_ERR_INVALID_PARAM);
		EXPECT_EQ(error(SBI_EXT_PMU, f, WITH(~0ull, 3, 0, FW)), SBI_ERR_INVALID_PARAM);
		EXPECT_EQ(error(SBI_EXT_PMU, f, WITH(0, 1, BIT(8), FW)), SBI_ERR_INVALID_PARAM);
	}
	EXPECT_EQ(error(SBI_EXT_PMU, 3, WITH(0, 1, 4)), SBI_ERR_INVALID_PARAM);
	EXPECT_EQ(error(SBI_EXT_PMU, 4, WITH(0, 1, 4)), SBI_ERR_INVALID_PARAM);
	EXPECT_EQ(error(SBI_EXT_PMU, 5, WITH(16)), SBI_ERR_INVALID_PARAM);
	EXPECT_EQ(error(SBI_EXT_PMU, 6, WITH(16)), SBI_ERR_INVALID_PARAM);
	for (unsigned i = 0; i < N_FW_COUNTERS; i++)
		EXPECT(!me->counters[i].is_counting);
}

TEST(pmu, counter_is_started_and_stopped_once)
{
	begin();
	EXPECT_EQ(configure(FW + 5, 4), 0);
	EXPECT_EQ(error(SBI_EXT_PMU, 3, WITH(0, 1, 1, 7)), SBI_ERR_ALREADY_STARTED);
	EXPECT_EQ(count(0), 0);
	/* The others of the set are stopped all the same, and the mapping goes. */
	EXPECT_EQ(error(SBI_EXT_PMU, 4, WITH(0, 3, 1)), SBI_ERR_ALREADY_STOPPED);
	EXPECT(!me->counters[0].is_counting);
	EXPECT_EQ(me->counters[0].event, 0);
}

TEST(pmu, there_is_no_snapshot)
{
	begin();
	EXPECT_EQ(configure(FW + 5, 0), 0);
	EXPECT_EQ(error(SBI_EXT_PMU, 3, WITH(0, 1, 2)), SBI_ERR_NO_SHMEM);
	EXPECT_EQ(error(SBI_EXT_PMU, 4, WITH(0, 1, 2)), SBI_ERR_NO_SHMEM);
	EXPECT_EQ(error(SBI_EXT_PMU, 7, WITH(RAM_AT, 0, 0)), SBI_ERR_NOT_SUPPORTED);
	EXPECT_EQ(error(SBI_EXT_PMU, 8, WITH(RAM_AT, 0, 1, 0)), SBI_ERR_NOT_SUPPORTED);
}

TEST(pmu, counts_what_goes_to_other_harts_and_what_comes)
{
	static const struct {
		uint64_t extension, function;
		unsigned sent;
	} calls[] = { { SBI_EXT_IPI, 0, 6 },
		      { SBI_EXT_RFNC, 0, 8 },
		      { SBI_EXT_RFNC, 1, 10 },
		      { SBI_EXT_RFNC, 2, 12 } };

	begin();
	for (unsigned i = 0; i < ARRAY_LEN(calls); i++) {
		uint64_t c = configure(FW + calls[i].sent, 4);

		call(calls[i].extension, calls[i].function, WITH(7, 0));
		EXPECT_EQ(count(c), 2); /* not the one to itself */
		EXPECT_EQ(vcpus[ELSEWHERE].events[calls[i].sent + 1], 1);
		EXPECT_EQ(me->events[calls[i].sent + 1], 0);
	}
}

TEST(pmu, counts_traps_that_the_guest_was_given)
{
	static const uint8_t cause_of[] = { CAUSE_LOAD_MISALIGNED, CAUSE_STORE_MISALIGNED,
					    CAUSE_LOAD_ACCESS, CAUSE_STORE_ACCESS,
					    CAUSE_ILLEGAL_INSN };

	begin();
	for (unsigned i = 0; i < ARRAY_LEN(cause_of); i++) {
		uint64_t c = configure(FW + i, 4);

		me->n_injected[cause_of[i]] += i + 1;
		EXPECT_EQ(count(c), i + 1);
	}
}
