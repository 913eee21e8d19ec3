/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the guest's own tree advertises is there, one instruction of each; what it does not and has
 * an enable of its own is refused. All in S-mode and with a1 = a0 = the address of a page that is
 * 0.
 */
#include "platform/boot.h"
#include "tests/guest/insn.h"
#include "tests/kit/kit.h"

#define R(f3, f7)       INSN_R(0x33, f3, f7, A0, A1, A2)
#define F(f3, f7)       INSN_R(0x53, f3, f7, 0, 0, 2)
#define V(f6, a, b, f3) INSN_OPV(0x57, f6, a, b, f3)
#define VK(f6, a, b)    INSN_OPV(0x77, f6, a, b, 2)
#define E8              INSN_VSETIVLI_E8
#define E16             INSN_VSETIVLI_E16
#define E32             INSN_VSETIVLI_E32
#define E32_M2          0xcd147057u /* vl = 8 in two registers */
#define E64             INSN_VSETIVLI_E64
#define PAIR(low, high) ((uint32_t)(low) | (uint32_t)(high) << 16)
#define C_NOP           0x0001

static const struct {
	uint8_t extension;
	bool can_be_refused; /* a guest that lacks it finds an illegal instruction */
	uint32_t first;      /* sets vl, if not 0 */
	uint32_t insn;
} samples[] = {
	{ ISA_M, false, 0, R(0, 1) }, /* mul */
	{ ISA_A, false, 0, INSN_AMOADD_W },
	{ ISA_ZAAMO, false, 0, INSN_AMOADD_D },
	{ ISA_ZALRSC, false, 0, INSN_LR_W },
	{ ISA_F, true, 0, F(7, 0x00) }, /* fadd.s */
	{ ISA_D, true, 0, F(7, 0x01) }, /* fadd.d */
	{ ISA_C, false, 0, PAIR(C_NOP, C_NOP) },
	{ ISA_B, false, 0, R(2, 0x10) },
	{ ISA_V, true, E8, V(0x00, 2, 3, 0) }, /* vadd.vv */
	{ ISA_ZICSR, false, 0, INSN_CSRR(CSR_SSTATUS) },
	{ ISA_ZIFENCEI, false, 0, INSN_FENCE_I },
	{ ISA_ZICNTR, false, 0, INSN_CSRR(CSR_TIME) },
	{ ISA_ZIHPM, true, 0, INSN_CSRR(CSR_HPMCOUNTER3) },
	{ ISA_ZICBOM, true, 0, INSN_CBO_CLEAN },
	{ ISA_ZICBOM, true, 0, INSN_CBO_FLUSH },
	{ ISA_ZICBOM, true, 0, INSN_CBO_INVAL },
	{ ISA_ZICBOZ, true, 0, INSN_CBO_ZERO },
	{ ISA_ZICBOP, false, 0, 1 << 20 | INSN_I(0x13, 6, 0, A1) }, /* prefetch.r */
	{ ISA_ZICOND, false, 0, R(5, 0x07) },                       /* czero.eqz */
	{ ISA_ZIHINTNTL, false, 0, INSN_R(0x33, 0, 0, 0, 0, 2) },   /* ntl.p1 */
	{ ISA_ZIHINTPAUSE, false, 0, 0x0100000f },
	{ ISA_ZIMOP, false, 0, 0x81c04073 | A0 << 7 | A1 << 15 }, /* mop.r.0 */
	{ ISA_ZAWRS, false, 0, 0x01d00073 },                      /* wrs.sto */
	{ ISA_ZACAS, false, 0, INSN_AMO(0x05, 2) },               /* amocas.w */
	{ ISA_ZABHA, false, 0, INSN_AMOADD_B },
	{ ISA_ZFA, true, 0, F(2, 0x14) },                         /* fminm.s */
	{ ISA_ZFH, true, 0, F(7, 0x02) },                         /* fadd.h */
	{ ISA_ZFHMIN, true, 0, INSN_R(0x53, 0, 0x72, A0, 0, 0) }, /* fmv.x.h */
	{ ISA_ZFBFMIN, true, 0, INSN_R(0x53, 7, 0x22, 0, 0, 8) }, /* fcvt.bf16.s */
	{ ISA_ZCA, false, 0, PAIR(0x0505, C_NOP) },               /* c.addi */
	{ ISA_ZCB, false, 0, PAIR(0x9d61, C_NOP) },               /* c.zext.b */
	{ ISA_ZCD, false, 0, PAIR(INSN_C_FLD, C_NOP) },           /* old trees mean it by C and D */
	{ ISA_ZCMOP, false, 0, PAIR(0x6081, C_NOP) },             /* c.mop.1 */
	{ ISA_ZBA, false, 0, R(2, 0x10) },                        /* sh1add */
	{ ISA_ZBB, false, 0, R(7, 0x20) },                        /* andn */
	{ ISA_ZBC, false, 0, R(1, 0x05) },                        /* clmul */
	{ ISA_ZBS, false, 0, R(1, 0x14) },                        /* bset */
	{ ISA_ZBKB, false, 0, R(4, 0x04) },                       /* pack */
	{ ISA_ZBKC, false, 0, R(1, 0x05) },                       /* clmul */
	{ ISA_ZBKX, false, 0, R(4, 0x14) },                       /* xperm8 */
	{ ISA_ZKND, false, 0, R(0, 0x1d) },                       /* aes64ds */
	{ ISA_ZKNE, false, 0, R(0, 0x19) },                       /* aes64es */
	{ ISA_ZKNH, false, 0, INSN_R(0x13, 1, 0x08, A0, A1, 2) }, /* sha256sig0 */
	{ ISA_ZKSED, false, 0, R(0, 0x18) },                      /* sm4ed */
	{ ISA_ZKSH, false, 0, INSN_R(0x13, 1, 0x08, A0, A1, 8) }, /* sm3p0 */
	{ ISA_ZVBB, true, E8, V(0x12, 2, 0x0a, 2) },              /* vbrev.v */
	{ ISA_ZVKB, true, E8, V(0x01, 2, 3, 0) },                 /* vandn.vv */
	{ ISA_ZVBC, true, E64, V(0x0c, 2, 3, 2) },                /* vclmul.vv */
	{ ISA_ZVFH, true, E16, V(0x00, 2, 3, 1) },                /* vfadd.vv */
	{ ISA_ZVFHMIN, true, E16, V(0x12, 2, 0x0c, 1) },          /* vfwcvt.f.f.v */
	{ ISA_ZVKG, true, E32, VK(0x28, 2, 0x11) },               /* vgmul.vv */
	{ ISA_ZVKNED, true, E32, VK(0x29, 2, 0x07) },             /* vaesz.vs */
	{ ISA_ZVKNHA, true, E32, VK(0x2e, 2, 6) },                /* vsha2ch.vv */
	{ ISA_ZVKNHB, true, E32, VK(0x2e, 2, 6) },
	{ ISA_ZVKSED, true, E32, VK(0x21, 2, 0) },   /* vsm4k.vi */
	{ ISA_ZVKSH, true, E32_M2, VK(0x20, 2, 6) }, /* vsm3me.vv */
	{ ISA_SSTC, true, 0, INSN_CSRR(CSR_STIMECMP) },
	{ ISA_SSSTATEEN, true, 0, INSN_CSRR(CSR_SSTATEEN0) },
	{ ISA_SVINVAL, false, 0, 0x18000073 }, /* sfence.w.inval */
};

/* F and V are on, as far as the guest's own sstatus says it. */
static void try_sample(unsigned i)
{
	uint64_t page = gpa_of(table_page(3));

	trial_begin(PAGED_S);
	trial.status |= field_put(SSTATUS_FS, 1) | field_put(SSTATUS_VS, 1);
	trial.x[A0] = trial.x[A1] = at_in(PAGED_S, page);
	if (samples[i].first)
		RUN(samples[i].first, samples[i].insn);
	else
		RUN(samples[i].insn);
}

TEST(isa, each_advertised_extension_works)
{
	unsigned n = 0;

	for (unsigned i = 0; i < ARRAY_LEN(samples); i++) {
		if (!has(samples[i].extension))
			continue;
		n++;
		try_sample(i);
		if (trial.cause != CAUSE_BREAKPOINT)
			kit_note("of 0x%08x:", samples[i].insn);
		EXPECT_EQ(trial.cause, CAUSE_BREAKPOINT);
		EXPECT_EQ(trial.pc, code_at(PAGED_S) + (samples[i].first ? 8 : 4));
	}
	kit_note("%u instructions", n);
	EXPECT(n > 10);
}

TEST(isa, each_missing_extension_that_can_be_refused_is_illegal)
{
	for (unsigned i = 0; i < ARRAY_LEN(samples); i++) {
		if (has(samples[i].extension) || !samples[i].can_be_refused)
			continue;
		try_sample(i);
		if (trial.cause != CAUSE_ILLEGAL_INSN)
			kit_note("of 0x%08x:", samples[i].insn);
		EXPECT_EQ(trial.cause, CAUSE_ILLEGAL_INSN);
	}
}

static const char *needs_lean(void)
{
	return test_fact(FACT_IS_LEAN) ? NULL : "nothing was taken away from this guest";
}

/* With each goes what needs it. */
TEST_IF(isa, what_was_taken_away_is_not_advertised, needs_lean)
{
	static const uint8_t gone[] = { ISA_F,         ISA_D,     ISA_V,     ISA_ZFH,
					ISA_ZFHMIN,    ISA_ZFA,   ISA_ZCD,   ISA_ZICBOM,
					ISA_ZICBOZ,    ISA_SSTC,  ISA_SVADU, ISA_SVPBMT,
					ISA_SSSTATEEN, ISA_SSNPM, ISA_ZIHPM, ISA_ZVFHMIN };

	for (unsigned i = 0; i < ARRAY_LEN(gone); i++)
		EXPECT(!has(gone[i]));
	EXPECT(has(ISA_M) && has(ISA_A) && has(ISA_C));
}

/* cbo.zero does what it says, and no more than its block. */
static const char *needs_zicboz(void)
{
	return has(ISA_ZICBOZ) ? NULL : "the guest has no Zicboz";
}

TEST_IF(isa, cbo_zero_zeroes_one_block, needs_zicboz)
{
	volatile uint64_t *page = table_page(0);
	unsigned words = machine.harts[0].cboz_block / 8;

	for (unsigned i = 0; i < PAGE_SIZE / 8; i++)
		page[i] = ~0ull;
	trial_access(PAGED_S, INSN_CBO_ZERO, gpa_of((void *)page) + 8 * words + 24, 0);
	EXPECT_EQ(trial.cause, CAUSE_BREAKPOINT);
	for (unsigned i = 0; i < PAGE_SIZE / 8; i++)
		EXPECT_EQ(page[i], i / words == 1 ? 0 : ~0ull);
}

/* --- entries of the guest's tables --- */

enum { SLOT = 18 };

static uint64_t cause_of_load_by(pte_t pte, uint64_t offset)
{
	root[SLOT] = pte;
	trial_begin(PAGED_S);
	trial.x[A1] = SLOT * BIT(30) + offset;
	RUN(INSN_LD);
	root[SLOT] = 0;
	return trial.cause;
}

TEST(isa, memory_types_are_there_exactly_as_the_tree_says)
{
	pte_t good = pte_make(HPA(MAP_RAM), PTE_V | PTE_RWX | PTE_A | PTE_D);
	uint64_t offset = gpa_of(table_page(0)) - MAP_RAM;
	uint64_t expected = has(ISA_SVPBMT) ? CAUSE_BREAKPOINT : CAUSE_LOAD_PAGE;

	EXPECT_EQ(cause_of_load_by(good, offset), CAUSE_BREAKPOINT);
	EXPECT_EQ(cause_of_load_by(good | BIT(61), offset), expected);
	EXPECT_EQ(cause_of_load_by(good | BIT(62), offset), expected);
}

static const char *needs_svnapot(void)
{
	return has(ISA_SVNAPOT) ? NULL : "the guest has no Svnapot";
}

TEST_IF(isa, runs_of_64_kib_are_translated, needs_svnapot)
{
	pte_t *middle = table_page(0), *lowest = table_page(1);
	uint64_t block = claim_fresh() + 0x30000;

	for (unsigned i = 0; i < 16; i++) {
		*(volatile uint64_t *)(block + i * PAGE_SIZE) = 100 + i;
		lowest[i] = PTE_N | pte_make(HPA(block + 0x8000), PTE_V | PTE_RWX | PTE_A | PTE_D);
	}
	middle[0] = pte_make(HPA(gpa_of(lowest)), PTE_V);
	for (unsigned i = 0; i < 16; i++) {
		EXPECT_EQ(cause_of_load_by(pte_make(HPA(gpa_of(middle)), PTE_V), i * PAGE_SIZE),
			  CAUSE_BREAKPOINT);
		EXPECT_EQ(trial.x[A0], 100 + i);
	}
}
