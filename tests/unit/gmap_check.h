/* SPDX-License-Identifier: BSD-2-Clause */
/* A map that tests change, and what they look at in it. Its names are short, for every line of the
 * tests has some. */
#ifndef TESTS_UNIT_GMAP_CHECK_H
#define TESTS_UNIT_GMAP_CHECK_H

#include "gstage/gmap.h"
#include "tests/kit/kit.h"
#include "tests/unit/gmap_host.h"
#include "tests/unit/own_host.h"

enum { PAGES = 512 }; /* of a 2 MiB leaf */
#define RAM       0x80000000ull
#define UNLIMITED UINT64_MAX

extern struct gmap m;

/*
 * What a test looks for: that at one time when all is forgotten, what was mapped here is out of
 * the table and their blocks not yet given back.
 */
extern struct flushed {
	unsigned n; /* how often all was forgotten */
	struct gpa at, end;
	struct hpa held[4]; /* ends in 0 */
	bool is_seen;
	bool is_seen_before; /* the leaves stood still, and no fault could find their region */
} flushed;

void look_for(uint64_t at, uint64_t size, struct hpa first, struct hpa second);

void begin_with(unsigned levels, uint64_t quota);

static inline void begin(void)
{
	begin_with(GTABLE_SV39X4, UNLIMITED);
}

/* AS8: the books balance after every test. */
static inline void end(void)
{
	gmap_destroy(&m);
	EXPECT_EQ(gmap_host_n_held(), 0);
	EXPECT_EQ(own_host_n_taken(), 0);
}

struct region ram(uint64_t at, uint64_t size, enum region_kind kind, unsigned fill_level);
int add(uint64_t at, uint64_t size, enum region_kind kind, unsigned fill_level);
int add_window(uint64_t at, uint64_t host, uint64_t size);
int fill(uint64_t gpa, enum gtable_rights access);

pte_t leaf_at(uint64_t gpa);
unsigned level_at(uint64_t gpa);
struct hpa hpa_of(uint64_t gpa);
unsigned char *byte_at(uint64_t gpa);
bool is_zero(uint64_t gpa, uint64_t size);

/* All that a change could change: regions, leaves, frames. */
struct picture {
	unsigned n_regions;
	uint64_t shape, n_held;
};

struct picture take_picture(void);
void expect_same(struct picture before);

#endif
