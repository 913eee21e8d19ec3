/* SPDX-License-Identifier: BSD-2-Clause */
/* Page table entries of Sv39 and its larger and guest-stage relatives. */
#ifndef ARCH_PTE_H
#define ARCH_PTE_H

#include "arch/addr.h"

#define PTE_V   BIT(0)
#define PTE_R   BIT(1)
#define PTE_W   BIT(2)
#define PTE_X   BIT(3)
#define PTE_U   BIT(4)
#define PTE_G   BIT(5)
#define PTE_A   BIT(6)
#define PTE_D   BIT(7)
#define PTE_PPN MASK(53, 10)

#define PTE_PBMT MASK(62, 61) /* Svpbmt: the type of memory */
#define PTE_N    BIT(63)      /* Svnapot: one of a run of entries */

#define PTE_RWX (PTE_R | PTE_W | PTE_X)

/* How much of an address each level takes. Proofs are made about smaller tables. */
#ifndef PTE_INDEX_BITS
#define PTE_INDEX_BITS 9
#endif
#define PTES_PER_PAGE (1 << PTE_INDEX_BITS)

typedef uint64_t pte_t;

/* A and D are set by us: some cores fault instead of setting them. */
#define PTE_RO (PTE_V | PTE_R | PTE_A | PTE_G)
#define PTE_RW (PTE_V | PTE_R | PTE_W | PTE_A | PTE_D | PTE_G)
#define PTE_RX (PTE_V | PTE_R | PTE_X | PTE_A | PTE_G)

static inline pte_t pte_make(struct hpa at, uint64_t bits)
{
	return field_put(PTE_PPN, at.v >> PAGE_SHIFT) | bits;
}

static inline struct hpa pte_hpa(pte_t pte)
{
	return HPA(field_get(PTE_PPN, pte) << PAGE_SHIFT);
}

static inline bool pte_is_table(pte_t pte)
{
	return (pte & (PTE_V | PTE_RWX)) == PTE_V;
}

/* The entry's place in a table of that level; level 0 maps 4 KiB. */
static inline unsigned pte_index(uint64_t address, unsigned level)
{
	return address >> (PAGE_SHIFT + PTE_INDEX_BITS * level) & (PTES_PER_PAGE - 1);
}

#endif
