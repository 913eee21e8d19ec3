/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a map asks of the table's writer (install.c, map.c, ...) and of the allocator: a leaf lies
 * inside the region, has its rights, and is one block that was allocated for it and holds nothing
 * of anybody else's, or the region's window. A block stays a leaf, or is given back once, after
 * every hart has forgotten it.
 *
 * There is one region of kind KIND; its rights and host are any, its place and size too unless
 * `run` gives them. What is asked answers whatever its header allows and keeps no table but where
 * the blocks are, so what it says twice need not agree. Bounds: two blocks are to be had, or are
 * leaves at first, fewer than are dropped between two flushes; the boot hart, or one fault, while
 * another hart loses one race and rights change whenever the lock is free. Eager memory begins
 * empty and has room for two leaves, 2M and 4K. The heap always gives. Left out: gmap_remove, what
 * gmap_add drops after an error, leaves of 1G in eager memory, and the list of regions.
 */
#include "arch/bits.h"

/* As it is, without the division, which is dear to a solver. */
#define field_get(mask, word) (((word) & (mask)) >> __builtin_ctzll(mask))

#include "gstage/gmap.c"
#include "tests/proofs/proofs.h"

#define HAS_FRAMES (KIND == REGION_LAZY || KIND == REGION_EAGER || KIND == REGION_ROM)
#define HAS_LEAVES (HAS_FRAMES || KIND == REGION_DEVICE)
#ifndef FILL_LEVEL
#define FILL_LEVEL GTABLE_4K
#endif
#define ANY_PAGE (nondet_word() & MASK(57, PAGE_SHIFT))

struct block {
	enum { UNUSED, IN_HAND, LEAF, UNMAPPED, FORGOTTEN, GIVEN_BACK } life;
	struct hpa hpa;
	struct gpa gpa;
	unsigned level;
	bool is_clean; /* zeroed, or overwritten */
	bool is_found; /* by gtable_next_leaf */
};

static struct gmap map;
static struct region region;
static struct region_list list, new_list;
static struct block first, second; /* in the order of their places */
static struct block *in_window;
static char window[1], source[1];
static size_t n_source;
static bool is_locked, others_protect, must_stay, must_flush, has_garbage;
static unsigned n_protected, n_mapped;
static enum gtable_rights protected_as;

static bool may_have(enum gtable_rights rights)
{
	if (rights > GTABLE_RWX || (KIND == REGION_ROM && rights & GTABLE_W))
		return false;
	return !HAS_LEAVES || rights & GTABLE_R || rights == GTABLE_X;
}

static bool is_inside(uint64_t at, uint64_t size)
{
	uint64_t offset = at - region.at.v;

	return offset < region.size && size <= region.size - offset;
}

/* --- locks, flushes, the heap --- */

void lock_check_take(const struct lock *l)
{
	assert(l == &region.lock && !is_locked);
	is_locked = true;
	if (!others_protect)
		return;
	region.rights = nondet_unsigned();
	__CPROVER_assume(may_have(region.rights));
}

void lock_check_release(const struct lock *l)
{
	assert(l == &region.lock && is_locked);
	is_locked = false;
}

void flush_range(struct flusher *f, struct gpa from, uint64_t size, bool frees)
{
	assert(f == &map.flusher && !is_locked);
	if (first.life == UNMAPPED)
		first.life = FORGOTTEN;
	if (second.life == UNMAPPED)
		second.life = FORGOTTEN;
	must_flush = has_garbage = false;
}

void check_failed(const char *what, const char *file, int line)
{
	(void)what, (void)file, (void)line;
	assert(false);
	__CPROVER_assume(false);
}

void *malloc(size_t size)
{
	return size == sizeof(region) ? (void *)&region : (void *)&new_list;
}

void free(void *freed)
{
	(void)freed;
}

/* --- frames --- */

/* The block there that somebody has to give back some day. */
static struct block *block_at(struct hpa at)
{
	if (first.hpa.v == at.v && first.life != UNUSED && first.life != GIVEN_BACK)
		return &first;
	assert(second.hpa.v == at.v && second.life != UNUSED && second.life != GIVEN_BACK);
	return &second;
}

int frames_alloc(struct frame_owner *owner, unsigned order, enum frame_flags flags, struct hpa *at)
{
	struct block *b = first.life == UNUSED ? &first : &second;

	assert(HAS_FRAMES && owner == &map.owner && !is_locked);
	if (KIND != REGION_EAGER && !map.n_lost)
		map.n_lost = nondet_bool();
	if (second.life != UNUSED || nondet_bool())
		return nondet_bool() ? -ENOMEM : -EDQUOT;
	b->life = IN_HAND;
	b->level = order == ORDER_PAGE ? GTABLE_4K : order == ORDER_MEGA ? GTABLE_2M : GTABLE_1G;
	b->is_clean = flags & FRAMES_ZEROED;
	b->hpa.v = at->v = nondet_word() & MASK(55, PAGE_SHIFT);
	assert(order == ORDER_PAGE || order == ORDER_MEGA || order == ORDER_GIGA);
	__CPROVER_assume(is_aligned(at->v, gtable_leaf_size(b->level)));
	__CPROVER_assume(b == &first || first.life == GIVEN_BACK || at->v != first.hpa.v);
	return 0;
}

/* A leaf of 2 MiB is one piece, and no larger one fits. */
void frames_zero(struct hpa at, uint64_t size)
{
	struct block *b = block_at(at);

	assert(b->life == IN_HAND && size == gtable_leaf_size(b->level) && !is_locked);
	b->is_clean = true;
}

void frame_put(struct hpa at)
{
	struct block *b = block_at(at);

	assert(HAS_FRAMES && (b->life == IN_HAND || b->life == FORGOTTEN));
	b->life = GIVEN_BACK;
}

void *window_open(struct hpa at, uint64_t size)
{
	in_window = block_at(at);
	assert(in_window->life == IN_HAND && size == gtable_leaf_size(in_window->level));
	return window;
}

void window_close(void *closed)
{
	assert(closed == window && in_window);
	in_window = NULL;
}

void *memcpy(void *to, const void *from, size_t n)
{
	assert(to == window && in_window && from == source && n <= n_source);
	in_window->is_clean = n == gtable_leaf_size(in_window->level);
	return to;
}

/* --- the table --- */

int gtable_install(struct gtable *t, struct gpa gpa, struct hpa hpa, unsigned level,
		   enum gtable_rights rights)
{
	struct block *b = block_at(hpa);

	assert(t == &map.table && is_locked && !in_window);
	assert(b->life == IN_HAND && b->level == level && b->is_clean);
	assert(is_aligned(gpa.v, gtable_leaf_size(level)) &&
	       is_inside(gpa.v, gtable_leaf_size(level)));
	assert(rights == region.rights && may_have(rights));
	if (nondet_bool())
		return nondet_bool() ? -EEXIST : nondet_bool() ? -EISDIR : -ENOMEM;
	b->life = LEAF;
	b->gpa = gpa;
	return 0;
}

int gtable_install_page(struct gtable *t, struct gtable_cursors *cursors, struct gpa gpa,
			struct hpa hpa, enum gtable_rights rights)
{
	assert(cursors == &region.cursors);
	cursors->at[nondet_word() % GTABLE_CURSORS].place = nondet_word();
	return gtable_install(t, gpa, hpa, GTABLE_4K, rights);
}

int gtable_map_up_to(struct gtable *t, struct gpa gpa, struct hpa hpa, uint64_t size,
		     enum gtable_rights rights, unsigned largest)
{
	assert(t == &map.table && KIND == REGION_DEVICE && largest <= GTABLE_1G);
	assert(gpa.v == region.at.v && size == region.size && hpa.v == region.host.v);
	assert(rights == region.rights && may_have(rights));
	n_mapped++;
	return nondet_bool() ? 0 : nondet_bool() ? -ENOMEM : -EINVAL;
}

/* What is unmapped was found, so that it can be given back, and is not cut. */
static void unmap(struct block *b, struct gpa gpa, uint64_t size)
{
	uint64_t offset = b->gpa.v - gpa.v;

	if (b->life != LEAF)
		return;
	assert(!must_stay && b->is_found);
	assert(offset < size && gtable_leaf_size(b->level) <= size - offset);
	b->life = UNMAPPED;
}

int gtable_unmap_and_drop(struct gtable *t, struct gpa gpa, uint64_t size,
			  struct gtable_garbage *garbage)
{
	assert(t == &map.table && is_locked && size && is_inside(gpa.v, size));
	unmap(&first, gpa, size);
	unmap(&second, gpa, size);
	if (garbage) {
		const struct gtable_cursor *c = &region.cursors.at[nondet_word() % GTABLE_CURSORS];

		assert(!c->place && !c->table); /* tables go */
		has_garbage = garbage->n_pages = nondet_bool();
	}
	return 0;
}

void gtable_free_garbage(struct gtable_garbage *garbage)
{
	assert(!garbage->n_pages || !has_garbage);
}

int gtable_protect(struct gtable *t, struct gpa gpa, uint64_t size, enum gtable_rights rights)
{
	assert(t == &map.table && is_locked && HAS_LEAVES && may_have(rights));
	assert(gpa.v == region.at.v && size == region.size);
	assert(!(region.rights & ~rights)); /* what a fault sees is refused by neither */
	n_protected++;
	protected_as = rights;
	must_flush = true;
	return 0;
}

void gtable_destroy(struct gtable *t)
{
	assert(t == &map.table && first.life != LEAF && second.life != LEAF);
}

pte_t gtable_leaf(const struct gtable *t, struct gpa gpa, unsigned *level)
{
	assert(t == &map.table && is_inside(gpa.v, 1));
	*level = nondet_unsigned();
	/* Nobody else fills eager memory. */
	return KIND != REGION_EAGER && nondet_bool();
}

/* Nothing that is there is passed over. */
pte_t gtable_next_leaf(const struct gtable *t, struct gpa *at, struct gpa end, unsigned *level)
{
	struct block *b = first.life == LEAF && !first.is_found ? &first : &second;

	assert(t == &map.table && is_locked);
	if (b->life != LEAF || b->is_found)
		return 0;
	assert(b->gpa.v >= at->v && b->gpa.v < end.v);
	b->is_found = true;
	*at = b->gpa;
	*level = b->level;
	return pte_make(b->hpa, PTE_V);
}

/* --- the changes --- */

/* Any region, but of that kind. */
static void choose(struct region *r)
{
#ifdef SIZE
	r->at.v = AT;
	r->size = SIZE;
#else
	r->at.v = ANY_PAGE;
	r->size = ANY_PAGE;
#endif
	r->host.v = ANY_PAGE;
	r->kind = KIND;
	r->fill_level = FILL_LEVEL;
	r->rights = nondet_unsigned();
	r->is_pinned = nondet_bool();
}

static void begin(void)
{
	map.table.levels = nondet_bool() ? GTABLE_SV39X4 : GTABLE_SV57X4;
	map.list = &list;
	choose(&region);
	must_stay = region.is_pinned;
	__CPROVER_assume(!check_region(&map, &region) && may_have(region.rights));
	list.n = 1;
	list.by_address[0] =
		(struct region_place){ region.at.v, region.at.v + region.size - 1, &region };
}

/* Block b has long been a leaf. */
static void be_leaf(struct block *b)
{
	b->life = LEAF;
	b->gpa.v = ANY_PAGE;
	b->hpa.v = nondet_word() & MASK(55, PAGE_SHIFT);
	b->level = nondet_unsigned();
	__CPROVER_assume(b->level <= GTABLE_1G && is_inside(b->gpa.v, gtable_leaf_size(b->level)));
}

static struct gpa any_gpa(void)
{
	struct gpa gpa = GPA(nondet_word());

	__CPROVER_assume(is_inside(gpa.v, 1));
	return gpa;
}

/* The leaf that appeared, if any: the last one is. */
static const struct block *new_leaf(void)
{
	assert(first.life != LEAF || second.life != LEAF);
	return first.life == LEAF ? &first : second.life == LEAF ? &second : NULL;
}

static void fill(void)
{
	begin();
	struct gpa gpa = any_gpa();
	enum gtable_rights access = nondet_unsigned();

	others_protect = true;
	int got = gmap_fill(&map, &region, gpa, access);
	const struct block *b = new_leaf();

	assert((got == FILL_NEW) == !!b);
	assert(!b || gpa.v - b->gpa.v < gtable_leaf_size(b->level));
}

static void fill_with(void)
{
	begin();
	struct gpa gpa = any_gpa();

	others_protect = true;
	n_source = nondet_word();
	size_t got = gmap_fill_with(&map, &region, gpa, source, n_source);
	const struct block *b = new_leaf();

	assert(got == (b ? gtable_leaf_size(b->level) : 0));
	assert(!b || b->gpa.v == gpa.v);
}

static void add(void)
{
	struct region like = {};

	map.table.levels = nondet_bool() ? GTABLE_SV39X4 : GTABLE_SV57X4;
	map.list = &list;
	choose(&like);
	int got = gmap_add(&map, &like);

	assert(!got || !new_leaf());
	assert(got || n_mapped == (KIND == REGION_DEVICE));
}

static void protect(void)
{
	begin();
	enum gtable_rights before = region.rights, rights = nondet_unsigned();
	int got = gmap_protect(&map, region.at, region.size, rights);

	assert(region.rights == (got ? before : rights) && n_protected == (!got && HAS_LEAVES));
	assert(!n_protected || protected_as == rights);
}

static void drop(void)
{
	begin();
	be_leaf(&first);
	be_leaf(&second);
	__CPROVER_assume(second.gpa.v >= first.gpa.v + gtable_leaf_size(first.level));
	__CPROVER_assume(second.hpa.v != first.hpa.v);
	if (HAS_FRAMES) {
		assert(gmap_empty(&map) == (must_stay ? -EBUSY : 0));
	} else {
		must_stay = false;
		gmap_destroy(&map);
	}
	assert(must_stay || (first.life != LEAF && second.life != LEAF));
}

static void reset(void)
{
	begin();
	__CPROVER_assume(!region.is_pinned);
	int got = gmap_reset(&map, NULL);

	assert(got <= 0);
}

static int pause_reset(struct gmap *m)
{
	assert(m == &map && !is_locked && !in_window);
	return nondet_bool() ? 0 : -ECANCELED;
}

/* One leaf of a reset that gives others their turns. */
static void fill_pausing(void)
{
	struct gpa gpa = { nondet_word() };
	unsigned level = nondet_bool() ? GTABLE_2M : GTABLE_4K;

	begin();
	__CPROVER_assume(is_aligned(gpa.v, gtable_leaf_size(level)) &&
			 is_inside(gpa.v, gtable_leaf_size(level)));
	assert(fill_in_pieces(&map, &region, gpa, level, pause_reset) <= FILL_PRESENT);
}

static bool is_settled(const struct block *b)
{
	return b->life == UNUSED || b->life == LEAF ||
	       b->life == (HAS_FRAMES ? GIVEN_BACK : FORGOTTEN);
}

int main(void)
{
	PROVE();
	assert(is_settled(&first) && is_settled(&second));
	assert(!is_locked && !in_window && !must_flush && !has_garbage && !map.n_filling);
	return 0;
}
