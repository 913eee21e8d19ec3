/* SPDX-License-Identifier: BSD-2-Clause */
/* Privileged instructions: which the guest has, which it must not see, and wfi. */
#include "platform/timer.h"
#include "tests/guest/insn.h"
#include "tests/kit/kit.h"

enum { INSN_SRET = 0x10200073, INSN_MRET = 0x30200073 };
enum { INSN_WRS_NTO = 0x00d00073, INSN_WRS_STO = 0x01d00073, INSN_SINVAL_VMA = 0x16000073 };

static void expect_illegal(enum world w, uint32_t insn)
{
	trial_access(w, insn, MAP_RAM, 0);
	if (trial.cause != CAUSE_ILLEGAL_INSN || trial.value != insn)
		kit_note("of 0x%08x in world %u:", insn, w);
	EXPECT_EQ(trial.cause, CAUSE_ILLEGAL_INSN);
	EXPECT_EQ(trial.value, insn);
	EXPECT_EQ(trial.pc, code_at(w));
	EXPECT_EQ(trial.status & SSTATUS_SPP, is_user(w) ? 0 : SSTATUS_SPP);
}

static void expect_legal(enum world w, uint32_t insn)
{
	trial_access(w, insn, MAP_RAM, 0);
	EXPECT_EQ(trial.cause, CAUSE_BREAKPOINT);
}

TEST(insn, registers_of_the_h_extension_are_illegal)
{
	static const uint16_t csrs[] = {
		CSR_HSTATUS,    CSR_HEDELEG, CSR_HIDELEG,   CSR_HIE,    CSR_HCOUNTEREN,
		CSR_HGEIE,      CSR_HENVCFG, CSR_HSTATEEN0, CSR_HVIP,   CSR_HGATP,
		CSR_HTIMEDELTA, CSR_HTVAL,   CSR_HIP,       CSR_HTINST, CSR_VSSTATUS,
		CSR_VSIE,       CSR_VSTVEC,  CSR_VSSCRATCH, CSR_VSEPC,  CSR_VSCAUSE,
		CSR_VSTVAL,     CSR_VSIP,    CSR_VSTIMECMP, CSR_VSATP,  CSR_HGEIP,
	};

	for (enum world w = 0; w < N_WORLDS; w++) {
		for (unsigned i = 0; i < ARRAY_LEN(csrs); i++) {
			expect_illegal(w, INSN_CSRR(csrs[i]));
			expect_illegal(w, INSN_CSRW(csrs[i]));
		}
	}
}

TEST(insn, instructions_of_the_h_extension_are_illegal)
{
	static const uint32_t insns[] = {
		INSN_R(0x73, 0, 0x11, 0, 0, 0),   /* hfence.vvma */
		INSN_R(0x73, 0, 0x31, 0, 0, 0),   /* hfence.gvma */
		INSN_R(0x73, 4, 0x30, A0, A1, 0), /* hlv.b */
		INSN_R(0x73, 4, 0x34, A0, A1, 0), /* hlv.w */
		INSN_R(0x73, 4, 0x34, A0, A1, 3), /* hlvx.wu */
		INSN_R(0x73, 4, 0x36, A0, A1, 0), /* hlv.d */
		INSN_R(0x73, 4, 0x35, 0, A1, A2), /* hsv.w */
	};

	for (enum world w = 0; w < N_WORLDS; w++)
		for (unsigned i = 0; i < ARRAY_LEN(insns); i++)
			expect_illegal(w, insns[i]);
}

TEST(insn, privileges_of_m_mode_are_illegal)
{
	static const uint32_t insns[] = {
		INSN_MRET,        INSN_CSRR(0x300), /* mstatus */
		INSN_CSRR(0x301),                   /* misa */
		INSN_CSRR(0xf14),                   /* mhartid */
		INSN_CSRW(0x3a0),                   /* pmpcfg0 */
	};

	for (enum world w = 0; w < N_WORLDS; w++)
		for (unsigned i = 0; i < ARRAY_LEN(insns); i++)
			expect_illegal(w, insns[i]);
}

TEST(insn, privileges_of_s_mode_are_illegal_in_u_mode)
{
	static const uint32_t insns[] = {
		INSN_WFI,
		INSN_SRET,
		INSN_SFENCE_VMA,
		INSN_CSRR(CSR_SSTATUS),
		INSN_CSRR(CSR_SATP),
		INSN_CSRW(CSR_SEPC),
		INSN_CSRW(CSR_SIE),
		INSN_CSRR(CSR_SCOUNTEREN),
		INSN_CSRR(CSR_STIMECMP),
	};

	for (unsigned i = 0; i < ARRAY_LEN(insns); i++) {
		expect_illegal(BARE_U, insns[i]);
		expect_illegal(PAGED_U, insns[i]);
	}
}

TEST(insn, guest_fences_its_own_tables)
{
	for (enum world w = 0; w < N_WORLDS; w += 2) {
		expect_legal(w, INSN_SFENCE_VMA);
		if (has(ISA_SVINVAL))
			expect_legal(w, INSN_SINVAL_VMA);
	}
}

TEST(insn, entropy_source_is_illegal)
{
	for (enum world w = 0; w < N_WORLDS; w++)
		expect_illegal(w, INSN_CSRW(0x015));
}

/* --- what has an enable of its own --- */

TEST(insn, stimecmp_is_there_exactly_as_the_tree_says)
{
	if (has(ISA_SSTC))
		expect_legal(BARE_S, INSN_CSRR(CSR_STIMECMP));
	else
		expect_illegal(BARE_S, INSN_CSRR(CSR_STIMECMP));
}

static const char *needs_no_zihpm(void)
{
	return has(ISA_ZIHPM) ? "the guest has Zihpm" : NULL;
}

TEST_IF(insn, counters_that_are_not_offered_are_illegal, needs_no_zihpm)
{
	uint64_t old = csr_swap(CSR_SCOUNTEREN, ~0u);

	for (enum world w = 0; w < N_WORLDS; w++) {
		expect_illegal(w, INSN_CSRR(CSR_HPMCOUNTER3));
		expect_illegal(w, INSN_CSRR(CSR_HPMCOUNTER3 + 28));
	}
	csr_write(CSR_SCOUNTEREN, old);
}

TEST(insn, scounteren_decides_what_u_mode_reads)
{
	uint64_t old = csr_swap(CSR_SCOUNTEREN, 0);

	for (unsigned i = 0; i < 3; i++) {
		csr_write(CSR_SCOUNTEREN, 0);
		expect_legal(PAGED_S, INSN_CSRR(CSR_CYCLE + i));
		expect_illegal(PAGED_U, INSN_CSRR(CSR_CYCLE + i));
		csr_write(CSR_SCOUNTEREN, BIT(i));
		expect_legal(PAGED_U, INSN_CSRR(CSR_CYCLE + i));
		csr_write(CSR_SCOUNTEREN, ~0u & ~BIT(i));
		expect_illegal(PAGED_U, INSN_CSRR(CSR_CYCLE + i));
	}
	csr_write(CSR_SCOUNTEREN, old);
}

/* --- waiting --- */

TEST(insn, wfi_returns_at_once_when_an_enabled_interrupt_is_pending)
{
	uint64_t sie = csr_swap(CSR_SIE, SIE_SSIE), waits = test_count(COUNT_WAITS);

	csr_set(CSR_SIP, SIE_SSIE);
	expect_legal(BARE_S, INSN_WFI);
	expect_legal(PAGED_S, INSN_WFI);
	csr_clear(CSR_SIP, SIE_SSIE);
	csr_write(CSR_SIE, sie);
	EXPECT_EQ(test_count(COUNT_WAITS) - waits, 2);
}

TEST(insn, wfi_waits_for_the_timer)
{
	uint64_t sie = csr_swap(CSR_SIE, SIE_STIE), waits = test_count(COUNT_WAITS);
	uint64_t when = time_now() + time_from_us(20000);

	(void)sbi_call(SBI_EXT_TIME, 0, when, 0, 0, 0, 0);
	expect_legal(PAGED_S, INSN_WFI);
	EXPECT(time_now() >= when);
	(void)sbi_call(SBI_EXT_TIME, 0, ~0ull, 0, 0, 0, 0);
	csr_write(CSR_SIE, sie);
	EXPECT_EQ(test_count(COUNT_WAITS) - waits, 1);
}

static const char *needs_zawrs(void)
{
	return has(ISA_ZAWRS) ? NULL : "the guest has no Zawrs";
}

TEST_IF(insn, wait_on_a_reservation_ends, needs_zawrs)
{
	for (enum world w = 0; w < N_WORLDS; w++) {
		trial_begin(w);
		trial.x[A1] = at_in(w, gpa_of(table_page(0)));
		RUN(INSN_LR_W, INSN_WRS_NTO, INSN_LR_W, INSN_WRS_STO);
		EXPECT_EQ(trial.cause, CAUSE_BREAKPOINT);
		EXPECT_EQ(trial.pc, code_at(w) + 16);
	}
}

/* --- the guest's own traps --- */

TEST(insn, delegated_traps_never_leave_the_guest)
{
	uint64_t exits = test_count(COUNT_ALL_EXITS), calls = test_count(COUNT_CALLS);

	for (enum world w = 0; w < N_WORLDS; w++) {
		trial_begin(w);
		RUN(INSN_NOP);
		EXPECT_EQ(trial.cause, CAUSE_BREAKPOINT);
		trial_begin(w);
		trial_run_code(&(uint16_t){ 0 }, 2);
		EXPECT_EQ(trial.cause, CAUSE_ILLEGAL_INSN);
		trial_begin(w);
		trial.pc = at_in(w, MAP_RAM) + BIT(44); /* no page */
		trial_run();
		EXPECT_EQ(trial.cause, w < PAGED_S ? CAUSE_FETCH_ACCESS : CAUSE_FETCH_PAGE);
	}
	exits += 2; /* the two fetches without tables, from beyond the G-stage or a hole in it */
	trial_begin(PAGED_U);
	RUN(INSN_ECALL);
	EXPECT_EQ(trial.cause, CAUSE_U_ECALL);
	trial_begin(PAGED_U);
	trial.x[A1] = MAP_RAM; /* S-mode's */
	RUN(INSN_LD);
	EXPECT_EQ(trial.cause, CAUSE_LOAD_PAGE);
	EXPECT_EQ(test_count(COUNT_ALL_EXITS), exits);
	EXPECT_EQ(test_count(COUNT_CALLS) - calls, 2); /* these counts are calls */
}

/* An SBI call changes a0 and a1 and nothing else. */
TEST(insn, registers_survive_a_call)
{
	for (enum world w = 0; w < N_WORLDS; w += 2) {
		trial_begin(w);
		for (unsigned n = 1; n < 32; n++)
			trial.x[n] = 0x1111111111111111ull * n;
		trial.x[A0 + 6] = 0;            /* the version of the specification, */
		trial.x[A0 + 7] = SBI_EXT_BASE; /* BASE */
		RUN(INSN_ECALL);
		EXPECT_EQ(trial.cause, CAUSE_BREAKPOINT);
		EXPECT_EQ(trial.x[A0], 0);
		for (unsigned n = 1; n < 32; n++)
			if (n < A0 || (n > A1 && n < A0 + 6) || n > A0 + 7)
				EXPECT_EQ(trial.x[n], 0x1111111111111111ull * n);
	}
}
