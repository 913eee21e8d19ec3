/* SPDX-License-Identifier: BSD-2-Clause */
#include "gstage/gmap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/component.h"
#include "platform/mmu.h"
#include "platform/panic.h"

enum { ORDER_PER_LEVEL = 9 };

static bool has_frames(const struct region *r)
{
	return r->kind == REGION_LAZY || r->kind == REGION_EAGER || r->kind == REGION_ROM;
}

/* Acquire: what gmap_protect wrote to the table before is seen. */
static enum gtable_rights rights_of(const struct region *r)
{
	return atomic_load_explicit(&r->rights, memory_order_acquire);
}

/* The list is read by harts that answer faults, and replaced as a whole. */
static struct region_list *list_of(const struct gmap *m)
{
	return atomic_load_explicit(&m->list, memory_order_acquire);
}

struct region *gmap_find(const struct gmap *m, struct gpa gpa)
{
	const struct region_list *list = list_of(m);

	/* From the top: there lies the memory, and what is touched is memory, mostly. */
	for (const struct region_place *p = list->by_address + list->n; p-- > list->by_address;)
		if (gpa.v >= p->at)
			return gpa.v <= p->last ? p->region : NULL;
	return NULL;
}

/* --- what stands behind a region --- */

/* So many leaves are taken away between two flushes: what was reachable must be remembered until
 * every hart has forgotten it, and nothing may fail here for want of memory. */
enum { DROP_AT_ONCE = 160 };

/* Take away up to DROP_AT_ONCE leaves from *at on; the blocks that they were are found. */
static unsigned clear_leaves(struct gmap *m, struct region *r, struct gpa *at, struct hpa found[])
{
	struct gpa first = *at, end = GPA(r->at.v + r->size);
	unsigned n = 0, level;
	pte_t leaf;

	lock_take(&r->lock);
	while (n < DROP_AT_ONCE && (leaf = gtable_next_leaf(&m->table, at, end, &level))) {
		found[n++] = pte_hpa(leaf);
		at->v += gtable_leaf_size(level);
	}
	if (n < DROP_AT_ONCE)
		*at = end;
	/* It cuts no leaf, so it splits none, so it needs no memory. */
	CHECK(!gtable_unmap(&m->table, first, at->v - first.v));
	lock_release(&r->lock);
	return n;
}

/* Tables that lie inside the region and lead to nothing stand in the way of larger leaves. */
static COLD void drop_tables(struct gmap *m, struct region *r)
{
	struct gtable_garbage garbage = {};

	lock_take(&r->lock);
	r->cursors = (struct gtable_cursors){};
	CHECK(!gtable_unmap_and_drop(&m->table, r->at, r->size, &garbage));
	lock_release(&r->lock);
	if (garbage.n_pages)
		flush_all(&m->flusher);
	gtable_free_garbage(&garbage);
}

/*
 * Take all of the region out of the table and give its frames back, in the only order that is
 * right: entries go, every hart forgets, and then frames and tables are freed.
 */
static COLD void drop_region(struct gmap *m, struct region *r)
{
	struct gpa at = r->at;

	while (at.v < r->at.v + r->size) {
		struct hpa found[DROP_AT_ONCE];
		struct gpa first = at;
		unsigned n = clear_leaves(m, r, &at, found);

		if (n)
			flush_range(&m->flusher, first, at.v - first.v, has_frames(r));
		while (n-- && has_frames(r))
			frame_put(found[n]);
	}
	drop_tables(m, r);
}

/* The largest leaf that may stand at `gpa` for `left` bytes. */
static unsigned level_at(struct gpa gpa, uint64_t left)
{
	unsigned level = GTABLE_1G;

	while (level &&
	       (!is_aligned(gpa.v, gtable_leaf_size(level)) || left < gtable_leaf_size(level)))
		level--;
	return level;
}

/* Another hart's leaf is there, or none can be. */
static COLD __attribute__((noinline)) int give_back(struct gmap *m, struct hpa block, int error)
{
	frame_put(block);
	/* Release, and after the frame: who sees the count can have the frame. A table that could
	 * not be made is no lost race: counted, it would be tried again for ever. */
	if (error != -ENOMEM)
		atomic_fetch_add_explicit(&m->n_lost, 1, memory_order_release);
	return error == -EEXIST ? FILL_PRESENT : error;
}

/* Let a new block be the leaf at `gpa`, or give it back. */
static inline int put_leaf(struct gmap *m, struct region *r, struct gpa gpa, struct hpa block,
			   unsigned level)
{
	int error;

	lock_take(&r->lock);
	if (level == GTABLE_4K)
		error = gtable_install_page(&m->table, &r->cursors, gpa, block, rights_of(r));
	else
		error = gtable_install(&m->table, gpa, block, level, rights_of(r));
	lock_release(&r->lock);
	return LIKELY(!error) ? FILL_NEW : give_back(m, block, error);
}

/* Of any size, and not on the way of a page that is touched first. */
static COLD __attribute__((noinline)) int
put_block(struct gmap *m, struct region *r, struct gpa gpa, struct hpa block, unsigned level)
{
	return put_leaf(m, r, gpa, block, level);
}

static bool is_shortage(int result)
{
	return result == -ENOMEM || result == -EDQUOT;
}

/* One leaf at `gpa`: while this may hold a frame that it gives back, it is counted. */
static inline int try_leaf(struct gmap *m, struct region *r, struct gpa gpa, unsigned level,
			   int (*put)(struct gmap *, struct region *, struct gpa, struct hpa,
				      unsigned))
{
	struct hpa block;

	atomic_fetch_add_explicit(&m->n_filling, 1, memory_order_relaxed);
	/* Who finds our frame gone finds us counted. */
	atomic_thread_fence(memory_order_release);
	int filled = frames_alloc(&m->owner, level * ORDER_PER_LEVEL, FRAMES_ZEROED, &block);

	if (LIKELY(!filled))
		filled = put(m, r, gpa, block, level);
	atomic_fetch_sub_explicit(&m->n_filling, 1, memory_order_release);
	return filled;
}

/*
 * The same until it is certain. There is no memory only if nobody holds some who is about to give
 * it back: two harts that touch the last page at once take a frame each for a moment. So whoever
 * finds none waits for those, and goes on trying as long as anybody loses his race. Each time
 * somebody else has won one, so this ends.
 */
static COLD __attribute__((noinline)) int fill_leaf(struct gmap *m, struct region *r,
						    struct gpa gpa, unsigned level)
{
	uint32_t n_lost;
	int filled;

	do {
		unsigned there;

		n_lost = atomic_load_explicit(&m->n_lost, memory_order_acquire);
		filled = try_leaf(m, r, gpa, level, put_block);
		if (!is_shortage(filled))
			return filled;
		atomic_thread_fence(memory_order_acquire);
		while (atomic_load_explicit(&m->n_filling, memory_order_acquire))
			cpu_relax();
		if (gtable_leaf(&m->table, gpa, &there))
			return FILL_PRESENT;
	} while (atomic_load_explicit(&m->n_lost, memory_order_acquire) != n_lost);
	return filled;
}

/* One leaf at `gpa`, with a pause after each piece of its zeroing. Where none can be had at once,
 * it is filled as any other, which says for certain whether there is one. */
static COLD int fill_in_pieces(struct gmap *m, struct region *r, struct gpa gpa, unsigned level,
			       int (*pause)(struct gmap *m))
{
	uint64_t left = gtable_leaf_size(level), piece = level ? MEGA_SIZE : PAGE_SIZE;
	struct hpa block;

	if (!pause || frames_alloc(&m->owner, level * ORDER_PER_LEVEL, FRAMES_DIRTY, &block))
		return fill_leaf(m, r, gpa, level);
	while (left) {
		left -= piece;
		frames_zero(HPA(block.v + left), piece);
		int error = pause(m);

		if (error) {
			frame_put(block);
			return error;
		}
	}
	return put_block(m, r, gpa, block, level);
}

/* Fill all of a region, by the largest blocks that fit and that there are. On error what was filled
 * stays, for the caller to drop. */
static COLD int fill_eagerly(struct gmap *m, struct region *r, int (*pause)(struct gmap *m))
{
	for (uint64_t o = 0; o < r->size;) {
		struct gpa gpa = GPA(r->at.v + o);
		unsigned level = level_at(gpa, r->size - o);
		int filled;

		while ((filled = fill_in_pieces(m, r, gpa, level, pause)) == -ENOMEM && level)
			level--;
		if (filled < 0)
			return filled;
		o += gtable_leaf_size(level);
	}
	return 0;
}

static COLD int populate(struct gmap *m, struct region *r)
{
	drop_tables(m, r);
	switch (r->kind) {
	case REGION_EAGER:
		return fill_eagerly(m, r, NULL);
	case REGION_DEVICE:
		return gtable_map(&m->table, r->at, r->host, r->size, rights_of(r));
	default:
		return 0;
	}
}

static bool has_room(const struct region *r, uint64_t first, uint64_t size)
{
	return first >= r->at.v && first - r->at.v + size <= r->size;
}

static struct gpa start_of_leaf(struct gpa gpa, unsigned level)
{
	return GPA(align_down(gpa.v, gtable_leaf_size(level)));
}

/* A large leaf, whose zeroing is dear: only where it fits and nothing is there yet. Pages do where
 * no such leaf goes, or no such block is free. */
static __attribute__((noinline)) int fill_large(struct gmap *m, struct region *r, struct gpa gpa)
{
	unsigned level = r->fill_level, there;
	struct gpa first = start_of_leaf(gpa, level);
	int filled = -EISDIR;

	if (has_room(r, first.v, gtable_leaf_size(level))) {
		if (gtable_leaf(&m->table, gpa, &there))
			return FILL_PRESENT;
		if (there >= level)
			filled = fill_leaf(m, r, first, level);
	}
	if (filled == -EISDIR || is_shortage(filled))
		filled = fill_leaf(m, r, start_of_leaf(gpa, GTABLE_4K), GTABLE_4K);
	return filled;
}

int gmap_fill(struct gmap *m, struct region *r, struct gpa gpa, enum gtable_rights access)
{
	if (UNLIKELY((rights_of(r) & access) != access))
		return -EACCES;
	if (UNLIKELY(!has_frames(r)))
		return r->kind == REGION_DEVICE ? FILL_PRESENT : -EFAULT;
	if (r->fill_level)
		return fill_large(m, r, gpa);
	struct gpa page = start_of_leaf(gpa, GTABLE_4K);
	int filled = try_leaf(m, r, page, GTABLE_4K, put_leaf);

	return UNLIKELY(is_shortage(filled)) ? fill_leaf(m, r, page, GTABLE_4K) : filled;
}

COLD size_t gmap_fill_with(struct gmap *m, struct region *r, struct gpa gpa, const void *from,
			   size_t n)
{
	unsigned level = r->fill_level, there;
	size_t size = gtable_leaf_size(level);
	struct hpa block;

	if (!has_frames(r) || n < size || !is_aligned(gpa.v, size) || !has_room(r, gpa.v, size) ||
	    gtable_leaf(&m->table, gpa, &there) || there < level ||
	    frames_alloc(&m->owner, level * ORDER_PER_LEVEL, FRAMES_DIRTY, &block))
		return 0;
	void *window = window_open(block, size);

	memcpy(window, from, size);
	window_close(window);
	return put_block(m, r, gpa, block, level) == FILL_NEW ? size : 0;
}

/* --- the list --- */

static COLD struct region_list *copy_list(const struct gmap *m)
{
	struct region_list *copy = malloc(sizeof(*copy));

	if (copy)
		*copy = *list_of(m);
	return copy;
}

/* From now on faults see this list; the old one is gone when every hart has forgotten. */
static COLD void use_list(struct gmap *m, struct region_list *list)
{
	struct region_list *old = list_of(m);

	atomic_store_explicit(&m->list, list, memory_order_release);
	flush_all(&m->flusher);
	free(old);
}

static COLD int check_range(const struct gmap *m, struct gpa at, uint64_t size)
{
	uint64_t end = gtable_end(&m->table);

	if (!size || !is_aligned(at.v | size, PAGE_SIZE))
		return -EINVAL;
	return at.v >= end || size > end - at.v ? -ERANGE : 0;
}

/* Rights that an entry can say, and no more than the kind can give. */
static bool are_rights(const struct region *r, enum gtable_rights rights)
{
	bool has_leaves = has_frames(r) || r->kind == REGION_DEVICE;

	if (rights & ~GTABLE_RWX || (r->kind == REGION_ROM && rights & GTABLE_W))
		return false;
	return !has_leaves || (rights && (rights & (GTABLE_R | GTABLE_W)) != GTABLE_W);
}

static COLD int check_region(const struct gmap *m, const struct region *r)
{
	if (r->kind >= N_REGION_KINDS || r->fill_level > GTABLE_2M ||
	    !is_aligned(r->host.v, PAGE_SIZE) || !are_rights(r, rights_of(r)))
		return -EINVAL;
	return check_range(m, r->at, r->size);
}

/* Where in the list the region of just these bounds stands, if it may be changed. */
static COLD int find_exactly(const struct gmap *m, struct gpa gpa, uint64_t size)
{
	const struct region_list *list = list_of(m);
	int error = check_range(m, gpa, size);

	for (unsigned i = 0; !error && i < list->n; i++)
		if (list->by_address[i].at == gpa.v && list->by_address[i].last == gpa.v + size - 1)
			return list->by_address[i].region->is_pinned ? -EBUSY : (int)i;
	return error ? error : -ENOENT;
}

/* Put it in at its place. -EEXIST, -ENOSPC. */
static COLD int insert(struct region_list *list, struct region *r)
{
	unsigned i = list->n;

	for (unsigned j = 0; j < list->n; j++)
		if (r->at.v <= list->by_address[j].last &&
		    r->at.v + r->size - 1 >= list->by_address[j].at)
			return -EEXIST;
	if (list->n == GMAP_REGIONS)
		return -ENOSPC;
	for (; i && list->by_address[i - 1].at > r->at.v; i--)
		list->by_address[i] = list->by_address[i - 1];
	list->by_address[i].at = r->at.v;
	list->by_address[i].last = r->at.v + r->size - 1;
	list->by_address[i].region = r;
	list->n++;
	return 0;
}

COLD int gmap_add(struct gmap *m, const struct region *like)
{
	int error = check_region(m, like);

	if (error)
		return error;
	struct region_list *list = copy_list(m);
	struct region *r = malloc(sizeof(*r));

	error = -ENOMEM;
	if (list && r) {
		*r = *like;
		r->lock = (struct lock)LOCK_INIT("region", RANK_REGION);
		error = insert(list, r);
	}
	if (!error) {
		error = populate(m, r);
		if (error)
			drop_region(m, r);
	}
	if (error) {
		free(list);
		free(r);
		return error;
	}
	use_list(m, list);
	return 0;
}

COLD int gmap_remove(struct gmap *m, struct gpa gpa, uint64_t size)
{
	int i = find_exactly(m, gpa, size);

	if (i < 0)
		return i;
	struct region_list *list = copy_list(m);

	if (!list)
		return -ENOMEM;
	struct region *r = list->by_address[i].region;

	list->n--;
	for (unsigned j = (unsigned)i; j < list->n; j++)
		list->by_address[j] = list->by_address[j + 1];
	use_list(m, list); /* nobody fills it any more */
	drop_region(m, r);
	free(r);
	return 0;
}

COLD int gmap_protect(struct gmap *m, struct gpa gpa, uint64_t size, enum gtable_rights rights)
{
	int i = find_exactly(m, gpa, size);

	if (i < 0)
		return i;
	struct region *r = list_of(m)->by_address[i].region;

	if (!are_rights(r, rights))
		return -EINVAL;
	/* While entries change, a fault that the old or the new rights refuse is refused: it is not
	 * taken for one on memory that is there. What appears waits for the lock. */
	lock_take(&r->lock);
	atomic_store_explicit(&r->rights, rights_of(r) & rights, memory_order_release);
	if (has_frames(r) || r->kind == REGION_DEVICE)
		CHECK(!gtable_protect(&m->table, gpa, size, rights)); /* it cuts no leaf */
	atomic_store_explicit(&r->rights, rights, memory_order_release);
	lock_release(&r->lock);
	flush_range(&m->flusher, gpa, size, false);
	return 0;
}

/* --- the whole --- */

COLD int gmap_init(struct gmap *m, const char *name, unsigned levels, uint64_t quota)
{
	*m = (struct gmap){ .owner = { .name = name, .quota = quota } };
	struct region_list *list = calloc(1, sizeof(*list));

	if (!list)
		return -ENOMEM;
	int error = gtable_init(&m->table, levels);

	if (error)
		free(list);
	else
		atomic_store_explicit(&m->list, list, memory_order_release);
	return error;
}

COLD int gmap_empty(struct gmap *m)
{
	const struct region_list *list = list_of(m);

	for (unsigned i = 0; i < list->n; i++)
		if (list->by_address[i].region->is_pinned)
			return -EBUSY;
	for (unsigned i = 0; i < list->n; i++)
		if (has_frames(list->by_address[i].region))
			drop_region(m, list->by_address[i].region);
	return 0;
}

COLD int gmap_reset(struct gmap *m, int (*pause)(struct gmap *m))
{
	const struct region_list *list = list_of(m);
	int error = gmap_empty(m);

	for (unsigned i = 0; !error && i < list->n; i++)
		if (list->by_address[i].region->kind == REGION_EAGER)
			error = fill_eagerly(m, list->by_address[i].region, pause);
	return error;
}

COLD void gmap_destroy(struct gmap *m)
{
	struct region_list *list = list_of(m);

	for (unsigned i = 0; i < list->n; i++) {
		drop_region(m, list->by_address[i].region);
		free(list->by_address[i].region);
	}
	gtable_destroy(&m->table);
	free(list);
	CHECK(atomic_load_explicit(&m->owner.n_held, memory_order_acquire) == 0);
}

COMPONENT(gstage, PHASE_NONE, NULL, NULL, "guest memory and its tables");
