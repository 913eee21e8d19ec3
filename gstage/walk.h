/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Walks of both stages as the hardware makes them, in software, with every level written down: for
 * post-mortems, for the monitor, and wherever a fault's word must be checked against the tables.
 * Pure: they change nothing, read guest memory through a callback only, and believe nothing that
 * they read; whatever a guest's tables hold, a walk ends after at most five reads.
 */
#ifndef GSTAGE_WALK_H
#define GSTAGE_WALK_H

#include "gstage/gtable.h"

enum { WALK_MAX_LEVELS = 5 };

enum walk_end {
	WALK_FOUND,         /* there is a leaf, or translation is off; says nothing of rights */
	WALK_ABSENT,        /* an entry without V */
	WALK_MALFORMED,     /* an entry, an address or a mode that the specification refuses */
	WALK_TABLE_NOWHERE, /* a table lies in no memory: `to` is the entry's address */
};

/* Addresses are the stage's own: a guest's walk goes from GVA to GPA, by entries at GPAs; a walk of
 * the G-stage from GPA to HPA, by entries at HPAs. */
struct walk {
	uint64_t from, to; /* `to`: of the byte at `from` where the end is WALK_FOUND */
	uint64_t size;     /* of the page, where found; 0: translation is off */
	pte_t leaf;        /* where found */
	enum walk_end end;
	const char *why; /* in words, where not found */
	unsigned n_steps;
	struct walk_step {
		unsigned level;
		uint64_t at;
		pte_t entry;
	} steps[WALK_MAX_LEVELS];
};

/* Read 8 bytes of guest memory, aligned. False: there is no memory. */
typedef bool walk_read_fn(void *context, struct gpa at, uint64_t *entry);

/* The guest's own stage, as vsatp sets it: Bare, Sv39, Sv48, Sv57. `allowed` is PTE_N and PTE_PBMT
 * where the guest has Svnapot and Svpbmt; other guests' entries must not have these bits. */
void walk_guest(struct walk *w, uint64_t vsatp, struct gva gva, pte_t allowed, walk_read_fn *read,
		void *context);

void walk_gstage(struct walk *w, const struct gtable *t, struct gpa gpa);

/* What an access is, and how the hart was set. */
struct walk_access {
	enum gtable_rights kind; /* one of them; an AMO is a write */
	bool user;               /* or by a U-mode's right, as HLV does with SPVP = 0 */
	bool sum, mxr;           /* of vsstatus; mxr of the HS-level sstatus counts too */
	bool sets_ad;            /* A and D are set by hardware: henvcfg.ADUE */
};

/*
 * What the hardware would raise for this access after this walk of the guest's stage: 0 for
 * nothing, a page fault (12, 13, 15), or a guest page fault (20, 21, 23) where the guest's table
 * lies in no memory.
 */
unsigned walk_guest_fault(const struct walk *w, struct walk_access access);

/* The same for a walk of the G-stage, whose entries count as user's: 0 or a guest page fault. */
unsigned walk_gstage_fault(const struct walk *w, struct walk_access access);

typedef void walk_show_fn(const char *format, ...) PRINTF(1, 2);

/* A line for the walk and one for each level; `stage` and `target` say what it leads from and to.
 */
void walk_show(const struct walk *w, const char *stage, const char *target, walk_show_fn *show);

/* Both stages for a GVA: the guest's walk, and the G-stage's of where that ended, be it the page or
 * a table that is not there. */
void walk_show_both(const struct gtable *t, uint64_t vsatp, struct gva gva, pte_t allowed,
		    walk_read_fn *read, void *context, walk_show_fn *show);

#endif
