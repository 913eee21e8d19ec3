/* SPDX-License-Identifier: BSD-2-Clause */
#include "gstage/flush.h"

#include "platform/lock.h"
#include "platform/panic.h"
#include "platform/work.h"

struct request {
	struct work work;
	struct flusher *flusher;
	_Atomic uint32_t is_done;
};

static void forget_here(struct work *work)
{
	struct request *r = CONTAINER_OF(work, struct request, work);

	r->flusher->forget(r->flusher->tag);
	atomic_store_explicit(&r->is_done, 1, memory_order_release);
}

/* One hart after the other: this is for the ends of VMs and of regions, which are rare. There is
 * one request, since the boot hart alone asks, and for one thing at a time. */
static void ask(struct flusher *f, unsigned hart)
{
	static struct request r;

	r.work.call = forget_here;
	r.flusher = f;
	atomic_store_explicit(&r.is_done, 0, memory_order_relaxed);
	work_queue(&r.work, hart);
	while (!atomic_load_explicit(&r.is_done, memory_order_acquire))
		cpu_relax();
}

void flush_all(struct flusher *f)
{
	/* Either a hart sees what was changed in the tables before it runs the VM, or we see it
	 * here: it notes itself with the same order before it enters. Bits stay: a hart that has
	 * the VM loaded goes on without noting itself again. */
	atomic_thread_fence(memory_order_seq_cst);
	uint64_t harts = atomic_load_explicit(&f->harts, memory_order_seq_cst);

	if (!f->forget)
		return;
	for (unsigned i = 0; i < MAX_HARTS; i++) {
		if (!(harts >> i & 1))
			continue;
		if (i == hart_index)
			f->forget(f->tag);
		else
			ask(f, i);
	}
}
