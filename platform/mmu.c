/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "arch/csr.h"
#include "arch/fence.h"
#include "arch/pte.h"
#include "platform/boot.h"
#include "platform/boot_internal.h"
#include "platform/frames.h"
#include "platform/hart.h"
#include "platform/layout.h"
#include "platform/lock.h"
#include "platform/mmu.h"
#include "platform/mmu_internal.h"
#include "platform/panic.h"
#include "platform/zero.h"

#define PAGES NOT_CLEARED __attribute__((aligned(4096)))

/*
 * One root, of which one entry is used; one table of 2 MiB entries; level-0 tables below. Level-0
 * tables may lie anywhere in RAM: `mirror` maps table i at LAYOUT_TABLES + i * 4 KiB, so that the
 * entry of any page of our space is found by its number in one array. The mirror maps itself too.
 */
PAGES static pte_t root[PTES_PER_PAGE];
PAGES static pte_t megas[PTES_PER_PAGE];
PAGES static pte_t mirror[PTES_PER_PAGE];
PAGES static pte_t image_tables[LAYOUT_IMAGE_TABLES][PTES_PER_PAGE];
/* Needed before frames exist: for the device tree, and for the device that switches off. */
PAGES static pte_t first_blob_table[PTES_PER_PAGE];
PAGES static pte_t first_device_table[PTES_PER_PAGE];

static struct lock mmu_lock = LOCK_INIT("mmu", RANK_MMU);
static struct hpa image_at; /* where the image was loaded */

extern char image_start[], image_rodata[], image_data[], image_end[];
extern char boot_stack_guard[], boot_trap_guard[];

static unsigned mega_of(uint64_t va)
{
	return (va - LAYOUT_BASE) / MEGA_SIZE;
}

/* As mmu_set_entry, of any table. */
static void entry_set(pte_t *entry, pte_t value)
{
	atomic_store_explicit((_Atomic pte_t *)entry, value, memory_order_release);
}

static void clear_table(pte_t *table)
{
	zero_pages(table, PAGE_SIZE);
}

/* With translation off: `table` is a physical address. */
static void add_early_table(uint64_t va, const pte_t *table)
{
	megas[mega_of(va)] = pte_make(HPA((uint64_t)table), PTE_V);
	mirror[mega_of(va)] = pte_make(HPA((uint64_t)table), PTE_RW);
}

/* The entry of a page of the image, which begins at the first entry of its tables. With translation
 * off, as in all of boot_map(). */
static pte_t *image_entry(const char *page)
{
	return &image_tables[0][((uint64_t)page - image_at.v) / PAGE_SIZE];
}

static void map_image(const char *from, const char *to, uint64_t bits)
{
	pte_t entry = pte_make(HPA((uint64_t)from), bits);

	for (pte_t *e = image_entry(from), *end = image_entry(to); e < end; e++) {
		*e = entry;
		entry += field_put(PTE_PPN, 1);
	}
}

/*
 * Runs with translation off, where the image was loaded: addresses of objects are physical here,
 * and nothing may be used that holds an address. `at` is image_start's. Returns what goes into
 * satp.
 */
uint64_t boot_map(uint64_t at)
{
	image_at = HPA(at);
	clear_table(root);
	clear_table(megas);
	clear_table(mirror);
	clear_table(first_blob_table);
	clear_table(first_device_table);
	root[pte_index(LAYOUT_BASE, 2)] = pte_make(HPA((uint64_t)megas), PTE_V);
	for (uint64_t mega = 0; mega < (uint64_t)image_end - at; mega += MEGA_SIZE) {
		clear_table(image_tables[mega / MEGA_SIZE]);
		add_early_table(LAYOUT_IMAGE + mega, image_tables[mega / MEGA_SIZE]);
	}
	map_image(image_start, image_rodata, PTE_RX);
	map_image(image_rodata, image_data, PTE_RO);
	map_image(image_data, image_end, PTE_RW);
	*image_entry(boot_stack_guard) = 0;
	*image_entry(boot_trap_guard) = 0;
	add_early_table(LAYOUT_BLOBS, first_blob_table);
	add_early_table(LAYOUT_DEVICES, first_device_table);
	add_early_table(LAYOUT_TABLES, mirror);
	return field_put(SATP_MODE, SATP_MODE_SV39) | (uint64_t)root >> PAGE_SHIFT;
}

struct hpa image_hpa(const void *p)
{
	return HPA((uint64_t)p - LAYOUT_IMAGE + image_at.v);
}

uint64_t mmu_satp(void)
{
	return field_put(SATP_MODE, SATP_MODE_SV39) | image_hpa(root).v >> PAGE_SHIFT;
}

static bool has_table(uint64_t va)
{
	return pte_is_table(megas[mega_of(va)]);
}

/* Put `table`, a frame, below the mega of `va`; it is seen in the mirror first, to be cleared. */
static void add_table(uint64_t va, struct hpa table)
{
	unsigned mega = mega_of(va);
	pte_t *entries = (pte_t *)LAYOUT_TABLES + mega * PTES_PER_PAGE;

	entry_set(&mirror[mega], pte_make(table, PTE_RW));
	sfence_vma_page((uint64_t)entries);
	clear_table(entries);
	entry_set(&megas[mega], pte_make(table, PTE_V));
}

static struct frame_owner table_owner = { .name = "own tables", .quota = ~0ull };

/* See to it that level-0 entries exist for [va, +size). */
static int make_tables(uint64_t va, uint64_t size)
{
	for (uint64_t mega = align_down(va, MEGA_SIZE); mega < va + size; mega += MEGA_SIZE) {
		struct hpa table;

		if (has_table(mega))
			continue;
		if (frames_alloc(&table_owner, ORDER_PAGE, FRAMES_DIRTY, &table))
			return -ENOMEM;
		add_table(mega, table);
	}
	return 0;
}

int mmu_map(uint64_t va, struct hpa at, uint64_t size, enum mmu_rights rights)
{
	uint64_t bits = rights == MMU_READ ? PTE_RO : PTE_RW;

	CHECK(is_aligned(va | at.v | size, PAGE_SIZE));
	CHECK(va >= LAYOUT_BASE && va + size <= LAYOUT_END);
	lock_take(&mmu_lock);
	int error = make_tables(va, size);
	for (uint64_t o = 0; !error && o < size; o += PAGE_SIZE) {
		CHECK(!mmu_entry(va + o));
		mmu_set_entry(va + o, pte_make(HPA(at.v + o), bits));
	}
	lock_release(&mmu_lock);
	return error;
}

void mmu_map_mega(uint64_t va, struct hpa at)
{
	CHECK(is_aligned(va | at.v, MEGA_SIZE));
	entry_set(&megas[mega_of(va)], pte_make(at, PTE_RW));
}

struct hpa mmu_mega_hpa(uint64_t va)
{
	return pte_hpa(megas[mega_of(va)]);
}

static void set_window_entry(uint64_t va, pte_t entry, bool large)
{
	if (large)
		entry_set(&megas[mega_of(va)], entry);
	else
		mmu_set_entry(va, entry);
}

void mmu_set_window(uint64_t va, struct hpa at, bool large)
{
	set_window_entry(va, pte_make(at, PTE_RW), large);
}

void mmu_clear_window(uint64_t va, bool large)
{
	set_window_entry(va, 0, large);
}

bool mmu_allows(uint64_t va, uint64_t rights)
{
	if (va < LAYOUT_BASE || va >= LAYOUT_END)
		return false;
	pte_t pte = megas[mega_of(va)];

	if (pte_is_table(pte))
		pte = mmu_entry(va);
	/* Exactly as we write entries: one with other bits, or without A or D, may fault for good.
	 */
	uint64_t wanted = PTE_V | PTE_A | rights | (rights & PTE_W ? PTE_D : 0);

	return (pte & wanted) == wanted && !(pte & ~(PTE_PPN | MASK(7, 0)));
}

/* A range of addresses that is given out from its start on, and never taken back. */
struct area {
	uint64_t next;
	uint64_t end;
};

static struct area devices = { LAYOUT_DEVICES, LAYOUT_BLOBS };
static struct area blobs = { LAYOUT_BLOBS, LAYOUT_HARTS };

static void *map_in(struct area *area, struct hpa at, uint64_t size, enum mmu_rights rights)
{
	uint64_t first = align_down(at.v, PAGE_SIZE);
	uint64_t whole = align_up(at.v + size, PAGE_SIZE) - first;

	lock_take(&mmu_lock);
	uint64_t va = area->next;
	bool fits = whole >= size && whole <= area->end - va;
	if (fits)
		area->next = va + whole;
	lock_release(&mmu_lock);
	if (!fits || mmu_map(va, HPA(first), whole, rights))
		return NULL;
	return (void *)(va + (at.v - first));
}

volatile void *mmu_map_device(struct hpa at, uint64_t size)
{
	return map_in(&devices, at, size, MMU_READ_WRITE);
}

const void *mmu_map_blob(struct hpa at, uint64_t size)
{
	return map_in(&blobs, at, size, MMU_READ);
}

void *frames_table_base(void)
{
	return (void *)LAYOUT_FRAMES;
}

uint64_t frames_table_size(void)
{
	return LAYOUT_END - LAYOUT_FRAMES;
}

int frames_table_map(uint64_t page, struct hpa from, struct hpa spare)
{
	uint64_t va = LAYOUT_FRAMES + page * PAGE_SIZE;
	int used = 1;

	CHECK(va < LAYOUT_END);
	if (!has_table(va)) {
		add_table(va, spare);
		used = 2;
	}
	mmu_set_entry(va, pte_make(from, PTE_RW));
	sfence_vma_all(); /* a table is new, maybe: a fence of one page would reach the leaf only */
	clear_table((pte_t *)va);
	return used;
}

int mmu_make_window(unsigned hart)
{
	lock_take(&mmu_lock);
	int error = make_tables(LAYOUT_HARTS + hart * MEGA_SIZE, MEGA_SIZE);
	lock_release(&mmu_lock);
	return error;
}
