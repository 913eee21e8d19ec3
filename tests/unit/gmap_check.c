/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <string.h>

#include "tests/kit/kit.h"
#include "tests/unit/gmap_check.h"

struct gmap m;
struct flushed flushed;

static uint64_t id;

static void forget(uint64_t whose, struct gpa from, uint64_t n_pages)
{
	struct gpa at = flushed.at;
	unsigned level;

	EXPECT_EQ(whose, id);
	flushed.n++;
	if (flushed.is_seen)
		return;
	if (gtable_next_leaf(&m.table, &at, flushed.end, &level)) {
		flushed.is_seen_before |= !gmap_find(&m, at);
		return;
	}
	flushed.is_seen = true;
	if (n_pages)
		EXPECT(from.v <= flushed.at.v && flushed.end.v <= from.v + n_pages * PAGE_SIZE);
	for (unsigned i = 0; flushed.held[i].v; i++)
		EXPECT(gmap_host_is_held(flushed.held[i]));
}

void look_for(uint64_t at, uint64_t size, struct hpa first, struct hpa second)
{
	flushed.at = GPA(at);
	flushed.end = GPA(at + size);
	flushed.held[0] = first;
	flushed.held[1] = second;
	flushed.is_seen = false;
}

void begin_with(unsigned levels, uint64_t quota)
{
	unsigned last_hart = 0;

	memset(&flushed, 0, sizeof(flushed));
	gmap_host_no_limits();
	REQUIRE_EQ(gmap_init(&m, "vm", levels, quota), 0);
	m.flusher.forget = forget;
	EXPECT(flush_note_load(&m.flusher, &m, &last_hart, 14, &id));
}

struct region ram(uint64_t at, uint64_t size, enum region_kind kind, unsigned fill_level)
{
	return (struct region){ .at = GPA(at),
				.size = size,
				.kind = kind,
				.rights = kind == REGION_ROM ? GTABLE_R | GTABLE_X : GTABLE_RWX,
				.fill_level = fill_level };
}

int add(uint64_t at, uint64_t size, enum region_kind kind, unsigned fill_level)
{
	struct region r = ram(at, size, kind, fill_level);

	return gmap_add(&m, &r);
}

static struct region window(uint64_t at, uint64_t host, uint64_t size)
{
	return (struct region){ .at = GPA(at),
				.size = size,
				.kind = REGION_DEVICE,
				.rights = GTABLE_R | GTABLE_W,
				.host = HPA(host) };
}

int add_window(uint64_t at, uint64_t host, uint64_t size)
{
	struct region r = window(at, host, size);

	return gmap_add(&m, &r);
}

int fill(uint64_t gpa, enum gtable_rights access)
{
	struct region *r = gmap_find(&m, GPA(gpa));

	return r ? gmap_fill(&m, r, GPA(gpa), access) : -ENXIO;
}

pte_t leaf_at(uint64_t gpa)
{
	unsigned level;

	return gtable_leaf(&m.table, GPA(gpa), &level);
}

unsigned level_at(uint64_t gpa)
{
	unsigned level;

	(void)gtable_leaf(&m.table, GPA(gpa), &level);
	return level;
}

struct hpa hpa_of(uint64_t gpa)
{
	return HPA(pte_hpa(leaf_at(gpa)).v + gpa % gtable_leaf_size(level_at(gpa)));
}

unsigned char *byte_at(uint64_t gpa)
{
	return gmap_host_byte(hpa_of(gpa));
}

bool is_zero(uint64_t gpa, uint64_t size)
{
	const unsigned char *p = byte_at(gpa);

	return !p[0] && !memcmp(p, p + 1, size - 1);
}

struct picture take_picture(void)
{
	const struct region_list *list = m.list;
	struct picture p = { .n_regions = list->n, .n_held = gmap_host_n_held() };
	struct gpa at = GPA(0);
	unsigned level;
	pte_t leaf;

	EXPECT_EQ(m.owner.n_held, p.n_held);
	for (unsigned i = 0; i < list->n; i++)
		p.shape = p.shape * 31 + list->by_address[i].at + list->by_address[i].last +
			  list->by_address[i].region->rights;
	while ((leaf = gtable_next_leaf(&m.table, &at, GPA(gtable_end(&m.table)), &level))) {
		p.shape = p.shape * 31 + at.v + leaf;
		at.v += gtable_leaf_size(level);
	}
	return p;
}

void expect_same(struct picture before)
{
	struct picture now = take_picture();

	EXPECT_EQ(now.n_regions, before.n_regions);
	EXPECT_EQ(now.shape, before.shape);
	EXPECT_EQ(now.n_held, before.n_held);
}
