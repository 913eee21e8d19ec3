/* SPDX-License-Identifier: BSD-2-Clause */
#include "sbi/host/ipi.h"

int sbi_send_ipi(uint64_t hart_id)
{
	return sbi_errno(sbi_call(SBI_EXT_IPI, 0, 1, hart_id, 0, 0, 0).error);
}
