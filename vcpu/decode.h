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
	uint8_t kind;   /* enum access_kind */
	uint8_t width;  /* in bytes */
	bool is_signed; /* what is loaded is sign-extended; only where it is shorter than 8 bytes */
	bool is_float;  /* `reg` is an f register */
	uint8_t length; /* of the instruction: 2 or 4 */
	uint8_t reg;    /* loads, LR, SC, AMO: rd; stores: the source */
	uint8_t source; /* SC, AMO: rs2 */
	uint8_t base;   /* rs1, for who must compute the address; 0 if from htinst */
	int32_t offset; /* to be added to it */
	uint8_t amo;    /* enum amo */
};

/* An instruction as it stands in memory (16-bit ones in the low half). kind is ACCESS_NONE if it
 * accesses no memory, or is none that is known.
 */
void access_decode(uint32_t insn, struct access *a);

/* A transformed instruction as htinst holds it; `address_offset` is how far into a misaligned
 * access the faulting address lies, nothing after ACCESS_NONE. kind is ACCESS_NONE if htinst holds
 * no known one: then it says no more than 0 does, and the instruction may be fetched and decoded.
 * Not so after a pseudoinstruction: there the fault was on a walk of the guest's own tables, and no
 * concern of the instruction.
 */
void access_from_htinst(uint64_t htinst, struct access *a, unsigned *address_offset);

/* What an AMO leaves in memory that held `old`, in the low `width` bytes; of the other values, too,
 * only those bytes count. `compare` is what rd held before; only AMO_CAS asks for it.
 */
uint64_t amo_result(enum amo amo, unsigned width, uint64_t old, uint64_t operand, uint64_t compare);

/* What a load, LR or AMO leaves in its register: `value`, of which only the low `width` bytes
 * count, extended by its sign or by zeroes, or NaN-boxed.
 */
uint64_t access_extend(const struct access *a, uint64_t value);

#endif
