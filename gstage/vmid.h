/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The numbers by which one hart tells the translations of VMs apart: VMIDs, or whatever an engine
 * has. Each hart gives its own, in turn; when all are given it begins a new generation, in which
 * nobody has one yet. So there may be more VMs than numbers, no hart waits for another, and a hart
 * whose bits are none changes generations whenever another VM comes. Pure.
 *
 * Always true: a number has been given at most once since its hart forgot all VMs' memory. Number 0
 * is given only where there is no other: a hart that runs no VM stands on it.
 */
#ifndef GSTAGE_VMID_H
#define GSTAGE_VMID_H

#include "arch/bits.h"

/* A hart's; {} at first. How many were given: a number below, the generation above. */
struct vmids {
	uint64_t last;
};

enum vmid_taken {
	VMID_KEPT,   /* as when it took one last */
	VMID_FRESH,  /* the hart may keep what a guest made of its own tables under it */
	VMID_ROLLED, /* and translations of memory under any number */
};

static inline uint64_t vmid_of(uint64_t ticket, unsigned bits)
{
	return ticket & (BIT(bits) - 1);
}

/* A VM comes to the hart: *ticket, 0 at first, is what it has there. */
static inline enum vmid_taken vmid_take(struct vmids *hart, unsigned bits, uint64_t *ticket)
{
	uint64_t old = hart->last;

	if (*ticket && *ticket >> bits == old >> bits)
		return VMID_KEPT;
	*ticket = old + 1;
	if (bits && !vmid_of(*ticket, bits))
		++*ticket;
	hart->last = *ticket;
	/* What is there before the first one is not known. */
	return old && *ticket >> bits == old >> bits ? VMID_FRESH : VMID_ROLLED;
}

#endif
