/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The instruction decoder. Every 32-bit instruction that reads or writes memory has 0 in bits 6 and
 * 4 of its opcode; the other bits, the row, and funct3 find its form in one small table.
 * Compressed instructions, though laid out differently, have the forms of those that they stand
 * for.
 */
#include "vcpu/decode.h"

#include <assert.h>

/* The first fields of struct access, copied as one. */
struct form {
	_Alignas(4) uint8_t kind;
	uint8_t width;
	bool is_signed;
	bool is_float;
};
static_assert(_Alignof(struct access) == _Alignof(struct form));
static_assert(offsetof(struct access, kind) == offsetof(struct form, kind));
static_assert(offsetof(struct access, width) == offsetof(struct form, width));
static_assert(offsetof(struct access, is_signed) == offsetof(struct form, is_signed));
static_assert(offsetof(struct access, is_float) == offsetof(struct form, is_float));

/* Rows: bits 5 to 2 of the opcode. OF_STORE makes a row of loads one of stores. */
enum { ROW_LOAD, ROW_FP, ROW_MISC_MEM = 3, OF_STORE = 8, ROW_AMO = 11, N_ROWS };

/* clang-format off */
#define PLAIN(kind, width)  { ACCESS_##kind, width, false, false }
#define SIGNED(kind, width) { ACCESS_##kind, width, true, false }
#define FLOAT(kind, width)  { ACCESS_##kind, width, false, true }
#define VECTOR              PLAIN(VECTOR, 0)

static const struct form forms[N_ROWS][8] = {
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

static const struct form no_form;

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

static inline void set_form(struct access *a, const struct form *f, unsigned length, unsigned reg)
{
	*a = (struct access){ .length = length, .reg = reg };
	/* Said, since gcc 12 sees no alignment here and would copy by bytes. */
	__builtin_memcpy(__builtin_assume_aligned(a, _Alignof(struct form)),
			 __builtin_assume_aligned(f, _Alignof(struct form)), sizeof(*f));
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
static __attribute__((noinline)) void decode_special(uint32_t insn, struct access *a)
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

/* The form of an instruction whose bits 6 and 4 are 0, and the register that a load or store moves.
 */
static inline const struct form *form_of(uint32_t insn)
{
	return &forms[insn >> 2 & 11][bits(insn, 12, 3)];
}

static inline unsigned reg_of(uint32_t insn)
{
	return bits(insn, insn & 0x20 ? 20 : 7, 5);
}

/* c.lw, c.ld, c.fld and their stores, relative to sp in quadrant 2: funct3 holds the form. */
static void decode_16(uint32_t insn, struct access *a)
{
	bool is_store = insn & 0x8000;
	unsigned size = bits(insn, 13, 2); /* as in the 32-bit form; 1 is a double */
	const struct form *f = size == 1 ? &forms[is_store ? ROW_FP | OF_STORE : ROW_FP][3]
					 : &forms[is_store ? OF_STORE : ROW_LOAD][size];
	uint32_t offset;

	if (!(insn & 2)) {
		set_form(a, f, 2, 8 + bits(insn, 2, 3));
		a->base = 8 + bits(insn, 7, 3);
		offset = bits(insn, 10, 3) << 3;
		offset |=
			f->width == 4 ? bits(insn, 6, 1) << 2 | bits(insn, 5, 1) : bits(insn, 5, 2);
	} else if (is_store) {
		set_form(a, f, 2, bits(insn, 2, 5));
		a->base = 2;
		offset = bits(insn, 7, 6);
	} else if (f->is_float || bits(insn, 7, 5)) { /* rd of 0 is reserved */
		set_form(a, f, 2, bits(insn, 7, 5));
		a->base = 2;
		offset = bits(insn, 12, 1) << 5 | bits(insn, 2, 5);
	} else {
		return;
	}
	/* All three formats keep the bits that the width leaves free for those from 6 on. */
	a->offset = (offset & -f->width) | (offset & (f->width - 1)) << 6;
}

/* Zcb: c.lbu, c.lhu and c.lh, c.sb, c.sh. */
static void decode_zcb(uint32_t insn, struct access *a)
{
	bool is_half = insn & BIT(10), is_store = insn & BIT(11), bit_6 = insn & BIT(6);
	bool is_unsigned = !is_store && !(is_half && bit_6);

	if (insn & BIT(12) || (is_store && is_half && bit_6))
		return;
	set_form(a, &forms[is_store ? OF_STORE : ROW_LOAD][is_unsigned << 2 | is_half], 2,
		 8 + bits(insn, 2, 3));
	a->base = 8 + bits(insn, 7, 3);
	a->offset = bits(insn, 5, 1) << 1 | (!is_half && bit_6);
}

static void decode_32(uint32_t insn, struct access *a)
{
	const struct form *f = (insn & 0x50) ? &no_form : form_of(insn);

	set_form(a, f, 4, reg_of(insn));
	if (f->kind == ACCESS_LOAD)
		a->offset = (int32_t)insn >> 20;
	else if (f->kind == ACCESS_STORE)
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

void access_from_htinst(uint64_t htinst, struct access *a, unsigned *address_offset)
{
	bool is_insn = !(htinst >> 32) && (htinst & 0x51) == 1;
	const struct form *f = is_insn ? form_of(htinst) : &no_form;

	/* Bit 1 is not the instruction's. Loads and stores, which are to be fast, end here. */
	set_form(a, f, 2 + (htinst & 2), reg_of(htinst));
	*address_offset = bits(htinst, 15, 5);
	if (UNLIKELY(f->kind > ACCESS_STORE || f->kind == ACCESS_NONE))
		decode_special(htinst, a);
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

uint64_t access_extend(const struct access *a, uint64_t value)
{
	unsigned shift = 64 - 8 * a->width;

	value <<= shift;
	if (a->is_signed)
		return (int64_t)value >> shift;
	return value >> shift | (a->is_float ? ~(UINT64_MAX >> shift) : 0);
}
