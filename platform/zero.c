/* SPDX-License-Identifier: BSD-2-Clause */
#include "platform/zero.h"

static unsigned block; /* at most an eighth of a page */

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
