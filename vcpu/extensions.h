/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What of the ISA a guest gets: one table of extensions, each with what has to be enabled for it
 * and which state has to move with a vCPU. A guest's ISA string and the CSRs that its engine writes
 * both come from here, so what is advertised is enabled, and what is not in the table is neither.
 *
 * Always true of the set that extensions_for makes: every hart that runs our code has all of it,
 * can enable all of it, and runs it under the same engine or one that offers it as well; with an
 * extension it has all that this one needs.
 */
#ifndef VCPU_EXTENSIONS_H
#define VCPU_EXTENSIONS_H

#include "lib/isa.h"

/* Registers that have no copy of their own for a guest, and that this guest can reach: they are
 * switched with the vCPU, on harts that have them, and reset with it. In those that it cannot reach
 * it finds what a reset leaves. scounteren always is its own. */
enum state {
	STATE_F = 1 << 0, /* f0 to f31, fcsr; D's too */
	STATE_V = 1 << 1, /* v0 to v31, vstart, vcsr, vl, vtype */
	STATE_SENVCFG = 1 << 2,
	STATE_SSTATEEN = 1 << 3, /* 0 to 3 */
	STATE_SCONTEXT = 1 << 4,
	STATE_VSISELECT = 1 << 5,
};

/* What a hart is set to while it runs a guest. */
struct guest_env {
	uint64_t henvcfg;        /* after a reset */
	uint64_t henvcfg_choice; /* what of it the guest may choose, by FWFT */
	uint64_t hstateen0;      /* where the hart has it */
	uint64_t hstateen_n;     /* the same for hstateen1, 2 and 3 */
	uint32_t hcounteren;
	/* enum state. Without F or V, the HS-level sstatus.FS or VS is 0 while the guest runs: then
	 * its instructions are illegal to it, whatever it writes to its own. */
	uint32_t states;
	/* stimecmp is the guest's; else the timer is the engine's, by hvip, and where the hart has
	 * vstimecmp it is ~0: on QEMU it raises VSTIP with henvcfg.STCE clear too. */
	bool sstc;
	/* For the guest's tree; 0 where it has no Zicbom, no Zicboz. */
	unsigned cbom_block, cboz_block;
};

/* What every hart can offer to a guest. After the harts came up. */
void extensions_offer(struct isa *offered);

/*
 * What a guest gets whose description removes these. What needs a removed extension goes too: F
 * takes D, V and Zfh with it. I and Zicsr stay. Where A and D updates are by hardware (Svadu) Svade
 * is not said, as both names together mean a choice that the guest has first to ask for.
 *
 * A removed extension traps if it can be refused at all: F, V, Zicbom, Zicboz, Zicntr, Zihpm, Sstc,
 * Ssstateen; Svpbmt's bits are reserved again, and Svadu leaves A and D to the guest. The rest is
 * only not advertised: no hart can refuse an ordinary instruction to its guests alone.
 */
void extensions_for(const struct isa *removed, struct isa *guest);

/* `guest` is a set that extensions_for made. */
struct guest_env extensions_env(const struct isa *guest);

#endif
