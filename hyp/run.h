/* SPDX-License-Identifier: BSD-2-Clause */
/* The run loop: a hart runs a VM's vCPU until the VM stops. */
#ifndef HYP_RUN_H
#define HYP_RUN_H

#include "hyp/vm.h"

/* Run it on this hart, and say how it ended. */
enum stop_reason vm_run(struct vm *vm);

#endif
