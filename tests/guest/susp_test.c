/* SPDX-License-Identifier: BSD-2-Clause */
/* The whole guest sleeps, and wakes by its timer and by a key. */
#include "platform/timer.h"
#include "tests/guest/insn.h"
#include "tests/guest/pair.h"
#include "tests/guest/second.h"
#include "tests/kit/kit.h"

enum { SBI_EXT_SUSP = 0x53555350, SUSPEND = 0, PROBE = 3 };

static const char *needs_susp(void)
{
	return sbi_call(SBI_EXT_BASE, PROBE, SBI_EXT_SUSP, 0, 0, 0, 0).value ? NULL : "no SUSP";
}

static const char *needs_one_and_susp(void)
{
	return n_harts() == 1 ? needs_susp() : "the guest has more vCPUs than one";
}

static const char *needs_two_and_susp(void)
{
	return needs_two() ? needs_two() : needs_susp();
}

static struct second place __attribute__((aligned(512))); /* in one page */

/* When it woke; interrupts `sie` can wake it. */
static uint64_t sleep_with(uint64_t sie)
{
	uint64_t satp = csr_swap(CSR_SATP, root_satp), old = csr_swap(CSR_SIE, sie);

	place.found.a0 = place.found.satp = place.found.sstatus = ~0ull;
	__asm__ volatile("sfence.vma" ::: "memory");
	EXPECT_EQ(second_leave(&place, SUSPEND, 0, gpa_of(second_begins), gpa_of(&place),
			       SBI_EXT_SUSP),
		  0);
	uint64_t end = time_now();

	csr_write(CSR_SIE, old);
	csr_write(CSR_SATP, satp);
	__asm__ volatile("sfence.vma" ::: "memory");
	EXPECT_EQ(place.found.a0, hart_id_of(hart_index));
	EXPECT_EQ(place.found.satp, 0);
	EXPECT_EQ(place.found.sstatus & SSTATUS_SIE, 0);
	return end;
}

static uint64_t in_ms(unsigned ms)
{
	return time_now() + time_from_us(ms * 1000);
}

/* Returns the time that it was given. */
static uint64_t set_timer(uint64_t when)
{
	(void)sbi_call(SBI_EXT_TIME, 0, when, 0, 0, 0, 0);
	return when;
}

TEST_IF(susp, system_sleeps_until_its_timer_and_begins_where_it_is_told, needs_one_and_susp)
{
	for (unsigned round = 0; round < 3; round++) {
		uint64_t when = set_timer(in_ms(20));

		EXPECT(sleep_with(SIE_STIE) >= when);
	}
	set_timer(~0ull);
}

/* A timer whose interrupt it does not take wakes nobody. */
TEST_IF(susp, system_sleeps_until_a_key_though_it_takes_no_interrupt, needs_one_and_susp)
{
	for (unsigned round = 0; round < 3; round++) {
		uint64_t when = in_ms(30);

		set_timer(in_ms(1));
		(void)test_call(TEST_KEY, 30, 0);
		EXPECT(sleep_with(0) >= when);
	}
	set_timer(~0ull);
}

TEST_IF(susp, key_that_came_while_nobody_slept_wakes_nobody, needs_one_and_susp)
{
	for (unsigned round = 0; round < 2; round++) {
		(void)test_call(TEST_KEY, 1, 0);
		pause_ms(5);
		uint64_t when = set_timer(in_ms(20)); /* after which a key is too late, too */

		EXPECT(sleep_with(SIE_STIE) >= when);
	}
	set_timer(~0ull);
}

TEST_IF(susp, sleep_of_no_known_kind_or_to_begin_nowhere_is_refused, needs_susp)
{
	static const uint64_t kinds[] = { 1, 0x7fffffff, 0x80000000, 0xffffffff };
	static const uint64_t nowhere[] = { MAP_HOLE, MAP_RESERVED, MAP_UART, MAP_RAM + 1 };

	for (unsigned i = 0; i < ARRAY_LEN(kinds); i++)
		EXPECT_EQ(error_of(SBI_EXT_SUSP, SUSPEND, kinds[i], MAP_RAM, 0),
			  SBI_ERR_INVALID_PARAM);
	for (unsigned i = 0; i < ARRAY_LEN(nowhere); i++)
		EXPECT_EQ(error_of(SBI_EXT_SUSP, SUSPEND, 0, nowhere[i], 0),
			  SBI_ERR_INVALID_ADDRESS);
}

TEST_IF(susp, system_whose_second_hart_is_not_stopped_does_not_sleep, needs_two_and_susp)
{
	EXPECT_EQ(error_of(SBI_EXT_SUSP, SUSPEND, 0, gpa_of(second_begins), 0), SBI_ERR_DENIED);
}
