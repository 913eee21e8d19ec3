/* SPDX-License-Identifier: BSD-2-Clause */
/* The list of VMs, between the file that makes them and the one that runs their lives. */
#ifndef HYP_LIFE_H
#define HYP_LIFE_H

#include "hyp/vm.h"

/* Enter it in the list; the number, from 1 on, is its VMID too. 0: there are too many. */
unsigned life_take_number(struct vm *vm);
void life_give_number(struct vm *vm);

/* On the boot hart: its last vCPU has left; one has parked. */
void life_vm_ended(struct work *work);
void life_vm_parked(struct work *work);

/* shortage.c, on the boot hart: one of its vCPUs found no memory; some may be free again; one that
 * could give any runs again. */
void life_vm_lacks(struct work *work);
void shortage_is_over(void);
void shortage_may_end(void);

#endif
