/* SPDX-License-Identifier: BSD-2-Clause */
/* Zeroing whole pages: by cbo.zero where every hart has Zicboz, by stores elsewhere. */
#ifndef PLATFORM_ZERO_H
#define PLATFORM_ZERO_H

#include "arch/bits.h"

void zero_pages(void *pages, uint64_t size);

/* Called once, when the harts' block sizes are known; 0: no cbo.zero. */
void zero_use_blocks(unsigned block_size);

#endif
