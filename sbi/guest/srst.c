/* SPDX-License-Identifier: BSD-2-Clause */
/* SRST: the guest switches itself off, or asks to begin again. */
#include "sbi/host/srst.h"
#include "sbi/guest/vsbi.h"

static struct sbi_ret reset(struct vcpu *v)
{
	uint64_t type = vsbi_arg(v, 0), reason = vsbi_arg(v, 1);

	if (type > SBI_RESET_WARM_REBOOT || reason > SBI_RESET_SYSTEM_FAILURE)
		return vsbi_error(SBI_ERR_INVALID_PARAM);
	v->stop = reason == SBI_RESET_SYSTEM_FAILURE ? STOP_FAILURE
		  : type == SBI_RESET_SHUTDOWN       ? STOP_SHUTDOWN
						     : STOP_REBOOT;
	vcpu_leave(v, VERDICT_STOP);
	return vsbi_value(0);
}

static vsbi_function *const functions[] = { reset };

VSBI_EXTENSION(vsbi_srst, SBI_EXT_SRST, "SRST", functions);
