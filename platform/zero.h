/* SPDX-License-Identifier: BSD-2-Clause */
/* Zeroing whole pages: by cbo.zero where every hart has Zicboz, by stores elsewhere. */
#ifndef PLATFORM_ZERO_H
#define PLATFORM_ZERO_H

#include "arch/bits.h"

void zero_pages(void *pages, uint64_t size);

/* Use cbo.zero from now on, which clears so many bytes; 0: do not. */
void zero_use_blocks(unsigned block_size);
unsigned zero_block(void);

#endif
