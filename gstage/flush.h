/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who may hold translations of a VM's memory, and how they are made to forget. `gstage` decides who
 * must; how is its engine's business, which gives `forget`.
 */
#ifndef GSTAGE_FLUSH_H
#define GSTAGE_FLUSH_H

#include <assert.h>
#include <stdatomic.h>

#include "platform/hart.h"

struct flusher {
	_Atomic uint64_t harts;       /* a bit a hart: it has run the VM */
	uint64_t tag;                 /* what the engine knows the VM's translations by */
	void (*forget)(uint64_t tag); /* all of this VM's on this hart; NULL: nothing ever ran */
	const void *last[MAX_HARTS];  /* the hart's own: which vCPU of the VM it ran last */
};
static_assert(MAX_HARTS <= 64);

/*
 * This vCPU of the VM is about to be loaded on this hart, and was last loaded on hart number
 * *last_hart - 1. True: the hart may hold translations that the vCPU does not know to be stale, for
 * the meaning of an ASID is a hart's own: a sibling was here, or the vCPU was elsewhere.
 */
static inline bool flush_note_load(struct flusher *f, const void *vcpu, unsigned *last_hart)
{
	uint64_t bit = BIT(hart_index);
	bool is_at_home = f->last[hart_index] == vcpu && *last_hart == hart_index + 1;

	if (!(atomic_load_explicit(&f->harts, memory_order_relaxed) & bit))
		atomic_fetch_or_explicit(&f->harts, bit, memory_order_seq_cst);
	f->last[hart_index] = vcpu;
	*last_hart = hart_index + 1;
	return !is_at_home;
}

/*
 * Make every hart that ran the VM forget all of it, and wait until it has. Tables were changed
 * before; frames and tables may be freed afterwards. The boot hart alone calls it: two harts that
 * wait for each other's work would wait for ever.
 */
void flush_all(struct flusher *f);

#endif
