/* SPDX-License-Identifier: BSD-2-Clause */
/* Zeroing whole pages: by cbo.zero where every hart has Zicboz, by stores elsewhere. */
#ifndef PLATFORM_ZERO_H
#define PLATFORM_ZERO_H

#include "arch/bits.h"

/* An object that is filled before it is used: boot does not clear it. */
#define NOT_CLEARED __attribute__((section(".pages")))

void zero_pages(void *pages, uint64_t size);

/* Clear bss, with translation off: the first C function that runs. The boot hart's cbo.zero is used
 * from then on, if it has one. */
void zero_bss(void);

/* How many bytes one cbo.zero of this hart clears, found by trying it on a page of memory, of which
 * little is left as it was; 0: it traps, or makes no sense. Interrupts are off. */
unsigned zero_try_block(void *page);

/* Use cbo.zero from now on, which clears so many bytes; 0: do not. */
void zero_use_blocks(unsigned block_size);
unsigned zero_block(void);

#endif
