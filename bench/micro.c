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

enum { RUNS = 3 };

static const struct group *const groups[] = { &sbi_group, &interrupt_group, &memory_group,
					      &device_group };

static void say(const char *name, uint64_t count)
{
	printf("row %s %" PRIu64 "\n", name, count);
}

/* KVM answers a guest's instret with 0. There it is counted by time, of which QEMU lets a tick pass
 * every 100: less than one for each of ROUNDS. */
static bool instret_counts;

static uint64_t now(void)
{
	return instret_counts ? csr_read(CSR_INSTRET) : 100 * csr_read(CSR_TIME);
}

static uint64_t measure_once(const struct row *row)
{
	if (row->prepare)
		row->prepare();
	uint64_t before = now();

	row->run();
	return (now() - before + row->n / 2) / row->n;
}

/* The least of some runs: a host's own work falls into one now and then. The first is not counted,
 * for what is set up by its first use. */
static uint64_t measure(const struct row *row)
{
	uint64_t least = ~UINT64_C(0);

	(void)measure_once(row);
	for (unsigned n = RUNS; n; n--) {
		uint64_t count = measure_once(row);

		least = count < least ? count : least;
	}
	return least;
}

int main(void)
{
	instret_counts = csr_read(CSR_INSTRET) != 0;
	for (unsigned i = 0; i < ARRAY_LEN(groups); i++) {
		for (unsigned j = 0; j < groups[i]->n_rows; j++) {
			const struct row *row = &groups[i]->rows[j];

			say(row->name, measure(row));
		}
	}
	return 0;
}
