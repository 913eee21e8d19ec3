/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Windows on frames that nobody maps. A hart has two: 4 KiB among its own pages, and 2 MiB. Opening
 * one writes an entry and fences that page, closing it clears the entry: a translation that lingers
 * is fenced when the window opens again.
 */
#include <errno.h>
#include <string.h>

#include "arch/fence.h"
#include "arch/pte.h"
#include "platform/frames.h"
#include "platform/hart.h"
#include "platform/layout.h"
#include "platform/mmu.h"
#include "platform/mmu_internal.h"
#include "platform/panic.h"
#include "platform/zero.h"

static PER_HART uint8_t open_windows; /* bit 0: the small one, bit 1: the large one */

static uint64_t small_va(void)
{
	return LAYOUT_HARTS + hart_index * MEGA_SIZE + HART_WINDOW;
}

static uint64_t large_va(void)
{
	return LAYOUT_WINDOWS + hart_index * MEGA_SIZE;
}

void *window_open(struct hpa at, uint64_t size)
{
	bool large = at.v % PAGE_SIZE + size > PAGE_SIZE;
	uint64_t unit = large ? MEGA_SIZE : PAGE_SIZE;
	uint64_t va = large ? large_va() : small_va();

	CHECK(size && at.v % unit + size <= unit);
	CHECK(!(open_windows & (1 << large)));
	open_windows |= 1 << large;
	mmu_set_window(va, HPA(align_down(at.v, unit)), large);
	sfence_vma_page(va);
	return (void *)(va + at.v % unit);
}

void window_close(void *window)
{
	bool large = (uint64_t)window >= LAYOUT_WINDOWS;

	CHECK(open_windows & (1 << large));
	open_windows &= ~(1 << large);
	mmu_clear_window(large ? large_va() : small_va(), large);
}

/* By the small window, without asking which one it is: every first touch pays for this. */
static void zero_page(struct hpa at)
{
	uint64_t va = small_va();

	CHECK(!(open_windows & 1));
	mmu_set_entry(va, pte_make(at, PTE_RW));
	sfence_vma_page(va);
	zero_pages((void *)va, PAGE_SIZE);
	mmu_set_entry(va, 0);
}

static __attribute__((noinline)) void zero_large(struct hpa at, uint64_t size)
{
	uint64_t unit = size < MEGA_SIZE ? size : MEGA_SIZE;

	for (uint64_t o = 0; o < size; o += unit) {
		void *window = window_open(HPA(at.v + o), unit);

		zero_pages(window, unit);
		window_close(window);
	}
}

void frames_zero(struct hpa at, uint64_t size)
{
	if (LIKELY(size == PAGE_SIZE))
		zero_page(at);
	else
		zero_large(at, size);
}
