/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program that counts what single operations cost, in instructions, natively on the firmware and
 * as a guest alike. It is run with QEMU's -icount shift=0, where instret counts whatever runs for
 * an operation: firmware and hypervisor too. Each row is the mean over many, the loop of about six
 * instructions included.
 */
#include <inttypes.h>
#include <stdio.h>

#include "arch/csr.h"
#include "sbi/host/sbi.h"

enum { ROUNDS = 1000 };

/* Written out, so that the loop is the same whatever compiles it. */
static void call_base_rounds(void)
{
	register uint64_t n __asm__("s1") = ROUNDS;

	__asm__ volatile("1:	li	a7, 0x10\n"
			 "	li	a6, 0\n"
			 "	ecall\n"
			 "	addi	%0, %0, -1\n"
			 "	bnez	%0, 1b\n"
			 : "+r"(n)::"a0", "a1", "a6", "a7", "memory");
}

static void no_rounds(void) {}

static const struct row {
	const char *name;
	void (*run)(void);
} rows[] = {
	{ "nothing", no_rounds },
	{ "sbi-get-spec-version", call_base_rounds },
};

int main(void)
{
	for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
		rows[i].run(); /* once before, for what is set up by its first use */
		uint64_t before = csr_read(CSR_INSTRET);

		rows[i].run();
		uint64_t after = csr_read(CSR_INSTRET);

		printf("row %s %" PRIu64 "\n", rows[i].name,
		       (after - before + ROUNDS / 2) / ROUNDS);
	}
	return 0;
}
