/* SPDX-License-Identifier: BSD-2-Clause */
/* The lock-free ring. The order of every access is stated where it is made, and why it is enough.
 */
#include "lib/ring.h"

/* Reserve n cells, from *place on. */
static bool reserve(struct ring *r, size_t n, uint64_t *place)
{
	/* Relaxed: the value only serves the comparison below, and a stale one fails there. */
	uint64_t head = atomic_load_explicit(&r->head, memory_order_relaxed);

	for (;;) {
		/*
		 * Acquire, against the release in ring_take: who sees room sees the cells in it
		 * emptied, so that the consumer's clearing cannot come after, and wipe out, what we
		 * put there.
		 */
		uint64_t tail = atomic_load_explicit(&r->tail, memory_order_acquire);

		/* A stale head may lie behind the tail: then it is too early to say "full". */
		if (head >= tail && n > r->size - (head - tail))
			return false;
		/*
		 * Relaxed: reserving hands nothing over. The bytes travel in their cells, and a
		 * cell's order is its own.
		 */
		if (atomic_compare_exchange_weak_explicit(
			    &r->head, &head, head + n, memory_order_relaxed, memory_order_relaxed))
			break;
	}
	*place = head;
	return true;
}

bool ring_put(struct ring *r, const char *bytes, size_t n)
{
	uint64_t place;

	if (n > r->size || !reserve(r, n, &place))
		return false;
	/* Relaxed: byte and "it is there" are one access, so neither is seen without the other. */
	for (size_t i = 0; i < n; i++)
		atomic_store_explicit(ring_cell(r, place + i),
				      (uint16_t)(CELL_FULL | (unsigned char)bytes[i]),
				      memory_order_relaxed);
	return true;
}

size_t ring_take(struct ring *r, char *bytes, size_t n)
{
	/* Relaxed: only the consumer writes it; consumers that take turns have a lock for that. */
	uint64_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);
	size_t i;

	for (i = 0; i < n; i++) {
		_Atomic uint16_t *cell = ring_cell(r, tail + i);
		/* Relaxed, as above; that the clearing follows what was read is the cell's
		 * coherence. */
		uint16_t content = atomic_load_explicit(cell, memory_order_relaxed);

		if (!(content & CELL_FULL))
			break;
		bytes[i] = (char)(content & 0xff);
		atomic_store_explicit(cell, 0, memory_order_relaxed);
	}
	/* Release: the emptied cells are seen before the room that they make. */
	if (i)
		atomic_store_explicit(&r->tail, tail + i, memory_order_release);
	return i;
}
