/* SPDX-License-Identifier: BSD-2-Clause */
/* How many instructions had run when this image was entered, and how many it took from there to
 * main: natively the first is the firmware's, as a guest it is the hypervisor's too. */
#include <inttypes.h>
#include <stdio.h>

#include "arch/csr.h"
#include "platform/boot.h"

int main(void)
{
	uint64_t now = csr_read(CSR_INSTRET), entry = boot_entry_instret();

	printf("row entry %" PRIu64 "\nrow entry-to-main %" PRIu64 "\n", entry, now - entry);
	return 0;
}
