/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The registers of V. Nothing else in the hypervisor touches them, so they are the guest's that was
 * loaded last. Needs a hart with V, and sstatus.VS other than 0; VS is dirty afterwards.
 */
#ifndef VCPU_HEXT_VECTOR_H
#define VCPU_HEXT_VECTOR_H

#include "arch/bits.h"

enum { VECTOR_VSTART, VECTOR_VCSR, VECTOR_VL, VECTOR_VTYPE, N_VECTOR_CSRS };

/* `area` takes 32 registers of vlenb bytes each; 8-byte aligned. */
void vector_save(void *area, uint64_t csrs[N_VECTOR_CSRS]);
/* After a reset, csrs is { 0, 0, 0, BIT(63) }: vtype is illegal until the guest sets it. */
void vector_restore(const void *area, const uint64_t csrs[N_VECTOR_CSRS]);

#endif
