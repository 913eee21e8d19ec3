/* SPDX-License-Identifier: BSD-2-Clause */
#include "platform/zero.h"

static unsigned block;

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
	char *end = (char *)pages + size;

	if (block) {
		for (char *p = pages; p < end; p += block)
			__asm__ volatile(".insn i 0x0f, 2, x0, %0, 4" ::"r"(p)
					 : "memory"); /* cbo.zero */
		return;
	}
	for (uint64_t *p = pages; p < (uint64_t *)end; p += 8)
		p[0] = p[1] = p[2] = p[3] = p[4] = p[5] = p[6] = p[7] = 0;
}
