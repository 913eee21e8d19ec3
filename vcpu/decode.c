/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The instruction decoder, around one small table of forms. Compressed instructions, though laid
 * out differently, have the forms of those that they stand for.
 */
#include "vcpu/decode.h"

#include <assert.h>

/* OF_STORE makes a row of loads one of stores. */
enum { ROW_LOAD, ROW_FP, ROW_MISC_MEM = 3, OF_STORE = 8, ROW_AMO = 11 };

/* clang-format off */
#define PLAIN(name, bytes)  (ACCESS_FIELD(kind, ACCESS_##name) | ACCESS_FIELD(width, bytes))
#define SIGNED(name, bytes) (PLAIN(name, bytes) | ACCESS_FIELD(is_signed, true))
#define FLOAT(name, bytes)  (PLAIN(name, bytes) | ACCESS_FIELD(is_float, true))
#define VECTOR              PLAIN(VECTOR, 0)

const uint32_t access_forms[ACCESS_ROWS][8] = {
	[ROW_LOAD] = { SIGNED(LOAD, 1), SIGNED(LOAD, 2), SIGNED(LOAD, 4), PLAIN(LOAD, 8),
		       PLAIN(LOAD, 1), PLAIN(LOAD, 2), PLAIN(LOAD, 4) },
	[ROW_FP] = { VECTOR, FLOAT(LOAD, 2), FLOAT(LOAD, 4), FLOAT(LOAD, 8),
		     [5] = VECTOR, VECTOR, VECTOR },
	[ROW_MISC_MEM] = { [2] = PLAIN(CBO, 0) },
	[ROW_LOAD | OF_STORE] = { PLAIN(STORE, 1), PLAIN(STORE, 2), PLAIN(STORE, 4),
				  PLAIN(STORE, 8) },
	[ROW_FP | OF_STORE] = { VECTOR, FLOAT(STORE, 2), FLOAT(STORE, 4), FLOAT(STORE, 8),
				    [5] = VECTOR, VECTOR, VECTOR },
	[ROW_AMO] = { SIGNED(AMO, 1), SIGNED(AMO, 2), SIGNED(AMO, 4), PLAIN(AMO, 8) },
};
/* clang-format on */

/* By funct5: the kind, and above it enum amo. */
#define AMO_SHIFT 4
#define AMO(name) (ACCESS_AMO | AMO_##name << AMO_SHIFT)

static const uint8_t atomics[32] = {
	[0x00] = AMO(ADD), [0x01] = AMO(SWAP), [0x02] = ACCESS_LR, [0x03] = ACCESS_SC,
	[0x04] = AMO(XOR), [0x05] = AMO(CAS),  [0x08] = AMO(OR),   [0x0c] = AMO(AND),
	[0x10] = AMO(MIN), [0x14] = AMO(MAX),  [0x18] = AMO(MINU), [0x1c] = AMO(MAXU),
};

static inline uint32_t bits(uint32_t insn, unsigned at, unsigned count)
{
	return insn >> at & ((1u << count) - 1);
}

static inline void set_form(struct access *a, uint64_t form, unsigned length, unsigned reg)
{
	*a = (struct access){ .head = access_head(form, length, reg) };
}

static void decode_atomic(uint32_t insn, struct access *a)
{
	unsigned atomic = atomics[bits(insn, 27, 5)];

	a->kind = bits(atomic, 0, AMO_SHIFT);
	a->amo = atomic >> AMO_SHIFT;
	a->reg = bits(insn, 7, 5);
	a->source = bits(insn, 20, 5);
	/* The reservation has no narrow forms. lr's rs2 is a part of its encoding. */
	if (a->kind == ACCESS_AMO)
		return;
	if (a->width < 4 || (a->kind == ACCESS_LR && a->source))
		a->kind = ACCESS_NONE;
	a->is_signed &= a->kind == ACCESS_LR;
}

/* Neither a load nor a store: what the form leaves open. */
static void decode_special(uint32_t insn, struct access *a)
{
	if (a->kind == ACCESS_AMO) {
		decode_atomic(insn, a);
	} else {
		a->reg = 0;
		/* inval, clean, flush, zero: 0, 1, 2, 4. rd is a part of the encoding. */
		if (a->kind == ACCESS_CBO &&
		    (bits(insn, 7, 5) || insn >> 20 == 3 || insn >> 20 > 4))
			a->kind = ACCESS_NONE;
	}
	if (a->kind == ACCESS_NONE)
		*a = (struct access){};
}

/* c.lw, c.ld, c.fld and their stores, relative to sp in quadrant 2: funct3 holds the form. */
static void decode_16(uint32_t insn, struct access *a)
{
	bool is_store = insn & 0x8000;
	unsigned size = bits(insn, 13, 2); /* as in the 32-bit form; 1 is a double */
	unsigned width = size == 2 ? 4 : 8;
	uint64_t form = size == 1 ? access_forms[is_store ? ROW_FP | OF_STORE : ROW_FP][3]
				  : access_forms[is_store ? OF_STORE : ROW_LOAD][size];
	uint32_t offset;

	if (!(insn & 2)) {
		set_form(a, form, 2, 8 + bits(insn, 2, 3));
		a->base = 8 + bits(insn, 7, 3);
		offset = bits(insn, 10, 3) << 3;
		offset |= width == 4 ? bits(insn, 6, 1) << 2 | bits(insn, 5, 1) : bits(insn, 5, 2);
	} else if (is_store) {
		set_form(a, form, 2, bits(insn, 2, 5));
		a->base = 2;
		offset = bits(insn, 7, 6);
	} else if (size == 1 || bits(insn, 7, 5)) { /* rd of 0 is reserved */
		set_form(a, form, 2, bits(insn, 7, 5));
		a->base = 2;
		offset = bits(insn, 12, 1) << 5 | bits(insn, 2, 5);
	} else {
		return;
	}
	/* All three formats keep the bits that the width leaves free for those from 6 on. */
	a->offset = (int32_t)((offset & -width) | (offset & (width - 1)) << 6);
}

/* Zcb: c.lbu, c.lhu and c.lh, c.sb, c.sh. */
static void decode_zcb(uint32_t insn, struct access *a)
{
	bool is_half = insn & BIT(10), is_store = insn & BIT(11), bit_6 = insn & BIT(6);
	bool is_unsigned = !is_store && !(is_half && bit_6);

	if (insn & BIT(12) || (is_store && is_half && bit_6))
		return;
	set_form(a, access_forms[is_store ? OF_STORE : ROW_LOAD][is_unsigned << 2 | is_half], 2,
		 8 + bits(insn, 2, 3));
	a->base = 8 + bits(insn, 7, 3);
	a->offset = bits(insn, 5, 1) << 1 | (!is_half && bit_6);
}

static void decode_32(uint32_t insn, struct access *a)
{
	set_form(a, insn & 0x50 ? ACCESS_NONE : access_form_of(insn), 4, access_reg_of(insn));
	if (a->kind == ACCESS_LOAD)
		a->offset = (int32_t)insn >> 20;
	else if (a->kind == ACCESS_STORE)
		a->offset = (int32_t)((insn & 0xfe000000) | bits(insn, 7, 5) << 20) >> 20;
	else
		decode_special(insn, a);
	if (a->kind != ACCESS_NONE)
		a->base = bits(insn, 15, 5);
}

void access_decode(uint32_t insn, struct access *a)
{
	*a = (struct access){};
	if ((insn & 3) == 3)
		decode_32(insn, a);
	else if (!(insn & 1) && insn & 0x6000)
		decode_16(insn, a);
	else if ((insn & 0xe003) == 0x8000)
		decode_zcb(insn, a);
}

unsigned access_from_htinst(uint64_t htinst, struct access *a)
{
	uint64_t form = (htinst & HTINST_FIXED) == 1 ? access_form_of(htinst) : ACCESS_NONE;

	set_form(a, form, 2 + (htinst & 2), access_reg_of(htinst));
	if (a->kind != ACCESS_LOAD && a->kind != ACCESS_STORE)
		decode_special((uint32_t)htinst, a);
	return bits((uint32_t)htinst, 15, 5);
}

uint64_t amo_result(enum amo amo, unsigned width, uint64_t old, uint64_t operand, uint64_t compare)
{
	/* At the top of the word, all widths add and compare alike. */
	unsigned shift = 64 - 8 * width;
	uint64_t a = old << shift, b = operand << shift, result = b;

	switch (amo) {
	case AMO_ADD:
		result = a + b;
		break;
	case AMO_SWAP:
		break;
	case AMO_XOR:
		result = a ^ b;
		break;
	case AMO_AND:
		result = a & b;
		break;
	case AMO_OR:
		result = a | b;
		break;
	case AMO_MIN:
		result = (int64_t)a < (int64_t)b ? a : b;
		break;
	case AMO_MAX:
		result = (int64_t)a > (int64_t)b ? a : b;
		break;
	case AMO_MINU:
		result = a < b ? a : b;
		break;
	case AMO_MAXU:
		result = a > b ? a : b;
		break;
	case AMO_CAS:
		result = a == compare << shift ? b : a;
		break;
	}
	return result >> shift;
}
