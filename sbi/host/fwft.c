/* SPDX-License-Identifier: BSD-2-Clause */
#include "sbi/host/fwft.h"

enum { FWFT_SET, FWFT_GET };

int sbi_fwft_set(enum sbi_fwft feature, uint64_t value)
{
	return sbi_errno(sbi_call(SBI_EXT_FWFT, FWFT_SET, feature, value, 0, 0, 0).error);
}

int sbi_fwft_get(enum sbi_fwft feature, uint64_t *value)
{
	struct sbi_ret r = sbi_call(SBI_EXT_FWFT, FWFT_GET, feature, 0, 0, 0, 0);

	if (!r.error)
		*value = (uint64_t)r.value;
	return sbi_errno(r.error);
}
