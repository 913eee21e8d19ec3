/* SPDX-License-Identifier: BSD-2-Clause */
#include "gstage/gmap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/component.h"
#include "platform/mmu.h"
#include "platform/panic.h"

static const uint64_t leaf_size[] = { PAGE_SIZE, MEGA_SIZE, GIGA_SIZE };
enum { ORDER_PER_LEVEL = 9 };

static bool has_frames(const struct region *r)
{
	return r->kind == REGION_LAZY || r->kind == REGION_EAGER || r->kind == REGION_ROM;
}

/* The list is read by harts that answer faults, and replaced as a whole. */
static struct region_list *list_of(const struct gmap *m)
{
	return atomic_load_explicit(&m->list, memory_order_acquire);
}

struct region *gmap_find(const struct gmap *m, struct gpa gpa)
{
	const struct region_list *list = list_of(m);

	for (unsigned i = 0; i < list->n; i++)
		if (gpa.v <= list->by_address[i].last)
			return gpa.v >= list->by_address[i].at ? list->by_address[i].region : NULL;
	return NULL;
}

/* --- frames behind a region --- */

/* Give back the frames of [at, +size). Allocated blocks and leaves need not be the same: leaves are
 * split and merged. */
static void put_frames(struct gmap *m, struct hpa at, uint64_t size)
{
	for (uint64_t o = 0; o < size;) {
		unsigned order = ORDER_PAGE;

		if (frame_owner_of(HPA(at.v + o), &order) == &m->owner)
			frame_put(HPA(at.v + o));
		else
			order = ORDER_PAGE;
		o += PAGE_SIZE << order;
	}
}

/* So many leaves are taken away between two flushes: what was reachable must be remembered until
 * every hart has forgotten it, and nothing may fail here for want of memory. */
enum { DROP_AT_ONCE = 96 };

/*
 * Take the region's entries away and give its frames back, in the only order that is right: the
 * entries go, every hart forgets, and then frames and tables are freed.
 */
static void drop_frames(struct gmap *m, struct region *r)
{
	struct gpa at = r->at, end = GPA(r->at.v + r->size);
	struct gtable_garbage garbage = {};

	while (at.v < end.v) {
		struct {
			struct hpa at;
			uint64_t size;
		} found[DROP_AT_ONCE];
		unsigned n = 0, level;
		struct gpa first = at;
		pte_t leaf;

		while (n < DROP_AT_ONCE && (leaf = gtable_next_leaf(&m->table, &at, end, &level))) {
			found[n].at = pte_hpa(leaf);
			found[n++].size = gtable_leaf_size(level);
			at.v += gtable_leaf_size(level);
		}
		if (n < DROP_AT_ONCE)
			at = end;
		lock_take(&r->lock);
		/* It cuts no leaf, so it splits none, so it needs no memory. */
		CHECK(!gtable_unmap_and_drop(&m->table, first, at.v - first.v, NULL));
		lock_release(&r->lock);
		flush_all(&m->flusher);
		for (unsigned i = 0; has_frames(r) && i < n; i++)
			put_frames(m, found[i].at, found[i].size);
	}
	/* Tables reach further than what was taken at once. */
	lock_take(&r->lock);
	CHECK(!gtable_unmap_and_drop(&m->table, r->at, r->size, &garbage));
	lock_release(&r->lock);
	if (garbage.n_pages)
		flush_all(&m->flusher);
	gtable_free_garbage(&garbage);
}

/* The largest leaf that may stand at `gpa` for `left` bytes. */
static unsigned level_at(struct gpa gpa, uint64_t left)
{
	unsigned level = 2;

	while (level && (!is_aligned(gpa.v, leaf_size[level]) || left < leaf_size[level]))
		level--;
	return level;
}

/* Fill all of a region, by the largest blocks that fit and that there are. On error what was filled
 * stays, for the caller to drop. */
static int fill_eagerly(struct gmap *m, struct region *r)
{
	for (uint64_t o = 0; o < r->size;) {
		struct gpa gpa = GPA(r->at.v + o);
		unsigned level = level_at(gpa, r->size - o);
		struct hpa at;
		int error;

		while ((error = frames_alloc(&m->owner, level * ORDER_PER_LEVEL, FRAMES_ZEROED,
					     &at)) == -ENOMEM &&
		       level)
			level--;
		if (error)
			return error;
		error = gtable_install(&m->table, gpa, at, level, r->rights);
		if (error) {
			frame_put(at);
			return error;
		}
		o += leaf_size[level];
	}
	return 0;
}

static int populate(struct gmap *m, struct region *r)
{
	switch (r->kind) {
	case REGION_EAGER:
		return fill_eagerly(m, r);
	case REGION_DEVICE:
		return gtable_map(&m->table, r->at, r->host, r->size, r->rights);
	default:
		return 0;
	}
}

/* One leaf of that level, of a new frame. -EISDIR: a table stands there, and smaller leaves must
 * do.
 */
static int fill_leaf(struct gmap *m, struct region *r, struct gpa gpa, unsigned level)
{
	struct gpa first = GPA(align_down(gpa.v, leaf_size[level]));
	struct hpa at;
	int error = frames_alloc(&m->owner, level * ORDER_PER_LEVEL, FRAMES_ZEROED, &at);

	if (UNLIKELY(error)) {
		unsigned there;

		return gtable_leaf(&m->table, first, &there) ? FILL_PRESENT : error;
	}
	lock_take(&r->lock);
	error = gtable_install(&m->table, first, at, level, r->rights);
	lock_release(&r->lock);
	if (LIKELY(!error))
		return FILL_NEW;
	frame_put(at); /* another hart was first: its frame counts */
	return error == -EEXIST ? FILL_PRESENT : error;
}

int gmap_fill(struct gmap *m, struct region *r, struct gpa gpa, enum gtable_rights access)
{
	if (UNLIKELY((r->rights & access) != access))
		return -EACCES;
	if (UNLIKELY(!has_frames(r)))
		return r->kind == REGION_DEVICE ? FILL_PRESENT : -EFAULT;
	uint64_t size = leaf_size[r->fill_level], first = align_down(gpa.v, size);

	/* A leaf that would stick out of the region is filled by pages. */
	if (UNLIKELY(first < r->at.v || first + size > r->at.v + r->size))
		return fill_leaf(m, r, gpa, 0);
	int filled = fill_leaf(m, r, gpa, r->fill_level);

	return UNLIKELY(filled == -EISDIR) ? fill_leaf(m, r, gpa, 0) : filled;
}

/* --- the list --- */

static struct region_list *copy_list(const struct gmap *m)
{
	struct region_list *copy = malloc(sizeof(*copy));

	if (copy)
		*copy = *list_of(m);
	return copy;
}

/* From now on faults see this list; the old one is gone when every hart has forgotten. */
static void use_list(struct gmap *m, struct region_list *list)
{
	struct region_list *old = list_of(m);

	atomic_store_explicit(&m->list, list, memory_order_release);
	flush_all(&m->flusher);
	free(old);
}

/* Where the region [gpa, +size) stands in the list, or -1. */
static int place_of(const struct region_list *list, struct gpa gpa, uint64_t size)
{
	for (unsigned i = 0; i < list->n; i++)
		if (list->by_address[i].at == gpa.v && list->by_address[i].last == gpa.v + size - 1)
			return (int)i;
	return -1;
}

static int check_region(const struct gmap *m, const struct region *r)
{
	bool has_leaves = has_frames(r) || r->kind == REGION_DEVICE;

	if (!r->size || !is_aligned(r->at.v | r->size | r->host.v, PAGE_SIZE) ||
	    r->kind >= N_REGION_KINDS || r->fill_level > 1)
		return -EINVAL;
	if (has_leaves &&
	    (!(r->rights & GTABLE_RWX) || (r->rights & (GTABLE_R | GTABLE_W)) == GTABLE_W))
		return -EINVAL;
	if (r->kind == REGION_ROM && r->rights & GTABLE_W)
		return -EINVAL;
	if (r->at.v >= gtable_end(&m->table) || r->size > gtable_end(&m->table) - r->at.v)
		return -ERANGE;
	return 0;
}

/* Put it in at its place. -EEXIST, -ENOSPC. */
static int insert(struct region_list *list, struct region *r)
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

int gmap_add(struct gmap *m, const struct region *like)
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
			drop_frames(m, r);
	}
	if (error) {
		free(list);
		free(r);
		return error;
	}
	use_list(m, list);
	return 0;
}

int gmap_remove(struct gmap *m, struct gpa gpa, uint64_t size)
{
	int i = place_of(list_of(m), gpa, size);

	if (i < 0)
		return -ENOENT;
	struct region_list *list = copy_list(m);

	if (!list)
		return -ENOMEM;
	struct region *r = list->by_address[i].region;

	list->n--;
	for (unsigned j = (unsigned)i; j < list->n; j++)
		list->by_address[j] = list->by_address[j + 1];
	use_list(m, list); /* nobody fills it any more */
	drop_frames(m, r);
	free(r);
	return 0;
}

int gmap_protect(struct gmap *m, struct gpa gpa, uint64_t size, enum gtable_rights rights)
{
	int i = place_of(list_of(m), gpa, size);

	if (i < 0)
		return -ENOENT;
	struct region *r = list_of(m)->by_address[i].region;
	struct region changed = *r;

	changed.rights = rights;
	int error = check_region(m, &changed);

	if (error)
		return error;
	lock_take(&r->lock);
	error = gtable_protect(&m->table, gpa, size, rights);
	if (!error)
		r->rights = rights;
	lock_release(&r->lock);
	flush_all(&m->flusher);
	return error;
}

/* --- the whole --- */

int gmap_init(struct gmap *m, const char *name, unsigned levels, uint64_t quota)
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

int gmap_reset(struct gmap *m)
{
	const struct region_list *list = list_of(m);
	int error = 0;

	for (unsigned i = 0; i < list->n; i++)
		if (has_frames(list->by_address[i].region))
			drop_frames(m, list->by_address[i].region);
	for (unsigned i = 0; !error && i < list->n; i++)
		if (list->by_address[i].region->kind == REGION_EAGER)
			error = fill_eagerly(m, list->by_address[i].region);
	return error;
}

void gmap_destroy(struct gmap *m)
{
	struct region_list *list = list_of(m);

	for (unsigned i = 0; i < list->n; i++) {
		drop_frames(m, list->by_address[i].region);
		free(list->by_address[i].region);
	}
	gtable_destroy(&m->table);
	free(list);
	CHECK(atomic_load_explicit(&m->owner.n_held, memory_order_acquire) == 0);
}

COMPONENT(gstage, PHASE_NONE, NULL, NULL, "guest memory and its tables");
