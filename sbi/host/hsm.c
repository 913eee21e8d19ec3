/* SPDX-License-Identifier: BSD-2-Clause */
#include "sbi/host/hsm.h"

enum { HSM_START, HSM_STOP, HSM_STATUS };

int sbi_hart_start(uint64_t hart_id, struct hpa entry, uint64_t opaque)
{
	return sbi_errno(sbi_call(SBI_EXT_HSM, HSM_START, hart_id, entry.v, opaque, 0, 0).error);
}

int sbi_hart_status(uint64_t hart_id)
{
	struct sbi_ret r = sbi_call(SBI_EXT_HSM, HSM_STATUS, hart_id, 0, 0, 0, 0);

	return r.error ? sbi_errno(r.error) : (int)r.value;
}

void sbi_hart_stop(void)
{
	(void)sbi_call(SBI_EXT_HSM, HSM_STOP, 0, 0, 0, 0, 0);
}
