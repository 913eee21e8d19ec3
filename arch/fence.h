/* SPDX-License-Identifier: BSD-2-Clause */
/* Fences of this hart's own translations and instruction stream. */
#ifndef ARCH_FENCE_H
#define ARCH_FENCE_H

#include "arch/bits.h"

static inline void sfence_vma_all(void)
{
	__asm__ volatile("sfence.vma" ::: "memory");
}

/* One page of every address space, global entries included. */
static inline void sfence_vma_page(uint64_t va)
{
	__asm__ volatile("sfence.vma %0" ::"r"(va) : "memory");
}

static inline void fence_i(void)
{
	__asm__ volatile("fence.i" ::: "memory");
}

#endif
