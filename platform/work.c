/* SPDX-License-Identifier: BSD-2-Clause */
#include "arch/csr.h"
#include "lib/component.h"
#include "platform/hart.h"
#include "platform/panic.h"
#include "platform/work.h"
#include "sbi/host/ipi.h"

/*
 * A queue is a stack that anybody pushes to and its hart takes whole: no item is ever popped alone, so
 * the links need no protection from reuse. Taken work is turned round to run in the order of queueing.
 */
static _Atomic(struct work *) queues[MAX_HARTS];
static _Atomic bool stop_all;

void work_queue(struct work *work, unsigned hart)
{
	/* Acquire: whoever ran it before is done with `next`. */
	if (atomic_exchange_explicit(&work->is_queued, true, memory_order_acq_rel))
		return;
	struct work *head = atomic_load_explicit(&queues[hart], memory_order_relaxed);

	do {
		atomic_store_explicit(&work->next, head, memory_order_relaxed);
		/* Release: the item, and what the caller wrote for it, are seen with the pointer. */
	} while (!atomic_compare_exchange_weak_explicit(&queues[hart], &head, work,
							memory_order_release,
							memory_order_relaxed));
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

		/* From here on it may be queued again, by its own call too. */
		atomic_store_explicit(&work->is_queued, false, memory_order_release);
		work->call(work);
		work = next;
	}
}

bool work_is_pending(void)
{
	return atomic_load_explicit(&queues[hart_index], memory_order_relaxed);
}

void hart_kick(unsigned hart)
{
	CHECK(sbi_send_ipi(hart_id_of(hart)) == 0);
}

void harts_stop_others(void)
{
	atomic_store_explicit(&stop_all, true, memory_order_release);
	for_each_hart(i) {
		/* In a crash a refusal is no further news. */
		if (i != hart_index && sbi_send_ipi(hart_id_of(i)))
			continue;
	}
}

void hart_stop_if_told(void)
{
	if (LIKELY(!atomic_load_explicit(&stop_all, memory_order_acquire)))
		return;
	csr_write(CSR_SIE, 0);
	for (;;)
		__asm__ volatile("wfi");
}

static void work_init_hart(void)
{
	csr_clear(CSR_SIP, SIE_SSIE);
	csr_set(CSR_SIE, SIE_SSIE);
}

COMPONENT(work, PHASE_TIME, NULL, work_init_hart, "deferred work, and interrupts between harts");
