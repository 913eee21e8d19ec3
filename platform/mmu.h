/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hypervisor's own address space: one root slot of Sv39 (1 GiB), in which everything it needs
 * has its place (platform/layout.h). Text is executable and not writable, everything else is not
 * executable; under each stack lies a page that is never mapped. RAM that belongs to no part of the
 * hypervisor is not mapped at all: frames for guests are reached through a window, a hart at a
 * time.
 *
 * Invalid -> valid needs no fence here: a hart that still holds the old, invalid translation takes
 * a page fault, and its trap handler fences and retries where the tables say that the access is
 * right.
 */
#ifndef PLATFORM_MMU_H
#define PLATFORM_MMU_H

#include "arch/addr.h"

/* Map the registers of a device, readable and writable, for good. NULL where the area is full. */
volatile void *mmu_map_device(struct hpa at, uint64_t size);

/* Map memory that somebody else wrote, read-only, for good: the device tree, the initrd. */
const void *mmu_map_blob(struct hpa at, uint64_t size);

/* Own memory: pages that the hypervisor itself uses, zeroed, readable and writable, with a physical
 * address that can be put into page tables. They come in 2 MiB blocks from the frame allocator. */
MUST_CHECK void *own_alloc(unsigned order); /* NULL: no memory */
void own_free(void *pages, unsigned order);
uint64_t own_n_pages(void); /* in use */
struct hpa own_hpa(const void *pages);
void *own_ptr(struct hpa at); /* the reverse; NULL outside the blocks that own memory has */

/*
 * A window on frames that are not mapped: readable and writable, for this hart, until it is closed.
 * [at, +size) lies in one naturally aligned block of 4 KiB or 2 MiB. One of each size is open at a
 * time on a hart.
 */
void *window_open(struct hpa at, uint64_t size);
void window_close(void *window);

#endif
