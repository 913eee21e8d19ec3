/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A region: a range of a VM's guest-physical addresses and what stands behind it. The kinds that
 * hold frames own them alone; all that a region has is taken back when it goes.
 */
#ifndef GSTAGE_REGION_H
#define GSTAGE_REGION_H

#include "arch/addr.h"
#include "gstage/gtable.h"
#include "platform/lock.h"

enum region_kind {
	REGION_LAZY,     /* RAM that appears, zeroed, when it is first touched */
	REGION_EAGER,    /* RAM that is there from the start */
	REGION_RESERVED, /* nothing, and nothing else may be put there */
	REGION_ROM,      /* RAM that a guest cannot write */
	REGION_DEVICE,   /* a window on the host's own devices */
	REGION_EMULATED, /* registers that `device` answers for */
	N_REGION_KINDS,
};

struct device;

struct region {
	/* Fixed while it is in a map. */
	struct gpa at;
	uint64_t size;
	enum region_kind kind;
	unsigned fill_level;   /* lazy: the level of the leaves that appear, 0 or 1 */
	bool stops_guest;      /* a refused access stops the VM; else the guest takes a fault */
	struct hpa host;       /* of a window */
	struct device *device; /* emulated */

	/* Read by any hart; written by gmap_protect alone. */
	_Atomic enum gtable_rights rights;

	/* The boot hart's. */
	bool is_pinned; /* something beside the guest reaches it, by DMA: it must stay as it is */

	/* The lock's holder: the region's entries in the table, and where pages came last. */
	struct lock lock;
	struct gtable_cursors cursors;
};

#endif
