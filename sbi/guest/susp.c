/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SUSP: the guest's system sleeps. What wakes it is an interrupt that its last hart takes, its
 * timer's for instance, a key typed at its console, or a person at the monitor; a console and a
 * monitor there are always.
 */
#include "sbi/guest/vsbi.h"

enum { SUSPEND_TO_RAM = 0 };

static bool is_alone(struct vcpu *v)
{
	for (uint64_t id = 0, rest = v->siblings & ~BIT(v->hart_id); rest; id++, rest >>= 1)
		if (rest & 1 && atomic_load_explicit(&vcpu_ops->sibling(v, id)->hsm,
						     memory_order_acquire) != HSM_STOPPED)
			return false;
	return true;
}

static struct sbi_ret system_suspend(struct vcpu *v)
{
	uint32_t type = (uint32_t)vsbi_arg(v, 0);
	uint64_t at = vsbi_arg(v, 1), opaque = vsbi_arg(v, 2);

	if (type != SUSPEND_TO_RAM)
		return vsbi_error(SBI_ERR_INVALID_PARAM);
	if (!vsbi_is_code(v, at))
		return vsbi_error(SBI_ERR_INVALID_ADDRESS);
	if (!is_alone(v))
		return vsbi_error(SBI_ERR_DENIED);
	/* What woke it before is not for this sleep. */
	atomic_fetch_and_explicit(&v->lines, ~LINE_WAKE, memory_order_relaxed);
	atomic_store_explicit(&v->is_asleep, true, memory_order_release);
	return vsbi_wait_and_go_on_at(v, at, opaque);
}

/* If an interrupt has woken it already, this ends some later wfi of its, as anything may. */
bool vsbi_wake(struct vcpu *v)
{
	if (!atomic_exchange_explicit(&v->is_asleep, false, memory_order_acq_rel))
		return false;
	vcpu_set_line(v, LINE_WAKE, true);
	return true;
}

static vsbi_function *const functions[] = { system_suspend };

VSBI_EXTENSION(vsbi_susp, SBI_EXT_SUSP, "SUSP", functions);
