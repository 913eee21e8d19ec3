/* SPDX-License-Identifier: BSD-2-Clause */
/* The one writer of our own page tables, for the runtime's own files. */
#ifndef PLATFORM_MMU_INTERNAL_H
#define PLATFORM_MMU_INTERNAL_H

#include <stdatomic.h>

#include "arch/pte.h"
#include "platform/layout.h"

enum mmu_rights { MMU_READ, MMU_READ_WRITE };

/* Map pages that were not mapped. -ENOMEM: no frame for a table; then some of it may be mapped. */
MUST_CHECK int mmu_map(uint64_t va, struct hpa at, uint64_t size, enum mmu_rights rights);

/* Map 2 MiB in one entry, readable and writable, whatever stood there before. No fence. */
void mmu_map_mega(uint64_t va, struct hpa at);
struct hpa mmu_mega_hpa(uint64_t va);

/* Make the table that a hart's small window needs. */
MUST_CHECK int mmu_make_window(unsigned hart);

/* The entry of a hart's window, set and cleared without a fence. */
void mmu_set_window(uint64_t va, struct hpa at, bool large);
void mmu_clear_window(uint64_t va, bool large);

/* The 4 KiB entry of a page whose table exists. Walkers of other harts read it: one store, and no
 * fence. */
static inline _Atomic pte_t *mmu_entry_of(uint64_t va)
{
	return (_Atomic pte_t *)LAYOUT_TABLES + (va - LAYOUT_BASE) / PAGE_SIZE;
}

static inline void mmu_set_entry(uint64_t va, pte_t entry)
{
	atomic_store_explicit(mmu_entry_of(va), entry, memory_order_release);
}

static inline pte_t mmu_entry(uint64_t va)
{
	return atomic_load_explicit(mmu_entry_of(va), memory_order_relaxed);
}

/* Do the tables allow this (PTE_R, PTE_W, PTE_X)? What a fault is compared with. */
bool mmu_allows(uint64_t va, uint64_t rights);

/* What a hart puts into satp. */
uint64_t mmu_satp(void);

#endif
