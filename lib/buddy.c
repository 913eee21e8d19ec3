/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The buddy allocator. Cutting a block out of a larger one frees, for each order between, the half
 * in which the block does not lie; giving it back meets these halves again on its way up. All
 * writing of descriptors happens in insert() and remove(), and in take and split for what leaves.
 */
#include "lib/buddy.h"

static uint32_t n_frames(unsigned order)
{
	return 1u << order;
}

/* The start of the block of that order in which `index` lies. */
static uint32_t start_of(uint32_t index, unsigned order)
{
	return index & -n_frames(order);
}

void buddy_init(struct buddy *b, struct frame *frames, _Atomic uint64_t *mapped, uint32_t max_gigas)
{
	*b = (struct buddy){ .frames = frames, .mapped = mapped, .max_gigas = max_gigas };
	if (b->max_gigas > BUDDY_GIGAS)
		b->max_gigas = BUDDY_GIGAS;
	for (unsigned order = 0; order < BUDDY_TOP; order++)
		b->first[order] = BUDDY_NONE;
}

uint64_t buddy_add_bank(struct buddy *b, uint64_t pfn, uint64_t n)
{
	struct buddy_bank *last = b->n_banks ? &b->banks[b->n_banks - 1] : NULL;
	bool joins = last && last->pfn + last->n == pfn;
	uint64_t end = (uint64_t)b->max_gigas << BUDDY_TOP;
	uint64_t index = joins ? last->index + last->n
			       : (last ? last->limit : 0) + pfn % n_frames(BUDDY_TOP);

	if (index >= end || (!joins && b->n_banks == BUDDY_BANKS))
		return 0;
	if (n > end - index)
		n = end - index;
	if (!joins) {
		last = &b->banks[b->n_banks++];
		*last = (struct buddy_bank){ .pfn = pfn, .index = index };
	}
	last->n += n;
	last->limit = align_up(last->index + last->n, n_frames(BUDDY_TOP));
	return n;
}

unsigned buddy_order_between(uint32_t index, uint32_t end)
{
	const uint32_t aligned = index & -index; /* 0: as well as can be */
	uint32_t most = n_frames(BUDDY_TOP);
	unsigned order = 0;

	if (aligned && aligned < most)
		most = aligned;
	if (end - index < most)
		most = end - index;
	while (most >>= 1)
		order++;
	return order;
}

static bool is_free_block(const struct buddy *b, uint32_t index, unsigned order)
{
	if (order == BUDDY_TOP)
		return b->gigas[(index >> BUDDY_TOP) / 64] >> ((index >> BUDDY_TOP) % 64) & 1;
	return buddy_has_page(b, buddy_page_of(index)) && b->frames[index].is_free &&
	       b->frames[index].order == order;
}

static void insert(struct buddy *b, uint32_t index, unsigned order)
{
	b->n_free += n_frames(order);
	b->n_blocks[order]++;
	if (order == BUDDY_TOP) {
		b->gigas[(index >> BUDDY_TOP) / 64] |= BIT((index >> BUDDY_TOP) % 64);
		return;
	}
	struct frame *f = &b->frames[index];
	f->next = b->first[order];
	f->prev = BUDDY_NONE;
	f->order = order;
	f->is_free = true;
	if (f->next != BUDDY_NONE)
		b->frames[f->next].prev = index;
	b->first[order] = index;
}

static void remove(struct buddy *b, uint32_t index, unsigned order)
{
	b->n_free -= n_frames(order);
	b->n_blocks[order]--;
	if (order == BUDDY_TOP) {
		b->gigas[(index >> BUDDY_TOP) / 64] &= ~BIT((index >> BUDDY_TOP) % 64);
		return;
	}
	struct frame *f = &b->frames[index];
	f->is_free = false;
	if (f->next != BUDDY_NONE)
		b->frames[f->next].prev = f->prev;
	if (f->prev != BUDDY_NONE)
		b->frames[f->prev].next = f->next;
	else
		b->first[order] = f->next;
}

/* The lowest free block of 1 GiB; there is one. */
static uint32_t first_giga(const struct buddy *b)
{
	uint32_t giga = 0;

	while (!b->gigas[giga / 64])
		giga += 64;
	while (!(b->gigas[giga / 64] >> (giga % 64) & 1))
		giga++;
	return giga << BUDDY_TOP;
}

bool buddy_find(const struct buddy *b, unsigned order, struct buddy_cut *cut)
{
	unsigned from = order;

	while (from <= BUDDY_TOP && !b->n_blocks[from])
		from++;
	if (from > BUDDY_TOP)
		return false;
	*cut = (struct buddy_cut){
		.index = from == BUDDY_TOP ? first_giga(b) : b->first[from],
		.order = order,
		.from = from,
	};
	return true;
}

bool buddy_find_at(const struct buddy *b, uint32_t index, unsigned order, struct buddy_cut *cut)
{
	for (unsigned from = order; from <= BUDDY_TOP; from++) {
		if (!is_free_block(b, start_of(index, from), from))
			continue;
		*cut = (struct buddy_cut){ .index = index, .order = order, .from = from };
		return true;
	}
	return false;
}

/* The half of order `order` that a cut leaves behind on its way down from order + 1. */
static uint32_t half_left(const struct buddy_cut *cut, unsigned order)
{
	return start_of(cut->index, order) ^ n_frames(order);
}

unsigned buddy_missing(const struct buddy *b, const struct buddy_cut *cut,
		       uint32_t pages[BUDDY_MAX_MISSING])
{
	uint32_t own = buddy_page_of(cut->index);
	unsigned n = 0;

	if (!buddy_has_page(b, own))
		pages[n++] = own;
	for (unsigned order = cut->order; order < cut->from; order++) {
		uint32_t page = buddy_page_of(half_left(cut, order));

		if (page != own && !buddy_has_page(b, page))
			pages[n++] = page;
	}
	return n;
}

void buddy_take(struct buddy *b, const struct buddy_cut *cut)
{
	remove(b, start_of(cut->index, cut->from), cut->from);
	for (unsigned order = cut->from; order-- > cut->order;)
		insert(b, half_left(cut, order), order);
	b->frames[cut->index].order = cut->order;
}

void buddy_split(struct buddy *b, const struct buddy_cut *cut, unsigned order)
{
	uint32_t end = cut->index + n_frames(cut->order);

	for (uint32_t index = cut->index; index < end; index += n_frames(order))
		b->frames[index].order = order;
}

void buddy_give(struct buddy *b, uint32_t index, unsigned order)
{
	for (; order < BUDDY_TOP; order++) {
		uint32_t other = index ^ n_frames(order);

		if (!is_free_block(b, other, order))
			break;
		remove(b, other, order);
		index = start_of(index, order + 1);
	}
	insert(b, index, order);
}
