/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The registers of F and D. Nothing else in the hypervisor touches them, so they are the guest's
 * that was loaded last. Needs a hart with D, and sstatus.FS other than 0; FS is dirty afterwards.
 */
#ifndef VCPU_HEXT_FLOAT_H
#define VCPU_HEXT_FLOAT_H

#include "arch/bits.h"

void float_save(uint64_t f[32], uint64_t *fcsr);
void float_restore(const uint64_t f[32], const uint64_t *fcsr);

#endif
