/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes as operations on a VM's map, compared with an array of pages: seven bytes make an
 * operation. What is always true of a map (gstage/gmap.h) is looked at after each, in the pages
 * that it was meant for, and in all of them at the end.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gstage/gmap.h"
#include "tests/unit/gmap_host.h"
#include "tests/unit/own_host.h"

enum { OP_BYTES = 7, MAX_OPS = 24, N_PAGES = 1536, LEAF_PAGES = 512 };
#define BASE (GIGA_SIZE - 2 * MiB)
#define HOST 0x10000000ull /* of windows */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct gmap m;

/* A region is known by the page where it begins, plus 1. */
static struct page {
	unsigned region;
	bool is_present;
	uint8_t mark; /* its first byte, if it has a frame */
} pages[N_PAGES];
static struct known {
	unsigned n;
	enum region_kind kind;
	enum gtable_rights rights;
	unsigned fill_level;
	bool is_pinned;
} known[N_PAGES + 1];

#define WANT(cond) ((cond) ? (void)0 : wrong(#cond, __LINE__))

static void wrong(const char *what, int line)
{
	fprintf(stderr, "line %d: not so: %s\n", line, what);
	abort();
}

static struct gpa gpa_of(unsigned page)
{
	return GPA(BASE + page * PAGE_SIZE);
}

static bool has_frames(const struct known *k)
{
	return k->kind == REGION_LAZY || k->kind == REGION_EAGER || k->kind == REGION_ROM;
}

static bool are_rights(enum region_kind kind, enum gtable_rights rights)
{
	if (kind == REGION_ROM && rights & GTABLE_W)
		return false;
	return kind == REGION_RESERVED || kind == REGION_EMULATED ||
	       (rights && (rights & (GTABLE_R | GTABLE_W)) != GTABLE_W);
}

/* ---- What must be so ---- */

static void check_page(unsigned page, uint64_t *n_frames)
{
	const struct page *p = &pages[page];
	const struct known *k = &known[p->region];
	unsigned level;
	pte_t leaf = gtable_leaf(&m.table, gpa_of(page), &level);

	WANT(!!leaf == p->is_present);
	if (!leaf)
		return;
	uint64_t size = gtable_leaf_size(level), at = gpa_of(page).v;
	struct hpa to = HPA(pte_hpa(leaf).v + at % size);
	unsigned first = p->region - 1;

	WANT((leaf & PTE_RWX) == k->rights);
	WANT(align_down(at, size) >= gpa_of(first).v);
	WANT(align_down(at, size) + size <= gpa_of(first + k->n).v);
	if (has_frames(k)) {
		WANT(gmap_host_is_held(to));
		WANT(*gmap_host_byte(to) == p->mark);
		++*n_frames;
	} else {
		WANT(k->kind == REGION_DEVICE && to.v == HOST + page * PAGE_SIZE);
	}
}

/* Returns how many of the pages have a frame. */
static uint64_t check_pages(unsigned from, unsigned to)
{
	uint64_t n_frames = 0;

	for (unsigned i = from; i < to; i++) {
		const struct region *r = gmap_find(&m, gpa_of(i));

		WANT(!!r == !!pages[i].region);
		WANT(!r || r->at.v == gpa_of(pages[i].region - 1).v);
		check_page(i, &n_frames);
	}
	return n_frames;
}

static void check_all(void)
{
	/* So no two pages have one frame either: each leaf is a block, held once. */
	WANT(check_pages(0, N_PAGES) == gmap_host_n_held());
}

/* ---- Operations ---- */

struct op {
	unsigned kind, first, n, what, fail_kind, fail_at;
};

static void appear(unsigned first, unsigned n)
{
	for (unsigned i = first; i < first + n; i++)
		pages[i] = (struct page){ pages[i].region, true, 0 };
}

static void do_add(const struct op *o)
{
	struct region r = { .at = gpa_of(o->first),
			    .size = o->n * PAGE_SIZE,
			    .kind = o->what % N_REGION_KINDS,
			    .rights = o->what / 8 % 8 << 1,
			    .fill_level = o->what / 64 % 2,
			    .host = HPA(HOST + o->first * PAGE_SIZE) };
	bool is_free = true;

	for (unsigned i = 0; i < o->n; i++)
		is_free &= !pages[o->first + i].region;
	int got = gmap_add(&m, &r);

	if (!are_rights(r.kind, r.rights))
		WANT(got == -EINVAL);
	else if (got == -ENOMEM)
		WANT(o->fail_at);
	else
		WANT(got == (is_free ? 0 : -EEXIST) || got == -ENOSPC || got == -EDQUOT);
	if (got)
		return;
	known[o->first + 1] =
		(struct known){ o->n, r.kind, r.rights, r.fill_level, o->what == 255 };
	gmap_find(&m, r.at)->is_pinned = o->what == 255;
	for (unsigned i = 0; i < o->n; i++)
		pages[o->first + i].region = o->first + 1;
	if (r.kind == REGION_EAGER || r.kind == REGION_DEVICE)
		appear(o->first, o->n);
}

/* What remove and protect must say, if it is not done. */
static int due_of(const struct op *o)
{
	if (pages[o->first].region != o->first + 1 || known[o->first + 1].n != o->n)
		return -ENOENT;
	return known[o->first + 1].is_pinned ? -EBUSY : 0;
}

static void do_remove(const struct op *o)
{
	int got = gmap_remove(&m, gpa_of(o->first), o->n * PAGE_SIZE);

	WANT(got == due_of(o) || (got == -ENOMEM && o->fail_at));
	if (!got)
		memset(&pages[o->first], 0, o->n * sizeof(*pages));
}

static void do_protect(const struct op *o)
{
	struct known *k = &known[o->first + 1];
	enum gtable_rights rights = o->what % 8 << 1;
	int due = due_of(o);

	if (!due && !are_rights(k->kind, rights))
		due = -EINVAL;
	WANT(gmap_protect(&m, gpa_of(o->first), o->n * PAGE_SIZE, rights) == due);
	if (!due)
		k->rights = rights;
}

static int due_of_fill(const struct page *p, enum gtable_rights access)
{
	const struct known *k = &known[p->region];

	if (access & ~k->rights)
		return -EACCES;
	if (!has_frames(k) && k->kind != REGION_DEVICE)
		return -EFAULT;
	return p->is_present ? FILL_PRESENT : FILL_NEW;
}

static void do_fill(const struct op *o)
{
	struct page *p = &pages[o->first];
	struct gpa gpa = GPA(gpa_of(o->first).v + o->what % PAGE_SIZE);
	enum gtable_rights access = o->what % 8 << 1;
	struct region *r = gmap_find(&m, gpa);
	unsigned level;

	if (!r)
		return;
	int due = due_of_fill(p, access), got = gmap_fill(&m, r, gpa, access);

	WANT(got == due || (due == FILL_NEW && (got == -EDQUOT || (got == -ENOMEM && o->fail_at))));
	if (got == FILL_NEW) {
		WANT(gtable_leaf(&m.table, gpa, &level) && level <= known[p->region].fill_level);
		unsigned n = level ? LEAF_PAGES : 1;

		appear(o->first / n * n, n);
	}
}

/* A byte of every page in the range, and what it was is what it had. */
static void do_write(const struct op *o)
{
	for (unsigned i = o->first; i < o->first + o->n; i++) {
		uint8_t byte = (uint8_t)(o->what + i);

		if (!pages[i].is_present || !has_frames(&known[pages[i].region]))
			continue;
		WANT(!guest_load(&m, gpa_of(i), &byte, 1));
		pages[i].mark = byte;
	}
}

/* True: the map is no longer whole, since eager memory was not to be had. */
static bool do_reset(const struct op *o)
{
	bool is_pinned = false;

	for (unsigned i = 0; i < N_PAGES; i++)
		is_pinned |= pages[i].region && known[pages[i].region].is_pinned;
	int got = gmap_reset(&m, NULL);

	WANT(is_pinned ? got == -EBUSY
		       : got == 0 || ((got == -ENOMEM || got == -EDQUOT) && o->fail_at));
	if (got == -ENOMEM || got == -EDQUOT)
		return true;
	for (unsigned i = 0; !got && i < N_PAGES; i++)
		if (pages[i].region && has_frames(&known[pages[i].region]))
			pages[i] = (struct page){ pages[i].region,
						  known[pages[i].region].kind == REGION_EAGER, 0 };
	return false;
}

static void forget(uint64_t id, struct gpa from, uint64_t n_pages)
{
	(void)id, (void)from, (void)n_pages;
}

/* Aligned to 2 MiB now and then, or nothing large would ever fit. */
static struct op decode(const uint8_t *b)
{
	unsigned unit = b[0] & 8 ? LEAF_PAGES : b[0] & 16 ? 1 : 16;
	struct op o = { .kind = b[0] % 8,
			.first = (b[1] | (unsigned)b[2] << 8) % N_PAGES / unit * unit,
			.n = (b[3] % 32 + 1u) * unit,
			.what = b[4],
			.fail_kind = b[5] % N_FAIL_KINDS,
			.fail_at = b[6] % 8 };

	if (o.n > N_PAGES - o.first)
		o.n = N_PAGES - o.first;
	return o;
}

static bool operate(const struct op *o)
{
	bool is_broken = false;

	gmap_host_fail_at(o->fail_kind, o->fail_at);
	switch (o->kind) {
	case 0:
	case 1:
		do_add(o);
		break;
	case 2:
		do_remove(o);
		break;
	case 3:
		do_protect(o);
		break;
	case 4:
		is_broken = do_reset(o);
		break;
	default:
		do_fill(o);
	}
	gmap_host_fail_at(o->fail_kind, 0);
	if (o->kind > 5)
		do_write(o);
	return is_broken;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned last_hart = 0;
	uint64_t id;
	bool is_broken = false;

	gmap_host_write_less();
	memset(pages, 0, sizeof(pages));
	WANT(!gmap_init(&m, "vm", GTABLE_SV39X4 + size % 3, size % 5 ? UINT64_MAX : 600));
	m.flusher.forget = forget;
	WANT(flush_note_load(&m.flusher, &m, &last_hart, 14, &id));
	for (size_t o = 0, n = 0; o + OP_BYTES <= size && n < MAX_OPS; o += OP_BYTES, n++) {
		struct op op = decode(data + o);

		if ((is_broken = operate(&op)))
			break;
		/* What it was meant for and a page on each side now, all that there is at the end.
		 */
		check_pages(op.first ? op.first - 1 : 0,
			    op.first + op.n < N_PAGES ? op.first + op.n + 1 : N_PAGES);
		WANT(gmap_host_n_held() == m.owner.n_held);
	}
	if (!is_broken)
		check_all();
	gmap_destroy(&m);
	WANT(gmap_host_n_held() == 0 && own_host_n_taken() == 0);
	return 0;
}
