/* SPDX-License-Identifier: BSD-2-Clause */
#include "sbi/host/time.h"
#include "sbi/host/legacy.h"

void sbi_set_timer(uint64_t time)
{
	if (sbi_call(SBI_EXT_TIME, 0, time, 0, 0, 0, 0).error == SBI_ERR_NOT_SUPPORTED)
		sbi_legacy_set_timer(time);
}
