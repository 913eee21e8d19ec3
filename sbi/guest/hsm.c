/* SPDX-License-Identifier: BSD-2-Clause */
/* HSM: the guest's harts start, stop and sleep. */
#include "gstage/gtable.h"
#include "sbi/guest/vsbi.h"

enum { SUSPEND_RETENTIVE = 0 };
#define SUSPEND_NON_RETENTIVE 0x80000000u

bool vsbi_is_code(struct vcpu *v, uint64_t at)
{
	return !(at & 1) && vcpu_ops->is_memory(v, GPA(at), 2, GTABLE_X);
}

static struct sbi_ret hart_start(struct vcpu *v)
{
	uint64_t id = vsbi_arg(v, 0), at = vsbi_arg(v, 1), opaque = vsbi_arg(v, 2);
	struct vcpu *other = vcpu_ops->sibling(v, id);
	uint32_t state = HSM_STOPPED;

	if (!other)
		return vsbi_error(SBI_ERR_INVALID_PARAM);
	if (!vsbi_is_code(v, at))
		return vsbi_error(SBI_ERR_INVALID_ADDRESS);
	/* Whoever moves it from STOPPED has it for itself until it starts. */
	if (!atomic_compare_exchange_strong_explicit(&other->hsm, &state, HSM_START_PENDING,
						     memory_order_acq_rel, memory_order_relaxed))
		return vsbi_error(state == HSM_STOP_PENDING ? SBI_ERR_FAILED
							    : SBI_ERR_ALREADY_AVAILABLE);
	other->engine->reset(other, GPA(at), id, opaque);
	vcpu_ops->start(other);
	return vsbi_value(0);
}

static struct sbi_ret hart_stop(struct vcpu *v)
{
	vcpu_set_hsm(v, HSM_STOP_PENDING);
	vsbi_leave_events(v);
	vcpu_leave(v, VERDICT_OFF);
	return vsbi_value(0);
}

static struct sbi_ret hart_get_status(struct vcpu *v)
{
	const struct vcpu *other = vcpu_ops->sibling(v, vsbi_arg(v, 0));

	if (!other)
		return vsbi_error(SBI_ERR_INVALID_PARAM);
	return vsbi_value(atomic_load_explicit(&other->hsm, memory_order_acquire));
}

static void wait(struct vcpu *v)
{
	vcpu_set_hsm(v, HSM_SUSPEND_PENDING);
	vcpu_leave(v, VERDICT_WAIT);
}

/*
 * A suspended hart keeps everything. Of what it loses in a non-retentive state only what the
 * specification then gives a value has to be lost, and is so at once.
 */
struct sbi_ret vsbi_wait_and_go_on_at(struct vcpu *v, uint64_t at, uint64_t opaque)
{
	wait(v);
	v->engine->go_on_at(v, GPA(at));
	return (struct sbi_ret){ .error = (long)v->hart_id, .value = (long)opaque };
}

static struct sbi_ret hart_suspend(struct vcpu *v)
{
	uint32_t type = (uint32_t)vsbi_arg(v, 0);
	uint64_t at = vsbi_arg(v, 1), opaque = vsbi_arg(v, 2);

	if (type != SUSPEND_RETENTIVE && type != SUSPEND_NON_RETENTIVE)
		return vsbi_error(SBI_ERR_INVALID_PARAM);
	if (type == SUSPEND_NON_RETENTIVE) {
		if (!vsbi_is_code(v, at))
			return vsbi_error(SBI_ERR_INVALID_ADDRESS);
		return vsbi_wait_and_go_on_at(v, at, opaque);
	}
	wait(v);
	return vsbi_value(0);
}

static vsbi_function *const functions[] = { hart_start, hart_stop, hart_get_status, hart_suspend };

VSBI_EXTENSION(vsbi_hsm, SBI_EXT_HSM, "HSM", functions);
