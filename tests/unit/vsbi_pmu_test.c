/* SPDX-License-Identifier: BSD-2-Clause */
/* PMU, of which the firmware's events are there. */
#include <string.h>

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

/* --- snapshot memory --- */

enum { SNAPSHOT_AT = RAM_AT + 0x3000 };
static uint64_t *const snapshot = (uint64_t *)(ram + (SNAPSHOT_AT - RAM_AT));

static long set_snapshot(uint64_t low, uint64_t high, uint64_t flags)
{
	return error(SBI_EXT_PMU, 7, WITH(low, high, flags));
}

TEST(pmu, snapshot_memory_is_checked_and_given_up)
{
	begin();
	EXPECT_EQ(set_snapshot(SNAPSHOT_AT + 0x800, 0, 0), SBI_ERR_INVALID_PARAM);
	EXPECT_EQ(set_snapshot(SNAPSHOT_AT, 0, 1), SBI_ERR_INVALID_PARAM);
	EXPECT_EQ(set_snapshot(~0ull, ~0ull, 1), SBI_ERR_INVALID_PARAM);
	EXPECT_EQ(set_snapshot(~0ull, 0, 0), SBI_ERR_INVALID_PARAM);
	EXPECT_EQ(set_snapshot(SNAPSHOT_AT, 1, 0), SBI_ERR_INVALID_ADDRESS);
	EXPECT_EQ(set_snapshot(ROM_AT, 0, 0), SBI_ERR_INVALID_ADDRESS);
	EXPECT_EQ(set_snapshot(0, 0, 0), SBI_ERR_INVALID_ADDRESS);
	EXPECT_EQ(set_snapshot(RAM_AT + RAM_SIZE, 0, 0), SBI_ERR_INVALID_ADDRESS);
	for (unsigned round = 0; round < 2; round++) {
		EXPECT_EQ(configure(FW + 5, 0), 0);
		EXPECT_EQ(error(SBI_EXT_PMU, 3, WITH(0, 1, 2)), SBI_ERR_NO_SHMEM);
		EXPECT_EQ(error(SBI_EXT_PMU, 4, WITH(0, 1, 2)), SBI_ERR_NO_SHMEM);
		EXPECT_EQ(set_snapshot(SNAPSHOT_AT, 0, 0), SBI_SUCCESS);
		EXPECT_EQ(error(SBI_EXT_PMU, 3, WITH(0, 1, 2)), SBI_SUCCESS);
		EXPECT_EQ(error(SBI_EXT_PMU, 4, WITH(0, 1, 2)), SBI_SUCCESS);
		EXPECT_EQ(set_snapshot(~0ull, ~0ull, 0), SBI_SUCCESS);
	}
}

/* Values lie by where in the set their counter is. */
TEST(pmu, stop_leaves_a_snapshot_of_its_counters_and_of_no_other)
{
	begin();
	memset(ram, 0xff, sizeof(ram));
	EXPECT_EQ(set_snapshot(SNAPSHOT_AT, 0, 0), SBI_SUCCESS);
	EXPECT_EQ(snapshot[1], ~0ull); /* untouched so far */
	for (unsigned i = 0; i < 6; i++)
		EXPECT_EQ(configure(FW + 5, 4), i);
	for (unsigned i = 0; i < 7; i++)
		call(SBI_EXT_TIME, 0, WITH(0));
	EXPECT_EQ(error(SBI_EXT_PMU, 4, WITH(3, 5, 3)), SBI_SUCCESS); /* 3 and 5, and reset */
	EXPECT_EQ(snapshot[0], 0);
	EXPECT_EQ(snapshot[1], 7);
	EXPECT_EQ(snapshot[2], ~0ull);
	EXPECT_EQ(snapshot[3], 7);
	for (unsigned i = 4; i < 512; i++)
		EXPECT_EQ(snapshot[i], ~0ull);
	EXPECT_EQ(snapshot[-1], ~0ull);
	EXPECT_EQ(snapshot[512], ~0ull);
	/* One that has stopped leaves its value too. */
	call(SBI_EXT_TIME, 0, WITH(0));
	EXPECT_EQ(error(SBI_EXT_PMU, 4, WITH(3, 3, 2)), SBI_ERR_ALREADY_STOPPED);
	EXPECT_EQ(snapshot[1], 7);
	EXPECT_EQ(snapshot[2], 8);
}

TEST(pmu, start_takes_the_values_of_a_snapshot)
{
	begin();
	EXPECT_EQ(set_snapshot(SNAPSHOT_AT, 0, 0), SBI_SUCCESS);
	for (unsigned i = 0; i < 3; i++)
		EXPECT_EQ(value(SBI_EXT_PMU, 2, WITH(i, 1, 0, FW + 5, 0)), i);
	snapshot[1] = 100;
	snapshot[2] = ~0ull;
	EXPECT_EQ(error(SBI_EXT_PMU, 3, WITH(1, 3, 3, 9)), SBI_ERR_INVALID_PARAM); /* or a value */
	EXPECT_EQ(error(SBI_EXT_PMU, 3, WITH(1, 3, 2, 9)), SBI_SUCCESS);
	call(SBI_EXT_TIME, 0, WITH(0));
	EXPECT_EQ(count(0), 0);
	EXPECT_EQ(count(1), 101);
	EXPECT_EQ(count(2), 0);
}

TEST(pmu, snapshot_in_memory_that_cannot_be_had_fails)
{
	begin();
	EXPECT_EQ(set_snapshot(DATA_AT, 0, 0), SBI_SUCCESS); /* it is touched later */
	EXPECT_EQ(configure(FW + 5, 0), 0);
	EXPECT_EQ(error(SBI_EXT_PMU, 3, WITH(0, 1, 2)), SBI_ERR_FAILED);
	EXPECT_EQ(error(SBI_EXT_PMU, 4, WITH(0, 1, 2)), SBI_ERR_FAILED);
}

/* --- what events there are --- */

enum { INFO_AT = RAM_AT + 0x4000 };
static struct {
	uint32_t event, output;
	uint64_t data;
} *const infos = (void *)(ram + (INFO_AT - RAM_AT));

static struct sbi_ret ask(uint64_t low, uint64_t high, uint64_t n, uint64_t flags)
{
	return call(SBI_EXT_PMU, 8, WITH(low, high, n, flags));
}

TEST(pmu, says_which_events_there_are)
{
	static const struct {
		uint32_t event;
		uint64_t data;
		bool is_there;
	} rows[] = { { FW, 0, true },           { FW + 21, 0, true }, { FW + 22, 0, false },
		     { FW + 5, 1, false },      { 1, 0, false },      { 0x10000, 0, false },
		     { FW + 0xffff, 0, false }, { 0x30000, 7, false } };

	begin();
	memset(ram, 0xff, sizeof(ram));
	for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
		infos[i].event = rows[i].event;
		infos[i].data = rows[i].data;
	}
	EXPECT_EQ(ask(INFO_AT, 0, ARRAY_LEN(rows), 0).error, SBI_SUCCESS);
	for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
		EXPECT_EQ(infos[i].output, rows[i].is_there);
		EXPECT_EQ(infos[i].event, rows[i].event);
		EXPECT_EQ(infos[i].data, rows[i].data);
	}
	EXPECT_EQ(infos[ARRAY_LEN(rows)].output, ~0u);
	EXPECT_EQ(ask(INFO_AT, 0, 0, 0).error, SBI_SUCCESS);
}

TEST(pmu, questions_about_events_are_checked)
{
	begin();
	EXPECT_EQ(ask(INFO_AT + 8, 0, 1, 0).error, SBI_ERR_INVALID_PARAM);
	EXPECT_EQ(ask(INFO_AT, 0, 1, 1).error, SBI_ERR_INVALID_PARAM);
	EXPECT_EQ(ask(INFO_AT, 1, 1, 0).error, SBI_ERR_INVALID_ADDRESS);
	EXPECT_EQ(ask(ROM_AT, 0, 1, 0).error, SBI_ERR_INVALID_ADDRESS);
	EXPECT_EQ(ask(RAM_AT + RAM_SIZE - 16, 0, 2, 0).error, SBI_ERR_INVALID_ADDRESS);
	EXPECT_EQ(ask(INFO_AT, 0, BIT(60), 0).error, SBI_ERR_INVALID_ADDRESS);
	EXPECT_EQ(ask(INFO_AT, 0, BIT(60) + 1, 0).error, SBI_ERR_INVALID_ADDRESS);
	EXPECT_EQ(ask(DATA_AT, 0, 1, 0).error, SBI_ERR_FAILED);
	for (unsigned bit = 20; bit < 32; bit++) {
		infos[1].event = FW | 1u << bit;
		EXPECT_EQ(ask(INFO_AT, 0, 2, 0).error, SBI_ERR_INVALID_PARAM);
	}
	EXPECT_EQ(me->sbi.n_told, 0);
}

TEST(pmu, many_questions_are_answered_piece_by_piece)
{
	enum { MANY = 100 };
	unsigned n_calls = 1;

	begin();
	for (unsigned i = 0; i <= MANY; i++)
		infos[i].event = FW;
	for (; ask(INFO_AT, 0, MANY, 0), me->pc == ECALL_AT; n_calls++) {
		EXPECT_EQ(me->verdict, VERDICT_POLL);
		EXPECT_EQ(me->x[REG_A0], INFO_AT);
		REQUIRE(n_calls < MANY);
		if (n_calls == 2) /* in an interrupt meanwhile */
			EXPECT_EQ(ask(INFO_AT + 1600, 0, 1, 0).error, SBI_SUCCESS);
	}
	EXPECT_EQ(me->x[REG_A0], SBI_SUCCESS);
	EXPECT(n_calls > 3);
	for (unsigned i = 0; i <= MANY; i++)
		EXPECT_EQ(infos[i].output, 1);
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
