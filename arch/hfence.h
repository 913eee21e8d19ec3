/* SPDX-License-Identifier: BSD-2-Clause */
/* Fences of guests' translations, on this hart. By encoding: the assembler is not told of H. */
#ifndef ARCH_HFENCE_H
#define ARCH_HFENCE_H

#include "arch/addr.h"

/* G-stage translations of every VMID. */
static inline void hfence_gvma_all(void)
{
	__asm__ volatile(".insn r 0x73, 0, 0x31, x0, x0, x0" ::: "memory");
}

/* One guest-physical page, of every VMID. rs1 holds the address shifted right by 2. */
static inline void hfence_gvma_gpa(struct gpa gpa)
{
	__asm__ volatile(".insn r 0x73, 0, 0x31, x0, %0, x0" ::"r"(gpa.v >> 2) : "memory");
}

/* VS-stage translations of the VMID that hgatp holds. */
static inline void hfence_vvma_all(void)
{
	__asm__ volatile(".insn r 0x73, 0, 0x11, x0, x0, x0" ::: "memory");
}

#endif
