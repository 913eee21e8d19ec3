/* SPDX-License-Identifier: BSD-2-Clause */
#include "sbi/host/ipi.h"

/*
 * What the sender wrote before is seen by the hart when it handles the interrupt. The firmware has
 * a fence of its own only where it really sends: not where one is pending already.
 */
int sbi_send_ipi(uint64_t hart_id)
{
	__asm__ volatile("fence rw, rw" ::: "memory");
	return sbi_errno(sbi_call(SBI_EXT_IPI, 0, 1, hart_id, 0, 0, 0).error);
}
