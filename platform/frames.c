/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The frame allocator: owners that pay, holders that are counted, and a small cache for each hart
 * in front of the pool of all blocks.
 *
 * A cache is its hart's own, but for others who run out of memory; so it has a lock, which is
 * hardly ever contended and is taken before the pool's. For the pool a cached block is a taken one,
 * so nothing that others see of its descriptor changes while it goes in and out of the cache.
 *
 * Always true: `refs` of a descriptor is not 0 exactly while an allocated block starts there.
 */
#include "platform/frames.h"

#include <errno.h>

#include "platform/frames_pool.h"
#include "platform/hart.h"
#include "platform/lock.h"
#include "platform/panic.h"
#include "platform/zero.h"

_Static_assert((int)ORDER_GIGA == (int)BUDDY_TOP, "orders are the same everywhere");

enum {
	STACK_SIZE = 63, /* cached blocks of one order */
	MEGAS_CACHED = 4,
};

struct stack {
	_Atomic uint32_t n; /* changes under the cache's lock */
	uint32_t blocks[STACK_SIZE];
};

struct cache {
	_Alignas(64) struct lock lock;
	struct stack pages;
	struct stack megas;
};

NOT_CLEARED static struct cache caches[MAX_HARTS];
static unsigned n_caches; /* of harts that there may be */

/* ---- A cache; its lock is held ---- */

static bool is_cached(unsigned order)
{
	return order == ORDER_PAGE || order == ORDER_MEGA;
}

static struct stack *stack_of(struct cache *c, unsigned order)
{
	return order == ORDER_PAGE ? &c->pages : &c->megas;
}

static uint32_t capacity(unsigned order)
{
	return order == ORDER_PAGE ? STACK_SIZE : MEGAS_CACHED;
}

static uint32_t height(const struct stack *s)
{
	return atomic_load_explicit(&s->n, memory_order_relaxed);
}

static void set_height(struct stack *s, uint32_t n)
{
	atomic_store_explicit(&s->n, n, memory_order_relaxed);
}

static void fill_stack(struct stack *s, unsigned order)
{
	set_height(s, pool_take(order, s->blocks, (capacity(order) + 1) / 2));
}

/* A block, or BUDDY_NONE. */
static inline uint32_t pop(struct stack *s)
{
	uint32_t n = height(s);

	if (UNLIKELY(!n))
		return BUDDY_NONE;
	set_height(s, n - 1);
	return s->blocks[n - 1];
}

static void drain_stack(struct stack *s, unsigned order, uint32_t n_kept)
{
	pool_give(order, s->blocks + n_kept, height(s) - n_kept);
	set_height(s, n_kept);
}

/* ---- What is free, wherever it is; no lock is held ---- */

/* False: there was nothing to drain. */
static bool drain(struct cache *c)
{
	lock_take(&c->lock);
	bool any = height(&c->pages) || height(&c->megas);
	if (any) {
		drain_stack(&c->pages, ORDER_PAGE, 0);
		drain_stack(&c->megas, ORDER_MEGA, 0);
	}
	lock_release(&c->lock);
	return any;
}

/* Give every hart's cache back. False: they were empty, so to try again is of no use. */
static bool drain_all(void)
{
	bool any = false;

	for (unsigned i = 0; i < n_caches; i++)
		any |= drain(&caches[i]);
	return any;
}

/* On the way of every first touch: only what the cache has. */
static inline uint32_t take_cached(unsigned order)
{
	struct cache *c = &caches[hart_index];

	lock_take(&c->lock);
	uint32_t index = pop(stack_of(c, order));
	lock_release(&c->lock);
	return index;
}

static uint32_t refill_and_take(unsigned order)
{
	struct cache *c = &caches[hart_index];
	struct stack *s = stack_of(c, order);

	lock_take(&c->lock);
	if (!height(s))
		fill_stack(s, order);
	uint32_t index = pop(s);
	lock_release(&c->lock);
	return index;
}

static void give_cached(unsigned order, uint32_t index)
{
	struct cache *c = &caches[hart_index];
	struct stack *s = stack_of(c, order);

	lock_take(&c->lock);
	if (UNLIKELY(height(s) == capacity(order)))
		drain_stack(s, order, capacity(order) / 2);
	s->blocks[height(s)] = index;
	set_height(s, height(s) + 1);
	lock_release(&c->lock);
}

static uint32_t take_from_pool(unsigned order)
{
	uint32_t index;

	if (is_cached(order))
		return refill_and_take(order);
	return pool_take(order, &index, 1) ? index : BUDDY_NONE;
}

/* Where this hart's cache has none. */
static __attribute__((noinline)) uint32_t take_elsewhere(unsigned order)
{
	uint32_t index = take_from_pool(order);

	return index == BUDDY_NONE && drain_all() ? take_from_pool(order) : index;
}

static void give(unsigned order, uint32_t index)
{
	if (is_cached(order))
		give_cached(order, index);
	else
		pool_give(order, &index, 1);
}

/* ---- Owners and holders ---- */

static bool charge(struct frame_owner *owner, unsigned order)
{
	uint64_t held = atomic_load_explicit(&owner->n_held, memory_order_relaxed);

	do {
		if (UNLIKELY(pool_n_frames(order) > owner->quota - held))
			return false;
	} while (UNLIKELY(!atomic_compare_exchange_weak_explicit(
		&owner->n_held, &held, held + pool_n_frames(order), memory_order_relaxed,
		memory_order_relaxed)));
	return true;
}

/* The last that is done with an owner: it may be gone right after. */
static void relieve(struct frame_owner *owner, unsigned order)
{
	atomic_fetch_sub_explicit(&owner->n_held, pool_n_frames(order), memory_order_release);
}

static void hand_out(struct frame_owner *owner, uint32_t index, struct hpa at, unsigned order,
		     enum frame_flags flags)
{
	struct frame *f = &pool.frames[index];

	f->holder = owner;
	atomic_store_explicit(&f->refs, 1, memory_order_release);
	if (flags & FRAMES_ZEROED)
		frames_zero(at, pool_n_frames(order) << PAGE_SHIFT);
}

int frames_alloc(struct frame_owner *owner, unsigned order, enum frame_flags flags, struct hpa *at)
{
	CHECK(order <= ORDER_GIGA);
	if (UNLIKELY(!n_caches)) /* before frames_init() there are none */
		return -ENOMEM;
	if (!charge(owner, order))
		return -EDQUOT;
	uint32_t index = is_cached(order) ? take_cached(order) : BUDDY_NONE;
	if (UNLIKELY(index == BUDDY_NONE))
		index = take_elsewhere(order);
	if (UNLIKELY(index == BUDDY_NONE)) {
		relieve(owner, order);
		return -ENOMEM;
	}
	*at = pool_hpa(index);
	hand_out(owner, index, *at, order, flags);
	return 0;
}

COLD int frames_alloc_at(struct frame_owner *owner, struct hpa at, unsigned order,
			 enum frame_flags flags)
{
	uint64_t pfn = at.v >> PAGE_SHIFT;
	uint32_t index = buddy_index(&pool, pfn);

	CHECK(order <= ORDER_GIGA);
	if (!is_aligned(at.v, PAGE_SIZE << order) || index == BUDDY_NONE ||
	    buddy_index(&pool, pfn + pool_n_frames(order) - 1) != index + pool_n_frames(order) - 1)
		return -EINVAL;
	if (!charge(owner, order))
		return -EDQUOT;
	int error = pool_take_at(order, index);
	if (error == -EBUSY && drain_all())
		error = pool_take_at(order, index);
	if (error) {
		relieve(owner, order);
		return error;
	}
	hand_out(owner, index, at, order, flags);
	return 0;
}

/* The index of the frame at `at` if it has a descriptor, else BUDDY_NONE. */
static COLD uint32_t described(struct hpa at)
{
	uint32_t index = buddy_index(&pool, at.v >> PAGE_SHIFT);

	if (UNLIKELY(!is_aligned(at.v, PAGE_SIZE) || index == BUDDY_NONE ||
		     !buddy_has_page(&pool, buddy_page_of(index))))
		return BUDDY_NONE;
	return index;
}

void frame_get(struct hpa at)
{
	uint32_t index = described(at);

	CHECK(index != BUDDY_NONE);
	uint32_t refs =
		atomic_fetch_add_explicit(&pool.frames[index].refs, 1, memory_order_relaxed);
	CHECK(refs != 0 && refs != UINT32_MAX);
}

void frame_put(struct hpa at)
{
	uint32_t index = described(at);

	CHECK(index != BUDDY_NONE);
	struct frame *f = &pool.frames[index];
	struct frame_owner *owner = f->holder;
	unsigned order = f->order;
	uint32_t refs = atomic_fetch_sub_explicit(&f->refs, 1, memory_order_acq_rel);
	CHECK(refs != 0);
	if (refs > 1)
		return;
	give(order, index);
	relieve(owner, order);
}

unsigned frame_refs(struct hpa at)
{
	uint32_t index = described(at);

	if (index == BUDDY_NONE)
		return 0;
	return atomic_load_explicit(&pool.frames[index].refs, memory_order_acquire);
}

COLD struct frame_owner *frame_owner_of(struct hpa at, unsigned *order)
{
	if (!frame_refs(at))
		return NULL;
	const struct frame *f = &pool.frames[described(at)];

	*order = f->order;
	return f->holder;
}

void frames_drain_cache(void)
{
	drain(&caches[hart_index]);
}

COLD void frames_stats(struct frames_stats *stats)
{
	pool_stats(stats);
	for (unsigned i = 0; i < n_caches; i++)
		stats->n_cached +=
			height(&caches[i].pages) + (height(&caches[i].megas) << ORDER_MEGA);
	stats->n_free += stats->n_cached;
}

/* What its stacks hold beyond their heights is never read. */
static void empty(struct cache *c)
{
	c->lock = (struct lock)LOCK_INIT("frame cache", RANK_CACHE);
	set_height(&c->pages, 0);
	set_height(&c->megas, 0);
}

int frames_init(const struct hpa_range *banks, unsigned n_banks, const struct hpa_range *taken,
		unsigned n_taken, unsigned n_harts)
{
	n_caches = n_harts;
	for (unsigned i = 0; i < n_caches; i++)
		empty(&caches[i]);
	return pool_init(banks, n_banks, taken, n_taken);
}
