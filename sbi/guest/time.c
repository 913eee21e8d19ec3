/* SPDX-License-Identifier: BSD-2-Clause */
/* TIME: the guest's timer. */
#include "sbi/guest/events.h"
#include "sbi/guest/vsbi.h"

void vsbi_set_timer(struct vcpu *v, uint64_t when)
{
	vcpu_count_event(v, FW_SET_TIMER);
	v->engine->set_timer(v, when);
}

static struct sbi_ret set_timer(struct vcpu *v)
{
	vsbi_set_timer(v, vsbi_arg(v, 0));
	return vsbi_value(0);
}

static vsbi_function *const functions[] = { set_timer };

VSBI_EXTENSION(vsbi_time, SBI_EXT_TIME, "TIME", functions);
