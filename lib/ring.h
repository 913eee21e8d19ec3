/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A ring of bytes that many may fill and one empties, without locks and without waiting.
 *
 * A message goes in whole or not at all, and its bytes lie together: a producer reserves room for
 * all of it in one step, then fills it in. Every byte has a cell of its own with a bit that says
 * that it is there, so the consumer takes what is complete from the front and stops at the first
 * byte that somebody still owes. Messages come out in the order in which their room was reserved.
 *
 * Always true: tail <= head <= tail + size; cells outside [tail, head) are empty. Both counters run
 * on for ever, 64 bits wide, so neither comes round to a value that somebody still holds.
 */
#ifndef LIB_RING_H
#define LIB_RING_H

#include <stdalign.h>
#include <stdatomic.h>

#include "arch/bits.h"

struct ring {
	/* Anyone: the next cell to reserve. A cache line apart from what the consumer writes. */
	alignas(64) _Atomic uint64_t head;
	/* Fixed at creation. */
	_Atomic uint16_t *cells;
	uint64_t size; /* cells, a power of two */
	/* The consumer: the next cell to take. */
	alignas(64) _Atomic uint64_t tail;
};

/* A ring over an array of cells, which is all zero at first. */
#define RING_INIT(cells_)                                                                          \
	{                                                                                          \
		.cells = (cells_), .size = ARRAY_LEN(cells_)                                       \
	}

/* Any producer: put all n bytes in. False, and nothing has changed, where they do not fit. */
MUST_CHECK bool ring_put(struct ring *r, const char *bytes, size_t n);

/* The consumer, one at a time: take up to n complete bytes from the front; returns how many. */
size_t ring_take(struct ring *r, char *bytes, size_t n);

#define CELL_FULL 0x100u /* the byte below is there */

static inline _Atomic uint16_t *ring_cell(const struct ring *r, uint64_t place)
{
	return &r->cells[place & (r->size - 1)];
}

/* Anybody: is there nothing to take now? Bytes that are reserved and not there yet do not count. */
static inline bool ring_is_empty(const struct ring *r)
{
	uint64_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);

	return !(atomic_load_explicit(ring_cell(r, tail), memory_order_relaxed) & CELL_FULL);
}

/* The consumer: is there nothing in it, and nothing reserved before the caller came? */
static inline bool ring_is_unused(const struct ring *r)
{
	/* Relaxed: who has to see a reservation has seen something that came after it. */
	return atomic_load_explicit(&r->head, memory_order_relaxed) ==
	       atomic_load_explicit(&r->tail, memory_order_relaxed);
}

/* Anybody: cells that are free at this moment. */
static inline size_t ring_room(const struct ring *r)
{
	/* In this order head can only be newer, so the answer errs on the small side, or is
	 * clipped. */
	uint64_t tail = atomic_load_explicit(&r->tail, memory_order_acquire);
	uint64_t head = atomic_load_explicit(&r->head, memory_order_relaxed);
	uint64_t used = head > tail ? head - tail : 0;

	return used < r->size ? r->size - used : 0;
}

#endif
