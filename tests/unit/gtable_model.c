/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/gtable_model.h"

#include <errno.h>
#include <string.h>

#include "gstage/walk.h"
#include "tests/unit/own_host.h"

enum { ROOT_PAGES = 4, TO_AT_PAGE = 0x100000 };

/* A range of pages of the window. */
struct span {
	unsigned first, n;
};

static uint64_t gpa_of(const struct model *m, unsigned page)
{
	return m->base + page * PAGE_SIZE;
}

static unsigned level_of(const struct model *m, unsigned page)
{
	unsigned level;

	(void)gtable_leaf(&m->table, GPA(gpa_of(m, page)), &level);
	return level;
}

/* ---- Comparing ---- */

static const char *compare_page(const struct model *m, unsigned page, const struct walk *w,
				uint64_t gpa)
{
	bool found = w->end == WALK_FOUND;

	if (!m->rights[page])
		return found ? "a leaf where nothing was mapped" : NULL;
	if (!found)
		return "nothing where something was mapped";
	if (w->to + (gpa - w->from) != m->at[page])
		return "mapped to another place";
	if ((w->leaf & MASK(9, 0)) != (PTE_V | PTE_U | PTE_A | PTE_D | m->rights[page]))
		return "other bits than were asked for";
	return NULL;
}

/* One walk for each leaf or hole, and each page that it speaks for. */
static const char *compare(const struct model *m, unsigned first, unsigned n)
{
	const char *wrong = NULL;
	unsigned end = first + n > m->n_pages ? m->n_pages : first + n;

	for (unsigned page = first; page < end && !wrong;) {
		uint64_t gpa = gpa_of(m, page), size = gtable_leaf_size(level_of(m, page));
		struct walk w;

		walk_gstage(&w, &m->table, GPA(gpa));
		if (w.end == WALK_MALFORMED || w.end == WALK_TABLE_NOWHERE)
			return w.why;
		do {
			wrong = compare_page(m, page, &w, gpa_of(m, page));
			page++;
		} while (!wrong && page < end && gpa_of(m, page) % size);
	}
	return wrong;
}

/* Beside the range too. */
static const char *compare_around(const struct model *m, struct span s)
{
	unsigned beside = 2 * PTES_PER_PAGE, before = s.first < beside ? s.first : beside;
	const char *wrong = compare(m, s.first - before, before + s.n + beside);

	if (!wrong && own_host_n_taken() != ROOT_PAGES + m->table.n_pages + m->garbage.n_pages)
		return "pages are lost";
	return wrong;
}

/* ---- Doing ---- */

/* So many leaves begin in it: equal before and after what must change nothing. */
static uint64_t shape_of(const struct model *m)
{
	struct gpa at = GPA(m->base), end = GPA(gpa_of(m, m->n_pages));
	uint64_t shape = 0;
	unsigned level;

	while (gtable_next_leaf(&m->table, &at, end, &level)) {
		shape = shape * 31 + at.v + level;
		at.v = align_down(at.v, gtable_leaf_size(level)) + gtable_leaf_size(level);
	}
	return shape;
}

static bool are_free(const struct model *m, struct span s)
{
	for (unsigned i = s.first; i < s.first + s.n; i++)
		if (m->rights[i])
			return false;
	return true;
}

static void set(struct model *m, struct span s, uint64_t to, uint8_t rights)
{
	for (unsigned i = 0; i < s.n; i++) {
		m->at[s.first + i] = to + i * PAGE_SIZE;
		m->rights[s.first + i] = rights;
	}
}

static const char *check_result(int got, int due)
{
	return got == due ? NULL : "another result than due";
}

static const char *do_map(struct model *m, const struct model_op *op, struct span s, uint64_t to)
{
	bool fit = are_free(m, s);
	int got = gtable_map_up_to(&m->table, GPA(gpa_of(m, s.first)), HPA(to), s.n * PAGE_SIZE,
				   op->rights, op->level);

	if (got == -ENOMEM && op->fail_at)
		return NULL;
	if (got)
		return check_result(got, fit ? 0 : -EEXIST);
	if (!fit)
		return "mapped over what was there";
	set(m, s, to, (uint8_t)op->rights);
	for (unsigned i = s.first; i < s.first + s.n; i += PTES_PER_PAGE)
		if (level_of(m, i) > op->level)
			return "a leaf larger than asked for";
	return NULL;
}

static const char *do_install(struct model *m, const struct model_op *op, struct span s)
{
	unsigned pages = 1u << PTE_INDEX_BITS * op->level;
	uint64_t to = (uint64_t)TO_AT_PAGE * PAGE_SIZE + op->to_page * gtable_leaf_size(op->level);

	s = (struct span){ s.first / pages * pages, pages };
	if (s.first + s.n > m->n_pages || !is_aligned(m->base, gtable_leaf_size(op->level)))
		return NULL;
	unsigned there = level_of(m, s.first);
	int due = there < op->level ? -EISDIR : m->rights[s.first] ? -EEXIST : 0;
	int got =
		gtable_install(&m->table, GPA(gpa_of(m, s.first)), HPA(to), op->level, op->rights);

	if (got == -ENOMEM && op->fail_at)
		return NULL;
	if (!got) {
		if (level_of(m, s.first) != op->level)
			return "a leaf of another size";
		set(m, s, to, (uint8_t)op->rights);
	}
	return check_result(got, due);
}

static const char *do_unmap(struct model *m, const struct model_op *op, struct span s)
{
	uint64_t shape = op->fail_at ? shape_of(m) : 0;
	int got = gtable_unmap_and_drop(&m->table, GPA(gpa_of(m, s.first)), s.n * PAGE_SIZE,
					op->drops ? &m->garbage : NULL);

	if (got == -ENOMEM && op->fail_at)
		return shape_of(m) == shape ? NULL : "a change without memory for it";
	set(m, s, 0, 0);
	return check_result(got, 0);
}

static const char *do_protect(struct model *m, const struct model_op *op, struct span s)
{
	uint64_t shape = op->fail_at ? shape_of(m) : 0;
	int got = gtable_protect(&m->table, GPA(gpa_of(m, s.first)), s.n * PAGE_SIZE, op->rights);

	if (got == -ENOMEM && op->fail_at)
		return shape_of(m) == shape ? NULL : "a change without memory for it";
	for (unsigned i = s.first; i < s.first + s.n; i++)
		if (m->rights[i])
			m->rights[i] = (uint8_t)op->rights;
	return check_result(got, 0);
}

static bool can_merge(const struct model *m, struct span s, unsigned level)
{
	if (!m->rights[s.first] || m->at[s.first] % gtable_leaf_size(level))
		return false;
	for (unsigned i = 0; i < s.n; i++)
		if (level_of(m, s.first + i) != level - 1 ||
		    m->rights[s.first + i] != m->rights[s.first] ||
		    m->at[s.first + i] != m->at[s.first] + i * PAGE_SIZE)
			return false;
	return true;
}

static const char *do_merge(struct model *m, const struct model_op *op, struct span s)
{
	unsigned level = op->level ? op->level : GTABLE_2M, pages = 1u << PTE_INDEX_BITS * level;

	s = (struct span){ s.first / pages * pages, pages };
	if (s.first + s.n > m->n_pages || !is_aligned(m->base, gtable_leaf_size(level)))
		return NULL;
	bool can = can_merge(m, s, level);
	int got = gtable_merge(&m->table, GPA(gpa_of(m, s.first)), level, &m->garbage);

	if (!got && level_of(m, s.first) != level)
		return "merged to another size";
	return check_result(got, can ? 0 : -ENOENT);
}

/* The range of an operation: aligned as it says, not empty, and inside. */
static struct span span_of(const struct model *m, const struct model_op *op)
{
	unsigned unit = 1u << PTE_INDEX_BITS * (op->align % 3);
	struct span s = { op->first % m->n_pages, op->n % m->n_pages };

	s.first -= s.first % unit;
	s.n += unit - s.n % unit;
	if (s.n > m->n_pages - s.first)
		s.n = m->n_pages - s.first;
	return s;
}

const char *model_do(struct model *m, const struct model_op *asked)
{
	struct model_op op = *asked;
	struct span s = span_of(m, &op);
	const char *wrong;
	uint64_t to;

	op.level %= 3;
	op.to_page %= 4096;
	op.rights &= GTABLE_RWX;
	if (op.rights == 0 || (op.rights & (GTABLE_R | GTABLE_W)) == GTABLE_W)
		op.rights |= GTABLE_R;
	to = TO_AT_PAGE + ((uint64_t)op.to_page << PTE_INDEX_BITS * (op.to_align % 3));
	own_host_fail_at(op.fail_at);
	switch (op.kind) {
	case MODEL_MAP:
		wrong = do_map(m, &op, s, to * PAGE_SIZE);
		break;
	case MODEL_INSTALL:
		wrong = do_install(m, &op, s);
		break;
	case MODEL_UNMAP:
		wrong = do_unmap(m, &op, s);
		break;
	case MODEL_PROTECT:
		wrong = do_protect(m, &op, s);
		break;
	default:
		wrong = do_merge(m, &op, s);
		break;
	}
	own_host_fail_at(0);
	if (m->garbage.n_pages > 600)
		gtable_free_garbage(&m->garbage);
	return wrong ? wrong : compare_around(m, s);
}

const char *model_begin(struct model *m, unsigned levels, uint64_t base, unsigned n_pages)
{
	if (own_host_n_taken())
		return "pages were lost before";
	m->garbage = (struct gtable_garbage){};
	m->base = base;
	m->n_pages = n_pages;
	memset(m->rights, 0, n_pages);
	return gtable_init(&m->table, levels) ? "no memory for the root" : NULL;
}

const char *model_end(struct model *m)
{
	const char *wrong = compare(m, 0, m->n_pages);

	gtable_free_garbage(&m->garbage);
	gtable_destroy(&m->table);
	if (!wrong && own_host_n_taken())
		wrong = "pages are lost at the end";
	return wrong;
}
