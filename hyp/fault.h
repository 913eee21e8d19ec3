/* SPDX-License-Identifier: BSD-2-Clause */
/* What becomes of a guest page fault: v->trap says which. */
#ifndef HYP_FAULT_H
#define HYP_FAULT_H

#include "vcpu/vcpu.h"

struct region;

enum verdict memory_fault(struct vcpu *v);

/* A device was touched (mmio.c). VERDICT_SAVE: the access moves a register that is not in v->x yet;
 * the other one does it when all are. */
enum verdict mmio_access(struct vcpu *v, struct region *r);
enum verdict mmio_access_saved(struct vcpu *v);

/* Nothing answers, or the rights are not given: the guest takes a fault, or its VM stops. */
enum verdict refuse_access(struct vcpu *v, bool stops_guest);

#endif
