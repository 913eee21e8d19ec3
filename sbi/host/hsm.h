/* SPDX-License-Identifier: BSD-2-Clause */
/* Hart state management: starting harts, and what state they are in. */
#ifndef SBI_HOST_HSM_H
#define SBI_HOST_HSM_H

#include "sbi/host/sbi.h"

enum sbi_hart_state {
	SBI_HART_STARTED,
	SBI_HART_STOPPED,
	SBI_HART_START_PENDING,
	SBI_HART_STOP_PENDING,
	SBI_HART_SUSPENDED,
	SBI_HART_SUSPEND_PENDING,
	SBI_HART_RESUME_PENDING,
};

/* The hart begins at `entry` with translation off, a0 = its id, a1 = `opaque`. */
MUST_CHECK int sbi_hart_start(uint64_t hart_id, struct hpa entry, uint64_t opaque);
/* One of enum sbi_hart_state, or -errno for a hart that the firmware does not know. */
MUST_CHECK int sbi_hart_status(uint64_t hart_id);
/* Returns only if the firmware refuses. */
void sbi_hart_stop(void);

#endif
