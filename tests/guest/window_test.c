/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A window on a device of the host's: the goldfish RTC of QEMU's virt machine, at an address of the
 * guest's that is not the host's. It tells nanoseconds; a read of the low half keeps the high one.
 */
#include "tests/guest/fault.h"
#include "tests/kit/kit.h"

enum { TIME_LOW = 0, TIME_HIGH = 4, ALARM_HIGH = 12 };
#define HOST_AT 0x101000ull

static const char *needs_rtc(void)
{
	return test_fact(FACT_HAS_RTC) ? NULL : "the host has no RTC that could be passed on";
}

static uint32_t host_reads(uint64_t offset)
{
	struct sbi_ret ret = sbi_call(TEST_CALLS, TEST_RTC, offset, 0, 0, 0, 0);

	EXPECT_EQ(ret.error, SBI_SUCCESS);
	return (uint32_t)ret.value;
}

static uint64_t host_time(void)
{
	uint64_t low = host_reads(TIME_LOW);

	return (uint64_t)host_reads(TIME_HIGH) << 32 | low;
}

static uint32_t guest_reads(enum world w, uint64_t offset)
{
	trial_access(w, INSN_LWU, MAP_RTC + offset, 0);
	EXPECT_EQ(trial.cause, CAUSE_BREAKPOINT);
	return (uint32_t)trial.x[A0];
}

/* AX7: and without an exit. */
TEST_IF(window, reads_are_of_the_hosts_register, needs_rtc)
{
	for (enum world w = 0; w < N_WORLDS; w++) {
		uint64_t before = host_time(), exits = test_count(COUNT_ALL_EXITS);
		uint64_t low = guest_reads(w, TIME_LOW);
		uint64_t time = (uint64_t)guest_reads(w, TIME_HIGH) << 32 | low;

		EXPECT_EQ(test_count(COUNT_ALL_EXITS), exits);
		EXPECT(before < time);
		EXPECT(time < host_time());
	}
}

/* AX7: the host finds in the device what the guest wrote. */
TEST_IF(window, writes_reach_the_hosts_register, needs_rtc)
{
	uint32_t old = host_reads(ALARM_HIGH);

	for (enum world w = 0; w < N_WORLDS; w++) {
		trial_access(w, INSN_SW, MAP_RTC + ALARM_HIGH, 0x7e570000 + w);
		EXPECT_EQ(trial.cause, CAUSE_BREAKPOINT);
		EXPECT_EQ(host_reads(ALARM_HIGH), 0x7e570000 + w);
		EXPECT_EQ(guest_reads(w, ALARM_HIGH), 0x7e570000 + w);
	}
	trial_access(BARE_S, INSN_SW, MAP_RTC + ALARM_HIGH, old);
}

/* It is the hypervisor that refuses: what lies there in the host might refuse it too. */
static void expect_refused(enum world w, uint32_t insn, uint64_t gpa, unsigned cause)
{
	uint64_t refused = test_count(COUNT_INJECTED + cause), gva = at_in(w, gpa);

	if (cause == CAUSE_FETCH_ACCESS)
		run_at(w, gpa);
	else
		trial_access(w, insn, gpa, 0);
	EXPECT_EQ(test_count(COUNT_INJECTED + cause) - refused, 1);
	expect_fault(w, cause, gva, cause == CAUSE_FETCH_ACCESS ? gva : code_at(w));
}

static void expect_nothing_at(uint64_t gpa)
{
	for (enum world w = 0; w < N_WORLDS; w++) {
		expect_refused(w, INSN_LW, gpa, CAUSE_LOAD_ACCESS);
		expect_refused(w, INSN_SW, gpa, CAUSE_STORE_ACCESS);
		expect_refused(w, 0, gpa, CAUSE_FETCH_ACCESS);
	}
}

/* AX3, AX7: the page and no other; where the host has it, the guest has nothing. */
TEST_IF(window, nothing_beside_its_page_is_reached, needs_rtc)
{
	expect_nothing_at(MAP_RTC + PAGE_SIZE);
	expect_nothing_at(MAP_RTC - 4);
	expect_nothing_at(HOST_AT);
}

/* AX6: a device is no code. */
TEST_IF(window, fetch_from_it_is_an_access_fault, needs_rtc)
{
	for (enum world w = 0; w < N_WORLDS; w++)
		expect_refused(w, 0, MAP_RTC, CAUSE_FETCH_ACCESS);
}
