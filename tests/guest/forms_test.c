/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every form of load, store and AMO, of every width, at a device that has them all. What each must
 * do is what the hart does to memory: the same code runs there first, with the same bytes, and
 * leaves the same in all registers and in every byte around.
 *
 * How far the guest goes on is seen too. Behind the instruction stands one of two bytes, which
 * would be missed; and the second half of each of four bytes is an instruction that changes a
 * register.
 */
#include <string.h>

#include "tests/guest/insn.h"
#include "tests/kit/kit.h"

enum { N_OPERANDS = 4, LOAD_OFFSET = 0x7f0, AT = 24, C_NOP = 0x0001, C_ADDI_A3 = 0x0685 };
enum { AQ_RL = 3 << 25 };
#define GARBAGE 0x5e5e5e5e5e5e5e00ull

static const struct form {
	uint32_t insn;
	uint8_t width, needs;
} loads[] = {
	{ INSN_LB, 1, ISA_I },       { INSN_LBU, 1, ISA_I },      { INSN_LH, 2, ISA_I },
	{ INSN_LHU, 2, ISA_I },      { INSN_LW, 4, ISA_I },       { INSN_LWU, 4, ISA_I },
	{ INSN_LD, 8, ISA_I },       { INSN_C_LW, 4, ISA_C },     { INSN_C_LD, 8, ISA_C },
	{ INSN_C_LWSP, 4, ISA_C },   { INSN_C_LDSP, 8, ISA_C },   { INSN_C_LBU, 1, ISA_ZCB },
	{ INSN_C_LHU, 2, ISA_ZCB },  { INSN_C_LH, 2, ISA_ZCB },   { INSN_FLH, 2, ISA_ZFHMIN },
	{ INSN_FLW, 4, ISA_F },      { INSN_FLD, 8, ISA_D },      { INSN_C_FLD, 8, ISA_D },
	{ INSN_C_FLDSP, 8, ISA_D },
}, stores[] = {
	{ INSN_SB, 1, ISA_I },       { INSN_SH, 2, ISA_I },       { INSN_SW, 4, ISA_I },
	{ INSN_SD, 8, ISA_I },       { INSN_C_SW, 4, ISA_C },     { INSN_C_SD, 8, ISA_C },
	{ INSN_C_SWSP, 4, ISA_C },   { INSN_C_SDSP, 8, ISA_C },   { INSN_C_SB, 1, ISA_ZCB },
	{ INSN_C_SH, 2, ISA_ZCB },   { INSN_FSH, 2, ISA_ZFHMIN }, { INSN_FSW, 4, ISA_F },
	{ INSN_FSD, 8, ISA_D },      { INSN_C_FSD, 8, ISA_D },    { INSN_C_FSDSP, 8, ISA_D },
};

/* Each aligned part of the bytes, and of its complement, has a sign of its own. */
#define CONTENT 0x8f9eadbc7b6a5948ull
#define OPERAND 0x7c1b2a3948576605ull

static bool is_long(uint32_t insn)
{
	return (insn & 3) == 3;
}

/* --- the two places --- */

static uint8_t bytes[SCRATCH_SIZE]; /* by way of which the device's are set and seen */

static void fill(uint8_t *to, uint64_t content)
{
	for (unsigned i = 0; i < SCRATCH_SIZE; i += 8, content = ~content)
		memcpy(to + i, &content, 8);
}

static void copy_device(bool writes)
{
	static uint8_t exchange[SCRATCH_SIZE] __attribute__((aligned(SCRATCH_SIZE)));

	memcpy(exchange, bytes, sizeof(exchange));
	EXPECT_EQ(sbi_call(TEST_CALLS, TEST_SCRATCH, gpa_of(exchange), writes, 0, 0, 0).error, 0);
	memcpy(bytes, exchange, sizeof(bytes));
}

/* --- the code --- */

static uint16_t code[32];
static unsigned n_halves;

static void emit(uint32_t insn)
{
	code[n_halves++] = (uint16_t)insn;
	if (is_long(insn))
		code[n_halves++] = insn >> 16;
}

static uint32_t fmv_d_x(unsigned to)
{
	return INSN_R(0x53, 0, 0x79, to, A2, 0);
}

static uint32_t fmv_x_d(unsigned to, unsigned from)
{
	return INSN_R(0x53, 0, 0x71, to, from, 0);
}

/* f registers that an instruction may read hold a2, those that it may write go to a4 and a5. */
static void write_code(uint32_t insn, bool is_shifted)
{
	n_halves = 0;
	if (has(ISA_D)) {
		emit(fmv_d_x(0));
		emit(fmv_d_x(2));
		emit(fmv_d_x(A0));
		emit(fmv_d_x(A2));
	}
	if (is_shifted)
		emit(C_NOP);
	emit(insn);
	emit(C_ADDI_A3);
	if (has(ISA_D)) {
		emit(fmv_x_d(A4, 0));
		emit(fmv_x_d(A5, A0));
	}
}

/* Loads have room for an offset, which makes of their second half c.lui t5; that of stores and AMOs
 * changes ra or another register as it is. */
static uint32_t with_offset(uint32_t insn)
{
	return is_long(insn) ? insn | (uint32_t)LOAD_OFFSET << 20 : insn;
}

static void run_at_place(enum world w, uint64_t gpa, uint32_t offset, uint64_t a0, uint64_t a2)
{
	trial_begin(w);
	for (unsigned r = 1; r < 32; r++)
		trial.x[r] = GARBAGE + r;
	trial.x[A0] = a0;
	trial.x[A2] = a2;
	trial.x[SP] = at_in(w, gpa);
	trial.x[A1] = trial.x[SP] - offset;
	trial_run_code(code, 2 * n_halves);
}

/* --- what is tried --- */

struct attempt {
	uint32_t insn;
	uint32_t offset; /* in the instruction */
	unsigned at;     /* of the bytes */
	uint64_t content, a0, a2;
};

static bool is_same_outcome(const struct trial *memory, uint64_t base_moves)
{
	bool is_same = trial.cause == memory->cause && trial.pc == memory->pc;

	for (unsigned r = 1; r < 32; r++)
		is_same &= trial.x[r] == memory->x[r] + (r == SP || r == A1 ? base_moves : 0);
	return is_same;
}

static void expect_as_memory(enum world w, const struct attempt *t)
{
	uint8_t *memory = (uint8_t *)table_page(0);
	static struct trial outcome;

	fill(memory, t->content);
	run_at_place(w, gpa_of(memory) + t->at, t->offset, t->a0, t->a2);
	outcome = trial;
	EXPECT_EQ(outcome.cause, CAUSE_BREAKPOINT);
	EXPECT_EQ(outcome.x[A3], GARBAGE + A3 + 1);

	fill(bytes, t->content);
	copy_device(true);
	uint64_t accesses = test_count(COUNT_MMIO);

	run_at_place(w, MAP_SCRATCH + t->at, t->offset, t->a0, t->a2);
	EXPECT_EQ(test_count(COUNT_MMIO) - accesses, 1);
	copy_device(false);
	bool is_same = is_same_outcome(&outcome, MAP_SCRATCH - gpa_of(memory)) &&
		       !memcmp(bytes, memory, SCRATCH_SIZE);

	if (!is_same)
		kit_note("of 0x%08x at byte %u in world %u: cause %llu, a0 0x%llx, a4 0x%llx",
			 t->insn, t->at, w, (unsigned long long)trial.cause,
			 (unsigned long long)trial.x[A0], (unsigned long long)trial.x[A4]);
	EXPECT(is_same);
}

static void try_everywhere(struct attempt t, unsigned width)
{
	for (t.at = AT; t.at < AT + 16; t.at += width) {
		/* Half of them at an address where four bytes lie in two words. */
		write_code(t.insn, t.at / width & 1);
		for (enum world w = 0; w < N_WORLDS; w++)
			expect_as_memory(w, &t);
	}
}

/* RV3: signs, zeroes, boxes. */
TEST(forms, every_load_gives_what_it_gives_of_memory)
{
	for (unsigned i = 0; i < ARRAY_LEN(loads); i++) {
		const struct form *f = &loads[i];

		if (has(f->needs))
			try_everywhere(
				(struct attempt){ .insn = with_offset(f->insn),
						  .offset = is_long(f->insn) ? LOAD_OFFSET : 0,
						  .content = CONTENT,
						  .a0 = GARBAGE,
						  .a2 = OPERAND },
				f->width);
	}
}

/* RV3: and no byte beside those. */
TEST(forms, every_store_changes_the_bytes_that_it_names)
{
	for (unsigned i = 0; i < ARRAY_LEN(stores); i++) {
		const struct form *f = &stores[i];

		if (has(f->needs))
			try_everywhere((struct attempt){ .insn = f->insn,
							 .content = CONTENT,
							 .a0 = GARBAGE,
							 .a2 = OPERAND },
				       f->width);
	}
}

/* The oracle itself: what the hart did to memory is what the specification says. */
TEST(forms, memory_itself_is_as_the_specification_has_it)
{
	static const struct {
		uint32_t insn;
		uint64_t a0;
	} known[] = { { INSN_LB, 0xffffffffffffffbc },  { INSN_LBU, 0xbc },
		      { INSN_LH, 0xffffffffffffadbc },  { INSN_LHU, 0xadbc },
		      { INSN_LW, 0xffffffff8f9eadbc },  { INSN_LWU, 0x8f9eadbc },
		      { INSN_C_LW, 0xffffffff8f9eadbc } };

	for (unsigned i = 0; i < ARRAY_LEN(known); i++) {
		for (unsigned at_device = 0; at_device < 2; at_device++) {
			uint8_t *memory = (uint8_t *)table_page(0);

			fill(memory, CONTENT);
			fill(bytes, CONTENT);
			copy_device(true);
			trial_access(PAGED_U, known[i].insn,
				     (at_device ? MAP_SCRATCH : gpa_of(memory)) + 4, 0);
			EXPECT_EQ(trial.cause, CAUSE_BREAKPOINT);
			EXPECT_EQ(trial.x[A0], known[i].a0);
		}
	}
}

static void try_amo(unsigned f5, unsigned f3)
{
	for (unsigned i = 0; i < N_OPERANDS; i++) {
		uint64_t content = i & 1 ? ~CONTENT : CONTENT;
		struct attempt t = {
			.insn = INSN_AMO(f5, f3) | (i & 1 ? AQ_RL : 0),
			.content = content,
			.a2 = i & 2 ? ~OPERAND : OPERAND,
			/* So a compare finds it equal at one of the places, and else not. */
			.a0 = f3 == 3 || i & 2 ? content : content >> 32,
		};

		try_everywhere(t, 1u << f3);
	}
}

/* RV3, AX1: the old value too; of each width that the guest has. */
TEST(forms, every_amo_does_what_it_does_to_memory)
{
	static const uint8_t f5s[] = { 0x00, 0x01, 0x04, 0x08, 0x0c, 0x10, 0x14, 0x18, 0x1c, 0x05 };

	for (unsigned i = 0; i < ARRAY_LEN(f5s); i++)
		for (unsigned f3 = has(ISA_ZABHA) ? 0 : 2; f3 <= 3; f3++)
			if (f5s[i] != 0x05 || has(ISA_ZACAS))
				try_amo(f5s[i], f3);
}

/* --- what no device has, though it has every width --- */

static void expect_refused(enum world w, uint32_t insn, uint64_t gpa, uint64_t cause)
{
	uint64_t accesses = test_count(COUNT_MMIO);

	trial_access(w, insn, gpa, OPERAND);
	EXPECT_EQ(test_count(COUNT_MMIO), accesses);
	if (trial.cause != cause)
		kit_note("of 0x%08x at 0x%llx in world %u:", insn, (unsigned long long)gpa, w);
	EXPECT_EQ(trial.cause, cause);
	EXPECT_EQ(trial.pc, code_at(w));
	EXPECT_EQ(trial.x[A0], 0);
}

static void expect_untouched(void)
{
	uint8_t before[SCRATCH_SIZE];

	fill(before, CONTENT);
	copy_device(false);
	EXPECT(!memcmp(bytes, before, sizeof(before)));
}

/* RV3. What an SC does there: lrsc_test.c. */
TEST(forms, what_is_neither_load_nor_store_nor_amo_is_an_access_fault)
{
	static const struct {
		uint32_t insn;
		uint8_t needs, cause;
		bool in_u_mode; /* a cbo there is senvcfg's to allow */
	} others[] = {
		{ INSN_LR_W, ISA_A, CAUSE_LOAD_ACCESS, true },
		{ INSN_LR_D, ISA_A, CAUSE_LOAD_ACCESS, true },
		{ INSN_AMO(0x05, 4), ISA_ZACAS, CAUSE_STORE_ACCESS, true }, /* amocas.q */
		{ INSN_CBO_ZERO, ISA_ZICBOZ, CAUSE_STORE_ACCESS, false },
		{ INSN_CBO_CLEAN, ISA_ZICBOM, CAUSE_STORE_ACCESS, false },
		{ INSN_CBO_FLUSH, ISA_ZICBOM, CAUSE_STORE_ACCESS, false },
		{ INSN_CBO_INVAL, ISA_ZICBOM, CAUSE_STORE_ACCESS, false },
	};

	fill(bytes, CONTENT);
	copy_device(true);
	for (unsigned i = 0; i < ARRAY_LEN(others); i++)
		for (enum world w = 0; has(others[i].needs) && w < N_WORLDS; w++)
			if (others[i].in_u_mode || !is_user(w))
				expect_refused(w, others[i].insn, MAP_SCRATCH, others[i].cause);
	expect_untouched();
}

/* RV3 */
TEST_IF(forms, vectors_of_every_width_are_access_faults, needs_v)
{
	static const uint8_t widths[] = { 0, 5, 6, 7 };

	fill(bytes, CONTENT);
	copy_device(true);
	for (unsigned i = 0; i < 2 * ARRAY_LEN(widths); i++) {
		uint32_t bit = i & 1 ? 0x20 : 0;

		trial_begin(PAGED_S);
		trial.x[A1] = at_in(PAGED_S, MAP_SCRATCH);
		RUN(INSN_VSETIVLI_E8, INSN_VLE8 | bit | (uint32_t)widths[i / 2] << 12);
		EXPECT_EQ(trial.cause, bit ? CAUSE_STORE_ACCESS : CAUSE_LOAD_ACCESS);
		EXPECT_EQ(trial.pc, code_at(PAGED_S) + 4);
	}
	expect_untouched();
}

/* RV3: of every width, though both sides of it are registers; and the last that begins inside. */
TEST(forms, misaligned_access_and_one_behind_the_registers_change_nothing)
{
	static const struct {
		uint32_t insn;
		uint8_t width, cause;
	} kinds[] = {
		{ INSN_LB, 1, CAUSE_LOAD_ACCESS },  { INSN_LH, 2, CAUSE_LOAD_ACCESS },
		{ INSN_LW, 4, CAUSE_LOAD_ACCESS },  { INSN_LD, 8, CAUSE_LOAD_ACCESS },
		{ INSN_SB, 1, CAUSE_STORE_ACCESS }, { INSN_SH, 2, CAUSE_STORE_ACCESS },
		{ INSN_SW, 4, CAUSE_STORE_ACCESS }, { INSN_SD, 8, CAUSE_STORE_ACCESS },
	};

	fill(bytes, CONTENT);
	copy_device(true);
	for (unsigned i = 0; i < ARRAY_LEN(kinds); i++) {
		for (enum world w = 0; w < N_WORLDS; w++) {
			expect_refused(w, kinds[i].insn, MAP_SCRATCH + SCRATCH_SIZE,
				       kinds[i].cause);
			if (kinds[i].width > 1)
				expect_refused(w, kinds[i].insn,
					       MAP_SCRATCH + AT + kinds[i].width / 2,
					       kinds[i].cause);
		}
	}
	expect_untouched();
}
