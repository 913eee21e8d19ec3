/* SPDX-License-Identifier: BSD-2-Clause */
/* SRST: the guest switches itself off, or asks to begin again. */
#include "sbi/host/srst.h"
#include "sbi/guest/vsbi.h"

void vsbi_stop_vm(struct vcpu *v, enum stop_reason reason)
{
	v->stop = reason;
	vcpu_leave(v, VERDICT_STOP);
}

/* Both are 32 bits wide. What is not named here is reserved, or of a vendor that we are not. */
static struct sbi_ret reset(struct vcpu *v)
{
	uint32_t type = (uint32_t)vsbi_arg(v, 0), reason = (uint32_t)vsbi_arg(v, 1);

	if (type > SBI_RESET_WARM_REBOOT || reason > SBI_RESET_SYSTEM_FAILURE)
		return vsbi_error(SBI_ERR_INVALID_PARAM);
	vsbi_stop_vm(v, reason == SBI_RESET_SYSTEM_FAILURE ? STOP_FAILURE
			: type == SBI_RESET_SHUTDOWN       ? STOP_SHUTDOWN
							   : STOP_REBOOT);
	return vsbi_value(0);
}

static vsbi_function *const functions[] = { reset };

VSBI_EXTENSION(vsbi_srst, SBI_EXT_SRST, "SRST", functions);
