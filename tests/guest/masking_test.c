/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ssnpm: the guest's senvcfg.PMM says how many upper bits of a pointer its U-mode may use for
 * itself. And what is left of senvcfg in a guest that was refused what it enables.
 */
#include "platform/catch.h"
#include "tests/guest/fault.h"
#include "tests/kit/kit.h"

enum { NO_MASKING = 0, RESERVED_MASKING = 1, MASK_7 = 2, MASK_16 = 3 };

static const char *needs_ssnpm(void)
{
	return has(ISA_SSNPM) ? NULL : "the guest has no Ssnpm";
}

/* senvcfg cannot be kept from a guest by a hart that has no hstateen0. */
static bool has_senvcfg(void)
{
	uint64_t old;
	bool is_there = csr_try_swap(CSR_SENVCFG, 0, &old) == CAUGHT_NOTHING;

	if (is_there)
		csr_write(CSR_SENVCFG, old);
	return is_there;
}

static bool is_anything_of_senvcfg_offered(void)
{
	return has(ISA_ZICBOM) || has(ISA_ZICBOZ) || has(ISA_SSNPM);
}

static uint64_t tagged(uint64_t at, unsigned bits)
{
	uint64_t rest = ~0ull >> bits;

	return (at & rest) | (0x5bcdull << 48 & ~rest);
}

static void access_tagged(enum world w, uint32_t insn, uint64_t gpa, unsigned bits)
{
	trial_begin(w);
	trial.x[A1] = bits ? tagged(at_in(w, gpa), bits) : at_in(w, gpa);
	trial.x[A2] = 0x77;
	trial_run_insn(insn);
}

static void set_masking(unsigned pmm)
{
	csr_write(CSR_SENVCFG, field_put(ENVCFG_PMM, pmm));
	EXPECT_EQ(field_get(ENVCFG_PMM, csr_read(CSR_SENVCFG)), pmm);
}

static const struct {
	unsigned pmm, tag; /* bits that the tag takes */
	bool is_ignored;
} cases[] = {
	{ NO_MASKING, 7, false }, { NO_MASKING, 16, false }, { MASK_7, 7, true },
	{ MASK_7, 16, false },    { MASK_16, 7, true },      { MASK_16, 16, true },
};

TEST_IF(masking, user_mode_has_the_upper_bits_that_senvcfg_gives_it, needs_ssnpm)
{
	uint64_t *word = (uint64_t *)table_page(0), old = csr_read(CSR_SENVCFG);

	*word = 0x1122334455667788;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		set_masking(cases[i].pmm);
		access_tagged(PAGED_U, INSN_LD, gpa_of(word), 0);
		EXPECT_EQ(trial.x[A0], *word);
		access_tagged(PAGED_U, INSN_LD, gpa_of(word), cases[i].tag);
		if (cases[i].is_ignored) {
			EXPECT_EQ(trial.cause, CAUSE_BREAKPOINT);
			EXPECT_EQ(trial.x[A0], *word);
		} else {
			EXPECT_EQ(trial.cause, CAUSE_LOAD_PAGE);
		}
	}
	csr_write(CSR_SENVCFG, old);
}

/* Nobody has enabled it for the guest's S-mode: henvcfg.PMM is not the guest's to set. */
TEST_IF(masking, supervisor_mode_has_none_of_it, needs_ssnpm)
{
	uint64_t *word = (uint64_t *)table_page(0), old = csr_read(CSR_SENVCFG);

	for (unsigned pmm = MASK_7; pmm <= MASK_16; pmm++) {
		set_masking(pmm);
		for (unsigned bits = 7; bits <= 16; bits += 9) {
			access_tagged(PAGED_S, INSN_LD, gpa_of(word), bits);
			EXPECT_EQ(trial.cause, CAUSE_LOAD_PAGE);
		}
	}
	csr_write(CSR_SENVCFG, old);
}

/* AX1, RV3: exits of such an access find the address without its tag. */
TEST_IF(masking, tagged_access_makes_memory_appear_and_reaches_devices, needs_ssnpm)
{
	uint64_t old = csr_read(CSR_SENVCFG);

	for (unsigned pmm = MASK_7; pmm <= MASK_16; pmm++) {
		uint64_t page = fresh_page(), fills = test_count(COUNT_FILLS);
		unsigned bits = pmm == MASK_7 ? 7 : 16;

		set_masking(pmm);
		access_tagged(PAGED_U, INSN_SD, page, bits);
		EXPECT_EQ(trial.cause, CAUSE_BREAKPOINT);
		EXPECT_EQ(test_count(COUNT_FILLS) - fills, 1);
		EXPECT_EQ(*(volatile uint64_t *)page, 0x77);
		access_tagged(PAGED_U, INSN_SD, MAP_SCRATCH + 8, bits);
		EXPECT_EQ(trial.cause, CAUSE_BREAKPOINT);
		access_tagged(PAGED_U, INSN_LD, MAP_SCRATCH + 8, bits);
		EXPECT_EQ(trial.cause, CAUSE_BREAKPOINT);
		EXPECT_EQ(trial.x[A0], 0x77);
		access_tagged(PAGED_U, INSN_LD, MAP_HOLE, bits);
		EXPECT_EQ(trial.cause, CAUSE_LOAD_ACCESS);
	}
	csr_write(CSR_SENVCFG, old);
}

/* --- senvcfg and what it enables --- */

TEST(masking, senvcfg_is_there_for_what_it_enables_and_can_be_refused_where_hstateen_is)
{
	bool shall = is_anything_of_senvcfg_offered() || !test_fact(FACT_HAS_STATEEN);

	for (unsigned i = 0; i < 4; i++) {
		trial_access(PAGED_S, i & 1 ? INSN_CSRW(CSR_SENVCFG) : INSN_CSRR(CSR_SENVCFG), 0,
			     0);
		EXPECT_EQ(trial.cause, shall ? CAUSE_BREAKPOINT : CAUSE_ILLEGAL_INSN);
		trial_access(PAGED_U, INSN_CSRR(CSR_SENVCFG), 0, 0);
		EXPECT_EQ(trial.cause, CAUSE_ILLEGAL_INSN);
	}
}

/* The second VM has neither Zicbom nor Zicboz: what is left of senvcfg is what Ssnpm needs. */
TEST(masking, guest_that_was_refused_some_of_it_has_the_rest)
{
	(void)test_call(TEST_TELL, TOLD_PMM, 77);
	partner_obey(ORDER_TRY_SENVCFG);
	EXPECT_EQ(test_fact(FACT_TOLD + TOLD_PMM), has(ISA_SSNPM)                ? MASK_7
						   : test_fact(FACT_HAS_STATEEN) ? ~0ull
										 : NO_MASKING);
}

static const char *needs_senvcfg(void)
{
	return has_senvcfg() ? NULL : "the guest has no senvcfg";
}

TEST_IF(masking, pmm_reads_zero_without_ssnpm_and_never_holds_what_is_reserved, needs_senvcfg)
{
	uint64_t old = csr_read(CSR_SENVCFG);

	for (unsigned pmm = NO_MASKING; pmm <= MASK_16; pmm++) {
		csr_write(CSR_SENVCFG, field_put(ENVCFG_PMM, pmm));
		uint64_t held = field_get(ENVCFG_PMM, csr_read(CSR_SENVCFG));

		if (!has(ISA_SSNPM))
			EXPECT_EQ(held, NO_MASKING);
		else if (pmm == RESERVED_MASKING)
			EXPECT(held != RESERVED_MASKING);
		else
			EXPECT_EQ(held, pmm);
	}
	csr_write(CSR_SENVCFG, old);
}

static const struct cache_op {
	uint32_t insn;
	uint8_t needs;
	uint64_t enable;
} cache_ops[] = {
	{ INSN_CBO_ZERO, ISA_ZICBOZ, ENVCFG_CBZE },
	{ INSN_CBO_CLEAN, ISA_ZICBOM, ENVCFG_CBCFE },
	{ INSN_CBO_FLUSH, ISA_ZICBOM, ENVCFG_CBCFE },
	{ INSN_CBO_INVAL, ISA_ZICBOM, BIT(4) }, /* CBIE: a flush */
	{ INSN_CBO_INVAL, ISA_ZICBOM, ENVCFG_CBIE },
};

/* U-mode has each exactly where the guest has it and its S-mode allows it; what was removed cannot
 * be allowed back. */
TEST_IF(masking, cache_operations_of_user_mode_are_senvcfgs_to_allow, needs_senvcfg)
{
	uint64_t old = csr_read(CSR_SENVCFG), all = ENVCFG_CBZE | ENVCFG_CBCFE | ENVCFG_CBIE;

	for (unsigned i = 0; i < ARRAY_LEN(cache_ops); i++) {
		const struct cache_op *op = &cache_ops[i];
		uint64_t off = op->insn == INSN_CBO_INVAL ? ENVCFG_CBIE : op->enable;

		for (unsigned allowed = 0; allowed < 2; allowed++) {
			bool can = allowed && has(op->needs);

			csr_write(CSR_SENVCFG, (all & ~off) | (allowed ? op->enable : 0));
			trial_access(PAGED_U, op->insn, gpa_of(table_page(0)), 0);
			EXPECT_EQ(trial.cause, can ? CAUSE_BREAKPOINT : CAUSE_ILLEGAL_INSN);
		}
	}
	csr_write(CSR_SENVCFG, old);
}
