/* SPDX-License-Identifier: BSD-2-Clause */
/* Firmware counters: each function of the PMU extension with good and bad arguments, and that what
 * is counted is what happened. Each test leaves the counters stopped and without an event. */
#include "sbi/guest/events.h"
#include "tests/guest/insn.h"
#include "tests/kit/kit.h"

enum { SBI_EXT_PMU = 0x504d55, SBI_ERR_NO_SHMEM = -9, LEGACY_SET_TIMER = 0 };
enum { N_COUNTERS, INFO, CONFIG, START, STOP, READ, READ_HIGH, SNAPSHOT, EVENT_INFO, N_FUNCTIONS };
enum { SKIP_MATCH = 1, CLEAR_VALUE = 2, AUTO_START = 4 };
enum { SET_VALUE = 1, FROM_SNAPSHOT = 2 };
enum { RESET = 1, TAKE_SNAPSHOT = 2 };
enum { FW = 0xf0000, N_EVENTS = 22 };

static struct sbi_ret pmu(long function, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3,
			  uint64_t a4)
{
	return sbi_call(SBI_EXT_PMU, function, a0, a1, a2, a3, a4);
}

static long error_of(long function, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3)
{
	return pmu(function, a0, a1, a2, a3, 0).error;
}

static uint64_t value_of(struct sbi_ret ret)
{
	EXPECT_EQ(ret.error, SBI_SUCCESS);
	return (uint64_t)ret.value;
}

static uint64_t n_counters(void)
{
	return value_of(pmu(N_COUNTERS, 0, 0, 0, 0, 0));
}

static void begin(void)
{
	(void)pmu(STOP, 0, BIT(n_counters()) - 1, RESET, 0, 0);
}

/* The counter of the whole set that it became. */
static uint64_t configure(uint64_t event, uint64_t flags)
{
	return value_of(pmu(CONFIG, 0, BIT(n_counters()) - 1, flags, event, 0));
}

static uint64_t count(uint64_t counter)
{
	return value_of(pmu(READ, counter, 0, 0, 0, 0));
}

static void set_timer(void)
{
	(void)sbi_call(SBI_EXT_TIME, 0, ~0ull, 0, 0, 0, 0);
}

TEST(pmu, all_counters_are_firmware_counters)
{
	uint64_t n = n_counters();

	EXPECT(n >= 8);
	for (unsigned i = 0; i < n; i++)
		EXPECT_EQ(value_of(pmu(INFO, i, 0, 0, 0, 0)), BIT(63) | 63 << 12);
	EXPECT_EQ(error_of(INFO, n, 0, 0, 0), SBI_ERR_INVALID_PARAM);
	EXPECT_EQ(error_of(INFO, ~0ull, 0, 0, 0), SBI_ERR_INVALID_PARAM);
}

TEST(pmu, every_firmware_event_can_be_counted_and_no_other)
{
	static const uint64_t wrong[] = { 0,         1,       0x10000,  0x20000,
					  0x30000,   FW + 22, FW + 256, FW + 65535,
					  0x10f0005, FW - 1,  ~0ull };

	begin();
	for (unsigned i = 0; i < N_EVENTS; i++)
		EXPECT_EQ(configure(FW + i, 0), 0);
	for (unsigned i = 0; i < ARRAY_LEN(wrong); i++)
		EXPECT_EQ(error_of(CONFIG, 0, 1, 0, wrong[i]), SBI_ERR_NOT_SUPPORTED);
	EXPECT_EQ(pmu(CONFIG, 0, 1, 0, FW + FW_SET_TIMER, 1).error, SBI_ERR_NOT_SUPPORTED);
	begin();
}

TEST(pmu, counter_counts_from_its_start_to_its_stop)
{
	begin();
	set_timer();
	uint64_t c = configure(FW + FW_SET_TIMER, CLEAR_VALUE);

	set_timer();
	EXPECT_EQ(count(c), 0);
	EXPECT_EQ(error_of(START, c, 1, 0, 99), SBI_SUCCESS);
	set_timer();
	(void)sbi_call(LEGACY_SET_TIMER, 0, ~0ull, 0, 0, 0, 0);
	EXPECT_EQ(count(c), 2);
	EXPECT_EQ(error_of(STOP, c, 1, 0, 0), SBI_SUCCESS);
	set_timer();
	EXPECT_EQ(count(c), 2);
	EXPECT_EQ(error_of(START, c, 1, 0, 99), SBI_SUCCESS); /* goes on */
	set_timer();
	EXPECT_EQ(count(c), 3);
	EXPECT_EQ(value_of(pmu(READ_HIGH, c, 0, 0, 0, 0)), 0);
	begin();
}

TEST(pmu, start_sets_the_value_where_it_is_told_to)
{
	begin();
	uint64_t c = configure(FW + FW_SET_TIMER, CLEAR_VALUE);

	EXPECT_EQ(error_of(START, c, 1, SET_VALUE, ~0ull), SBI_SUCCESS);
	EXPECT_EQ(count(c), ~0ull);
	set_timer();
	EXPECT_EQ(count(c), 0); /* 64 bits wide */
	begin();
}

TEST(pmu, match_takes_the_first_that_does_not_count)
{
	begin();
	EXPECT_EQ(configure(FW + FW_SET_TIMER, AUTO_START), 0);
	EXPECT_EQ(configure(FW + FW_SET_TIMER, AUTO_START), 1);
	EXPECT_EQ(value_of(pmu(CONFIG, 1, 6, 0, FW + FW_SET_TIMER, 0)), 2);
	EXPECT_EQ(error_of(CONFIG, 0, 3, 0, FW + FW_SET_TIMER), SBI_ERR_NOT_SUPPORTED);
	EXPECT_EQ(error_of(CONFIG, 0, 0, 0, FW + FW_SET_TIMER), SBI_ERR_NOT_SUPPORTED);
	/* Matching skipped: the first, whatever it does. */
	EXPECT_EQ(value_of(pmu(CONFIG, 0, 3, SKIP_MATCH, FW + FW_IPI_SENT, 0)), 0);
	begin();
}

TEST(pmu, flags_clear_and_start)
{
	begin();
	EXPECT_EQ(configure(FW + FW_SET_TIMER, CLEAR_VALUE | AUTO_START), 0);
	set_timer();
	EXPECT_EQ(count(0), 1);
	EXPECT_EQ(error_of(STOP, 0, 1, 0, 0), SBI_SUCCESS);
	EXPECT_EQ(configure(FW + FW_SET_TIMER, AUTO_START), 0); /* no impact on the value */
	EXPECT_EQ(count(0), 1);
	EXPECT_EQ(error_of(STOP, 0, 1, 0, 0), SBI_SUCCESS);
	EXPECT_EQ(configure(FW + FW_SET_TIMER, CLEAR_VALUE | 0xf8), 0);
	EXPECT_EQ(count(0), 0);
	begin();
}

TEST(pmu, sets_and_flags_are_checked_first)
{
	uint64_t n = n_counters();

	begin();
	for (long f = CONFIG; f <= STOP; f++) {
		EXPECT_EQ(error_of(f, 0, BIT(n) | 1, 0, FW), SBI_ERR_INVALID_PARAM);
		EXPECT_EQ(error_of(f, n - 1, 3, 0, FW), SBI_ERR_INVALID_PARAM);
		EXPECT_EQ(error_of(f, ~0ull, 3, 0, FW), SBI_ERR_INVALID_PARAM);
		EXPECT_EQ(error_of(f, 0, 1, BIT(8), FW), SBI_ERR_INVALID_PARAM);
	}
	EXPECT_EQ(error_of(START, 0, 1, 4, 0), SBI_ERR_INVALID_PARAM);
	EXPECT_EQ(error_of(STOP, 0, 1, 4, 0), SBI_ERR_INVALID_PARAM);
	for (long f = READ; f <= READ_HIGH; f++) {
		EXPECT_EQ(error_of(f, n, 0, 0, 0), SBI_ERR_INVALID_PARAM);
		EXPECT_EQ(error_of(f, ~0ull, 0, 0, 0), SBI_ERR_INVALID_PARAM);
	}
	/* Each of them is still stopped, so that one call starts all. */
	EXPECT_EQ(error_of(START, 0, BIT(n) - 1, 0, 0), SBI_SUCCESS);
	begin();
}

TEST(pmu, counter_is_started_and_stopped_once)
{
	begin();
	EXPECT_EQ(configure(FW + FW_SET_TIMER, CLEAR_VALUE | AUTO_START), 0);
	EXPECT_EQ(error_of(START, 0, 1, SET_VALUE, 7), SBI_ERR_ALREADY_STARTED);
	EXPECT_EQ(count(0), 0);
	/* The others of the set are stopped all the same, and the event goes. */
	EXPECT_EQ(error_of(STOP, 0, 3, RESET, 0), SBI_ERR_ALREADY_STOPPED);
	EXPECT_EQ(error_of(START, 0, 1, 0, 0), SBI_SUCCESS);
	set_timer();
	EXPECT_EQ(count(0), 0);
	begin();
}

TEST(pmu, snapshot_is_taken_and_begun_from_where_memory_was_given_for_it)
{
	static const uint64_t nowhere[] = { MAP_HOLE, MAP_RESERVED, MAP_UART, MAP_ROM };
	uint64_t at = claim_fresh();
	volatile uint64_t *snapshot = (volatile uint64_t *)at;

	begin();
	EXPECT_EQ(configure(FW + FW_SET_TIMER, CLEAR_VALUE), 0);
	EXPECT_EQ(error_of(START, 0, 1, FROM_SNAPSHOT, 0), SBI_ERR_NO_SHMEM);
	EXPECT_EQ(error_of(STOP, 0, 1, TAKE_SNAPSHOT, 0), SBI_ERR_NO_SHMEM);
	for (unsigned i = 0; i < ARRAY_LEN(nowhere); i++)
		EXPECT_EQ(error_of(SNAPSHOT, nowhere[i], 0, 0, 0), SBI_ERR_INVALID_ADDRESS);
	EXPECT_EQ(error_of(SNAPSHOT, at + 8, 0, 0, 0), SBI_ERR_INVALID_PARAM);
	EXPECT_EQ(error_of(SNAPSHOT, at, 0, 1, 0), SBI_ERR_INVALID_PARAM);
	EXPECT_EQ(error_of(SNAPSHOT, at, 0, 0, 0), SBI_SUCCESS);
	snapshot[1] = 40;
	EXPECT_EQ(error_of(START, 0, 1, FROM_SNAPSHOT, 0), SBI_SUCCESS);
	set_timer();
	set_timer();
	EXPECT_EQ(snapshot[1], 40);
	EXPECT_EQ(error_of(STOP, 0, 1, TAKE_SNAPSHOT, 0), SBI_SUCCESS);
	EXPECT_EQ(snapshot[1], 42);
	EXPECT_EQ(snapshot[0] + snapshot[2], 0);
	EXPECT_EQ(error_of(SNAPSHOT, ~0ull, ~0ull, 0, 0), SBI_SUCCESS);
	EXPECT_EQ(error_of(STOP, 0, 1, TAKE_SNAPSHOT, 0), SBI_ERR_NO_SHMEM);
	begin();
}

TEST(pmu, says_which_events_there_are_however_many_are_asked_about)
{
	enum { MANY = 300 };
	static const long others[] = { N_FUNCTIONS, 77, -1 };
	uint64_t at = claim_fresh();
	struct {
		uint32_t event, output;
		uint64_t data;
	} *infos = (void *)at;

	for (unsigned i = 0; i < MANY; i++)
		infos[i].event = FW + i;
	EXPECT_EQ(error_of(EVENT_INFO, at, 0, MANY, 0), SBI_SUCCESS);
	__asm__ volatile("" ::: "memory");
	for (unsigned i = 0; i < MANY; i++)
		EXPECT_EQ(infos[i].output, i < N_EVENTS);
	infos[1].event = BIT(20);
	EXPECT_EQ(error_of(EVENT_INFO, at, 0, 2, 0), SBI_ERR_INVALID_PARAM);
	EXPECT_EQ(error_of(EVENT_INFO, at + 8, 0, 1, 0), SBI_ERR_INVALID_PARAM);
	EXPECT_EQ(error_of(EVENT_INFO, at, 0, 1, 1), SBI_ERR_INVALID_PARAM);
	EXPECT_EQ(error_of(EVENT_INFO, MAP_ROM, 0, 1, 0), SBI_ERR_INVALID_ADDRESS);
	EXPECT_EQ(error_of(EVENT_INFO, MAP_HOLE, 0, 1, 0), SBI_ERR_INVALID_ADDRESS);
	EXPECT_EQ(error_of(EVENT_INFO, at, 0, ~0ull, 0), SBI_ERR_INVALID_ADDRESS);
	for (unsigned i = 0; i < ARRAY_LEN(others); i++)
		EXPECT_EQ(error_of(others[i], at, 0, 0, 0), SBI_ERR_NOT_SUPPORTED);
}

TEST(pmu, traps_that_the_guest_was_given_are_counted)
{
	static const struct {
		uint32_t insn, event;
	} traps[] = { { INSN_LD, FW_ACCESS_LOAD },
		      { INSN_SD, FW_ACCESS_STORE },
		      { INSN_CSRR(CSR_HGATP), FW_ILLEGAL_INSN } };

	begin();
	for (unsigned i = 0; i < ARRAY_LEN(traps); i++) {
		uint64_t c = configure(FW + traps[i].event, CLEAR_VALUE | AUTO_START);

		for (unsigned n = 0; n < 3; n++)
			trial_access(PAGED_U, traps[i].insn, MAP_HOLE, 0);
		EXPECT_EQ(count(c), 3);
	}
	begin();
}

/* One that a hart sends to itself went to nobody else: second_test.c has the others. */
TEST(pmu, what_a_hart_sends_to_itself_is_not_counted)
{
	uint64_t sie = csr_swap(CSR_SIE, 0);

	begin();
	uint64_t ipis = configure(FW + FW_IPI_SENT, CLEAR_VALUE | AUTO_START);
	uint64_t fences = configure(FW + FW_SFENCE_VMA_SENT, CLEAR_VALUE | AUTO_START);

	EXPECT_EQ(sbi_call(SBI_EXT_IPI, 0, 1, 0, 0, 0, 0).error, SBI_SUCCESS);
	EXPECT_EQ(sbi_call(SBI_EXT_RFNC, 1, 1, 0, 0, 0, 0).error, SBI_SUCCESS);
	EXPECT_EQ(count(ipis), 0);
	EXPECT_EQ(count(fences), 0);
	csr_clear(CSR_SIP, SIE_SSIE);
	csr_write(CSR_SIE, sie);
	begin();
}
