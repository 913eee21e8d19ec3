/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest's interrupts on the H extension. What its lines say goes to hvip; the timer is the
 * hardware's where the guest has Sstc, else the host's timer raises VSTIP.
 */
#include "arch/csr.h"
#include "vcpu/extensions.h"
#include "vcpu/hext/hext.h"

void hext_take_lines(struct vcpu *v)
{
	uint32_t lines = atomic_load_explicit(&v->lines, memory_order_acquire);

	if (lines & LINE_SOFT) {
		/* The guest clears VSSIP itself, so it is handed over once. */
		atomic_fetch_and_explicit(&v->lines, ~LINE_SOFT, memory_order_acq_rel);
		csr_set(CSR_HVIP, HVIP_VSSIP);
	}
	uint64_t levels =
		(lines & LINE_EXT ? HVIP_VSEIP : 0) | (lines & LINE_TIMER ? HVIP_VSTIP : 0);

	csr_clear(CSR_HVIP, (HVIP_VSEIP | HVIP_VSTIP) & ~levels);
	csr_set(CSR_HVIP, levels);
}

bool hext_clear_ipi(struct vcpu *v)
{
	hext_take_lines(v);
	bool was_there = csr_read(CSR_HVIP) & HVIP_VSSIP;

	csr_clear(CSR_HVIP, HVIP_VSSIP);
	return was_there;
}

static void timer_is_due(struct timer *timer)
{
	vcpu_set_line(CONTAINER_OF(timer, struct vcpu, timer), LINE_TIMER, true);
}

void hext_set_timer(struct vcpu *v, uint64_t when)
{
	if (LIKELY(v->env->sstc)) {
		csr_write(CSR_VSTIMECMP, when);
		return;
	}
	v->vs.vstimecmp = when;
	vcpu_set_line(v, LINE_TIMER, false);
	uint64_t host = hext_wakes_at(v);

	v->timer.call = timer_is_due;
	if (host == ~0ull)
		timer_cancel(&v->timer);
	else
		timer_set(&v->timer, host);
}

bool hext_is_awake(struct vcpu *v)
{
	hext_take_lines(v);
	if (UNLIKELY(atomic_load_explicit(&v->lines, memory_order_relaxed) & LINE_WAKE)) {
		atomic_fetch_and_explicit(&v->lines, ~LINE_WAKE, memory_order_acq_rel);
		return true;
	}
	/* Not vsip, of which QEMU 7.2 shows nothing but VSSIP. */
	return csr_read(CSR_HIP) >> 1 & csr_read(CSR_VSIE);
}

/* Guest time runs time_delta ahead of ours. A moment that lies before our time began is past. */
uint64_t hext_wakes_at(struct vcpu *v)
{
	uint64_t when = v->env->sstc ? csr_read(CSR_VSTIMECMP) : v->vs.vstimecmp;

	/* A timer interrupt that the guest does not take ends no wait. */
	if (v->env->sstc && !(csr_read(CSR_VSIE) & SIE_STIE))
		return ~0ull;
	uint64_t host = when - v->time_delta;

	if (when == ~0ull)
		return when;
	/* The delta is negative: guests begin at 0. A sum that wraps is beyond the end of time. */
	return host < when ? ~0ull : host;
}
