/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * State that has no copy of its own for a guest: it survives exits, is reset when a VM starts, and
 * is never another VM's. The second VM runs the same pieces (partner.c).
 */
#include "tests/guest/state.h"

#include "platform/timer.h"
#include "tests/guest/insn.h"
#include "tests/kit/kit.h"

enum { PATIENCE_US = 5000000, MINE = 0x5a };

/* One exit of each kind, from within code that has the state in its registers. */
static void exit_in_all_ways(void)
{
	uint64_t fresh = claim_fresh();

	(void)test_fact(FACT_LEVELS);
	*(volatile uint64_t *)fresh = 1;
	*(volatile uint8_t *)(MAP_UART + 7) = *(volatile uint8_t *)(MAP_UART + 7);
	csr_write(CSR_SIE, SIE_SSIE);
	csr_set(CSR_SIP, SIE_SSIE);
	__asm__ volatile("wfi");
	csr_clear(CSR_SIP, SIE_SSIE);
	/* A wait that comes back to the run loop. */
	csr_write(CSR_SIE, SIE_STIE);
	(void)sbi_call(SBI_EXT_TIME, 0, time_now() + time_from_us(3000), 0, 0, 0, 0);
	__asm__ volatile("wfi");
	(void)sbi_call(SBI_EXT_TIME, 0, ~0ull, 0, 0, 0, 0);
	csr_write(CSR_SIE, 0);
}

TEST_IF(state, floats_survive_every_exit, needs_f)
{
	uint64_t sie = csr_read(CSR_SIE);

	state_fill(STATE_FLOATS, MINE);
	exit_in_all_ways();
	EXPECT_EQ(state_wrong(STATE_FLOATS, MINE), 0);
	csr_write(CSR_SIE, sie);
}

TEST_IF(state, vectors_survive_every_exit, needs_v)
{
	uint64_t sie = csr_read(CSR_SIE);

	state_fill(STATE_VECTORS, MINE);
	exit_in_all_ways();
	EXPECT_EQ(state_wrong(STATE_VECTORS, MINE), 0);
	csr_write(CSR_SIE, sie);
}

TEST(state, registers_of_s_mode_survive_every_exit)
{
	uint64_t sie = csr_read(CSR_SIE);

	state_fill(STATE_CSRS, MINE);
	exit_in_all_ways();
	EXPECT_EQ(state_wrong(STATE_CSRS, MINE), 0);
	csr_write(CSR_SIE, sie);
}

/* A float that a device's register is loaded into leaves all others as they were. */
TEST_IF(state, float_load_of_a_device_changes_one_float, needs_f)
{
	state_fill(STATE_FLOATS, MINE);
	__asm__ volatile(".option push\n .option arch, +d\n flw f31, (%0)\n"
			 "fmv.x.d t0, f31\n addi t0, t0, 0\n .option pop" ::"r"(MAP_PLIC + 4)
			 : "t0", "memory");
	EXPECT_EQ(state_wrong(STATE_FLOATS, MINE), 1); /* f31 */
}

/* What the guest dirtied is kept though its own sstatus says clean: that field is its to write. */
TEST_IF(state, floats_survive_though_the_guest_says_that_they_are_clean, needs_f)
{
	state_fill(STATE_FLOATS, MINE);
	csr_clear(CSR_SSTATUS, SSTATUS_FS);
	csr_set(CSR_SSTATUS, field_put(SSTATUS_FS, 2));
	uint64_t sie = csr_read(CSR_SIE);

	exit_in_all_ways();
	csr_write(CSR_SIE, sie);
	EXPECT_EQ(state_wrong(STATE_FLOATS, MINE), 0);
}

static bool wait_for_rounds(uint64_t n)
{
	uint64_t end = time_now() + time_from_us(PATIENCE_US);

	while (test_fact(FACT_TOLD + TOLD_ROUNDS) < n)
		if (time_is_past(end))
			return false;
	return true;
}

static void stop_partner(void)
{
	uint64_t end = time_now() + time_from_us(PATIENCE_US);

	(void)test_call(TEST_PARTNER, false, 0);
	while (test_fact(FACT_PARTNER_RUNS) && !time_is_past(end))
		;
	EXPECT(!test_fact(FACT_PARTNER_RUNS));
}

/* AX17 for the second start: what the partner left is gone. */
TEST(state, two_vms_of_one_hart_never_see_each_other_and_start_with_reset_values)
{
	for (unsigned start = 0; start < 2; start++) {
		uint64_t before = time_now(), sie = csr_swap(CSR_SIE, 0);

		for (enum state s = 0; s < N_STATES; s++)
			state_fill(s, MINE);
		(void)test_call(TEST_TELL, TOLD_ROUNDS, 0);
		(void)test_call(TEST_TELL, TOLD_WRONG, 0);
		(void)test_call(TEST_TELL, TOLD_WRONG_AT_START, ~0ull);
		(void)test_call(TEST_TELL, TOLD_TIME, ~0ull);
		(void)test_call(TEST_PARTNER, true, 0);
		for (unsigned rounds = 1; rounds < 20; rounds++) {
			EXPECT(wait_for_rounds(rounds));
			for (enum state s = 0; s < N_STATES; s++)
				EXPECT_EQ(state_wrong(s, MINE), 0);
		}
		stop_partner();
		csr_write(CSR_SIE, sie);
		EXPECT_EQ(test_fact(FACT_TOLD + TOLD_WRONG_AT_START), 0);
		EXPECT_EQ(test_fact(FACT_TOLD + TOLD_WRONG), 0);
		/* Its time began with it. */
		EXPECT(test_fact(FACT_TOLD + TOLD_TIME) <= time_now() - before);
	}
	state_reset();
}
