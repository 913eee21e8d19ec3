/* SPDX-License-Identifier: BSD-2-Clause */
/* Whose address a fault of our own code is about. */
#ifndef ARCH_GUEST_FAULT_H
#define ARCH_GUEST_FAULT_H

#include "arch/csr.h"

/*
 * Of the trap that was taken last: stval is a guest's address, of an access that was made for it
 * by HLV, HLVX or HSV, and means nothing to our own tables. Only on a hart with the H extension.
 */
static inline bool is_guest_address_in_stval(void)
{
	return csr_read(CSR_HSTATUS) & HSTATUS_GVA;
}

#endif
