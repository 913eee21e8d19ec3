/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The devices that every guest has, reached by the accesses that they have and by all others, in
 * every world. The UART's scratch register is 8 bits wide and keeps what it is given; so does a
 * word of the PLIC's enables, whose sources have no line. A device of all widths: forms_test.c.
 */
#include "tests/guest/insn.h"
#include "tests/kit/kit.h"

#define SCRATCH (MAP_UART + 7)
#define ENABLES (MAP_PLIC + 0x2000 + 0x80 + 4) /* context 1, sources 32 to 63 */

#define UNTOUCHED 0x123456789abcdef0ull

/* It ends behind the instruction, where the ebreak is. */
static void expect_done(enum world w, unsigned length)
{
	EXPECT_EQ(trial.cause, CAUSE_BREAKPOINT);
	EXPECT_EQ(trial.pc, code_at(w) + length);
}

static unsigned length_of(uint32_t insn)
{
	return (insn & 3) == 3 ? 4 : 2;
}

static void do_access(enum world w, uint32_t insn, uint64_t gpa, uint64_t a2)
{
	trial_begin(w);
	trial.x[A0] = UNTOUCHED;
	trial.x[A1] = trial.x[SP] = at_in(w, gpa);
	trial.x[A2] = a2;
	trial_run_insn(insn);
}

static void expect_load(uint32_t insn, uint64_t gpa, uint64_t value)
{
	for (enum world w = 0; w < N_WORLDS; w++) {
		do_access(w, insn, gpa, 0);
		expect_done(w, length_of(insn));
		EXPECT_EQ(trial.x[A0], value);
	}
}

/* What was there before is another value. */
static void expect_store(uint32_t insn, uint64_t gpa, uint32_t clear, uint32_t load, uint64_t a2,
			 uint64_t value)
{
	for (enum world w = 0; w < N_WORLDS; w++) {
		do_access(w, clear, gpa, ~value);
		do_access(w, insn, gpa, a2);
		expect_done(w, length_of(insn));
		do_access(w, load, gpa, 0);
		EXPECT_EQ(trial.x[A0], value);
	}
}

/* RV3 */
TEST(mmio, loads_of_a_byte_extend_it)
{
	do_access(BARE_S, INSN_SB, SCRATCH, 0x85);
	expect_load(INSN_LB, SCRATCH, 0xffffffffffffff85);
	expect_load(INSN_LBU, SCRATCH, 0x85);
	do_access(BARE_S, INSN_SB, SCRATCH, 0x75);
	expect_load(INSN_LB, SCRATCH, 0x75);
}

/* RV3 */
TEST(mmio, loads_of_a_word_extend_it)
{
	do_access(BARE_S, INSN_SW, ENABLES, 0xfedcba98);
	expect_load(INSN_LW, ENABLES, 0xfffffffffedcba98);
	expect_load(INSN_LWU, ENABLES, 0xfedcba98);
	expect_load(INSN_C_LW, ENABLES, 0xfffffffffedcba98);
	expect_load(INSN_C_LWSP, ENABLES, 0xfffffffffedcba98);
	do_access(BARE_S, INSN_SW, ENABLES, 0x7edcba98);
	expect_load(INSN_LW, ENABLES, 0x7edcba98);
}

/* RV3 */
TEST(mmio, stores_take_the_low_bytes)
{
	uint64_t a2 = 0xa5a5a5a51234567b;

	expect_store(INSN_SB, SCRATCH, INSN_SB, INSN_LBU, a2, 0x7b);
	expect_store(INSN_SW, ENABLES, INSN_SW, INSN_LWU, a2, 0x1234567b);
	expect_store(INSN_C_SW, ENABLES, INSN_SW, INSN_LWU, a2, 0x1234567b);
	expect_store(INSN_C_SWSP, ENABLES, INSN_SW, INSN_LWU, a2, 0x1234567b);
}

static const char *needs_zcb(void)
{
	return has(ISA_ZCB) ? NULL : "the guest has no Zcb";
}

/* RV3 */
TEST_IF(mmio, accesses_of_zcb_are_known, needs_zcb)
{
	expect_store(INSN_C_SB, SCRATCH, INSN_SB, INSN_LBU, 0xa596, 0x96);
	expect_load(INSN_C_LBU, SCRATCH, 0x96);
}

/* Every register can be the one that is loaded or stored; x0 stays 0. */
TEST(mmio, every_register_is_loaded_and_stored)
{
	for (unsigned r = 1; r < 32; r++) {
		unsigned base = r == A1 ? A0 : A1;

		trial_begin(PAGED_S);
		trial.x[base] = at_in(PAGED_S, SCRATCH);
		trial.x[r] = 0x40 + r;
		RUN(STORE_AS(AS_B, r, base), INSN_I(0x13, 0, r, 0), LOAD_AS(AS_BU, r, base));
		expect_done(PAGED_S, 12);
		EXPECT_EQ(trial.x[r], 0x40 + r);
	}
	trial_begin(BARE_S);
	trial.x[A1] = SCRATCH;
	RUN(STORE_AS(AS_B, 0, A1), LOAD_AS(AS_BU, 0, A1), INSN_I(0x13, 0, A0, 0));
	expect_done(BARE_S, 12);
	EXPECT_EQ(trial.x[A0], 0);
	expect_load(INSN_LBU, SCRATCH, 0);
}

/* No other register changes. */
TEST(mmio, registers_survive_an_access)
{
	trial_begin(BARE_S);
	for (unsigned r = 1; r < 32; r++)
		trial.x[r] = UNTOUCHED + r;
	trial.x[A1] = SCRATCH;
	trial_run_insn(INSN_LBU);
	for (unsigned r = 1; r < 32; r++)
		if (r != A0 && r != A1)
			EXPECT_EQ(trial.x[r], UNTOUCHED + r);
}

/* RV3 */
TEST_IF(mmio, floats_are_loaded_boxed_and_stored, needs_f)
{
	for (enum world w = 0; w < N_WORLDS; w++) {
		trial_begin(w);
		trial.x[A1] = at_in(w, ENABLES);
		trial.x[A2] = 0x1122334487654321;
		RUN(INSN_FMV_D_X, INSN_FSW, INSN_FLW, INSN_FMV_X_D);
		expect_done(w, 16);
		EXPECT_EQ(trial.x[A0], 0xffffffff87654321);
	}
}

static const struct {
	uint8_t f5;
	uint64_t old, operand, new;
} amos[] = {
	{ 0x00, 0xf0000001, 0x20000003, 0x10000004 }, /* add */
	{ 0x01, 0x12345678, 0x87654321, 0x87654321 }, /* swap */
	{ 0x04, 0xff00ff00, 0x0ff00ff0, 0xf0f0f0f0 }, /* xor */
	{ 0x08, 0xff00ff00, 0x0ff00ff0, 0xfff0fff0 }, /* or */
	{ 0x0c, 0xff00ff00, 0x0ff00ff0, 0x0f000f00 }, /* and */
	{ 0x10, 0x80000000, 0x00000001, 0x80000000 }, /* min */
	{ 0x14, 0x80000000, 0x00000001, 0x00000001 }, /* max */
	{ 0x18, 0x80000000, 0x00000001, 0x00000001 }, /* minu */
	{ 0x1c, 0x80000000, 0x00000001, 0x80000000 }, /* maxu */
};

/* RV3, AX1 */
TEST(mmio, amos_change_a_word_and_give_the_old)
{
	for (unsigned i = 0; i < ARRAY_LEN(amos); i++) {
		for (enum world w = 0; w < N_WORLDS; w++) {
			do_access(w, INSN_SW, ENABLES, amos[i].old);
			do_access(w, INSN_AMO(amos[i].f5, 2), ENABLES, amos[i].operand);
			expect_done(w, 4);
			EXPECT_EQ(trial.x[A0], (uint64_t)(int32_t)amos[i].old);
			do_access(w, INSN_LWU, ENABLES, 0);
			EXPECT_EQ(trial.x[A0], amos[i].new);
		}
	}
}

static void expect_amo_of(unsigned rd, unsigned rs2)
{
	unsigned base = A1;
	bool is_same = true;

	while (base == rd || base == rs2)
		base++;
	trial_begin(PAGED_S);
	for (unsigned r = 1; r < 32; r++)
		trial.x[r] = UNTOUCHED + r;
	trial.x[base] = at_in(PAGED_S, ENABLES);
	trial_run_insn(INSN_R(0x2f, 2, 0x01 << 2, rd, base, rs2)); /* amoswap.w */
	expect_done(PAGED_S, 4);
	for (unsigned r = 1; r < 32; r++)
		is_same &= r == base || trial.x[r] == (r == rd ? 0x77665544 : UNTOUCHED + r);
	EXPECT(is_same);
}

/* RV3: of the two, either may be one that an exit need not save; no other changes. */
TEST(mmio, every_two_registers_are_those_of_an_amo)
{
	for (unsigned rd = 0; rd < 32; rd++) {
		for (unsigned rs2 = 1; rs2 < 32; rs2++) {
			do_access(BARE_S, INSN_SW, ENABLES, 0x77665544);
			expect_amo_of(rd, rs2);
			do_access(BARE_S, INSN_LWU, ENABLES, 0);
			EXPECT_EQ(trial.x[A0], (uint32_t)(UNTOUCHED + rs2));
		}
	}
}

static const char *needs_zabha(void)
{
	return has(ISA_ZABHA) ? NULL : "the guest has no Zabha";
}

/* RV3 */
TEST_IF(mmio, amos_change_a_byte, needs_zabha)
{
	do_access(BARE_S, INSN_SB, SCRATCH, 0xf0);
	do_access(BARE_S, INSN_AMOADD_B, SCRATCH, 0x21);
	expect_done(BARE_S, 4);
	EXPECT_EQ(trial.x[A0], 0xfffffffffffffff0);
	expect_load(INSN_LBU, SCRATCH, 0x11);
}

static const char *needs_zacas(void)
{
	return has(ISA_ZACAS) ? NULL : "the guest has no Zacas";
}

/* RV3 */
TEST_IF(mmio, compare_and_swap_stores_where_they_are_equal, needs_zacas)
{
	for (unsigned i = 0; i < 2; i++) {
		do_access(BARE_S, INSN_SW, ENABLES, 0x80000001);
		trial_begin(BARE_S);
		trial.x[A0] = 0x80000001 + i;
		trial.x[A1] = ENABLES;
		trial.x[A2] = 0x42;
		trial_run_insn(INSN_AMO(0x05, 2));
		expect_done(BARE_S, 4);
		EXPECT_EQ(trial.x[A0], 0xffffffff80000001);
		expect_load(INSN_LWU, ENABLES, i ? 0x80000001 : 0x42);
	}
}

/* What neither of the devices has, or only the other one. */
static const struct {
	uint32_t insn;
	uint8_t cause, needs;
	bool at_uart, at_plic;
} refused[] = {
	{ INSN_LB, CAUSE_LOAD_ACCESS, ISA_I, false, true },
	{ INSN_LBU, CAUSE_LOAD_ACCESS, ISA_I, false, true },
	{ INSN_LH, CAUSE_LOAD_ACCESS, ISA_I, true, true },
	{ INSN_LHU, CAUSE_LOAD_ACCESS, ISA_I, true, true },
	{ INSN_LW, CAUSE_LOAD_ACCESS, ISA_I, true, false },
	{ INSN_LWU, CAUSE_LOAD_ACCESS, ISA_I, true, false },
	{ INSN_LD, CAUSE_LOAD_ACCESS, ISA_I, true, true },
	{ INSN_C_LW, CAUSE_LOAD_ACCESS, ISA_I, true, false },
	{ INSN_C_LD, CAUSE_LOAD_ACCESS, ISA_I, true, true },
	{ INSN_C_LBU, CAUSE_LOAD_ACCESS, ISA_ZCB, false, true },
	{ INSN_C_LH, CAUSE_LOAD_ACCESS, ISA_ZCB, true, true },
	{ INSN_C_LHU, CAUSE_LOAD_ACCESS, ISA_ZCB, true, true },
	{ INSN_C_FLD, CAUSE_LOAD_ACCESS, ISA_D, true, true },
	{ INSN_FLH, CAUSE_LOAD_ACCESS, ISA_ZFHMIN, true, true },
	{ INSN_FLW, CAUSE_LOAD_ACCESS, ISA_F, true, false },
	{ INSN_FLD, CAUSE_LOAD_ACCESS, ISA_D, true, true },
	{ INSN_LR_W, CAUSE_LOAD_ACCESS, ISA_A, true, true },
	{ INSN_LR_D, CAUSE_LOAD_ACCESS, ISA_A, true, true },
	{ INSN_SB, CAUSE_STORE_ACCESS, ISA_I, false, true },
	{ INSN_SH, CAUSE_STORE_ACCESS, ISA_I, true, true },
	{ INSN_SW, CAUSE_STORE_ACCESS, ISA_I, true, false },
	{ INSN_SD, CAUSE_STORE_ACCESS, ISA_I, true, true },
	{ INSN_C_SW, CAUSE_STORE_ACCESS, ISA_I, true, false },
	{ INSN_C_SD, CAUSE_STORE_ACCESS, ISA_I, true, true },
	{ INSN_C_SB, CAUSE_STORE_ACCESS, ISA_ZCB, false, true },
	{ INSN_C_SH, CAUSE_STORE_ACCESS, ISA_ZCB, true, true },
	{ INSN_C_FSD, CAUSE_STORE_ACCESS, ISA_D, true, true },
	{ INSN_FSH, CAUSE_STORE_ACCESS, ISA_ZFHMIN, true, true },
	{ INSN_FSW, CAUSE_STORE_ACCESS, ISA_F, true, false },
	{ INSN_FSD, CAUSE_STORE_ACCESS, ISA_D, true, true },
	{ INSN_AMOADD_W, CAUSE_STORE_ACCESS, ISA_A, true, false },
	{ INSN_AMOADD_D, CAUSE_STORE_ACCESS, ISA_A, true, true },
	{ INSN_AMOADD_B, CAUSE_STORE_ACCESS, ISA_ZABHA, false, true },
	{ INSN_CBO_ZERO, CAUSE_STORE_ACCESS, ISA_ZICBOZ, true, true },
	{ INSN_CBO_CLEAN, CAUSE_STORE_ACCESS, ISA_ZICBOM, true, true },
	{ INSN_CBO_FLUSH, CAUSE_STORE_ACCESS, ISA_ZICBOM, true, true },
	{ INSN_CBO_INVAL, CAUSE_STORE_ACCESS, ISA_ZICBOM, true, true },
};

/* cbo in U-mode is senvcfg's to allow. */
static bool can_run(unsigned i, enum world w)
{
	uint8_t needs = refused[i].needs;

	return has(needs) && !(is_user(w) && (needs == ISA_ZICBOZ || needs == ISA_ZICBOM));
}

/* The block of a cbo begins at an address that the trap may name instead. */
static bool is_in_block(uint32_t insn, uint64_t value, uint64_t gva)
{
	return (insn & 0x7f) == 0x0f && value == align_down(gva, 64);
}

static void expect_refused(unsigned i, uint64_t gpa)
{
	uint32_t insn = refused[i].insn;

	for (enum world w = 0; w < N_WORLDS; w++) {
		uint64_t gva = at_in(w, gpa), before = test_count(COUNT_MMIO);

		if (!can_run(i, w))
			continue;
		do_access(w, insn, gpa, 0x5a5a5a5a5a5a5a5a);
		if (trial.cause != refused[i].cause ||
		    (trial.value != gva && !is_in_block(insn, trial.value, gva)))
			kit_note("of 0x%08x at 0x%llx in world %u:", insn, (unsigned long long)gpa,
				 w);
		EXPECT_EQ(trial.cause, refused[i].cause);
		EXPECT(trial.value == gva || is_in_block(insn, trial.value, gva));
		EXPECT_EQ(trial.pc, code_at(w));
		EXPECT_EQ(trial.x[A0], UNTOUCHED);
		EXPECT_EQ(test_count(COUNT_MMIO), before);
	}
}

/* RV3, AX1: never a stopped VM. */
TEST(mmio, access_that_the_device_lacks_is_the_guest_access_fault)
{
	do_access(BARE_S, INSN_SB, SCRATCH, 0x77);
	do_access(BARE_S, INSN_SW, ENABLES, 0x77777777);
	for (unsigned i = 0; i < ARRAY_LEN(refused); i++) {
		if (refused[i].at_uart)
			expect_refused(i, SCRATCH - 7); /* aligned for all of them */
		if (refused[i].at_plic)
			expect_refused(i, ENABLES - 4);
	}
	expect_load(INSN_LBU, SCRATCH, 0x77);
	expect_load(INSN_LWU, ENABLES, 0x77777777);
}

/* RV3 */
TEST_IF(mmio, vector_access_of_a_device_is_an_access_fault, needs_v)
{
	static const uint32_t insns[] = { INSN_VLE8, INSN_VSE8 };

	for (unsigned i = 0; i < 2 * N_WORLDS; i++) {
		enum world w = i / 2;

		trial_begin(w);
		trial.x[A1] = at_in(w, SCRATCH);
		RUN(INSN_VSETIVLI_E8, insns[i % 2]);
		EXPECT_EQ(trial.cause, i % 2 ? CAUSE_STORE_ACCESS : CAUSE_LOAD_ACCESS);
		EXPECT_EQ(trial.value, at_in(w, SCRATCH));
		EXPECT_EQ(trial.pc, code_at(w) + 4);
	}
}

/* RV3: hardware that does such accesses in memory makes two of it, or one of no register. */
TEST(mmio, misaligned_access_of_a_device_is_an_access_fault)
{
	for (enum world w = 0; w < N_WORLDS; w++) {
		do_access(w, INSN_LW, ENABLES + 2, 0);
		EXPECT_EQ(trial.cause, CAUSE_LOAD_ACCESS);
		do_access(w, INSN_SW, ENABLES + 1, 0);
		EXPECT_EQ(trial.cause, CAUSE_STORE_ACCESS);
		do_access(w, INSN_LW, MAP_UART + PAGE_SIZE - 2, 0); /* half of it in a hole */
		EXPECT_EQ(trial.cause, CAUSE_LOAD_ACCESS);
		EXPECT_EQ(trial.pc, code_at(w));
	}
}

/* RV2: at the end of a page, where only half of it may be read with the first. */
TEST(mmio, instruction_across_two_pages_is_known)
{
	uint64_t gpa = claim_fresh() + PAGE_SIZE - 2;
	volatile uint16_t *half = (volatile uint16_t *)gpa;

	do_access(BARE_S, INSN_SB, SCRATCH, 0x5b);
	half[0] = (uint16_t)INSN_LBU;
	half[1] = INSN_LBU >> 16;
	half[2] = 0x9002; /* c.ebreak */
	for (enum world w = 0; w < N_WORLDS; w++) {
		trial_begin(w);
		trial.x[A1] = at_in(w, SCRATCH);
		trial.pc = at_in(w, gpa);
		trial_run();
		EXPECT_EQ(trial.cause, CAUSE_BREAKPOINT);
		EXPECT_EQ(trial.x[A0], 0x5b);
	}
}

TEST(mmio, fetch_from_a_device_is_an_access_fault)
{
	for (enum world w = 0; w < N_WORLDS; w++) {
		trial_begin(w);
		trial.pc = at_in(w, MAP_UART);
		trial_run();
		EXPECT_EQ(trial.cause, CAUSE_FETCH_ACCESS);
		EXPECT_EQ(trial.value, at_in(w, MAP_UART));
		EXPECT_EQ(trial.pc, at_in(w, MAP_UART));
	}
}

TEST(mmio, each_access_is_one_exit)
{
	uint64_t exits = test_count(COUNT_EXITS + CAUSE_LOAD_GPF),
		 accesses = test_count(COUNT_MMIO);

	trial_begin(PAGED_S);
	trial.x[A1] = at_in(PAGED_S, SCRATCH);
	RUN(INSN_LBU, INSN_LBU, INSN_LBU);
	EXPECT_EQ(test_count(COUNT_EXITS + CAUSE_LOAD_GPF) - exits, 3);
	EXPECT_EQ(test_count(COUNT_MMIO) - accesses, 3);
}
