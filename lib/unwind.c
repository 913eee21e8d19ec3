/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Compiled code has one frame at each place, whichever way led there. So any way from the
 * function's start to the pc will do, and it is found from its end: straight on from the last place
 * before the pc that an earlier branch leads to, before that straight on to this branch, and so on
 * back to the start. What moved sp on the way gives the size; the last thing done with ra says
 * where it is.
 */
#include "lib/unwind.h"

enum { REG_RA = 1, REG_SP = 2, REG_T0 = 5, REG_T1 = 6 };

/* What an instruction means for the frame, or for the way. */
enum effect {
	NOTHING,
	MOVES_SP, /* by `amount` */
	SAVES_RA, /* at sp + `amount` */
	LOADS_RA, /* from the stack */
	SAVES,    /* all that it must, in a frame of `amount`, by a routine of the library */
	BRANCHES, /* perhaps, to `amount` from here */
	JUMPS,    /* always */
	LEAVES,   /* to the caller, or to nobody knows where */
};

struct insn {
	unsigned size; /* bytes */
	enum effect effect;
	int32_t amount;
};

static int32_t sign_extend(uint32_t v, unsigned n)
{
	return (int32_t)(v << (32 - n)) >> (32 - n);
}

/* The n bits of v from `from` on, moved to `to`. */
static uint32_t bits(uint32_t v, unsigned from, unsigned n, unsigned to)
{
	return (v >> from & ((1u << n) - 1)) << to;
}

static int32_t addi16sp_amount(uint32_t i)
{
	return sign_extend(bits(i, 12, 1, 9) | bits(i, 6, 1, 4) | bits(i, 5, 1, 6) |
				   bits(i, 3, 2, 7) | bits(i, 2, 1, 5),
			   10);
}

static int32_t c_jump_amount(uint32_t i)
{
	return sign_extend(bits(i, 12, 1, 11) | bits(i, 11, 1, 4) | bits(i, 9, 2, 8) |
				   bits(i, 8, 1, 10) | bits(i, 7, 1, 6) | bits(i, 6, 1, 7) |
				   bits(i, 3, 3, 1) | bits(i, 2, 1, 5),
			   12);
}

static int32_t c_branch_amount(uint32_t i)
{
	return sign_extend(bits(i, 12, 1, 8) | bits(i, 10, 2, 3) | bits(i, 5, 2, 6) |
				   bits(i, 3, 2, 1) | bits(i, 2, 1, 5),
			   9);
}

static int32_t jump_amount(uint32_t i)
{
	return sign_extend(bits(i, 31, 1, 20) | bits(i, 21, 10, 1) | bits(i, 20, 1, 11) |
				   bits(i, 12, 8, 12),
			   21);
}

static int32_t branch_amount(uint32_t i)
{
	return sign_extend(
		bits(i, 31, 1, 12) | bits(i, 25, 6, 5) | bits(i, 8, 4, 1) | bits(i, 7, 1, 11), 13);
}

static struct insn decode_compressed(uint32_t i)
{
	unsigned rd = i >> 7 & 31, rs2 = i >> 2 & 31;

	switch ((i & 3) << 3 | i >> 13) {
	case 1 << 3 | 0: /* c.addi */
		if (rd == REG_SP)
			return (struct insn){ 2, MOVES_SP,
					      sign_extend(bits(i, 12, 1, 5) | rs2, 6) };
		break;
	case 1 << 3 | 3: /* c.addi16sp */
		if (rd == REG_SP)
			return (struct insn){ 2, MOVES_SP, addi16sp_amount(i) };
		break;
	case 1 << 3 | 5: /* c.j */
		return (struct insn){ 2, JUMPS, c_jump_amount(i) };
	case 1 << 3 | 6: /* c.beqz */
	case 1 << 3 | 7: /* c.bnez */
		return (struct insn){ 2, BRANCHES, c_branch_amount(i) };
	case 2 << 3 | 3: /* c.ldsp */
		if (rd == REG_RA)
			return (struct insn){ 2, LOADS_RA, 0 };
		break;
	case 2 << 3 | 4: /* c.jr */
		if (!(i >> 12 & 1) && rs2 == 0 && rd)
			return (struct insn){ 2, LEAVES, 0 };
		break;
	case 2 << 3 | 7: /* c.sdsp */
		if (rs2 == REG_RA)
			return (struct insn){ 2, SAVES_RA,
					      (int32_t)(bits(i, 10, 3, 3) | bits(i, 7, 3, 6)) };
		break;
	}
	return (struct insn){ 2, NOTHING, 0 };
}

static struct insn decode_full(uint32_t i)
{
	unsigned rd = i >> 7 & 31, rs1 = i >> 15 & 31, rs2 = i >> 20 & 31, funct3 = i >> 12 & 7;

	switch (i & 0x7f) {
	case 0x03: /* ld */
		if (funct3 == 3 && rs1 == REG_SP && rd == REG_RA)
			return (struct insn){ 4, LOADS_RA, 0 };
		break;
	case 0x13: /* addi */
		if (funct3 == 0 && rs1 == REG_SP && rd == REG_SP)
			return (struct insn){ 4, MOVES_SP, sign_extend(i >> 20, 12) };
		break;
	case 0x23: /* sd */
		if (funct3 == 3 && rs1 == REG_SP && rs2 == REG_RA)
			return (struct insn){
				4, SAVES_RA, sign_extend(bits(i, 25, 7, 5) | bits(i, 7, 5, 0), 12)
			};
		break;
	case 0x63: /* beq and its like */
		return (struct insn){ 4, BRANCHES, branch_amount(i) };
	case 0x67: /* jalr */
		if (rd == 0)
			return (struct insn){ 4, LEAVES, 0 };
		break;
	case 0x6f: /* jal */
		if (rd == 0)
			return (struct insn){ 4, JUMPS, jump_amount(i) };
		if (rd == REG_T0)
			return (struct insn){ 4, SAVES, jump_amount(i) };
		break;
	}
	return (struct insn){ 4, NOTHING, 0 };
}

/*
 * __riscv_save_0 to _12 make a frame for code that is built for size, which calls them by jal t0.
 * They begin by moving sp, some by too much, and then load t1 with how many times 16 bytes they
 * will give back. ra comes to lie at the top.
 */
static int32_t saved_size(const uint16_t *routine)
{
	struct insn first = decode_compressed(routine[0]);
	uint32_t second = routine[1];

	if (first.effect != MOVES_SP)
		return 0;
	bool loads_t1 = (second & 0xf003) == 0x4001 && (second >> 7 & 31) == REG_T1; /* c.li */
	return -first.amount - (loads_t1 ? (int32_t)(second >> 2 & 31) * 16 : 0);
}

/* The instruction at `at`, if all of it lies before `end`. */
static bool decode(const uint16_t *code, uint64_t at, uint64_t end, struct insn *insn)
{
	if (at + 2 > end)
		return false;
	uint32_t first = code[at / 2];

	if ((first & 3) != 3) {
		*insn = decode_compressed(first);
		return true;
	}
	if (at + 4 > end)
		return false;
	*insn = decode_full(first | (uint32_t)code[at / 2 + 1] << 16);
	if (insn->effect == SAVES) {
		insn->amount = saved_size(code + ((int64_t)at + insn->amount) / 2);
		if (insn->amount <= 0)
			insn->effect = NOTHING;
	}
	return true;
}

/* The last place up to `pc` that a branch before it leads to, and this branch; `start` where there
 * is none. */
static uint64_t last_join(const uint16_t *code, uint64_t start, uint64_t pc, uint64_t *branch)
{
	uint64_t join = start;
	struct insn insn;

	for (uint64_t at = start; decode(code, at, pc, &insn); at += insn.size) {
		uint64_t to = at + (uint64_t)(int64_t)insn.amount;

		if ((insn.effect != BRANCHES && insn.effect != JUMPS) || insn.amount <= 0)
			continue;
		if (to > join && to <= pc) {
			join = to;
			*branch = at;
		}
	}
	return join;
}

/* What happened on a piece of the way, in terms of sp at its end. */
struct piece {
	int64_t moved;
	bool is_ra_known; /* something was done with ra */
	int32_t ra_at;    /* -1: it is in its register */
};

static void apply(struct piece *p, struct insn insn)
{
	switch (insn.effect) {
	case MOVES_SP:
		p->moved += insn.amount;
		if (p->ra_at >= 0)
			p->ra_at -= insn.amount;
		break;
	case SAVES:
		p->moved -= insn.amount;
		p->is_ra_known = true;
		p->ra_at = insn.amount - 8;
		break;
	case SAVES_RA:
	case LOADS_RA:
		p->is_ra_known = true;
		p->ra_at = insn.effect == SAVES_RA ? insn.amount : -1;
		break;
	default:
		break;
	}
}

/* Straight from one place to the other. */
static struct piece walk(const uint16_t *code, uint64_t from, uint64_t to)
{
	struct piece p = { .ra_at = -1 };
	struct insn insn;

	for (uint64_t at = from; decode(code, at, to, &insn); at += insn.size)
		apply(&p, insn);
	return p;
}

struct way_out {
	uint64_t start; /* where it begins to undo the frame */
	uint64_t end;   /* behind the jump */
	bool is_bare;   /* it leaves the function and has no frame to undo */
};

/* The last jump that ends at `to` or before, behind which only what is reached otherwise goes on.
 */
static bool last_exit(const uint16_t *code, uint64_t start, uint64_t to, struct way_out *exit)
{
	bool any = false, undoes = false;
	uint64_t undone_from = start;
	struct insn insn;

	for (uint64_t at = start; decode(code, at, to, &insn); at += insn.size) {
		bool frees = insn.effect == MOVES_SP && insn.amount > 0;

		if (!undoes && (frees || insn.effect == LOADS_RA)) {
			undoes = true;
			undone_from = at;
		}
		if (insn.effect == LEAVES || insn.effect == JUMPS) {
			*exit = (struct way_out){ undoes ? undone_from : at, at + insn.size,
						  insn.effect == LEAVES && !undoes };
			undoes = false;
			any = true;
		}
	}
	return any;
}

/*
 * A place that has the frame of what stands behind `exit`, and to which no branch before it leads:
 * so one from further on does, and the part of the function is one that has a frame. The last exit
 * from such a part has the same, before it undoes it.
 */
static uint64_t place_like(const uint16_t *code, uint64_t start, struct way_out exit)
{
	struct way_out other = exit;

	while (other.is_bare)
		if (!last_exit(code, start, other.start, &other))
			return exit.start;
	return other.start;
}

struct frame_shape unwind_shape(const uint16_t *code, uint64_t start, uint64_t pc)
{
	struct piece whole = { .ra_at = -1 };
	bool is_at_start = false;

	while (!is_at_start) {
		uint64_t branch = start, from = last_join(code, start, pc, &branch);
		struct way_out exit;
		bool is_cut_off = last_exit(code, start, pc, &exit) && exit.end > from;
		struct piece p = walk(code, is_cut_off ? exit.end : from, pc);

		if (!whole.is_ra_known && p.is_ra_known) {
			whole.is_ra_known = true;
			/* What came later moved sp away from it. */
			whole.ra_at = p.ra_at < 0 ? -1 : p.ra_at - (int32_t)whole.moved;
		}
		whole.moved += p.moved;
		is_at_start = !is_cut_off && from == start;
		pc = is_cut_off ? place_like(code, start, exit) : branch;
	}
	return (struct frame_shape){
		.size = whole.moved < 0 ? (uint64_t)-whole.moved : 0,
		.ra_at = whole.ra_at,
	};
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
