/* SPDX-License-Identifier: BSD-2-Clause */
/* The smallest unikernel: a main on the runtime. It runs on the bare machine as it will in a VM. */
#include <stdio.h>

#include "platform/boot.h"
#include "platform/hart.h"

int main(void)
{
	printf("hello from hart %lu of %u on %s\n", hart_id, n_harts(), machine.model);
	return 0;
}
