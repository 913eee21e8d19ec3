/* SPDX-License-Identifier: BSD-2-Clause */
#include "gstage/gtable.h"

#include <errno.h>
#include <stdatomic.h>

#include "platform/mmu.h"

enum {
	ROOT_ORDER = 2, /* four pages */
	ROOT_ENTRIES = 4 * PTES_PER_PAGE,
	MAX_SPLITS = 4, /* at two ends, from 1G to 4K */
};

#define END_OF_HPA BIT(56) /* what an entry can say */

/* ---- Entries ---- */

/* Acquire: walkers of other harts read while we write. */
static pte_t entry_read(const pte_t *entry)
{
	return atomic_load_explicit((const _Atomic pte_t *)entry, memory_order_acquire);
}

/* Release: a table's entries are there before it is seen. */
static void entry_write(pte_t *entry, pte_t value)
{
	atomic_store_explicit((_Atomic pte_t *)entry, value, memory_order_release);
}

/* Write where nothing is; returns 0, or what another hart wrote first. */
static pte_t entry_claim(pte_t *entry, pte_t value)
{
	pte_t there = 0;

	/* Sequentially consistent, since for anything weaker gcc before 13.3 leaves the release
	 * out (PR 114130). */
	(void)atomic_compare_exchange_strong((_Atomic pte_t *)entry, &there, value);
	return there;
}

static pte_t *table_of(pte_t entry)
{
	return own_ptr(pte_hpa(entry));
}

static pte_t leaf_bits(enum gtable_rights rights)
{
	return PTE_V | PTE_U | PTE_A | PTE_D | rights;
}

/* From a leaf to its neighbour, where both are contiguous. */
static pte_t leaf_step(unsigned level)
{
	return pte_make(HPA(gtable_leaf_size(level)), 0);
}

static pte_t *entry_in(const struct gtable *t, pte_t *table, uint64_t at, unsigned level)
{
	unsigned entries = level == t->levels - 1 ? ROOT_ENTRIES : PTES_PER_PAGE;

	return &table[at >> (PAGE_SHIFT + PTE_INDEX_BITS * level) & (entries - 1)];
}

/* The entry over `at`, which the table reaches: a leaf, a hole, or what is at *level. */
static pte_t *entry_at(const struct gtable *t, uint64_t at, unsigned *level)
{
	pte_t *table = t->root;

	for (unsigned l = t->levels - 1;; l--) {
		pte_t *entry = entry_in(t, table, at, l), there = entry_read(entry);

		if (l == *level || !pte_is_table(there)) {
			*level = l;
			return entry;
		}
		table = table_of(there);
	}
}

/* ---- Tables ---- */

/* Make a table below an empty entry; returns what the entry is then, 0: no memory. */
static pte_t make_table(struct gtable *t, pte_t *entry)
{
	pte_t *table = own_alloc(0);

	if (!table)
		return 0;
	pte_t ours = pte_make(own_hpa(table), PTE_V), theirs = entry_claim(entry, ours);

	if (theirs) {
		own_free(table, 0);
		return theirs;
	}
	atomic_fetch_add_explicit(&t->n_pages, 1, memory_order_relaxed);
	return ours;
}

static void drop(struct gtable *t, pte_t *table, struct gtable_garbage *garbage)
{
	/* The link has no V: a walker that is still there finds a hole. */
	entry_write(table, (uintptr_t)garbage->first);
	garbage->first = table;
	garbage->n_pages++;
	atomic_fetch_sub_explicit(&t->n_pages, 1, memory_order_relaxed);
}

/* Drop all tables that the entries of a table of `level` lead to. */
static void drop_below(struct gtable *t, pte_t *table, unsigned n, unsigned level,
		       struct gtable_garbage *garbage)
{
	for (unsigned i = 0; level && i < n; i++) {
		pte_t entry = entry_read(&table[i]);

		if (!pte_is_table(entry))
			continue;
		drop_below(t, table_of(entry), PTES_PER_PAGE, level - 1, garbage);
		drop(t, table_of(entry), garbage);
	}
}

void gtable_free_garbage(struct gtable_garbage *garbage)
{
	for (pte_t *next; garbage->first; garbage->first = next) {
		next = (pte_t *)(uintptr_t)garbage->first[0];
		own_free(garbage->first, 0);
	}
	garbage->n_pages = 0;
}

int gtable_init(struct gtable *t, unsigned levels)
{
	*t = (struct gtable){ .levels = levels };
	t->root = own_alloc(ROOT_ORDER);
	return t->root ? 0 : -ENOMEM;
}

COLD void gtable_destroy(struct gtable *t)
{
	struct gtable_garbage garbage = {};

	drop_below(t, t->root, ROOT_ENTRIES, t->levels - 1, &garbage);
	gtable_free_garbage(&garbage);
	own_free(t->root, ROOT_ORDER);
	t->root = NULL;
}

/* ---- Changes of a range ---- */

struct change {
	struct gtable *t;
	uint64_t shift; /* from guest-physical to host-physical */
	pte_t bits;
	unsigned largest;
	struct gtable_garbage *garbage;
};

/* What is to be done with the entry over `at`; `whole`: the range covers all that it maps. 0, an
 * error, or GO_DOWN into the table that it leads to. */
typedef int visit_fn(struct change *c, pte_t *entry, unsigned level, uint64_t at, bool whole);
enum { GO_DOWN = 1 };

static int visit(struct change *c, visit_fn *fn, pte_t *table, unsigned level, uint64_t at,
		 uint64_t end)
{
	for (uint64_t size = gtable_leaf_size(level), next; at < end; at = next) {
		pte_t *entry = entry_in(c->t, table, at, level);

		next = align_down(at, size) + size;
		if (next > end)
			next = end;
		int result = fn(c, entry, level, at, next - at == size);

		if (result == GO_DOWN)
			result = visit(c, fn, table_of(entry_read(entry)), level - 1, at, next);
		if (result)
			return result;
	}
	return 0;
}

static int visit_range(struct change *c, visit_fn *fn, struct gpa gpa, uint64_t size)
{
	return visit(c, fn, c->t->root, c->t->levels - 1, gpa.v, gpa.v + size);
}

static bool is_range(const struct gtable *t, struct gpa gpa, uint64_t size)
{
	return is_aligned(gpa.v | size, PAGE_SIZE) && gpa.v < gtable_end(t) && size &&
	       size <= gtable_end(t) - gpa.v;
}

static bool are_rights(enum gtable_rights rights)
{
	return rights && !(rights & ~GTABLE_RWX) && (rights & (GTABLE_R | GTABLE_W)) != GTABLE_W;
}

static bool is_target(struct hpa hpa, uint64_t size)
{
	return is_aligned(hpa.v, PAGE_SIZE) && hpa.v < END_OF_HPA && size <= END_OF_HPA - hpa.v;
}

/* Have the tables down to where the leaf goes, and nothing there. */
static int prepare(struct change *c, pte_t *entry, unsigned level, uint64_t at, bool whole)
{
	pte_t there = entry_read(entry);

	if (!there) {
		if (whole && level <= c->largest &&
		    is_aligned(at + c->shift, gtable_leaf_size(level)))
			return 0;
		there = make_table(c->t, entry);
		if (!there)
			return -ENOMEM;
	}
	return pte_is_table(there) ? GO_DOWN : -EEXIST;
}

static int place(struct change *c, pte_t *entry, unsigned level, uint64_t at, bool whole)
{
	(void)level, (void)whole;
	if (pte_is_table(entry_read(entry)))
		return GO_DOWN;
	entry_write(entry, pte_make(HPA(at + c->shift), c->bits));
	return 0;
}

int gtable_map_up_to(struct gtable *t, struct gpa gpa, struct hpa hpa, uint64_t size,
		     enum gtable_rights rights, unsigned largest)
{
	struct change c = { .t = t, .shift = hpa.v - gpa.v, .bits = leaf_bits(rights) };

	if (!is_range(t, gpa, size) || !is_target(hpa, size) || !are_rights(rights))
		return -EINVAL;
	c.largest = largest < GTABLE_1G ? largest : GTABLE_1G;
	int error = visit_range(&c, prepare, gpa, size);

	return error ? error : visit_range(&c, place, gpa, size);
}

/* *at: the entry, where there is no error. */
static int install(struct gtable *t, struct gpa gpa, struct hpa hpa, unsigned level,
		   enum gtable_rights rights, pte_t **at)
{
	pte_t *entry, *table = t->root, there;

	/* What is aligned to its size and begins below a larger power of two ends there too. */
	if (level > GTABLE_1G || !is_aligned(gpa.v | hpa.v, gtable_leaf_size(level)) ||
	    gpa.v >= gtable_end(t) || hpa.v >= END_OF_HPA || !are_rights(rights))
		return -EINVAL;
	for (unsigned l = t->levels - 1;; l--, table = table_of(there)) {
		entry = entry_in(t, table, gpa.v, l);
		there = entry_read(entry);
		if (l == level)
			break;
		if (!there)
			there = make_table(t, entry);
		if (!pte_is_table(there))
			return there ? -EEXIST : -ENOMEM;
	}
	*at = entry;
	if (!there)
		there = entry_claim(entry, pte_make(hpa, leaf_bits(rights)));
	return pte_is_table(there) ? -EISDIR : there ? -EEXIST : 0;
}

int gtable_install(struct gtable *t, struct gpa gpa, struct hpa hpa, unsigned level,
		   enum gtable_rights rights)
{
	pte_t *at;

	return install(t, gpa, hpa, level, rights, &at);
}

static uint64_t place_of(struct gpa gpa)
{
	return (gpa.v >> (PAGE_SHIFT + PTE_INDEX_BITS)) + 1;
}

static __attribute__((noinline)) int install_and_point(struct gtable *t, struct gtable_cursor *c,
						       struct gpa gpa, struct hpa hpa,
						       enum gtable_rights rights)
{
	pte_t *at;
	int error = install(t, gpa, hpa, GTABLE_4K, rights, &at);

	if (!error)
		*c = (struct gtable_cursor){ place_of(gpa), at - pte_index(gpa.v, GTABLE_4K) };
	return error;
}

int gtable_install_page(struct gtable *t, struct gtable_cursors *cursors, struct gpa gpa,
			struct hpa hpa, enum gtable_rights rights)
{
	struct gtable_cursor *c = &cursors->at[place_of(gpa) % GTABLE_CURSORS];

	if (UNLIKELY(c->place != place_of(gpa)))
		return install_and_point(t, c, gpa, hpa, rights);
	pte_t *entry = &c->table[pte_index(gpa.v, GTABLE_4K)];

	if (UNLIKELY(entry_read(entry)))
		return -EEXIST;
	entry_write(entry, pte_make(hpa, leaf_bits(rights)));
	return 0;
}

/* ---- Splits ---- */

/* How many tables it takes until no leaf reaches across `at`. */
static unsigned n_splits(const struct gtable *t, uint64_t at)
{
	unsigned level, n = 0;

	if (!gtable_leaf(t, GPA(at), &level))
		return 0;
	while (!is_aligned(at, gtable_leaf_size(level - n)))
		n++;
	return n;
}

/* Tables for splits, gathered before anything changes. */
struct spare {
	pte_t *tables[MAX_SPLITS];
	unsigned n;
};

static void free_spare(struct spare *spare)
{
	while (spare->n)
		own_free(spare->tables[--spare->n], 0);
}

static void split(struct gtable *t, uint64_t at, struct spare *spare)
{
	for (unsigned n = n_splits(t, at); n; n--) {
		unsigned level = 0;
		pte_t *entry = entry_at(t, at, &level), leaf = entry_read(entry);
		pte_t *table = spare->tables[--spare->n], step = leaf_step(level - 1);

		if (!table) /* they were gathered before */
			__builtin_unreachable();
		for (unsigned i = 0; i < PTES_PER_PAGE; i++)
			table[i] = leaf + i * step;
		atomic_fetch_add_explicit(&t->n_pages, 1, memory_order_relaxed);
		entry_write(entry, pte_make(own_hpa(table), PTE_V));
	}
}

/* Have leaves begin and end where the range does. -ENOMEM, with nothing changed. */
static int split_ends(struct gtable *t, struct gpa gpa, uint64_t size)
{
	struct spare spare = {};

	for (unsigned n = n_splits(t, gpa.v) + n_splits(t, gpa.v + size); n; n--) {
		pte_t *table = own_alloc(0);

		if (!table) {
			free_spare(&spare);
			return -ENOMEM;
		}
		spare.tables[spare.n++] = table;
	}
	split(t, gpa.v, &spare);
	split(t, gpa.v + size, &spare);
	free_spare(&spare); /* both ends lay in one leaf */
	return 0;
}

static int clear(struct change *c, pte_t *entry, unsigned level, uint64_t at, bool whole)
{
	(void)at;
	pte_t there = entry_read(entry);

	if (pte_is_table(there) && !(whole && c->garbage))
		return GO_DOWN;
	if (there)
		entry_write(entry, 0);
	if (pte_is_table(there)) {
		drop_below(c->t, table_of(there), PTES_PER_PAGE, level - 1, c->garbage);
		drop(c->t, table_of(there), c->garbage);
	}
	return 0;
}

COLD int gtable_unmap_and_drop(struct gtable *t, struct gpa gpa, uint64_t size,
			       struct gtable_garbage *garbage)
{
	struct change c = { .t = t, .garbage = garbage };

	if (!is_range(t, gpa, size))
		return -EINVAL;
	int error = split_ends(t, gpa, size);

	return error ? error : visit_range(&c, clear, gpa, size);
}

static int change_rights(struct change *c, pte_t *entry, unsigned level, uint64_t at, bool whole)
{
	(void)level, (void)at, (void)whole;
	pte_t there = entry_read(entry);

	if (pte_is_table(there))
		return GO_DOWN;
	if (there)
		entry_write(entry, (there & ~PTE_RWX) | c->bits);
	return 0;
}

int gtable_protect(struct gtable *t, struct gpa gpa, uint64_t size, enum gtable_rights rights)
{
	struct change c = { .t = t, .bits = rights };

	if (!is_range(t, gpa, size) || !are_rights(rights))
		return -EINVAL;
	int error = split_ends(t, gpa, size);

	return error ? error : visit_range(&c, change_rights, gpa, size);
}

int gtable_merge(struct gtable *t, struct gpa gpa, unsigned level, struct gtable_garbage *garbage)
{
	unsigned at = level;

	if (level < GTABLE_2M || level > GTABLE_1G || gpa.v >= gtable_end(t))
		return -EINVAL;
	pte_t *entry = entry_at(t, gpa.v, &at), there = entry_read(entry);

	if (at != level || !pte_is_table(there))
		return -ENOENT;
	pte_t *table = table_of(there), first = entry_read(table), step = leaf_step(level - 1);

	if (!(first & PTE_RWX) || !is_aligned(pte_hpa(first).v, gtable_leaf_size(level)))
		return -ENOENT;
	for (unsigned i = 1; i < PTES_PER_PAGE; i++)
		if (entry_read(&table[i]) != first + i * step)
			return -ENOENT;
	entry_write(entry, first);
	drop(t, table, garbage);
	return 0;
}

/* ---- Reading ---- */

pte_t gtable_leaf(const struct gtable *t, struct gpa gpa, unsigned *level)
{
	*level = 0;
	if (gpa.v >= gtable_end(t))
		return 0;
	pte_t leaf = entry_read(entry_at(t, gpa.v, level));

	return leaf & PTE_V ? leaf : 0;
}

COLD pte_t gtable_next_leaf(const struct gtable *t, struct gpa *at, struct gpa end, unsigned *level)
{
	while (at->v < end.v && at->v < gtable_end(t)) {
		pte_t leaf = gtable_leaf(t, *at, level);

		if (leaf)
			return leaf;
		at->v = align_down(at->v, gtable_leaf_size(*level)) + gtable_leaf_size(*level);
	}
	return 0;
}
