/* SPDX-License-Identifier: BSD-2-Clause */
/* Fences of guests' translations, on this hart. By encoding: the assembler is not told of H. */
#ifndef ARCH_HFENCE_H
#define ARCH_HFENCE_H

#include "arch/addr.h"

#ifdef __riscv

/* G-stage translations of every VMID. */
static inline void hfence_gvma_all(void)
{
	__asm__ volatile(".insn r 0x73, 0, 0x31, x0, x0, x0" ::: "memory");
}

/* All of one VMID's. */
static inline void hfence_gvma_vmid(uint64_t vmid)
{
	__asm__ volatile(".insn r 0x73, 0, 0x31, x0, x0, %0" ::"r"(vmid) : "memory");
}

/* One guest-physical page of a VMID. rs1 holds the address shifted right by 2. */
static inline void hfence_gvma_page(struct gpa gpa, uint64_t vmid)
{
	__asm__ volatile(".insn r 0x73, 0, 0x31, x0, %0, %1" ::"r"(gpa.v >> 2), "r"(vmid)
			 : "memory");
}

/* VS-stage translations of the VMID that hgatp holds: all, or those of a page, of an ASID, of both;
 * global ones are of no ASID. */
static inline void hfence_vvma_all(void)
{
	__asm__ volatile(".insn r 0x73, 0, 0x11, x0, x0, x0" ::: "memory");
}

static inline void hfence_vvma_page(uint64_t gva)
{
	__asm__ volatile(".insn r 0x73, 0, 0x11, x0, %0, x0" ::"r"(gva) : "memory");
}

static inline void hfence_vvma_asid(uint64_t asid)
{
	__asm__ volatile(".insn r 0x73, 0, 0x11, x0, x0, %0" ::"r"(asid) : "memory");
}

static inline void hfence_vvma_page_asid(uint64_t gva, uint64_t asid)
{
	__asm__ volatile(".insn r 0x73, 0, 0x11, x0, %0, %1" ::"r"(gva), "r"(asid) : "memory");
}

#else

/* As in arch/fence.h; ~0 is what an instruction was not given. */
void fence_model(const char *insn, uint64_t address, uint64_t id);

static inline void hfence_gvma_all(void)
{
	fence_model("hfence.gvma", ~0ull, ~0ull);
}

static inline void hfence_gvma_vmid(uint64_t vmid)
{
	fence_model("hfence.gvma", ~0ull, vmid);
}

static inline void hfence_gvma_page(struct gpa gpa, uint64_t vmid)
{
	fence_model("hfence.gvma", gpa.v, vmid);
}

static inline void hfence_vvma_all(void)
{
	fence_model("hfence.vvma", ~0ull, ~0ull);
}

static inline void hfence_vvma_page(uint64_t gva)
{
	fence_model("hfence.vvma", gva, ~0ull);
}

static inline void hfence_vvma_asid(uint64_t asid)
{
	fence_model("hfence.vvma", ~0ull, asid);
}

static inline void hfence_vvma_page_asid(uint64_t gva, uint64_t asid)
{
	fence_model("hfence.vvma", gva, asid);
}

#endif
#endif
