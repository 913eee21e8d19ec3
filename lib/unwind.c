/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/unwind.h"

enum { REG_RA = 1, REG_SP = 2 };

/* What an instruction means for the frame. */
enum effect { NOTHING, MOVES_SP, SAVES_RA, LEAVES };

struct insn {
	unsigned halfwords;
	enum effect effect;
	int32_t amount; /* by which sp moves, or where ra goes */
};

static int32_t sign_extend(uint32_t v, unsigned bits)
{
	return (int32_t)(v << (32 - bits)) >> (32 - bits);
}

static int32_t addi16sp_amount(uint16_t i)
{
	uint32_t v = (i >> 12 & 1) << 9 | (i >> 6 & 1) << 4 | (i >> 5 & 1) << 6 |
		     (i >> 3 & 3) << 7 | (i >> 2 & 1) << 5;

	return sign_extend(v, 10);
}

static struct insn decode_compressed(uint16_t i)
{
	unsigned rd = i >> 7 & 31, rs2 = i >> 2 & 31;

	switch ((i & 3) << 3 | i >> 13) {
	case 1 << 3 | 0: /* c.addi */
		if (rd == REG_SP)
			return (struct insn){ 1, MOVES_SP,
					      sign_extend((i >> 12 & 1) << 5 | rs2, 6) };
		break;
	case 1 << 3 | 3: /* c.addi16sp */
		if (rd == REG_SP)
			return (struct insn){ 1, MOVES_SP, addi16sp_amount(i) };
		break;
	case 1 << 3 | 5: /* c.j */
		return (struct insn){ 1, LEAVES, 0 };
	case 2 << 3 | 4: /* c.jr */
		if (!(i >> 12 & 1) && rs2 == 0 && rd)
			return (struct insn){ 1, LEAVES, 0 };
		break;
	case 2 << 3 | 7: /* c.sdsp */
		if (rs2 == REG_RA)
			return (struct insn){ 1, SAVES_RA, (i >> 10 & 7) << 3 | (i >> 7 & 7) << 6 };
		break;
	}
	return (struct insn){ 1, NOTHING, 0 };
}

static struct insn decode_full(uint32_t i)
{
	unsigned rd = i >> 7 & 31, rs1 = i >> 15 & 31, rs2 = i >> 20 & 31, funct3 = i >> 12 & 7;

	switch (i & 0x7f) {
	case 0x13: /* addi */
		if (funct3 == 0 && rd == REG_SP && rs1 == REG_SP)
			return (struct insn){ 2, MOVES_SP, (int32_t)i >> 20 };
		break;
	case 0x23: /* sd */
		if (funct3 == 3 && rs1 == REG_SP && rs2 == REG_RA)
			return (struct insn){ 2, SAVES_RA,
					      sign_extend((i >> 25) << 5 | (i >> 7 & 31), 12) };
		break;
	case 0x67: /* jalr */
	case 0x6f: /* jal */
		if (rd == 0)
			return (struct insn){ 2, LEAVES, 0 };
		break;
	}
	return (struct insn){ 2, NOTHING, 0 };
}

static struct insn decode(const uint16_t *code)
{
	if ((*code & 3) != 3)
		return decode_compressed(*code);
	return decode_full(code[0] | (uint32_t)code[1] << 16);
}

struct frame_shape unwind_shape(const uint16_t *code, uint64_t start, uint64_t pc)
{
	struct frame_shape shape = { .ra_at = -1 };
	uint64_t freed = 0; /* by an epilogue that the scan is in */

	while (start + 2 <= pc) {
		bool cut = (code[start / 2] & 3) == 3 && start + 4 > pc;

		if (cut)
			break;
		struct insn insn = decode(&code[start / 2]);

		if (insn.effect == MOVES_SP && insn.amount < 0)
			shape.size += (uint64_t)-insn.amount;
		else if (insn.effect == MOVES_SP)
			freed += (uint64_t)insn.amount;
		else if (insn.effect == SAVES_RA)
			shape.ra_at = insn.amount;
		else if (insn.effect == LEAVES)
			freed = 0; /* what follows is reached from before the epilogue */
		start += 2 * insn.halfwords;
	}
	if (freed) { /* inside an epilogue, where ra is loaded already */
		shape.size = freed < shape.size ? shape.size - freed : 0;
		shape.ra_at = -1;
	}
	return shape;
}

bool unwind_is_return(const uint16_t *code, uint64_t pc)
{
	if (pc >= 2) {
		uint16_t last = code[pc / 2 - 1]; /* c.jalr */

		if ((last & 0xf07f) == 0x9002 && last >> 7 & 31)
			return true;
	}
	if (pc < 4)
		return false;
	uint32_t call = code[pc / 2 - 2] | (uint32_t)code[pc / 2 - 1] << 16;

	return ((call & 0x7f) == 0x6f || (call & 0x707f) == 0x67) && (call >> 7 & 31) == REG_RA;
}
