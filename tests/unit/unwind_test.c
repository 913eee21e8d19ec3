/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames of functions that are written out here, instruction by instruction, in the shapes that
 * compilers give them. tests/unit/unwind_check.py compares whole images.
 */
#include "lib/unwind.h"

#include <stdlib.h>
#include <string.h>

#include "tests/kit/kit.h"

/* Instructions as halfwords. `n` is a constant in range. */
#define AT(v, from, n, to) (((unsigned)(v) >> (from) & ((1u << (n)) - 1)) << (to))
#define FULL(w)            (uint16_t)(w), (uint16_t)((uint32_t)(w) >> 16)

#define NOP          0x0001
#define RET          0x8082
#define C_JR_A5      0x8782
#define C_JALR_A5    0x9782
#define C_ADDI_SP(n) (0x0101 | AT(n, 5, 1, 12) | AT(n, 0, 5, 2))
#define C_ADDI16SP(n)                                                                              \
	(0x6101 | AT(n, 9, 1, 12) | AT(n, 4, 1, 6) | AT(n, 6, 1, 5) | AT(n, 7, 2, 3) |             \
	 AT(n, 5, 1, 2))
#define C_SDSP_RA(n) (0xe006 | AT(n, 3, 3, 10) | AT(n, 6, 3, 7))
#define C_SDSP_S0(n) (0xe022 | AT(n, 3, 3, 10) | AT(n, 6, 3, 7))
#define C_LDSP_RA(n) (0x6082 | AT(n, 5, 1, 12) | AT(n, 3, 2, 5) | AT(n, 6, 3, 2))
#define C_LDSP_S0(n) (0x6402 | AT(n, 5, 1, 12) | AT(n, 3, 2, 5) | AT(n, 6, 3, 2))
#define C_J(n)                                                                                     \
	(0xa001 | AT(n, 11, 1, 12) | AT(n, 4, 1, 11) | AT(n, 8, 2, 9) | AT(n, 10, 1, 8) |          \
	 AT(n, 6, 1, 7) | AT(n, 7, 1, 6) | AT(n, 1, 3, 3) | AT(n, 5, 1, 2))
#define C_BRANCH(op, n)                                                                            \
	((op) | AT(n, 8, 1, 12) | AT(n, 3, 2, 10) | AT(n, 6, 2, 5) | AT(n, 1, 2, 3) |              \
	 AT(n, 5, 1, 2))
#define C_BEQZ_A0(n) C_BRANCH(0xc101, n)
#define C_BNEZ_A0(n) C_BRANCH(0xe101, n)
#define ADDI_SP(n)   FULL(0x00010113u | AT(n, 0, 12, 20))
#define SD_RA(n)     FULL(0x00113023u | AT(n, 5, 7, 25) | AT(n, 0, 5, 7))
#define LD_RA(n)     FULL(0x00013083u | AT(n, 0, 12, 20))
#define JAL_(rd, n)                                                                                \
	FULL(0x6fu | (rd) << 7 | AT(n, 20, 1, 31) | AT(n, 1, 10, 21) | AT(n, 11, 1, 20) |          \
	     AT(n, 12, 8, 12))
#define CALL(n) JAL_(1u, n)
#define J(n)    JAL_(0u, n)
#define BNE_A0_A1(n)                                                                               \
	FULL(0x00b51063u | AT(n, 12, 1, 31) | AT(n, 5, 6, 25) | AT(n, 1, 4, 8) | AT(n, 11, 1, 7))
#define SAVE(n) JAL_(5u, n)

enum { IN_REGISTER = -1 };

/* In a copy that ends at the pc, so that reading further is found. */
static struct frame_shape shape_at(const uint16_t *code, uint64_t start, uint64_t pc)
{
	size_t size = (pc + 1) / 2 * 2;
	uint16_t *copy = malloc(size ? size : 1);
	struct frame_shape shape;

	REQUIRE(copy);
	memcpy(copy, code, size);
	shape = unwind_shape(copy, start, pc);
	free(copy);
	return shape;
}

#define EXPECT_FRAME(code, pc, size_, ra_)                                                         \
	do {                                                                                       \
		struct frame_shape shape_ = shape_at((code), 0, (pc));                             \
		EXPECT_EQ(shape_.size, (size_));                                                   \
		EXPECT_EQ(shape_.ra_at, (ra_));                                                    \
	} while (0)

TEST(unwind, leaf_has_no_frame)
{
	static const uint16_t code[] = { NOP, NOP, RET };

	for (unsigned pc = 0; pc <= 4; pc += 2)
		EXPECT_FRAME(code, pc, 0, IN_REGISTER);
}

TEST(unwind, leaf_with_a_frame_keeps_ra_in_its_register)
{
	static const uint16_t code[] = { C_ADDI_SP(-32), C_SDSP_S0(24), C_LDSP_S0(24),
					 C_ADDI16SP(32), RET };

	EXPECT_FRAME(code, 0, 0, IN_REGISTER);
	EXPECT_FRAME(code, 2, 32, IN_REGISTER);
	EXPECT_FRAME(code, 6, 32, IN_REGISTER);
	EXPECT_FRAME(code, 8, 0, IN_REGISTER);
}

TEST(unwind, frame_is_known_at_each_step_of_prologue_and_epilogue)
{
	static const uint16_t code[] = {
		C_ADDI_SP(-16), C_SDSP_RA(8), CALL(0x100), C_LDSP_RA(8), C_ADDI_SP(16), RET,
	};

	EXPECT_FRAME(code, 0, 0, IN_REGISTER);
	EXPECT_FRAME(code, 2, 16, IN_REGISTER);
	EXPECT_FRAME(code, 4, 16, 8);
	EXPECT_FRAME(code, 8, 16, 8);
	EXPECT_FRAME(code, 10, 16, IN_REGISTER);
	EXPECT_FRAME(code, 12, 0, IN_REGISTER);
}

TEST(unwind, every_form_of_the_instructions_is_read)
{
	static const uint16_t middle[] = { C_ADDI16SP(-496), C_SDSP_RA(488), NOP };
	static const uint16_t full[] = { ADDI_SP(-2032), SD_RA(2024), NOP };
	static const uint16_t small[] = { C_ADDI_SP(-8), C_SDSP_RA(0), NOP };

	EXPECT_FRAME(middle, 4, 496, 488);
	EXPECT_FRAME(full, 4, 2032, IN_REGISTER);
	EXPECT_FRAME(full, 8, 2032, 2024);
	EXPECT_FRAME(small, 4, 8, 0);
}

TEST(unwind, large_frame_is_made_and_undone_in_two_steps)
{
	static const uint16_t code[] = {
		ADDI_SP(-2032), SD_RA(2024), ADDI_SP(-1024), CALL(0x100),
		ADDI_SP(1024),  LD_RA(2024), ADDI_SP(2032),  RET,
	};

	EXPECT_FRAME(code, 8, 2032, 2024);
	EXPECT_FRAME(code, 12, 3056, 3048);
	EXPECT_FRAME(code, 15, 3056, 3048); /* in the call */
	EXPECT_FRAME(code, 20, 2032, 2024);
	EXPECT_FRAME(code, 24, 2032, IN_REGISTER);
	EXPECT_FRAME(code, 28, 0, IN_REGISTER);
}

TEST(unwind, code_behind_an_epilogue_has_the_frame_of_its_branch)
{
	static const uint16_t code[] = {
		/*  0 */ C_ADDI_SP(-16), C_SDSP_RA(8),  C_BEQZ_A0(10), NOP,
		/*  8 */ C_LDSP_RA(8),   C_ADDI_SP(16), RET,
		/* 14: */ CALL(0x100),   C_LDSP_RA(8),  C_ADDI_SP(16), RET,
	};

	EXPECT_FRAME(code, 10, 16, IN_REGISTER);
	EXPECT_FRAME(code, 12, 0, IN_REGISTER);
	EXPECT_FRAME(code, 14, 16, 8);
	EXPECT_FRAME(code, 17, 16, 8);
	EXPECT_FRAME(code, 20, 16, IN_REGISTER);
	EXPECT_FRAME(code, 22, 0, IN_REGISTER);
}

/* The short way needs no frame, and stands before or behind the one that does. */
TEST(unwind, shrink_wrapped_function_has_a_frame_on_one_way_only)
{
	static const uint16_t before[] = {
		/*  0 */ C_BNEZ_A0(4),   RET,
		/*  4 */ C_ADDI_SP(-16), C_SDSP_RA(8), CALL(0x100), C_LDSP_RA(8),
		C_ADDI_SP(16),           RET,
	};
	static const uint16_t behind[] = {
		/*  0 */ C_BEQZ_A0(16),
		C_ADDI_SP(-16),
		C_SDSP_RA(8),
		CALL(0x100),
		/* 10 */ C_LDSP_RA(8),
		C_ADDI_SP(16),
		RET,
		/* 16 */ NOP,
		RET,
	};

	EXPECT_FRAME(before, 2, 0, IN_REGISTER);
	EXPECT_FRAME(before, 4, 0, IN_REGISTER);
	EXPECT_FRAME(before, 11, 16, 8);
	EXPECT_FRAME(behind, 9, 16, 8);
	EXPECT_FRAME(behind, 16, 0, IN_REGISTER);
	EXPECT_FRAME(behind, 18, 0, IN_REGISTER);
}

TEST(unwind, two_ways_may_have_different_frames)
{
	static const uint16_t code[] = {
		/*  0 */ BNE_A0_A1(18),   C_ADDI_SP(-16), C_SDSP_RA(8), CALL(0x100),
		/* 12 */ C_LDSP_RA(8),    C_ADDI_SP(16),  RET,
		/* 18 */ C_ADDI16SP(-64), C_SDSP_RA(56),  CALL(0x100),
		/* 26 */ C_LDSP_RA(56),   C_ADDI16SP(64), RET,
	};

	EXPECT_FRAME(code, 11, 16, 8);
	EXPECT_FRAME(code, 18, 0, IN_REGISTER);
	EXPECT_FRAME(code, 20, 64, IN_REGISTER);
	EXPECT_FRAME(code, 25, 64, 56);
	EXPECT_FRAME(code, 30, 0, IN_REGISTER);
}

/* What stands behind it is another way's, and the return address says nothing of the call's frame.
 */
TEST(unwind, call_that_never_returns_has_the_frame_before_it)
{
	static const uint16_t code[] = {
		/*  0 */ C_BEQZ_A0(10), C_ADDI_SP(-16),
		C_SDSP_RA(8),           CALL(0x100),
		/* 10 */ NOP,           RET,
	};

	EXPECT_FRAME(code, 9, 16, 8);
	EXPECT_FRAME(code, 10, 0, IN_REGISTER);
	EXPECT_FRAME(code, 12, 0, IN_REGISTER);
}

/* A loop that is entered at its end: its body is reached by a branch back. */
TEST(unwind, body_of_a_loop_behind_a_jump_has_the_frame_before_it)
{
	static const uint16_t code[] = {
		/*  0 */ C_ADDI_SP(-16), C_SDSP_RA(8), C_J(6),
		/*  6 */ CALL(0x100),
		/* 10 */ C_BNEZ_A0(-4),  C_LDSP_RA(8), C_ADDI_SP(16), RET,
	};

	EXPECT_FRAME(code, 6, 16, 8);
	EXPECT_FRAME(code, 9, 16, 8);
	EXPECT_FRAME(code, 10, 16, 8);
	EXPECT_FRAME(code, 12, 16, 8);
	EXPECT_FRAME(code, 16, 0, IN_REGISTER);
}

TEST(unwind, code_behind_an_epilogue_that_is_reached_from_further_on_keeps_the_frame)
{
	static const uint16_t code[] = {
		/*  0 */ C_ADDI_SP(-16), C_SDSP_RA(8),   J(14),
		/*  8 */ C_LDSP_RA(8),   C_ADDI_SP(16),  RET,
		/* 14 */ CALL(0x100),    C_BEQZ_A0(-10), C_J(-6),
	};

	EXPECT_FRAME(code, 8, 16, 8);
	EXPECT_FRAME(code, 10, 16, IN_REGISTER);
	EXPECT_FRAME(code, 12, 0, IN_REGISTER);
	EXPECT_FRAME(code, 14, 16, 8);
	EXPECT_FRAME(code, 17, 16, 8);
	EXPECT_FRAME(code, 20, 16, 8);
}

TEST(unwind, loop_behind_a_return_without_a_frame_has_the_frame_of_the_jump_into_it)
{
	static const uint16_t code[] = {
		/*  0 */ C_BEQZ_A0(8),  C_ADDI_SP(-16), C_SDSP_RA(8),  C_J(8),
		/*  8 */ RET,
		/* 10 */ CALL(0x100),
		/* 14 */ C_BNEZ_A0(-4), C_LDSP_RA(8),   C_ADDI_SP(16), RET,
	};

	EXPECT_FRAME(code, 8, 0, IN_REGISTER);
	EXPECT_FRAME(code, 10, 16, 8);
	EXPECT_FRAME(code, 13, 16, 8);
	EXPECT_FRAME(code, 14, 16, 8);
	EXPECT_FRAME(code, 20, 0, IN_REGISTER);
}

TEST(unwind, jump_out_of_the_function_ends_an_epilogue_too)
{
	static const uint16_t code[] = {
		/*  0 */ C_ADDI_SP(-16), C_SDSP_RA(8),  C_BEQZ_A0(10),
		/*  6 */ C_LDSP_RA(8),   C_ADDI_SP(16), J(-0x1000),
		/* 14 */ CALL(0x100),
	};
	static const uint16_t table[] = { C_ADDI_SP(-16), C_SDSP_RA(8), C_JR_A5, NOP, CALL(0x100) };

	EXPECT_FRAME(code, 10, 0, IN_REGISTER);
	EXPECT_FRAME(code, 14, 16, 8);
	EXPECT_FRAME(code, 17, 16, 8);
	EXPECT_FRAME(table, 11, 16, 8);
}

TEST(unwind, function_starts_where_it_is_said)
{
	static const uint16_t code[] = { C_ADDI16SP(-64), C_SDSP_RA(56), C_ADDI_SP(-16),
					 C_SDSP_RA(8), NOP };
	struct frame_shape shape = shape_at(code, 4, 8);

	EXPECT_EQ(shape.size, 16);
	EXPECT_EQ(shape.ra_at, 8);
}

/* As the compiler's library has them: one moves sp by what it saves, one by more, which t1 gives
 * back. */
TEST(unwind, frame_made_by_a_routine_of_the_compilers_library_is_read)
{
	static const uint16_t code[] = {
		/*  0 */ C_ADDI16SP(-112),
		0x4315 /* li t1,5 */,
		NOP,
		RET,
		/*  8 */ C_ADDI_SP(-16),
		C_SDSP_RA(8),
		NOP,
		RET,
		/* 16 */ SAVE(-16),
		C_ADDI_SP(-32),
		CALL(0x100),
		/* 26 */ C_ADDI16SP(32),
		J(0x100),
		/* 32 */ SAVE(-24),
		CALL(0x100),
		/* 40 */ C_BEQZ_A0(10),
		SAVE(-34),
		CALL(0x100),
		/* 50 */ NOP,
		RET,
	};
	static const struct {
		uint64_t start, pc, size;
		int32_t ra_at;
	} places[] = {
		{ 16, 16, 0, IN_REGISTER }, { 16, 20, 32, 24 },         { 16, 25, 64, 56 },
		{ 16, 28, 32, 24 },         { 32, 39, 16, 8 },          { 40, 42, 0, IN_REGISTER },
		{ 40, 49, 16, 8 },          { 40, 50, 0, IN_REGISTER },
	};

	for (unsigned i = 0; i < ARRAY_LEN(places); i++) {
		struct frame_shape shape = unwind_shape(code, places[i].start, places[i].pc);

		EXPECT_EQ(shape.size, places[i].size);
		EXPECT_EQ(shape.ra_at, places[i].ra_at);
	}
}

TEST(unwind, return_address_stands_behind_a_call)
{
	static const uint16_t code[] = {
		/*  0 */ CALL(0x1000),
		NOP,
		/*  6 */ C_JALR_A5,
		J(0x100),
		/* 12 */ FULL(0x000780e7 /* jalr ra, (a5) */),
		C_JR_A5,
		RET,
		/* 20 */ FULL(0x00078067 /* jr a5 */),
		0x9002 /* c.ebreak */,
	};
	static const bool is_return[ARRAY_LEN(code) + 1] = { [2] = true, [4] = true, [8] = true };

	for (unsigned i = 0; i <= ARRAY_LEN(code); i++)
		EXPECT_EQ(unwind_is_return(code, 2 * i), is_return[i]);
}

/* Whatever the bytes are, it ends, and reads nothing behind the pc. */
TEST(unwind, any_code_has_some_frame)
{
	enum { N = 64 };
	uint16_t code[N];
	uint64_t state = 1;

	for (unsigned round = 0; round < 20000; round++) {
		for (unsigned i = 0; i < N; i++) {
			state = state * UINT64_C(6364136223846793005) + 1;
			code[i] = (uint16_t)(state >> 40);
			/* The routine that a jal to t0 leads to would lie anywhere. */
			if ((code[i] & 0xfff) == 0x2ef)
				code[i] = NOP;
		}
		(void)shape_at(code, 0, state >> 20 & (2 * N - 1));
	}
	EXPECT(true);
}
