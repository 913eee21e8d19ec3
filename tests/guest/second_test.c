/* SPDX-License-Identifier: BSD-2-Clause */
/* How harts of one guest start, stop and sleep, by calls with good and bad arguments. */
#include "tests/guest/second.h"

#include "platform/timer.h"
#include "tests/guest/insn.h"
#include "tests/guest/pair.h"
#include "tests/kit/kit.h"

enum { PATIENCE_US = 10000000 };
enum { START, STOP, STATUS, SUSPEND };
enum { STARTED = 0, STOPPED = 1, SUSPENDED = 4 };
#define NON_RETENTIVE 0x80000000u

static bool second_becomes(long state)
{
	uint64_t end = time_now() + time_from_us(PATIENCE_US);

	while (sbi_call(SBI_EXT_HSM, STATUS, SECOND, 0, 0, 0, 0).value != state)
		if (time_is_past(end))
			return false;
	return true;
}

/* --- starts and stops --- */

static struct second second __attribute__((aligned(512))); /* in one page */
static long left_by, left_with;
static uint64_t left_a0;
static bool wakes_by_ipi;

/* The root of tests maps the image where it lies in memory, too. */
static void leave(void)
{
	uint64_t satp = csr_swap(CSR_SATP, root_satp), sie = csr_read(CSR_SIE);

	__asm__ volatile("sfence.vma" ::: "memory");
	csr_write(CSR_SIE, wakes_by_ipi ? SIE_SSIE : 0);
	left_with = second_leave(&second, (uint64_t)left_by, left_a0, gpa_of(second_begins),
				 gpa_of(&second), SBI_EXT_HSM);
	csr_write(CSR_SIE, sie);
	csr_write(CSR_SATP, satp);
	__asm__ volatile("sfence.vma" ::: "memory");
}

static void let_second_leave(long by, uint64_t a0, bool wakes)
{
	second.found.a0 = second.found.satp = second.found.sstatus = ~0ull;
	second.found.sie = second.found.sip = ~0ull;
	left_by = by;
	left_with = 1;
	left_a0 = a0;
	wakes_by_ipi = wakes;
	let_second(leave);
}

static void expect_begun_anew(void)
{
	EXPECT(await_done());
	EXPECT_EQ(left_with, 0);
	EXPECT_EQ(second.found.a0, SECOND);
	EXPECT_EQ(second.found.satp, 0);
	EXPECT_EQ(second.found.sstatus & SSTATUS_SIE, 0);
}

static long start_at(uint64_t hart, uint64_t gpa)
{
	return error_of(SBI_EXT_HSM, START, hart, gpa, gpa_of(&second));
}

TEST_IF(second, hart_stops_and_starts_again_where_it_is_told, needs_two)
{
	static const uint64_t nowhere[] = { MAP_HOLE,    MAP_RESERVED,           MAP_UART,
					    MAP_RAM - 2, MAP_RAM + MAP_RAM_SIZE, ~1ull };

	for (unsigned round = 0; round < 3; round++) {
		EXPECT_EQ(start_at(SECOND, gpa_of(second_begins)), SBI_ERR_ALREADY_AVAILABLE);
		let_second_leave(STOP, 0, false);
		REQUIRE(second_becomes(STOPPED));
		for (unsigned i = 0; i < ARRAY_LEN(nowhere); i++)
			EXPECT_EQ(start_at(SECOND, nowhere[i]), SBI_ERR_INVALID_ADDRESS);
		EXPECT_EQ(start_at(SECOND, gpa_of(second_begins) + 1), SBI_ERR_INVALID_ADDRESS);
		EXPECT_EQ(start_at(NOBODY, gpa_of(second_begins)), SBI_ERR_INVALID_PARAM);
		EXPECT_EQ(start_at(0, gpa_of(second_begins)), SBI_ERR_ALREADY_AVAILABLE);
		/* What is sent to it is lost, and nobody waits for it. */
		EXPECT_EQ(error_of(SBI_EXT_IPI, 0, 2, 0, 0), SBI_SUCCESS);
		for (long fence = 0; fence < 3; fence++)
			EXPECT_EQ(error_of(SBI_EXT_RFNC, fence, 3, 0, 0), SBI_SUCCESS);
		EXPECT(second_becomes(STOPPED));
		EXPECT_EQ(start_at(SECOND, gpa_of(second_begins)), SBI_SUCCESS);
		expect_begun_anew();
		EXPECT_EQ(second.found.sie, 0);
		EXPECT_EQ(second.found.sip & SIE_SSIE, 0);
		EXPECT(second_becomes(STARTED));
	}
}

/* --- sleep --- */

static uint64_t n_woken;

static void sleep(void)
{
	uint64_t sie = csr_swap(CSR_SIE, SIE_SSIE);

	left_with = sbi_call(SBI_EXT_HSM, SUSPEND, 0, 0, 0, 0, 0).error;
	n_woken += take_soft();
	csr_write(CSR_SIE, sie);
}

TEST_IF(second, hart_sleeps_until_an_interrupt_and_keeps_all, needs_two)
{
	for (unsigned round = 0; round < 3; round++) {
		uint64_t before = n_woken;

		left_with = 1;
		let_second(sleep);
		REQUIRE(second_becomes(SUSPENDED));
		EXPECT_EQ(start_at(SECOND, gpa_of(second_begins)), SBI_ERR_ALREADY_AVAILABLE);
		pause_ms(5);
		EXPECT(second_becomes(SUSPENDED));
		EXPECT(!atomic_load(&is_done));
		EXPECT_EQ(error_of(SBI_EXT_IPI, 0, 2, 0, 0), SBI_SUCCESS);
		EXPECT(await_done());
		EXPECT_EQ(left_with, 0);
		EXPECT_EQ(n_woken - before, 1);
		EXPECT(second_becomes(STARTED));
	}
}

TEST_IF(second, hart_that_sleeps_and_keeps_nothing_begins_where_it_is_told, needs_two)
{
	for (unsigned round = 0; round < 3; round++) {
		let_second_leave(SUSPEND, NON_RETENTIVE, true);
		REQUIRE(second_becomes(SUSPENDED));
		EXPECT_EQ(error_of(SBI_EXT_IPI, 0, 2, 0, 0), SBI_SUCCESS);
		expect_begun_anew();
		EXPECT(second_becomes(STARTED));
	}
}

TEST_IF(second, sleep_of_no_known_kind_or_to_begin_nowhere_is_refused, needs_two)
{
	static const uint64_t kinds[] = { 1,          0xfffffff,  0x10000000,
					  0x7fffffff, 0x80000001, 0xffffffff };
	static const uint64_t nowhere[] = { MAP_HOLE, MAP_RESERVED, MAP_UART, MAP_RAM + 1 };

	for (unsigned i = 0; i < ARRAY_LEN(kinds); i++)
		EXPECT_EQ(error_of(SBI_EXT_HSM, SUSPEND, kinds[i], MAP_RAM, 0),
			  SBI_ERR_INVALID_PARAM);
	for (unsigned i = 0; i < ARRAY_LEN(nowhere); i++)
		EXPECT_EQ(error_of(SBI_EXT_HSM, SUSPEND, NON_RETENTIVE, nowhere[i], 0),
			  SBI_ERR_INVALID_ADDRESS);
}
