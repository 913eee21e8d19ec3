/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What page table entries mean to this hart, tried with an entry of our own: the page of this
 * hart's window shows the image's first 64 KiB, through entries that only some harts accept.
 */
#include "arch/fence.h"
#include "arch/pte.h"
#include "platform/boot.h"
#include "platform/catch.h"
#include "platform/layout.h"
#include "platform/mmu_internal.h"
#include "platform/probe_internal.h"

#define PTE_PBMT_NC (1ull << 61)
#define PTE_NAPOT   BIT(63)

extern const char image_start[];

/* Does a load through an entry with these bits work? `after` is the entry then. */
static bool loads_through(pte_t entry, pte_t *after)
{
	uint64_t va = LAYOUT_HARTS + hart_index * MEGA_SIZE + HART_WINDOW;
	uint64_t caught, value;

	mmu_set_entry(va, entry);
	sfence_vma_page(va);
	__asm__ volatile(CATCH("ld %[v], (%[va])")
			 : [caught] "=&r"(caught), [v] "=&r"(value)
			 : [va] "r"(va)
			 : "t0", "memory");
	*after = mmu_entry(va);
	mmu_set_entry(va, 0);
	/* A NAPOT translation covers pages around: the whole space is fenced. */
	sfence_vma_all();
	return caught == CAUGHT_NOTHING;
}

void probe_entries(struct hart_features *f)
{
	struct hpa at = image_hpa(image_start);
	const uint64_t clear = PTE_RO & ~PTE_A;
	pte_t after;

	f->svade = !loads_through(pte_make(at, clear), &after);
	f->svadu = !f->svade && (after & PTE_A);
	f->svpbmt = loads_through(pte_make(at, PTE_RO) | PTE_PBMT_NC, &after);
	/* 64 KiB: the low four bits of the page number are 1000. */
	f->svnapot = loads_through(pte_make(HPA(at.v + 8 * PAGE_SIZE), PTE_RO) | PTE_NAPOT, &after);
}
