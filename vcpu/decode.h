/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a guest's instruction does to memory, found from its encoding or from what htinst holds of
 * it, and what the registers and memory hold afterwards. Pure: nothing is read or kept.
 *
 * Known are the forms of RV64 that a device can be reached by: I, A, F, D, C with Zcb, Zabha,
 * Zacas, Zicbom, Zicboz, V. Whether the guest has the extension is not asked: an instruction it
 * lacks would have trapped as illegal before it faulted. Not known, as no guest of ours has them:
 * 16-byte accesses, and the hypervisor's loads and stores.
 *
 * Always true: an access that is not ACCESS_NONE has length 2 or 4; ACCESS_LOAD, ACCESS_STORE,
 * ACCESS_AMO, ACCESS_LR and ACCESS_SC have width 1, 2, 4 or 8, ACCESS_CBO and ACCESS_VECTOR have
 * width 0; fields that do not apply are 0, and so is every field of ACCESS_NONE.
 */
#ifndef VCPU_DECODE_H
#define VCPU_DECODE_H

#include "arch/bits.h"

enum access_kind {
	ACCESS_NONE,
	ACCESS_LOAD,
	ACCESS_STORE,
	ACCESS_AMO,
	ACCESS_LR,
	ACCESS_SC,
	ACCESS_CBO,    /* clean, flush, inval, zero; a prefetch never faults */
	ACCESS_VECTOR, /* of no single width: only that it is one is known */
};

enum amo {
	AMO_ADD,
	AMO_SWAP,
	AMO_XOR,
	AMO_AND,
	AMO_OR,
	AMO_MIN,
	AMO_MAX,
	AMO_MINU,
	AMO_MAXU,
	AMO_CAS,
};

struct access {
	union {
		struct {
			uint8_t kind;   /* enum access_kind */
			uint8_t width;  /* in bytes */
			bool is_signed; /* what is loaded is sign-extended; only below 8 bytes */
			bool is_float;  /* `reg` is an f register */
			uint8_t length; /* of the instruction: 2 or 4 */
			uint8_t reg;    /* loads, LR, SC, AMO: rd; stores: the source */
			uint8_t source; /* SC, AMO: rs2 */
			uint8_t base;   /* rs1, for who must find the address; 0 if from htinst */
		};
		uint64_t head; /* all of these, written as one */
	};
	int32_t offset; /* to be added to what the base holds */
	uint8_t amo;    /* enum amo */
};

/* An instruction as it stands in memory (16-bit ones in the low half). kind is ACCESS_NONE if it
 * accesses no memory, or is none that is known.
 */
void access_decode(uint32_t insn, struct access *a);

/* A transformed instruction as htinst holds it; returns how far into a misaligned access the
 * faulting address lies, nothing after ACCESS_NONE. kind is ACCESS_NONE if htinst holds no known
 * one: then it says no more than 0 does, and the instruction may be fetched and decoded. Not so
 * after a pseudoinstruction: there the fault was on a walk of the guest's own tables, and no
 * concern of the instruction.
 */
unsigned access_from_htinst(uint64_t htinst, struct access *a);

/* The same for what is to be fast: an aligned load or store. False, and nothing is written, if it
 * is anything else. */
static inline bool access_from_plain_htinst(uint64_t htinst, struct access *a);

/* What an AMO leaves in memory that held `old`, in the low `width` bytes; of the other values, too,
 * only those bytes count. `compare` is what rd held before; only AMO_CAS asks for it.
 */
uint64_t amo_result(enum amo amo, unsigned width, uint64_t old, uint64_t operand, uint64_t compare);

/* What a load, LR or AMO leaves in its register: `value`, of which only the low `width` bytes
 * count, extended by its sign or by zeroes, or NaN-boxed.
 */
static inline uint64_t access_extend(const struct access *a, uint64_t value)
{
	unsigned shift = 64 - 8 * a->width;

	value <<= shift;
	if (a->is_signed)
		return (uint64_t)((int64_t)value >> shift);
	return value >> shift | (UNLIKELY(a->is_float) ? ~(UINT64_MAX >> shift) : 0);
}

/*
 * Only for what follows here and for decode.c. Every 32-bit instruction that reads or writes memory
 * has 0 in bits 6 and 4 of its opcode; its bits 5 to 2, the row, and funct3 find its form: kind,
 * width, is_signed and is_float, as they lie in the head.
 */
enum { ACCESS_ROWS = 12 };
extern const uint32_t access_forms[ACCESS_ROWS][8];

#define ACCESS_FIELD(name, value) ((uint64_t)(value) << 8 * offsetof(struct access, name))

static inline uint64_t access_form_of(uint64_t insn)
{
	return access_forms[insn >> 2 & 11][insn >> 12 & 7];
}

/* The register that a load or store moves. */
static inline unsigned access_reg_of(uint64_t insn)
{
	return insn >> (UNLIKELY(insn & 0x20) ? 20 : 7) & 31;
}

static inline uint64_t access_head(uint64_t form, unsigned length, unsigned reg)
{
	return form + ACCESS_FIELD(length, length) + ACCESS_FIELD(reg, reg);
}

/* htinst holds an instruction that accesses memory if of these bits just the lowest is set. Bit 1
 * is not the instruction's, bits 19 to 15 hold the offset. */
#define HTINST_FIXED  0xffffffff00000051
#define HTINST_OFFSET 0x00000000000f8000

static inline bool access_from_plain_htinst(uint64_t htinst, struct access *a)
{
	uint64_t form = access_form_of(htinst);

	if ((htinst & (HTINST_FIXED | HTINST_OFFSET)) != 1 ||
	    (uint8_t)form - 1u > ACCESS_STORE - 1u)
		return false;
	*a = (struct access){ .head = access_head(form, 2 + (htinst & 2), access_reg_of(htinst)) };
	return true;
}

#endif
