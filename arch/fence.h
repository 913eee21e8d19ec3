/* SPDX-License-Identifier: BSD-2-Clause */
/* Fences of this hart's own translations and instruction stream, and its reservation. */
#ifndef ARCH_FENCE_H
#define ARCH_FENCE_H

#include "arch/bits.h"

#ifdef __riscv

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

/* No lr of before has a reservation any more (unprivileged specification, "LR/SC": any sc ends
 * it). `scratch` may be written. */
static inline void reservation_break(uint64_t *scratch)
{
	__asm__ volatile("sc.d	zero, zero, (%0)" ::"r"(scratch) : "memory");
}

#else

/* On the host a model of a hart, which the test program gives, is told of each. */
void fence_model(const char *insn, uint64_t address, uint64_t id);

static inline void fence_i(void)
{
	fence_model("fence.i", 0, 0);
}

static inline void reservation_break(uint64_t *scratch)
{
	fence_model("sc.d", 0, 0);
}

#endif

#endif
