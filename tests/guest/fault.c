/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/guest/fault.h"

#include "tests/kit/kit.h"

void run_at(enum world w, uint64_t gpa)
{
	trial_begin(w);
	trial.pc = at_in(w, gpa);
	trial_run();
}

void expect_fault(enum world w, unsigned cause, uint64_t value, uint64_t pc)
{
	/* QEMU 7.2 makes a load and a store of an AMO, in faults that nobody of ours sees. */
	if (cause == CAUSE_STORE_PAGE && trial.cause == CAUSE_LOAD_PAGE &&
	    code_word() == INSN_AMOADD_W)
		cause = CAUSE_LOAD_PAGE;
	uint64_t spp = is_user(w) ? 0 : SSTATUS_SPP;

	if (trial.cause != cause || trial.value != value || trial.pc != pc)
		kit_note("in world %u, of 0x%llx at 0x%llx, 0x%08x:", w, (unsigned long long)value,
			 (unsigned long long)pc, code_word());
	EXPECT_EQ(trial.cause, cause);
	EXPECT_EQ(trial.value, value);
	EXPECT_EQ(trial.pc, pc);
	EXPECT_EQ(trial.status & (SSTATUS_SPP | SSTATUS_SIE), spp);
}

const struct access_kind accesses[N_ACCESSES] = {
	{ INSN_LB, CAUSE_LOAD_ACCESS },        { INSN_LD, CAUSE_LOAD_ACCESS },
	{ INSN_LR_W, CAUSE_LOAD_ACCESS },      { INSN_SB, CAUSE_STORE_ACCESS },
	{ INSN_SD, CAUSE_STORE_ACCESS },       { INSN_C_SD, CAUSE_STORE_ACCESS },
	{ INSN_AMOADD_W, CAUSE_STORE_ACCESS },
};

uint64_t fresh_page(void)
{
	static uint64_t next = MAP_PAGES;

	for (unsigned i = 0; i < 2; i++)
		claim(MAP_PAGES + i * MEGA_SIZE);
	next += 2 * PAGE_SIZE;
	REQUIRE(next < MAP_PAGES + MAP_SIZE);
	return next;
}
