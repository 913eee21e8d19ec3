/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory touched for the first time, in two places that bench/micro.dts fills by 4 KiB and by 2 MiB
 * and that are plain memory natively; and zeroing, which the first touch has in it as a guest.
 */
#include "bench/micro.h"

#include "platform/frames.h"
#include "platform/mmu.h"
#include "platform/panic.h"

enum { PAGES = MEGA_SIZE / PAGE_SIZE };

static struct frame_owner owner = { .name = "micro", .quota = ~UINT64_C(0) };
static struct hpa filled_by_pages = HPA(0x90000000), filled_by_megas = HPA(0xa0000000);
static struct hpa block; /* or two of them, side by side */

/* A block of 2 MiB that nobody has touched, asked for here: that is not to be counted. */
static void take_block(struct hpa *next)
{
	CHECK(!frames_alloc_at(&owner, *next, ORDER_MEGA, FRAMES_DIRTY));
	block = *next;
	next->v += MEGA_SIZE;
}

static void take_two_blocks_of_pages(void)
{
	take_block(&filled_by_pages);
	take_block(&filled_by_pages);
	block.v -= MEGA_SIZE;
}

static void take_block_of_pages(void)
{
	take_block(&filled_by_pages);
}

static void take_block_of_megas(void)
{
	take_block(&filled_by_megas);
}

static void touch_pages(void)
{
	volatile char *window = window_open(block, MEGA_SIZE);

	for (unsigned i = 0; i < PAGES; i++)
		window[i * PAGE_SIZE] = 1;
	window_close((void *)window);
}

/* In turns: none lies beside the last one. Only one window of that size is open at a time; what
 * that costs it costs natively too. */
static void touch_two_blocks(void)
{
	for (unsigned i = 0; i < 2 * PAGES; i++) {
		volatile char *window = window_open(HPA(block.v + i % 2 * MEGA_SIZE), MEGA_SIZE);

		window[i / 2 * PAGE_SIZE] = 1;
		window_close((void *)window);
	}
}

static void zero_block(void)
{
	frames_zero(block, MEGA_SIZE);
}

static const struct row rows[] = {
	{ "touch-4k-by-4k", take_block_of_pages, touch_pages, PAGES },
	{ "touch-4k-scattered", take_two_blocks_of_pages, touch_two_blocks, 2 * PAGES },
	{ "touch-4k-by-2m", take_block_of_megas, touch_pages, PAGES },
	{ "touch-again", NULL, touch_pages, PAGES },
	{ "zero-4k", NULL, zero_block, PAGES },
};

GROUP(memory_group, rows);
