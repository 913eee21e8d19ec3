/* SPDX-License-Identifier: BSD-2-Clause */
#include "vcpu/extensions.h"

#include "arch/csr.h"
#include "platform/probe.h"

/* All of this runs once for a VM: small is better than fast. */
#define COLD __attribute__((cold))

struct row {
	uint8_t extension;
	uint8_t needs[3]; /* ISA_I: no more; everything needs that */
	uint8_t host;     /* what the H extension must do for a guest to have it; ISA_I: nothing */
	uint8_t not_by;   /* engines that do not offer it */
	uint8_t states;
	uint8_t hstateen;  /* bits 63 to 56 of hstateen0 */
	uint16_t henvcfg;  /* rotated left by 3: bits 63 to 61, and 12 to 0 */
	int8_t hcounteren; /* its sign extended: ~7 is 31 to 3 */
};

/*
 * A row stands above those that it needs; so one pass downwards finds all that a name says, and one
 * upwards all that goes with what is missing.
 *
 * What is not here, and why: H and what belongs to it, until guests can be hypervisors; Q, whose
 * registers nobody switches; Zkr, since a guest that empties the entropy source does so for all;
 * Ssaia and Sscofpmf, until their registers are the guest's own; Smaia and the rest of M-mode's.
 * Zicfilp: sstatus.SPELP would have to be kept through each trap of our own. Zicfiss and Ssdbltrp
 * are enabled in menvcfg, so for us too: the one has a register to switch, and with the other a
 * trap that we catch while we handle an exit would be a double trap. Svpbmt: through a mapping
 * that passes the caches by, a guest would see what its frames held before the zeros that still
 * are in a cache; it can be had once frames are cleaned (cbo.flush) when they are given out.
 */
/* clang-format off */
#define ROW(id, ...)  { .extension = ISA_##id, __VA_ARGS__ }
#define NEEDS(...)    .needs = { __VA_ARGS__ }
#define HEXT_ONLY     .not_by = 1 << ENGINE_SOFT
#define HENVCFG(bits) .henvcfg = (uint16_t)((bits) << 3 | (bits) >> 61)
#define SENVCFG       .hstateen = STATEEN_ENVCFG >> 56, .states = STATE_SENVCFG
#define SSTATEEN      .hstateen = STATEEN_SE >> 56, .states = STATE_SSTATEEN
#define CBIE_FLUSH    BIT(4)

static const struct row table[] = {
	/* cbo.inval may not drop the zeros that a frame was given, for behind them lies what another
	 * guest left in memory: CBIE=01 makes it a flush. */
	ROW(ZICBOM, HENVCFG(CBIE_FLUSH | ENVCFG_CBCFE), SENVCFG, HEXT_ONLY),
	ROW(ZICBOZ, HENVCFG(ENVCFG_CBZE), SENVCFG, HEXT_ONLY),
	/* Its stimecmp is out of reach where hcounteren.TM is clear. */
	ROW(SSTC, NEEDS(ISA_ZICNTR), HENVCFG(ENVCFG_STCE), HEXT_ONLY),
	ROW(SVADU, HENVCFG(ENVCFG_ADUE), HEXT_ONLY),
	/* Of pointer masking this is the guest's U-mode, by its senvcfg. henvcfg.PMM masks the
	 * pointers of its S-mode: that the guest asks for, by its FWFT's POINTER_MASKING_PMLEN. The
	 * host's own FWFT is not asked, it is about our pointers. */
	ROW(SSNPM, SENVCFG, HEXT_ONLY),
	ROW(SSSTATEEN, SSTATEEN, HEXT_ONLY),
	/* Nobody starts a counter before the guest's SBI PMU does. */
	ROW(ZIHPM, .hcounteren = ~7),
	ROW(ZICNTR, .hcounteren = 7),

	ROW(SSTVALA, .host = ISA_SHVSTVALA, HEXT_ONLY),
	ROW(SSTVECD, .host = ISA_SHVSTVECD, HEXT_ONLY),
	ROW(SSCCPTR, HEXT_ONLY),
	ROW(SSCOUNTERENW, HEXT_ONLY),
	ROW(SSU64XL, HEXT_ONLY),
	ROW(SVADE),
	ROW(SVBARE),
	ROW(SVINVAL, HEXT_ONLY),
	ROW(SVNAPOT, HEXT_ONLY),
	ROW(SVVPTC, HEXT_ONLY),

	ROW(ZVFH, NEEDS(ISA_ZVFHMIN, ISA_ZFHMIN)),
	ROW(ZVFHMIN, NEEDS(ISA_V)),
	ROW(ZVBB, NEEDS(ISA_ZVKB)),
	ROW(ZVKB, NEEDS(ISA_V)),
	ROW(ZVBC, NEEDS(ISA_V)),
	ROW(ZVKG, NEEDS(ISA_V)),
	ROW(ZVKNED, NEEDS(ISA_V)),
	ROW(ZVKNHA, NEEDS(ISA_V)),
	ROW(ZVKNHB, NEEDS(ISA_V)),
	ROW(ZVKSED, NEEDS(ISA_V)),
	ROW(ZVKSH, NEEDS(ISA_V)),
	ROW(ZVKT, NEEDS(ISA_V)),
	ROW(V, NEEDS(ISA_D), .states = STATE_V),

	ROW(ZCD, NEEDS(ISA_ZCA, ISA_D)),
	ROW(ZFH, NEEDS(ISA_ZFHMIN)),
	ROW(ZFHMIN, NEEDS(ISA_F)),
	ROW(ZFBFMIN, NEEDS(ISA_F)),
	ROW(ZFA, NEEDS(ISA_F)),
	ROW(D, NEEDS(ISA_F), .states = STATE_F),
	ROW(F, NEEDS(ISA_ZICSR), .states = STATE_F),

	ROW(ZABHA, NEEDS(ISA_ZAAMO)),
	ROW(ZACAS, NEEDS(ISA_ZAAMO)),
	ROW(A, NEEDS(ISA_ZAAMO, ISA_ZALRSC)),
	ROW(ZAAMO),
	/* With hstatus.VTW, wrs.nto traps as wfi does: the engine answers. */
	ROW(ZAWRS, NEEDS(ISA_ZALRSC)),
	ROW(ZALRSC),
	ROW(B, NEEDS(ISA_ZBA, ISA_ZBB, ISA_ZBS)),
	ROW(ZBA),
	ROW(ZBB),
	ROW(ZBC),
	ROW(ZBKB),
	ROW(ZBKC),
	ROW(ZBKX),
	ROW(ZBS),
	ROW(C, NEEDS(ISA_ZCA)),
	ROW(ZCB, NEEDS(ISA_ZCA)),
	ROW(ZCMOP, NEEDS(ISA_ZCA)),
	ROW(ZCA),
	ROW(ZICBOP),
	ROW(ZICOND),
	ROW(ZIHINTNTL),
	ROW(ZIHINTPAUSE),
	ROW(ZIMOP),
	ROW(ZKND),
	ROW(ZKNE),
	ROW(ZKNH),
	ROW(ZKSED),
	ROW(ZKSH),
	ROW(ZKT),
	ROW(ZTSO),
	ROW(M),
	/* The I of old trees has both of these in it. */
	ROW(I, NEEDS(ISA_ZIFENCEI, ISA_ZICSR)),
	ROW(ZIFENCEI),
	ROW(ZICSR),
};
/* clang-format on */

static const struct row *const table_end = table + ARRAY_LEN(table);

/* What all harts have in common; `open` is what one of them at least leaves open to every guest. */
struct host {
	struct isa isa;
	uint64_t henvcfg, hstateen0, hcounteren;
	uint32_t open;
	unsigned engines, vlenb, cbom_block, cboz_block;
};

static uint64_t henvcfg_of(const struct row *r)
{
	return (uint64_t)(r->henvcfg >> 3) | (uint64_t)r->henvcfg << 61;
}

static COLD void keep(struct isa *isa, enum isa_extension e, bool has)
{
	if (!has)
		isa_remove(isa, e);
}

/* What a hart has by its tree. V is not said by its parts, which may be a Zve's. */
static COLD void read_names(struct isa *isa)
{
	for (const struct row *r = table; r < table_end; r++)
		for (unsigned i = 0; isa_has(isa, r->extension) && i < ARRAY_LEN(r->needs); i++)
			if (r->needs[i] != ISA_V)
				isa_add(isa, r->needs[i]);
	/* What Svadu is while henvcfg.ADUE is clear. */
	if (isa_has(isa, ISA_SVADU))
		isa_add(isa, ISA_SVADE);
	/* Trying tells better. */
	isa_add(isa, ISA_SSTC);
	isa_add(isa, ISA_SSSTATEEN);
	isa_add(isa, ISA_ZICNTR);
}

/* Without what trying did not find, or what cannot be used. */
static COLD void keep_found(struct isa *isa, const struct hart_features *f, uint64_t counters)
{
	keep(isa, ISA_F, isa_has(isa, ISA_D)); /* float.S moves 64 bits */
	keep(isa, ISA_SSTC, f->sstc);
	keep(isa, ISA_SSSTATEEN, f->stateen && f->hstateen);
	keep(isa, ISA_ZICNTR, (counters & 7) == 7);
	keep(isa, ISA_ZIHPM, counters & 8);
	keep(isa, ISA_SVINVAL, f->svinval);
	keep(isa, ISA_SVNAPOT, f->svnapot);
	keep(isa, ISA_SSNPM, f->senvcfg & ENVCFG_PMM);
}

/* Registers without a guest's copy that no hstateen0 closes on this hart. */
static COLD uint32_t open_on(const struct hart_features *f)
{
	if (f->hstateen)
		return 0;
	return (f->senvcfg ? STATE_SENVCFG : 0) | (f->stateen ? STATE_SSTATEEN : 0) |
	       (f->scontext ? STATE_SCONTEXT : 0) | (f->siselect ? STATE_VSISELECT : 0);
}

/* A size is common if all harts have the same. */
static void join(unsigned *common, unsigned size)
{
	if (*common != size)
		*common = 0;
}

static COLD void join_hart(struct host *h, const struct hart_features *f)
{
	uint64_t counters = f->h ? f->hcounteren : f->scounteren;
	struct isa isa = f->isa;

	read_names(&isa);
	keep_found(&isa, f, counters & f->counters);
	for (unsigned k = 0; k < ARRAY_LEN(isa.bits); k++)
		h->isa.bits[k] &= isa.bits[k];
	if (f->hstateen)
		h->hstateen0 &= f->hstateen0;
	h->henvcfg &= f->henvcfg;
	h->hcounteren &= counters;
	h->open |= open_on(f);
	join(&h->vlenb, f->vlenb);
	join(&h->cbom_block, f->cbom_block);
	join(&h->cboz_block, f->cboz_block);
}

static COLD struct host host_of_all(void)
{
	const struct hart_features *first = hart_features(0);
	struct host h = {
		.isa = { .bits = { ~0ull, ~0ull } },
		.henvcfg = ~0ull,
		.hstateen0 = ~0ull,
		.hcounteren = ~0ull,
		.vlenb = first->vlenb,
		.cbom_block = first->cbom_block,
		.cboz_block = first->cboz_block,
	};

	for_each_hart (i) {
		join_hart(&h, hart_features(i));
		h.engines |= 1u << hart_engine(i);
	}
	keep(&h.isa, ISA_V, h.vlenb);
	keep(&h.isa, ISA_ZICBOM, h.cbom_block);
	keep(&h.isa, ISA_ZICBOZ, h.cboz_block);
	return h;
}

static COLD bool is_offered(const struct host *h, const struct row *r, const struct isa *below)
{
	for (unsigned i = 0; i < ARRAY_LEN(r->needs); i++)
		if (r->needs[i] != ISA_I && !isa_has(below, r->needs[i]))
			return false;
	if (r->host != ISA_I && !isa_has(&h->isa, r->host) && !isa_has(&h->isa, ISA_SHA))
		return false;
	return isa_has(&h->isa, r->extension) && !(r->not_by & h->engines) &&
	       !(henvcfg_of(r) & ~h->henvcfg) && !((uint64_t)r->hstateen << 56 & ~h->hstateen0);
}

static COLD void offer_without(const struct isa *removed, struct isa *offered)
{
	const struct host h = host_of_all();

	*offered = (struct isa){ .xlen = 64 };
	for (const struct row *r = table_end; r-- > table;) {
		bool is_kept = r->extension == ISA_I || r->extension == ISA_ZICSR;

		if ((is_kept || !isa_has(removed, r->extension)) && is_offered(&h, r, offered))
			isa_add(offered, r->extension);
	}
}

void extensions_offer(struct isa *offered)
{
	offer_without(&(struct isa){}, offered);
}

void extensions_for(const struct isa *removed, struct isa *guest)
{
	offer_without(removed, guest);
	if (isa_has(guest, ISA_SVADU))
		isa_remove(guest, ISA_SVADE);
}

COLD struct guest_env extensions_env(const struct isa *guest)
{
	const struct host h = host_of_all();
	struct guest_env env = {
		.states = h.open,
		.hstateen_n = isa_has(guest, ISA_SSSTATEEN) ? STATEEN_SE : 0,
		.sstc = isa_has(guest, ISA_SSTC),
		.cbom_block = isa_has(guest, ISA_ZICBOM) ? h.cbom_block : 0,
		.cboz_block = isa_has(guest, ISA_ZICBOZ) ? h.cboz_block : 0,
	};

	if (isa_has(guest, ISA_SVADU))
		env.henvcfg_choice |= ENVCFG_ADUE;
	if (isa_has(guest, ISA_SSNPM) && !(ENVCFG_PMM & ~h.henvcfg))
		env.henvcfg_choice |= ENVCFG_PMM;
	for (const struct row *r = table; r < table_end; r++) {
		if (!isa_has(guest, r->extension))
			continue;
		env.henvcfg |= henvcfg_of(r);
		env.hstateen0 |= (uint64_t)r->hstateen << 56;
		env.hcounteren |= (uint32_t)(r->hcounteren & h.hcounteren);
		env.states |= r->states;
	}
	return env;
}
