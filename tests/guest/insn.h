/* SPDX-License-Identifier: BSD-2-Clause */
/* Encodings of instructions that tests write into memory. Where nothing else is said the address is
 * in a1, what is stored or added in a2 or f2 or v2, and what is loaded goes to a0, f0 or v0. */
#ifndef TESTS_GUEST_INSN_H
#define TESTS_GUEST_INSN_H

#include "tests/guest/world.h"

/* The formats, without immediates. */
#define INSN_I(opcode, f3, rd, rs1)  ((opcode) | (rd) << 7 | (f3) << 12 | (rs1) << 15)
#define INSN_S(opcode, f3, rs2, rs1) ((opcode) | (f3) << 12 | (rs1) << 15 | (rs2) << 20)
#define INSN_R(opcode, f3, f7, rd, rs1, rs2)                                                       \
	((uint32_t)(f7) << 25 | (uint32_t)INSN_I(opcode, f3, rd, rs1) | (rs2) << 20)
#define INSN_AMO(f5, f3)                   INSN_R(0x2f, f3, (f5) << 2, A0, A1, A2)
#define INSN_OPV(opcode, f6, vs2, vs1, f3) INSN_R(opcode, f3, (f6) << 1 | 1, 4, vs1, vs2)

/* A CSR's number may be one of a V=1 or of an H register. */
#define INSN_CSRR(csr) ((uint32_t)(csr) << 20 | INSN_I(0x73, 2, A0, 0))
#define INSN_CSRW(csr) ((uint32_t)(csr) << 20 | INSN_I(0x73, 1, 0, A2))

#define LOAD_AS(f3, rd, rs1)   INSN_I(0x03, f3, rd, rs1)
#define STORE_AS(f3, rs2, rs1) INSN_S(0x23, f3, rs2, rs1)
#define FLOAD_AS(f3)           INSN_I(0x07, f3, 0, A1)
#define FSTORE_AS(f3)          INSN_S(0x27, f3, 2, A1)
enum { AS_B, AS_H, AS_W, AS_D, AS_BU, AS_HU, AS_WU };

enum {
	INSN_LB = LOAD_AS(AS_B, A0, A1),
	INSN_LH = LOAD_AS(AS_H, A0, A1),
	INSN_LW = LOAD_AS(AS_W, A0, A1),
	INSN_LD = LOAD_AS(AS_D, A0, A1),
	INSN_LBU = LOAD_AS(AS_BU, A0, A1),
	INSN_LHU = LOAD_AS(AS_HU, A0, A1),
	INSN_LWU = LOAD_AS(AS_WU, A0, A1),
	INSN_SB = STORE_AS(AS_B, A2, A1),
	INSN_SH = STORE_AS(AS_H, A2, A1),
	INSN_SW = STORE_AS(AS_W, A2, A1),
	INSN_SD = STORE_AS(AS_D, A2, A1),
	INSN_FLH = FLOAD_AS(1),
	INSN_FLW = FLOAD_AS(2),
	INSN_FLD = FLOAD_AS(3),
	INSN_FSH = FSTORE_AS(1),
	INSN_FSW = FSTORE_AS(2),
	INSN_FSD = FSTORE_AS(3),
	/* a1 and a2 are 3 and 4 in the short fields, a0 is 2 */
	INSN_C_LW = 0x4000 | 3 << 7 | 2 << 2,
	INSN_C_LD = 0x6000 | 3 << 7 | 2 << 2,
	INSN_C_FLD = 0x2000 | 3 << 7 | 2 << 2,
	INSN_C_SW = 0xc000 | 3 << 7 | 4 << 2,
	INSN_C_SD = 0xe000 | 3 << 7 | 4 << 2,
	INSN_C_FSD = 0xa000 | 3 << 7 | 4 << 2,
	INSN_C_LWSP = 0x4002 | A0 << 7,
	INSN_C_SWSP = 0xc002 | A2 << 2,
	INSN_C_LDSP = 0x6002 | A0 << 7,
	INSN_C_SDSP = 0xe002 | A2 << 2,
	INSN_C_FLDSP = 0x2002 | A0 << 7,
	INSN_C_FSDSP = 0xa002 | A2 << 2,
	INSN_C_LBU = 0x8000 | 3 << 7 | 2 << 2,
	INSN_C_LHU = 0x8400 | 3 << 7 | 2 << 2,
	INSN_C_LH = 0x8440 | 3 << 7 | 2 << 2,
	INSN_C_SB = 0x8800 | 3 << 7 | 4 << 2,
	INSN_C_SH = 0x8c00 | 3 << 7 | 4 << 2,
	INSN_LR_W = INSN_R(0x2f, 2, 2 << 2, A0, A1, 0),
	INSN_LR_D = INSN_R(0x2f, 3, 2 << 2, A0, A1, 0),
	INSN_SC_W = INSN_AMO(3, 2),
	INSN_SC_D = INSN_AMO(3, 3),
	INSN_AMOADD_W = INSN_AMO(0, 2),
	INSN_AMOADD_D = INSN_AMO(0, 3),
	INSN_AMOADD_B = INSN_AMO(0, 0),
	INSN_CBO_INVAL = INSN_I(0x0f, 2, 0, A1),
	INSN_CBO_CLEAN = 1 << 20 | INSN_I(0x0f, 2, 0, A1),
	INSN_CBO_FLUSH = 2 << 20 | INSN_I(0x0f, 2, 0, A1),
	INSN_CBO_ZERO = 4 << 20 | INSN_I(0x0f, 2, 0, A1),
	INSN_VLE8 = 0x02000000 | INSN_I(0x07, 0, 0, A1),
	INSN_VSE8 = 0x02000000 | INSN_I(0x27, 0, 2, A1),
	INSN_FMV_X_D = (int)INSN_R(0x53, 0, 0x71, A0, 0, 0),
	INSN_FMV_D_X = (int)INSN_R(0x53, 0, 0x79, 2, A2, 0),
	INSN_NOP = 0x13,
	INSN_ECALL = 0x73,
	INSN_EBREAK = 0x00100073,
	INSN_WFI = 0x10500073,
	INSN_FENCE_I = 0x100f,
	INSN_SFENCE_VMA = 0x12000073,
};
#define INSN_VSETIVLI_E8  0xcc00f057u /* vl = 1 */
#define INSN_VSETIVLI_E16 0xcc80f057u
#define INSN_VSETIVLI_E32 0xcd027057u /* vl = 4 */
#define INSN_VSETIVLI_E64 0xcd80f057u

#define RUN(...)                                                                                   \
	trial_run_code((const uint32_t[]){ __VA_ARGS__ }, sizeof((const uint32_t[]){ __VA_ARGS__ }))

#endif
