/* SPDX-License-Identifier: BSD-2-Clause */
/* The hypervisor: what it does once the machine is up. */
#include <inttypes.h>
#include <stdio.h>

#include "arch/csr.h"
#include "hyp/report.h"
#include "lib/component.h"
#include "platform/boot.h"
#include "platform/catch.h"
#include "platform/version.h"

int main(void)
{
	uint64_t now = 0;

	report_machine();
	csr_try_read(CSR_INSTRET, &now);
	if (now && boot_entry_instret())
		printf("instret    %" PRIu64 " since the image's entry\n",
		       now - boot_entry_instret());
	printf("no guests are given; switching off\n");
	return 0;
}

static int hello(void)
{
	printf("Hartwood " HARTWOOD_VERSION "\n");
	return 0;
}

COMPONENT(hyp, PHASE_SERVICE, hello, NULL, "the hypervisor");
