/* SPDX-License-Identifier: BSD-2-Clause */
/* System reset. */
#ifndef SBI_HOST_SRST_H
#define SBI_HOST_SRST_H

#include "sbi/host/sbi.h"

enum sbi_reset_type { SBI_RESET_SHUTDOWN, SBI_RESET_COLD_REBOOT, SBI_RESET_WARM_REBOOT };
enum sbi_reset_reason { SBI_RESET_NO_REASON, SBI_RESET_SYSTEM_FAILURE };

/* Returns only if the firmware refuses, with -errno. */
int sbi_system_reset(enum sbi_reset_type type, enum sbi_reset_reason reason);

#endif
