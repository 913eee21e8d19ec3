/* SPDX-License-Identifier: BSD-2-Clause */
#include "platform/work.h"
#include "platform/hart.h"

/*
 * The queues of deferred work; platform/kick.c tells a hart of it. A queue is a stack that anybody
 * pushes to and its hart takes whole: no item is ever popped alone, so the links need no protection
 * from reuse. Taken work is turned round to run in the order of queueing. Pure C11 atomics: the
 * same file runs in the host's tests under TSan.
 */
static _Atomic(struct work *) queues[MAX_HARTS];

void work_queue(struct work *work, unsigned hart)
{
	/* Acquire: whoever ran it before is done with `next`. */
	if (atomic_exchange_explicit(&work->is_queued, true, memory_order_acq_rel))
		return;
	struct work *head = atomic_load_explicit(&queues[hart], memory_order_relaxed);

	do {
		atomic_store_explicit(&work->next, head, memory_order_relaxed);
		/* Release: the item, and what the caller wrote for it, are seen with the pointer.
		 */
		/* As a fence: gcc before 13.3 drops the release of a compare-exchange whose failure
		 * is relaxed (PR 114130). */
		atomic_thread_fence(memory_order_release);
	} while (!atomic_compare_exchange_weak_explicit(
		&queues[hart], &head, work, memory_order_relaxed, memory_order_relaxed));
	if (hart != hart_index)
		hart_kick(hart);
}

static struct work *turn_round(struct work *taken)
{
	struct work *first = NULL;

	while (taken) {
		struct work *next = atomic_load_explicit(&taken->next, memory_order_relaxed);

		atomic_store_explicit(&taken->next, first, memory_order_relaxed);
		first = taken;
		taken = next;
	}
	return first;
}

void work_run(void)
{
	struct work *work = turn_round(
		atomic_exchange_explicit(&queues[hart_index], NULL, memory_order_acquire));

	while (work) {
		struct work *next = atomic_load_explicit(&work->next, memory_order_relaxed);

		/* From here on it may be queued again, by its own call too. An exchange, to see
		 * what those wrote who found it queued already and left it at that. */
		(void)atomic_exchange_explicit(&work->is_queued, false, memory_order_acq_rel);
		work->call(work);
		work = next;
	}
}

bool work_is_pending(void)
{
	return atomic_load_explicit(&queues[hart_index], memory_order_relaxed);
}
