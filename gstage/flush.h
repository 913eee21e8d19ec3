/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TLB coherency, in one place: which hart may hold what of a VM, and who makes it forget. `gstage`
 * decides what must be forgotten, and an engine, which gives `forget`, knows by what instructions.
 *
 * A change of the VM's tables is a new generation. A hart that has the VM loaded is kicked, and
 * forgets at its next poll point. One that has left it keeps what it has, under an id that no other
 * VM is given, and forgets when it loads the VM again. But instructions that it fetched are of
 * frames, and not of a VM: so frames go back only after every hart that ran the VM since they last
 * did has executed a fence.i, whatever it runs now.
 *
 * By our own interrupts and not by the firmware's RFENCE, since a hart that comes to a poll point
 * has also left whatever fault it was in: one kick a hart serves as fence of both kinds and as the
 * end of all readers of the old list of regions. RFENCE is the same interrupt with a way through
 * firmware on both sides, has no fence.i in the same call, and becomes a fence of everything above
 * a few pages.
 */
#ifndef GSTAGE_FLUSH_H
#define GSTAGE_FLUSH_H

#include <assert.h>
#include <stdatomic.h>

#include "arch/addr.h"
#include "platform/hart.h"

enum { FLUSH_PAGES = 32 }; /* one by one; beyond that all */

struct flusher {
	uint64_t tag; /* the VM's number */
	/* On this hart, what is kept under that id: of so many pages, or 0: of all the VM's. NULL:
	 * nothing ever ran. */
	void (*forget)(uint64_t id, struct gpa from, uint64_t n_pages);
	_Atomic uint64_t running; /* a bit a hart: it has the VM loaded */
	_Atomic uint64_t left;    /* it had, since frames went back last */
	_Atomic uint64_t generation;
	struct gpa from; /* what the last generation was for */
	uint64_t n_pages;
	struct flush_hart {       /* the hart's own, but for `seen`, for which others wait */
		const void *last; /* which vCPU of the VM it ran last */
		uint64_t ticket;  /* its id there (gstage/vmid.h) */
		_Atomic uint64_t seen;
	} harts[MAX_HARTS];
};
static_assert(MAX_HARTS <= 64);

/* What a hart must fence before it runs a vCPU. */
enum flush_owed {
	OWES_STAGE = 1 << 0,  /* the guest's own tables, under the VM's id */
	OWES_CODE = 1 << 1,   /* fetched instructions */
	OWES_MEMORY = 1 << 2, /* the VM's memory, under its id */
	OWES_ALL = 1 << 3,    /* the memory of every id */
};

/*
 * This vCPU of the VM is about to be loaded on this hart, whose ids have so many bits; it was last
 * loaded on hart number *last_hart - 1. Returns what is owed. Memory is fenced before the VM's
 * table is in use, its own stage before that is: then nothing walks by what is stale.
 */
unsigned flush_note_load(struct flusher *f, const void *vcpu, unsigned *last_hart, unsigned bits,
			 uint64_t *id);
/* What was loaded here no longer is: the hart walks no table of it, and answers no fault. */
void flush_note_save(void);

/*
 * Tables were changed over [from, +size): no hart walks by what was there, or is in a fault that
 * began before, when this returns. `frees`: it held frames, which go back next. One hart at a time
 * for one VM, at a poll point; harts that wait for each other over different VMs serve each other.
 */
void flush_range(struct flusher *f, struct gpa from, uint64_t size, bool frees);

static inline void flush_all(struct flusher *f)
{
	flush_range(f, GPA(0), UINT64_MAX, false);
}

#endif
