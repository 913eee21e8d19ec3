/* SPDX-License-Identifier: BSD-2-Clause */
#include "platform/zero.h"

#include "arch/csr.h"

/* At most an eighth of a page. Not in bss, since it is there before bss is clear. */
static unsigned block __attribute__((section(".data")));

extern char image_bss[], image_bss_end[];

void zero_use_blocks(unsigned block_size)
{
	block = block_size;
}

unsigned zero_block(void)
{
	return block;
}

void zero_pages(void *pages, uint64_t size)
{
	char *p = pages, *end = p + size;
	const uint64_t step = block;

	/* Eight at a time: a loop around one would cost twice what it does. */
	while (step && p < end)
		__asm__ volatile("	.rept	8\n"
				 "	.insn i 0x0f, 2, x0, %0, 4\n" /* cbo.zero */
				 "	add	%0, %0, %1\n"
				 "	.endr\n"
				 : "+r"(p)
				 : "r"(step)
				 : "memory");
	for (uint64_t *q = (uint64_t *)p; q < (uint64_t *)end; q += 8)
		q[0] = q[1] = q[2] = q[3] = q[4] = q[5] = q[6] = q[7] = 0;
}

/* By a vector of its own, which is the next instruction: neither our vector nor its locals need be
 * there. */
static void try_cbo_zero(void *at)
{
	uint64_t vector = csr_read(CSR_STVEC), here;

	__asm__ volatile("	lla	%[here], 1f\n"
			 "	csrw	stvec, %[here]\n"
			 "	.insn i 0x0f, 2, x0, %[at], 4\n" /* cbo.zero */
			 "	.balign	4\n"
			 "1:\n"
			 : [here] "=&r"(here)
			 : [at] "r"(at)
			 : "memory");
	csr_write(CSR_STVEC, vector);
}

/* A block is a power of two, aligned: so a mark at each such distance tells where it ends. */
unsigned zero_try_block(void *page)
{
	volatile uint64_t *mark = page;
	unsigned n = 1;

	for (unsigned i = 1; i <= PAGE_SIZE / 64; i *= 2)
		mark[i] = ~0ull;
	mark[0] = ~0ull;
	try_cbo_zero(page);
	while (!mark[0] && n <= PAGE_SIZE / 64 && !mark[n])
		n *= 2;
	return !mark[0] && n <= PAGE_SIZE / 64 ? n * 8 : 0;
}

void zero_bss(void)
{
	block = zero_try_block(image_bss);
	zero_pages(image_bss, (uint64_t)(image_bss_end - image_bss));
}
