/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program that counts what single operations cost, in instructions, natively on the firmware and
 * as a guest alike. It is run with QEMU's -icount shift=0, where instret counts whatever runs for
 * an operation: firmware and hypervisor too. Each row is the mean over many, its loop included.
 */
#include "bench/micro.h"

#include <inttypes.h>
#include <stdio.h>

#include "arch/csr.h"

static const struct group *const groups[] = { &sbi_group, &interrupt_group, &memory_group,
					      &device_group };

static void say(const char *name, uint64_t count)
{
	printf("row %s %" PRIu64 "\n", name, count);
}

static void run_once(const struct row *row)
{
	if (row->prepare)
		row->prepare();
	row->run();
}

static uint64_t measure(const struct row *row)
{
	run_once(row); /* for what is set up by its first use */
	if (row->prepare)
		row->prepare();
	uint64_t before = csr_read(CSR_INSTRET);

	row->run();
	return (csr_read(CSR_INSTRET) - before + row->n / 2) / row->n;
}

int main(void)
{
	for (unsigned i = 0; i < ARRAY_LEN(groups); i++) {
		for (unsigned j = 0; j < groups[i]->n_rows; j++) {
			const struct row *row = &groups[i]->rows[j];

			say(row->name, measure(row));
		}
	}
	return 0;
}
