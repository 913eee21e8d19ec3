/* SPDX-License-Identifier: BSD-2-Clause */
/* Poll points: where a hart of the hypervisor looks at what is pending, and where it sleeps. */
#include <stdatomic.h>

#include "arch/csr.h"
#include "platform/console.h"
#include "platform/idle.h"
#include "platform/irq/chips.h"
#include "platform/timer.h"
#include "platform/trace.h"
#include "platform/work.h"

void irq_poll(void)
{
	uint64_t pending = csr_read(CSR_SIP) & csr_read(CSR_SIE);

	if (pending & SIE_SSIE) {
		/* Before the queues are read, so that a later kick is seen again: CSR writes are
		 * device output to a fence, and nothing else keeps them in front of a load. */
		csr_clear(CSR_SIP, SIE_SSIE);
		__asm__ volatile("fence o, rw" ::: "memory");
		hart_stop_if_told();
	}
	if (pending & ~SIE_STIE) /* timers would fill the ring */
		trace(TRACE_IRQ, pending, 0);
	work_run();
	if (pending & SIE_STIE)
		timer_run();
	if (pending & SIE_SEIE)
		irqchip_handle();
}

void irq_wait(void)
{
	if (work_is_pending())
		return;
	/* With interrupts off an enabled one that is pending, or comes, still ends wfi (privileged
	 * specification, "Wait for Interrupt"): nothing can slip in between the look and the sleep.
	 */
	__asm__ volatile("wfi" ::: "memory");
}

static _Atomic(idle_work *) work_when_idle;

void idle_set_work(idle_work *work)
{
	atomic_store_explicit(&work_when_idle, work, memory_order_release);
}

_Noreturn void idle_forever(void)
{
	for (;;) {
		irq_poll();
		console_drain();
		idle_work *work = atomic_load_explicit(&work_when_idle, memory_order_acquire);

		if (!work || !work())
			irq_wait();
	}
}
