/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program that counts what single operations cost, in instructions, natively on the firmware and
 * as a guest alike. It is run with QEMU's -icount shift=0, where instret counts whatever runs for
 * an operation: firmware and hypervisor too. Each row is the mean over many, its loop included.
 */
#include <inttypes.h>
#include <stdio.h>

#include "arch/csr.h"
#include "platform/frames.h"
#include "platform/mmu.h"
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

/* The first byte of blocks of 2 MiB that nobody touched before; they are not given back. */
enum { BLOCKS = 4 };

static void touch_blocks(void)
{
	static struct frame_owner owner = { .name = "micro", .quota = ~UINT64_C(0) };

	for (unsigned i = 0; i < BLOCKS; i++) {
		struct hpa at;

		if (frames_alloc(&owner, ORDER_MEGA, FRAMES_DIRTY, &at))
			continue;
		volatile char *block = window_open(at, MEGA_SIZE);

		block[0] = 1;
		window_close((void *)block);
	}
}

static const struct row {
	const char *name;
	void (*run)(void);
	unsigned n; /* operations in a run */
} rows[] = {
	{ "nothing", no_rounds, 1 },
	{ "sbi-get-spec-version", call_base_rounds, ROUNDS },
	{ "first-touch-2m", touch_blocks, BLOCKS },
};

int main(void)
{
	for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
		rows[i].run(); /* once before, for what is set up by its first use */
		uint64_t before = csr_read(CSR_INSTRET);

		rows[i].run();
		uint64_t after = csr_read(CSR_INSTRET);

		printf("row %s %" PRIu64 "\n", rows[i].name,
		       (after - before + rows[i].n / 2) / rows[i].n);
	}
	return 0;
}
