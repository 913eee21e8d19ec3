/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The pool: lib/buddy.c under one lock, and the frames that its table is made of.
 *
 * The table takes its pages from a reserve, which is filled from what is free. A cut needs at most
 * MAX_USED frames for table pages, so with RESERVE_LOW of them there are enough for a cut and then
 * for the cut that fills the reserve again. Always true when the lock is released: the reserve
 * holds RESERVE_LOW frames, or nothing is free, or frames_table_map() has just failed.
 */
#include "platform/frames_pool.h"

#include <errno.h>

#include "platform/frames.h"
#include "platform/lock.h"

enum {
	MAX_USED = BUDDY_MAX_MISSING + 2, /* and two tables for 4 MiB of addresses */
	RESERVE_LOW = 32,
	FILL_ORDER = 5,
	RESERVE_MAX = RESERVE_LOW + (1 << FILL_ORDER),
	GIGAS_PER_BITS_PAGE = 32, /* what a page of `mapped` bits is enough for */
};
_Static_assert(2 * MAX_USED <= RESERVE_LOW && MAX_USED < (1 << FILL_ORDER), "filling gains");

struct buddy pool;

static struct lock pool_lock = LOCK_INIT("frames", RANK_FRAMES);
static uint32_t reserve[RESERVE_MAX]; /* indices of frames */
static unsigned n_reserve;
static uint32_t next_fill; /* what follows the frames that the reserve got last */
static uint64_t n_table;   /* the reserve and the pages of the table */

/* Fixed by pool_init(). */
static uint64_t n_total;
static uint64_t n_left_out;

static int map_from_reserve(uint64_t page)
{
	if (n_reserve < 2)
		return -ENOMEM;
	int n_used = frames_table_map(page, pool_hpa(reserve[n_reserve - 1]),
				      pool_hpa(reserve[n_reserve - 2]));
	if (n_used < 0)
		return n_used;
	n_reserve -= n_used;
	return 0;
}

static int need_page(uint32_t page)
{
	if (buddy_has_page(&pool, page))
		return 0;
	int error = map_from_reserve(page);
	if (!error)
		buddy_add_page(&pool, page);
	return error;
}

static int take_cut(const struct buddy_cut *cut)
{
	uint32_t pages[BUDDY_MAX_MISSING];
	unsigned n = buddy_missing(&pool, cut, pages);

	for (unsigned i = 0; i < n; i++) {
		int error = need_page(pages[i]);
		if (error)
			return error;
	}
	buddy_take(&pool, cut);
	return 0;
}

/* Find frames for the reserve. They are the table's for good, so they shall lie side by side, lest
 * each keep another large block from becoming whole again: next to the last ones if that is free
 * (and in the same GiB, beyond which there may be no index), else in the smallest block that has
 * enough, else in the largest there is. */
static bool find_fill(struct buddy_cut *cut)
{
	unsigned order = FILL_ORDER;

	if (!is_aligned(next_fill, pool_n_frames(BUDDY_TOP)) &&
	    buddy_find_at(&pool, next_fill, order, cut))
		return true;
	while (!buddy_find(&pool, order, cut))
		if (!order--)
			return false;
	return true;
}

static __attribute__((noinline)) void fill_low_reserve(void)
{
	struct buddy_cut cut;

	while (n_reserve < RESERVE_LOW && find_fill(&cut)) {
		const uint32_t n = pool_n_frames(cut.order);

		if (take_cut(&cut))
			return;
		for (uint32_t i = 0; i < n; i++)
			reserve[n_reserve + i] = cut.index + i;
		n_reserve += n;
		n_table += n;
		next_fill = align_up(cut.index + 1, pool_n_frames(FILL_ORDER));
	}
}

static inline void fill_reserve(void)
{
	if (UNLIKELY(n_reserve < RESERVE_LOW))
		fill_low_reserve();
}

/* Take as many blocks as there are in the smallest free block that has one, n at most: they lie
 * side by side, and what is whole stays so as long as it can. Returns how many; 0: there are none.
 */
static unsigned take_some(unsigned order, uint32_t *blocks, unsigned n)
{
	struct buddy_cut cut;
	unsigned n_taken = 1;

	if (!buddy_find(&pool, order, &cut))
		return 0;
	for (; cut.order < cut.from && cut.order < BUDDY_SPLIT_TOP && 2 * n_taken <= n;
	     n_taken *= 2)
		cut.order++;
	int error = take_cut(&cut);
	fill_reserve();
	if (error)
		return 0;
	buddy_split(&pool, &cut, order);
	for (unsigned i = 0; i < n_taken; i++)
		blocks[i] = cut.index + (i << order);
	return n_taken;
}

static void give_one(unsigned order, uint32_t index)
{
	buddy_give(&pool, index, order);
	fill_reserve();
}

unsigned pool_take(unsigned order, uint32_t *blocks, unsigned n)
{
	unsigned n_taken = 0, more;

	lock_take(&pool_lock);
	do {
		more = take_some(order, blocks + n_taken, n - n_taken);
		n_taken += more;
	} while (more && n_taken < n / 2);
	lock_release(&pool_lock);
	return n_taken;
}

int pool_take_at(unsigned order, uint32_t index)
{
	struct buddy_cut cut;
	int error = -EBUSY;

	lock_take(&pool_lock);
	if (buddy_find_at(&pool, index, order, &cut)) {
		error = take_cut(&cut);
		fill_reserve();
	}
	lock_release(&pool_lock);
	return error;
}

void pool_give(unsigned order, const uint32_t *blocks, unsigned n)
{
	lock_take(&pool_lock);
	for (unsigned i = 0; i < n; i++)
		give_one(order, blocks[i]);
	lock_release(&pool_lock);
}

COLD void pool_stats(struct frames_stats *stats)
{
	*stats = (struct frames_stats){ .n_total = n_total, .n_left_out = n_left_out };
	lock_take(&pool_lock);
	stats->n_free = pool.n_free;
	stats->n_table = n_table;
	for (unsigned order = 0; order <= ORDER_GIGA; order++)
		stats->n_free_blocks[order] = pool.n_blocks[order];
	lock_release(&pool_lock);
}

/* ---- Boot ---- */

/* Frame numbers from .. to - 1. */
struct span {
	uint64_t from;
	uint64_t to;
};

/* The address of a range's last byte; a range that would wrap ends where addresses do. */
static uint64_t last_byte(const struct hpa_range *r)
{
	return r->size - 1 > UINT64_MAX - r->at.v ? UINT64_MAX : r->at.v + r->size - 1;
}

/* The whole pages in a range, and all that it touches; an empty one has none. */
static struct span pages_in(const struct hpa_range *r)
{
	if (!r->size)
		return (struct span){ 0, 0 };
	return (struct span){ (r->at.v >> PAGE_SHIFT) + !is_aligned(r->at.v, PAGE_SIZE),
			      (last_byte(r) >> PAGE_SHIFT) +
				      is_aligned(last_byte(r) + 1, PAGE_SIZE) };
}

static struct span pages_touched(const struct hpa_range *r)
{
	if (!r->size)
		return (struct span){ 0, 0 };
	return (struct span){ r->at.v >> PAGE_SHIFT, (last_byte(r) >> PAGE_SHIFT) + 1 };
}

/* What is taken, and how far a walk over the rest has come. */
struct walk {
	const struct hpa_range *taken;
	unsigned n_taken;
	unsigned bank;
	uint64_t next;
};

/* Where the taken range at frame `pfn` ends; pfn itself if there is none. */
static uint64_t end_of_taken(const struct walk *w, uint64_t pfn)
{
	for (unsigned i = 0; i < w->n_taken; i++) {
		struct span t = pages_touched(&w->taken[i]);

		if (pfn >= t.from && pfn < t.to)
			return t.to;
	}
	return pfn;
}

/* Where the first taken range after frame `pfn` begins, or `end` if that comes first. */
static uint64_t next_taken(const struct walk *w, uint64_t pfn, uint64_t end)
{
	for (unsigned i = 0; i < w->n_taken; i++) {
		struct span t = pages_touched(&w->taken[i]);

		if (t.from < t.to && t.from > pfn && t.from < end)
			end = t.from;
	}
	return end;
}

/* The next run of free frames, in the buddy's banks. */
static bool next_free(struct walk *w, struct span *run)
{
	for (; w->bank < pool.n_banks; w->bank++, w->next = 0) {
		const struct buddy_bank *bank = &pool.banks[w->bank];
		uint64_t pfn = w->next > bank->pfn ? w->next : bank->pfn;

		for (uint64_t past; (past = end_of_taken(w, pfn)) != pfn; pfn = past)
			;
		w->next = next_taken(w, pfn, bank->pfn + bank->n);
		*run = (struct span){ pfn, w->next };
		if (run->from < run->to)
			return true;
	}
	return false;
}

/* The part of a run that lies in the block of that order in which it begins. */
static uint64_t n_in_first(struct span run, unsigned order)
{
	uint64_t n = pool_n_frames(order) - run.from % pool_n_frames(order);

	return n < run.to - run.from ? n : run.to - run.from;
}

/* A run that has n frames in its first block of that order: the one that has the fewest there. */
static bool find_seed_in(struct walk w, uint64_t n, unsigned order, struct span *seed)
{
	uint64_t fewest = UINT64_MAX;
	struct span run;

	while (next_free(&w, &run)) {
		bool is_rest = run.from % pool_n_frames(ORDER_MEGA);

		if (n_in_first(run, order) < n || n_in_first(run, order) >= fewest ||
		    (order == ORDER_MEGA && !is_rest))
			continue;
		fewest = n_in_first(run, order);
		*seed = run;
	}
	return fewest != UINT64_MAX;
}

/* What is left of 2 MiB that are taken in part, else of a GiB: whole ones are touched only where
 * there is nothing else. */
static bool find_seed(const struct walk *w, uint64_t n, struct span *seed)
{
	return find_seed_in(*w, n, ORDER_MEGA, seed) || find_seed_in(*w, n, BUDDY_TOP, seed);
}

/* Fill the reserve for the first time, from the head of a run, and map the pages of `mapped` bits.
 * `rest` is what is left of that run. */
static int start_table(const struct walk *w, struct span *rest)
{
	uint64_t n_gigas = pool.n_banks ? pool.banks[pool.n_banks - 1].limit >> BUDDY_TOP : 0;
	uint64_t n_pages = align_up(n_gigas, GIGAS_PER_BITS_PAGE) / GIGAS_PER_BITS_PAGE;
	uint64_t first = (uint64_t)pool.max_gigas * BUDDY_PAGES_PER_GIGA;

	n_reserve = 0;
	n_table = n_pages + 2 + RESERVE_LOW; /* two tables reach all of the bits */
	if (!find_seed(w, n_table, rest))
		return -ENOMEM;
	uint32_t index = buddy_index(&pool, rest->from);
	next_fill = align_up(index + n_table, pool_n_frames(FILL_ORDER));
	/* Nothing is left between, if the reserve holds that too: it would be given in pieces. */
	if (next_fill - index <= RESERVE_MAX && next_fill - index <= rest->to - rest->from)
		n_table = next_fill - index;
	uint32_t end = index + n_table;
	rest->from += n_table;
	for (uint64_t page = 0; page <= n_pages; page++) {
		while (index < end && n_reserve < RESERVE_MAX)
			reserve[n_reserve++] = index++;
		if (page < n_pages && map_from_reserve(first + page))
			return -ENOMEM;
	}
	return 0;
}

static int add_run(struct span run)
{
	uint32_t index = buddy_index(&pool, run.from);
	uint32_t end = index + (run.to - run.from);

	while (index < end) {
		unsigned order = buddy_order_between(index, end);

		if (order < BUDDY_TOP && need_page(buddy_page_of(index)))
			return -ENOMEM;
		give_one(order, index);
		index += pool_n_frames(order);
	}
	return 0;
}

static void add_banks(const struct hpa_range *banks, unsigned n_banks)
{
	uint64_t n_pages = frames_table_size() / PAGE_SIZE;
	uint64_t n_gigas = n_pages / BUDDY_PAGES_PER_GIGA;

	if (n_gigas > BUDDY_GIGAS)
		n_gigas = BUDDY_GIGAS;
	while (n_gigas * BUDDY_PAGES_PER_GIGA +
		       align_up(n_gigas, GIGAS_PER_BITS_PAGE) / GIGAS_PER_BITS_PAGE >
	       n_pages)
		n_gigas--;
	struct frame *frames = frames_table_base();
	buddy_init(&pool, frames, (void *)(frames + (n_gigas << BUDDY_TOP)), n_gigas);
	n_left_out = 0;
	for (unsigned i = 0; i < n_banks; i++) {
		struct span s = pages_in(&banks[i]);

		if (s.from < s.to)
			n_left_out += s.to - s.from - buddy_add_bank(&pool, s.from, s.to - s.from);
	}
}

int pool_init(const struct hpa_range *banks, unsigned n_banks, const struct hpa_range *taken,
	      unsigned n_taken)
{
	struct walk w = { .taken = taken, .n_taken = n_taken };
	struct span rest, run;

	n_total = 0;
	add_banks(banks, n_banks);
	int error = start_table(&w, &rest);
	if (!error)
		error = add_run(
			rest); /* first, to have frames for the table beside its first ones */
	while (!error && next_free(&w, &run)) {
		n_total += run.to - run.from;
		if (run.to != rest.to)
			error = add_run(run);
	}
	return error;
}
