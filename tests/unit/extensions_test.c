/* SPDX-License-Identifier: BSD-2-Clause */
/* What a guest gets of the ISA, on harts that are made up. */
#include "vcpu/extensions.h"

#include <string.h>

#include "platform/probe.h"
#include "tests/kit/kit.h"

/* The bits that enable an extension for V=1, as the privileged and unprivileged specifications name
 * them: henvcfg, hstateen0 and hcounteren in "Hypervisor Extension", "Smstateen", "Zicntr". */
static const struct enable {
	enum isa_extension extension;
	uint64_t henvcfg, hstateen0, hcounteren;
	unsigned states;
} specified[] = {
	{ ISA_F, 0, 0, 0, STATE_F },
	{ ISA_D, 0, 0, 0, STATE_F },
	{ ISA_V, 0, 0, 0, STATE_V },
	{ ISA_ZICBOM, 0x0000000000000050, 0x4000000000000000, 0, STATE_SENVCFG },
	{ ISA_ZICBOZ, 0x0000000000000080, 0x4000000000000000, 0, STATE_SENVCFG },
	{ ISA_SSNPM, 0, 0x4000000000000000, 0, STATE_SENVCFG },
	{ ISA_SSSTATEEN, 0, 0x8000000000000000, 0, STATE_SSTATEEN },
	{ ISA_SVADU, 0x2000000000000000, 0, 0, 0 },
	{ ISA_SSTC, 0x8000000000000000, 0, 0, 0 },
	{ ISA_ZICNTR, 0, 0, 0x00000007, 0 },
	{ ISA_ZIHPM, 0, 0, 0xfffffff8, 0 },
};

/* What depends on what, by the chapters of the extensions. */
static const struct {
	enum isa_extension extension, on;
} dependent[] = {
	{ ISA_D, ISA_F },         { ISA_V, ISA_D },          { ISA_V, ISA_F },
	{ ISA_ZFH, ISA_F },       { ISA_ZFH, ISA_ZFHMIN },   { ISA_ZFHMIN, ISA_F },
	{ ISA_ZFBFMIN, ISA_F },   { ISA_ZFA, ISA_F },        { ISA_ZVFH, ISA_V },
	{ ISA_ZVFH, ISA_ZFHMIN }, { ISA_ZVFH, ISA_ZVFHMIN }, { ISA_ZVFHMIN, ISA_V },
	{ ISA_ZVBB, ISA_V },      { ISA_ZVBB, ISA_ZVKB },    { ISA_ZVKB, ISA_V },
	{ ISA_ZVBC, ISA_V },      { ISA_ZVKG, ISA_V },       { ISA_ZVKNED, ISA_V },
	{ ISA_ZVKNHA, ISA_V },    { ISA_ZVKNHB, ISA_V },     { ISA_ZVKSED, ISA_V },
	{ ISA_ZVKSH, ISA_V },     { ISA_ZVKT, ISA_V },       { ISA_ZCD, ISA_D },
	{ ISA_ZCD, ISA_ZCA },     { ISA_ZCB, ISA_ZCA },      { ISA_ZCMOP, ISA_ZCA },
	{ ISA_C, ISA_ZCA },       { ISA_B, ISA_ZBA },        { ISA_B, ISA_ZBB },
	{ ISA_B, ISA_ZBS },       { ISA_A, ISA_ZAAMO },      { ISA_A, ISA_ZALRSC },
	{ ISA_ZABHA, ISA_ZAAMO }, { ISA_ZACAS, ISA_ZAAMO },  { ISA_ZAWRS, ISA_ZALRSC },
	{ ISA_SSTC, ISA_ZICNTR }, { ISA_ZIHPM, ISA_ZICSR },  { ISA_F, ISA_ZICSR },
};

enum { HARTS = 3 };
static struct hart_features harts[HARTS];
static enum engine engines[HARTS];

unsigned n_harts(void)
{
	return HARTS;
}

const struct hart_features *hart_features(unsigned hart)
{
	return &harts[hart];
}

enum engine hart_engine(unsigned hart)
{
	return engines[hart];
}

/* Every hart has all there is; then a test takes something away. */
static void all_have_everything(void)
{
	for (unsigned i = 0; i < HARTS; i++) {
		harts[i] = (struct hart_features){
			.isa = { .bits = { ~0ull, ~0ull }, .xlen = 64 },
			.h = true,
			.sstc = true,
			.svinval = true,
			.siselect = true,
			.stateen = true,
			.hstateen = true,
			.scontext = true,
			.svade = true,
			.svnapot = true,
			.svpbmt = true,
			.counters = 15,
			.senvcfg = 0x3000000fd,
			.henvcfg = 0xe8000003000000fd,
			.hstateen0 = 0xde40000000000007,
			.hcounteren = 0xffffffff,
			.scounteren = 0xffffffff,
			.cbom_block = 64,
			.cboz_block = 64,
			.vlenb = 16,
		};
		engines[i] = ENGINE_HEXT;
	}
}

/* The same, but for what their tree says. */
static void all_have(const char *isa)
{
	all_have_everything();
	for (unsigned i = 0; i < HARTS; i++) {
		harts[i].isa = (struct isa){};
		REQUIRE_EQ(isa_read(&harts[i].isa, isa, strlen(isa)), 0);
	}
}

static bool is_offered(enum isa_extension e)
{
	struct isa offered;

	extensions_offer(&offered);
	return isa_has(&offered, e);
}

static struct isa guest_without(enum isa_extension e)
{
	struct isa removed = {}, guest;

	isa_add(&removed, e);
	extensions_for(&removed, &guest);
	return guest;
}

static struct isa guest_with_all(void)
{
	struct isa guest;

	extensions_for(&(struct isa){}, &guest);
	return guest;
}

static const char *text_of(const struct isa *isa)
{
	static char text[1024];

	EXPECT(isa_text(isa, text, sizeof(text)) < sizeof(text));
	return text;
}

TEST(extensions, offer_what_a_guest_may_have_of_a_hart_that_has_everything)
{
	struct isa offered;

	all_have_everything();
	extensions_offer(&offered);
	EXPECT_STR(text_of(&offered),
		   "rv64imafdcbv_zicsr_zifencei_zicntr_zihpm_zicbom_zicbop_zicboz_zicond_"
		   "zihintntl_zihintpause_zimop_zawrs_zacas_zabha_zaamo_zalrsc_zfa_zfh_zfhmin_"
		   "zfbfmin_zca_zcb_zcd_zcmop_zba_zbb_zbc_zbkb_zbkc_zbkx_zbs_zknd_zkne_zknh_zksed_"
		   "zksh_zkt_ztso_zvbb_zvbc_zvfh_zvfhmin_zvkb_zvkg_zvkned_zvknha_zvknhb_zvksed_"
		   "zvksh_zvkt_ssccptr_sscounterenw_ssnpm_ssstateen_sstc_sstvala_sstvecd_ssu64xl_"
		   "svade_svadu_svbare_svinval_svnapot_svvptc");
}

static void expect_whole(const struct isa *isa, enum isa_extension without)
{
	for (unsigned i = 0; i < ARRAY_LEN(dependent); i++) {
		bool is_whole =
			!isa_has(isa, dependent[i].extension) || isa_has(isa, dependent[i].on);

		if (!is_whole)
			kit_note("without %u: %u is left, and needs %u", without,
				 dependent[i].extension, dependent[i].on);
		EXPECT(is_whole);
	}
}

TEST(extensions, a_removed_one_takes_along_what_needs_it)
{
	all_have_everything();
	for (unsigned e = 0; e < ISA_N_EXTENSIONS; e++) {
		struct isa guest = guest_without(e);

		expect_whole(&guest, e);
		if (e != ISA_I && e != ISA_ZICSR)
			EXPECT(!isa_has(&guest, e));
	}
	struct isa guest = guest_without(ISA_F);
	struct guest_env env = extensions_env(&guest);

	EXPECT(!isa_has(&guest, ISA_D) && !isa_has(&guest, ISA_V) && !isa_has(&guest, ISA_ZVKNED));
	EXPECT(isa_has(&guest, ISA_C) && isa_has(&guest, ISA_ZBA));
	EXPECT_EQ(env.states & (STATE_F | STATE_V), 0);
}

TEST(extensions, a_removed_one_takes_nothing_else_along)
{
	all_have_everything();
	struct isa without_v = guest_without(ISA_V), without_m = guest_without(ISA_M);
	struct isa all = guest_with_all();

	EXPECT(isa_has(&without_v, ISA_D) && isa_has(&without_v, ISA_ZFH));
	isa_remove(&all, ISA_M);
	EXPECT(!memcmp(&all, &without_m, sizeof(all)));
}

TEST(extensions, what_one_hart_lacks_no_guest_gets)
{
	struct isa offered;

	for (unsigned e = 0; e < ISA_N_EXTENSIONS; e++) {
		all_have_everything();
		isa_remove(&harts[1].isa, e);
		extensions_offer(&offered);
		expect_whole(&offered, e);
	}
	all_have_everything();
	isa_remove(&harts[2].isa, ISA_ZBC);
	isa_remove(&harts[1].isa, ISA_ZFA);
	isa_remove(&harts[0].isa, ISA_ZVBC);
	extensions_offer(&offered);
	EXPECT(!isa_has(&offered, ISA_ZBC) && !isa_has(&offered, ISA_ZFA) &&
	       !isa_has(&offered, ISA_ZVBC));
	EXPECT(isa_has(&offered, ISA_ZBA) && isa_has(&offered, ISA_ZFH));
}

/* hart 2 has only the Zve that some vector extensions are content with */
TEST(extensions, vector_extensions_come_with_v_or_not_at_all)
{
	all_have_everything();
	isa_remove(&harts[2].isa, ISA_V);
	EXPECT(!is_offered(ISA_V));
	EXPECT(!is_offered(ISA_ZVBC));
	EXPECT(!is_offered(ISA_ZVFH));
	EXPECT(is_offered(ISA_ZFH));
}

TEST(extensions, a_name_says_what_it_needs)
{
	struct isa offered;

	all_have("rv64imafdcb_zcb");
	for (unsigned i = 0; i < HARTS; i++)
		harts[i].sstc = harts[i].svinval = harts[i].stateen = false;
	extensions_offer(&offered);
	EXPECT_STR(text_of(&offered), "rv64imafdcb_zicsr_zifencei_zicntr_zaamo_zalrsc_zca_zcb_"
				      "zba_zbb_zbs");
}

TEST(extensions, each_row_enables_what_the_specification_says)
{
	all_have_everything();
	for (unsigned e = 0; e < ISA_N_EXTENSIONS; e++) {
		struct isa only = { .xlen = 64 };
		struct enable want = { .extension = e };

		for (unsigned i = 0; i < ARRAY_LEN(specified); i++)
			if (specified[i].extension == e)
				want = specified[i];
		isa_add(&only, e);
		struct guest_env env = extensions_env(&only);
		bool is_right = env.henvcfg == want.henvcfg && env.hstateen0 == want.hstateen0 &&
				env.hcounteren == want.hcounteren && env.states == want.states;

		if (!is_right)
			kit_note("extension %u", e);
		EXPECT(is_right);
		EXPECT_EQ(env.hstateen_n, e == ISA_SSSTATEEN ? 0x8000000000000000 : 0);
		EXPECT_EQ(env.sstc, e == ISA_SSTC);
		EXPECT_EQ(env.cbom_block, e == ISA_ZICBOM ? 64 : 0);
		EXPECT_EQ(env.cboz_block, e == ISA_ZICBOZ ? 64 : 0);
	}
}

TEST(extensions, a_guest_with_all_has_every_bit_and_no_other)
{
	all_have_everything();
	struct isa guest = guest_with_all();
	struct guest_env env = extensions_env(&guest);

	/* Neither FIOM, LPE, SSE, PMM nor DTE; CBIE is 01. */
	EXPECT_EQ(env.henvcfg, 0xa0000000000000d0);
	EXPECT_EQ(env.hstateen0, 0xc000000000000000);
	EXPECT_EQ(env.hcounteren, 0xffffffff);
	EXPECT_EQ(env.states, STATE_F | STATE_V | STATE_SENVCFG | STATE_SSTATEEN);
}

TEST(extensions, a_removed_one_leaves_its_bits_clear)
{
	all_have_everything();
	for (unsigned i = 0; i < ARRAY_LEN(specified); i++) {
		const struct enable *s = &specified[i];
		struct isa guest = guest_without(s->extension);
		struct guest_env env = extensions_env(&guest);

		EXPECT_EQ(env.henvcfg & s->henvcfg, 0);
		EXPECT_EQ(env.hcounteren & s->hcounteren, 0);
	}
	struct isa removed = {}, guest;

	isa_add(&removed, ISA_ZICBOM);
	isa_add(&removed, ISA_ZICBOZ);
	isa_add(&removed, ISA_SSNPM);
	isa_add(&removed, ISA_SSSTATEEN);
	extensions_for(&removed, &guest);
	struct guest_env env = extensions_env(&guest);

	EXPECT_EQ(env.hstateen0 | env.hstateen_n, 0);
	EXPECT_EQ(env.states, STATE_F | STATE_V);
	EXPECT_EQ(env.cbom_block | env.cboz_block, 0);
}

TEST(extensions, what_one_hart_cannot_enable_is_not_offered)
{
	for (unsigned i = 0; i < ARRAY_LEN(specified); i++) {
		const struct enable *s = &specified[i];

		for (uint64_t bits = s->henvcfg; bits; bits &= bits - 1) {
			all_have_everything();
			harts[1].henvcfg &= ~(bits & -bits);
			EXPECT(!is_offered(s->extension));
			EXPECT(is_offered(ISA_ZBA));
		}
		if (s->hstateen0) {
			all_have_everything();
			harts[2].hstateen0 &= ~s->hstateen0;
			EXPECT(!is_offered(s->extension));
		}
		if (s->hcounteren) {
			all_have_everything();
			harts[2].hcounteren &= ~(s->hcounteren & -s->hcounteren);
			EXPECT(!is_offered(s->extension));
			all_have_everything();
			harts[2].counters &= ~(s->hcounteren & -s->hcounteren);
			EXPECT(!is_offered(s->extension));
		}
	}
}

TEST(extensions, counters_that_a_hart_lacks_stay_closed)
{
	all_have_everything();
	harts[1].hcounteren = 0xff;
	EXPECT(is_offered(ISA_ZIHPM));
	struct isa guest = guest_with_all();

	EXPECT_EQ(extensions_env(&guest).hcounteren, 0xff);
}

TEST(extensions, what_trying_did_not_find_is_not_offered)
{
	static const struct {
		enum isa_extension extension;
		size_t field;
	} found[] = {
		{ ISA_SSTC, offsetof(struct hart_features, sstc) },
		{ ISA_SVINVAL, offsetof(struct hart_features, svinval) },
		{ ISA_SVNAPOT, offsetof(struct hart_features, svnapot) },
		{ ISA_SSSTATEEN, offsetof(struct hart_features, stateen) },
		{ ISA_SSSTATEEN, offsetof(struct hart_features, hstateen) },
	};

	for (unsigned i = 0; i < ARRAY_LEN(found); i++) {
		all_have_everything();
		*((bool *)((char *)&harts[1] + found[i].field)) = false;
		EXPECT(!is_offered(found[i].extension));
	}
	all_have_everything();
	harts[0].senvcfg &= ~0x300000000ull;
	EXPECT(!is_offered(ISA_SSNPM));
}

/* Zeros in a cache do not hide what memory held before from who passes the cache by. */
TEST(extensions, svpbmt_is_offered_to_nobody)
{
	all_have_everything();
	EXPECT(!is_offered(ISA_SVPBMT));
}

TEST(extensions, what_trying_found_needs_no_name)
{
	all_have("rv64imac");
	EXPECT(is_offered(ISA_SSTC) && is_offered(ISA_SSSTATEEN) && is_offered(ISA_ZICNTR));
	EXPECT(!is_offered(ISA_SVNAPOT) && !is_offered(ISA_ZIHPM));
}

TEST(extensions, sizes_that_differ_between_harts_cannot_move_with_a_vcpu)
{
	all_have_everything();
	harts[2].vlenb = 32;
	EXPECT(!is_offered(ISA_V));
	EXPECT(!is_offered(ISA_ZVKB));
	harts[1].cbom_block = 128;
	EXPECT(!is_offered(ISA_ZICBOM));
	EXPECT(is_offered(ISA_ZICBOZ));
	harts[2].cboz_block = 128;
	EXPECT(!is_offered(ISA_ZICBOZ));
	for (unsigned i = 0; i < HARTS; i++)
		harts[i].vlenb = 256;
	EXPECT(is_offered(ISA_V));
}

/* With both names a guest has to ask its firmware first, so it is told one. */
TEST(extensions, a_guest_is_told_one_of_svade_and_svadu)
{
	all_have_everything();
	struct isa both = guest_with_all(), without = guest_without(ISA_SVADU);

	EXPECT(isa_has(&both, ISA_SVADU) && !isa_has(&both, ISA_SVADE));
	EXPECT(!isa_has(&without, ISA_SVADU) && isa_has(&without, ISA_SVADE));

	all_have("rv64imafdc_svadu");
	EXPECT(is_offered(ISA_SVADE));
	harts[1].henvcfg &= ~(1ull << 61); /* the firmware denied it */
	struct isa denied = guest_with_all();

	EXPECT(!isa_has(&denied, ISA_SVADU) && isa_has(&denied, ISA_SVADE));
	EXPECT_EQ(extensions_env(&denied).henvcfg & 1ull << 61, 0);
	EXPECT_EQ(extensions_env(&denied).henvcfg_choice, 0);
}

TEST(extensions, a_guest_chooses_of_what_it_has_and_what_all_harts_can_do)
{
	enum { PMM_SHIFT = 32 };

	all_have_everything();
	struct isa all = guest_with_all(), no_svadu = guest_without(ISA_SVADU),
		   no_ssnpm = guest_without(ISA_SSNPM);

	EXPECT_EQ(extensions_env(&all).henvcfg_choice, 1ull << 61 | 3ull << PMM_SHIFT);
	EXPECT_EQ(extensions_env(&all).henvcfg & 3ull << PMM_SHIFT, 0); /* unasked */
	EXPECT_EQ(extensions_env(&no_svadu).henvcfg_choice, 3ull << PMM_SHIFT);
	EXPECT_EQ(extensions_env(&no_ssnpm).henvcfg_choice, 1ull << 61);
	harts[1].henvcfg &= ~(1ull << PMM_SHIFT);
	EXPECT_EQ(extensions_env(&all).henvcfg_choice, 1ull << 61);
}

TEST(extensions, the_h_extension_carries_what_s_mode_sees_of_traps)
{
	all_have("rv64imafdc_sstvala_sstvecd");
	EXPECT(!is_offered(ISA_SSTVALA) && !is_offered(ISA_SSTVECD));
	all_have("rv64imafdc_sstvala_sstvecd_shvstvala");
	EXPECT(is_offered(ISA_SSTVALA) && !is_offered(ISA_SSTVECD));
	all_have("rv64imafdc_sstvala_sstvecd_sha");
	EXPECT(is_offered(ISA_SSTVALA) && is_offered(ISA_SSTVECD));
}

/* A register that a guest can reach on one hart is switched, whether or not it is advertised. */
TEST(extensions, what_no_hstateen_closes_is_switched)
{
	const struct isa none = { .xlen = 64 };

	all_have_everything();
	EXPECT_EQ(extensions_env(&none).states, 0);
	harts[1].hstateen = false;
	EXPECT_EQ(extensions_env(&none).states,
		  STATE_SENVCFG | STATE_SSTATEEN | STATE_SCONTEXT | STATE_VSISELECT);
	harts[1].scontext = harts[1].stateen = false;
	EXPECT_EQ(extensions_env(&none).states, STATE_SENVCFG | STATE_VSISELECT);
	harts[1].siselect = false;
	harts[1].senvcfg = 0;
	EXPECT_EQ(extensions_env(&none).states, 0);
	/* Without hstateen there is nothing to enable there. */
	EXPECT(is_offered(ISA_ZICBOZ));
}

TEST(extensions, the_soft_engine_offers_what_needs_no_h_extension)
{
	struct isa offered;

	all_have_everything();
	engines[2] = ENGINE_SOFT;
	harts[2].h = harts[2].hstateen = false;
	harts[2].henvcfg = harts[2].hcounteren = harts[2].hstateen0 = 0;
	extensions_offer(&offered);
	EXPECT(isa_has(&offered, ISA_V) && isa_has(&offered, ISA_ZBB) &&
	       isa_has(&offered, ISA_ZICNTR) && isa_has(&offered, ISA_SVADE));
	EXPECT(!isa_has(&offered, ISA_SSTC) && !isa_has(&offered, ISA_SVADU) &&
	       !isa_has(&offered, ISA_ZICBOZ) && !isa_has(&offered, ISA_SVINVAL) &&
	       !isa_has(&offered, ISA_SVNAPOT));
	struct isa guest = guest_with_all();

	EXPECT_EQ(extensions_env(&guest).henvcfg, 0);
}

/* float.S moves 64 bits a register */
TEST(extensions, f_is_offered_where_d_is)
{
	all_have("rv64imafc");
	EXPECT(!is_offered(ISA_F) && is_offered(ISA_C));
}

static void collect(void *to, const char *name)
{
	strcat(strcat(to, name), " ");
}

TEST(extensions, names_are_listed_one_by_one)
{
	char list[64] = "";
	struct isa isa = { .xlen = 64 };

	isa_add(&isa, ISA_I);
	isa_add(&isa, ISA_V);
	isa_add(&isa, ISA_SSTC);
	EXPECT_EQ(isa_names(&isa, collect, list), 3);
	EXPECT_STR(list, "i v sstc ");
}
