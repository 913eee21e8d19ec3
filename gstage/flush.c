/* SPDX-License-Identifier: BSD-2-Clause */
#include "gstage/flush.h"

#include "arch/fence.h"
#include "gstage/vmid.h"
#include "platform/lock.h"
#include "platform/work.h"

/* How often frames went back, of any VM. */
static _Atomic uint64_t code_generation;

/* By hart; its own but for `code_seen`. No request names a VM: a hart looks at what it has loaded,
 * so any number of requests are one. */
static struct here {
	struct flusher *loaded;
	uint64_t id; /* by which that is known here */
	struct vmids ids;
	_Atomic uint64_t code_seen;
	struct work work;
} harts[MAX_HARTS];

static void forget_memory(struct flusher *f, uint64_t id)
{
	struct flush_hart *mine = &f->harts[hart_index];
	uint64_t now = atomic_load_explicit(&f->generation, memory_order_acquire),
		 seen = atomic_load_explicit(&mine->seen, memory_order_relaxed);

	if (seen == now)
		return;
	/* Who is loaded and behind is waited for, so the range stands still. */
	f->forget(id, f->from, seen + 1 == now ? f->n_pages : 0);
	atomic_store_explicit(&mine->seen, now, memory_order_release);
}

static void catch_up(void)
{
	struct here *here = &harts[hart_index];
	uint64_t code = atomic_load_explicit(&code_generation, memory_order_acquire);

	if (here->loaded)
		forget_memory(here->loaded, here->id);
	if (atomic_load_explicit(&here->code_seen, memory_order_relaxed) == code)
		return;
	fence_i();
	atomic_store_explicit(&here->code_seen, code, memory_order_release);
}

static void catch_up_work(struct work *work)
{
	(void)work;
	catch_up();
}

unsigned flush_note_load(struct flusher *f, const void *vcpu, unsigned *last_hart, unsigned bits,
			 uint64_t *id)
{
	struct here *here = &harts[hart_index];
	struct flush_hart *mine = &f->harts[hart_index];
	unsigned owed = 0;

	/* A sibling was here, or it was elsewhere: of either the hart may keep what the vCPU does
	 * not know to be stale, for the meaning of an ASID is a hart's own. And elsewhere it, or we
	 * for it, may have written code. */
	if (mine->last != vcpu || *last_hart != hart_index + 1)
		owed = OWES_STAGE | OWES_CODE;
	mine->last = vcpu;
	*last_hart = hart_index + 1;
	/* Either we see the new generation, or who began it sees us. */
	atomic_fetch_or_explicit(&f->running, BIT(hart_index), memory_order_seq_cst);
	uint64_t now = atomic_load_explicit(&f->generation, memory_order_seq_cst);

	switch (vmid_take(&here->ids, bits, &mine->ticket)) {
	case VMID_ROLLED:
		owed |= OWES_ALL | OWES_STAGE;
		break;
	case VMID_FRESH:
		owed |= OWES_STAGE;
		break;
	case VMID_KEPT:
		if (now != atomic_load_explicit(&mine->seen, memory_order_relaxed))
			owed |= OWES_MEMORY;
	}
	atomic_store_explicit(&mine->seen, now, memory_order_release);
	here->work.call = catch_up_work;
	here->loaded = f;
	*id = here->id = vmid_of(mine->ticket, bits);
	return owed;
}

void flush_note_save(void)
{
	struct here *here = &harts[hart_index];
	struct flusher *f = here->loaded;

	here->loaded = NULL;
	/* In this order: one of them names the hart, whenever somebody looks. */
	atomic_fetch_or_explicit(&f->left, BIT(hart_index), memory_order_relaxed);
	atomic_fetch_and_explicit(&f->running, ~BIT(hart_index), memory_order_release);
}

static bool has_caught_up(struct flusher *f, unsigned hart, uint64_t now, uint64_t code)
{
	return (!(atomic_load_explicit(&f->running, memory_order_acquire) >> hart & 1) ||
		atomic_load_explicit(&f->harts[hart].seen, memory_order_acquire) >= now) &&
	       atomic_load_explicit(&harts[hart].code_seen, memory_order_acquire) >= code;
}

COLD void flush_range(struct flusher *f, struct gpa from, uint64_t size, bool frees)
{
	uint64_t code = 0, now, asked;

	f->from = from;
	f->n_pages = size <= FLUSH_PAGES * PAGE_SIZE ? size / PAGE_SIZE : 0;
	now = atomic_fetch_add_explicit(&f->generation, 1, memory_order_seq_cst) + 1;
	asked = atomic_load_explicit(&f->running, memory_order_seq_cst);
	if (frees) {
		code = atomic_fetch_add_explicit(&code_generation, 1, memory_order_acq_rel) + 1;
		asked |= atomic_exchange_explicit(&f->left, 0, memory_order_acquire);
	}
	/* All at once; and they before ourselves, so that of harts which wait for each other one
	 * has been served by each that began later, and no circle of them waits for ever. */
	for (uint64_t rest = asked & ~BIT(hart_index); rest; rest &= rest - 1)
		work_queue(&harts[__builtin_ctzll(rest)].work, (unsigned)__builtin_ctzll(rest));
	catch_up();
	for (uint64_t rest = asked; rest; rest &= rest - 1)
		while (!has_caught_up(f, (unsigned)__builtin_ctzll(rest), now, code))
			cpu_relax();
}
