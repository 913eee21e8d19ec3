/* SPDX-License-Identifier: BSD-2-Clause */
/* TIME: the guest's timer. */
#include "sbi/guest/vsbi.h"

static struct sbi_ret set_timer(struct vcpu *v)
{
	v->engine->set_timer(v, vsbi_arg(v, 0));
	return vsbi_value(0);
}

static vsbi_function *const functions[] = { set_timer };

VSBI_EXTENSION(vsbi_time, SBI_EXT_TIME, "TIME", functions);
