/* SPDX-License-Identifier: BSD-2-Clause */
/* Interrupts between harts, sent by the firmware. */
#ifndef SBI_HOST_IPI_H
#define SBI_HOST_IPI_H

#include "sbi/host/sbi.h"

/* Raise the software interrupt of that hart. */
MUST_CHECK int sbi_send_ipi(uint64_t hart_id);

#endif
