/* SPDX-License-Identifier: BSD-2-Clause */
/* Interrupts between harts: to make one come to a poll point, and to stop all others for good. */
#include "arch/csr.h"
#include "lib/component.h"
#include "platform/hart.h"
#include "platform/panic.h"
#include "platform/work.h"
#include "sbi/host/ipi.h"

static _Atomic unsigned stopper; /* the hart that stopped all others, + 1; 0: none */

void hart_kick(unsigned hart)
{
	CHECK(sbi_send_ipi(hart_id_of(hart)) == 0);
}

void harts_stop_others(void)
{
	unsigned nobody = 0;

	atomic_compare_exchange_strong(&stopper, &nobody, hart_index + 1);
	for_each_hart (i) {
		/* In a crash a refusal is no further news. */
		if (i != hart_index && sbi_send_ipi(hart_id_of(i)))
			continue;
	}
}

void hart_stop_if_told(void)
{
	unsigned who = atomic_load_explicit(&stopper, memory_order_acquire);

	if (LIKELY(!who || who == hart_index + 1))
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
