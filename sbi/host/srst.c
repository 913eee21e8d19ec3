/* SPDX-License-Identifier: BSD-2-Clause */
#include "sbi/host/srst.h"

int sbi_system_reset(enum sbi_reset_type type, enum sbi_reset_reason reason)
{
	return sbi_errno(sbi_call(SBI_EXT_SRST, 0, type, reason, 0, 0, 0).error);
}
