/* SPDX-License-Identifier: BSD-2-Clause */
/* Firmware features: what only M-mode can switch on, of this hart. */
#ifndef SBI_HOST_FWFT_H
#define SBI_HOST_FWFT_H

#include "sbi/host/sbi.h"

/* Those without a use here are named for the guests' side. */
enum sbi_fwft {
	SBI_FWFT_MISALIGNED_DELEG,
	SBI_FWFT_LANDING_PAD,
	SBI_FWFT_SHADOW_STACK,
	SBI_FWFT_DOUBLE_TRAP,
	SBI_FWFT_PTE_AD_HW_UPDATING,
	SBI_FWFT_POINTER_MASKING_PMLEN,
};

/* Without the lock, so it can be set again. 0, or -errno: -ENOSYS where the firmware lacks the call
 * or the hart the feature, anything else where the firmware refuses. */
MUST_CHECK int sbi_fwft_set(enum sbi_fwft feature, uint64_t value);
MUST_CHECK int sbi_fwft_get(enum sbi_fwft feature, uint64_t *value);

#endif
