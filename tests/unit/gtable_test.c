/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The G-stage table against a model: an array that says for each page of a small window of
 * guest-physical space where it is. Own memory is the host's, its physical addresses are made up.
 */
#include "gstage/gtable.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "platform/mmu.h"
#include "tests/kit/kit.h"

/* own memory: a pool of pages, found by number */
enum { POOL_PAGES = 4096, POOL_AT = 0x40000000 };
static _Alignas(16384) char pool[POOL_PAGES * PAGE_SIZE];
static bool taken[POOL_PAGES];
static unsigned n_taken, fail_at;

void *own_alloc(unsigned order)
{
	unsigned n = 1u << order;

	if (fail_at && --fail_at == 0)
		return NULL;
	for (unsigned i = 0; i + n <= POOL_PAGES; i += n) {
		unsigned free = 0;

		while (free < n && !taken[i + free])
			free++;
		if (free < n)
			continue;
		memset(taken + i, true, n);
		memset(pool + i * PAGE_SIZE, 0, n * PAGE_SIZE);
		n_taken += n;
		return pool + i * PAGE_SIZE;
	}
	return NULL;
}

void own_free(void *pages, unsigned order)
{
	memset(taken + ((char *)pages - pool) / PAGE_SIZE, false, 1u << order);
	n_taken -= 1u << order;
}

struct hpa own_hpa(const void *pages)
{
	return HPA(POOL_AT + (uint64_t)((const char *)pages - pool));
}

void *own_ptr(struct hpa at)
{
	return pool + (at.v - POOL_AT);
}

/* the model: where each page is, 0 for nowhere */
enum { WINDOW_PAGES = 4 * 512, ROUNDS = 20000 };
static const uint64_t windows[] = { 0, GIGA_SIZE - 4 * MiB, 0x80000000, BIT(41) - 8 * MiB };

static uint64_t found_at(const struct gtable *t, uint64_t gpa)
{
	unsigned level;
	pte_t leaf = gtable_leaf(t, GPA(gpa), &level);

	return leaf ? pte_hpa(leaf).v + gpa % BIT(PAGE_SHIFT + 9 * level) : 0;
}

static bool model_is_free(const uint64_t *model, unsigned first, unsigned n)
{
	for (unsigned i = first; i < first + n; i++)
		if (model[i])
			return false;
	return true;
}

static void try_map(struct gtable *t, uint64_t *model, uint64_t base)
{
	unsigned first = (unsigned)rand() % WINDOW_PAGES, n = 1 + (unsigned)rand() % 700;

	if (rand() % 2)
		first &= ~511u, n = 512u << rand() % 2;
	if (first + n > WINDOW_PAGES)
		n = WINDOW_PAGES - first;
	uint64_t hpa =
		0x100000000 + (uint64_t)(rand() % 4096) * (rand() % 2 ? PAGE_SIZE : MEGA_SIZE);
	int got = gtable_map(t, GPA(base + first * PAGE_SIZE), HPA(hpa), n * PAGE_SIZE, GTABLE_RWX);

	EXPECT_EQ(got, model_is_free(model, first, n) ? 0 : -EEXIST);
	for (unsigned i = 0; !got && i < n; i++)
		model[first + i] = hpa + i * PAGE_SIZE;
}

/* Unmapping is refused exactly where it would cut a leaf. */
static void try_unmap(struct gtable *t, uint64_t *model, uint64_t base)
{
	unsigned first = (unsigned)rand() % WINDOW_PAGES, n = 1 + (unsigned)rand() % 900, level;

	if (rand() % 2)
		first &= ~511u, n = 512;
	if (first + n > WINDOW_PAGES)
		n = WINDOW_PAGES - first;
	uint64_t from = base + first * PAGE_SIZE, to = from + n * PAGE_SIZE;
	pte_t head = gtable_leaf(t, GPA(from), &level);
	bool cuts = head && !is_aligned(from, BIT(PAGE_SHIFT + 9 * level));
	pte_t tail = gtable_leaf(t, GPA(to - PAGE_SIZE), &level);

	cuts |= tail && !is_aligned(to, BIT(PAGE_SHIFT + 9 * level));
	int got = gtable_unmap(t, GPA(from), n * PAGE_SIZE);

	EXPECT_EQ(got, cuts ? -EINVAL : 0);
	if (!got)
		memset(model + first, 0, n * sizeof(*model));
}

static void run_against_model(unsigned levels, uint64_t base)
{
	static uint64_t model[WINDOW_PAGES];
	struct gtable t;

	memset(model, 0, sizeof(model));
	REQUIRE_EQ(gtable_init(&t, levels), 0);
	for (unsigned round = 0; round < ROUNDS; round++) {
		unsigned page = (unsigned)rand() % WINDOW_PAGES;

		if (rand() % 2)
			try_map(&t, model, base);
		else
			try_unmap(&t, model, base);
		EXPECT_EQ(found_at(&t, base + page * PAGE_SIZE), model[page]);
	}
	for (unsigned page = 0; page < WINDOW_PAGES; page++)
		EXPECT_EQ(found_at(&t, base + page * PAGE_SIZE), model[page]);
	gtable_destroy(&t);
	EXPECT_EQ(n_taken, 0);
}

TEST(gtable, does_what_the_model_does_in_every_mode_and_quarter_of_the_root)
{
	srand(1);
	for (unsigned levels = GTABLE_SV39X4; levels <= GTABLE_SV57X4; levels++)
		for (unsigned w = 0; w < ARRAY_LEN(windows); w++)
			if (windows[w] + WINDOW_PAGES * PAGE_SIZE <=
			    BIT(PAGE_SHIFT + 9 * levels + 2))
				run_against_model(levels, windows[w]);
}

TEST(gtable, uses_the_largest_leaf_when_both_sides_are_aligned)
{
	struct gtable t;
	unsigned level;

	REQUIRE_EQ(gtable_init(&t, GTABLE_SV39X4), 0);
	REQUIRE_EQ(
		gtable_map(&t, GPA(GIGA_SIZE), HPA(4 * GIGA_SIZE), GIGA_SIZE + 3 * MiB, GTABLE_R),
		0);
	(void)gtable_leaf(&t, GPA(GIGA_SIZE + 5), &level);
	EXPECT_EQ(level, 2);
	(void)gtable_leaf(&t, GPA(2 * GIGA_SIZE), &level);
	EXPECT_EQ(level, 1);
	(void)gtable_leaf(&t, GPA(2 * GIGA_SIZE + 2 * MiB), &level);
	EXPECT_EQ(level, 0);
	gtable_destroy(&t);
}

TEST(gtable, leaves_carry_user_accessed_and_dirty_and_no_more_rights_than_asked)
{
	struct gtable t;
	unsigned level;

	REQUIRE_EQ(gtable_init(&t, GTABLE_SV39X4), 0);
	REQUIRE_EQ(gtable_map(&t, GPA(0), HPA(MiB), PAGE_SIZE, GTABLE_R | GTABLE_X), 0);
	EXPECT_EQ(gtable_leaf(&t, GPA(0), &level) & MASK(9, 0),
		  PTE_V | PTE_R | PTE_X | PTE_U | PTE_A | PTE_D);
	gtable_destroy(&t);
}

TEST(gtable, refuses_what_makes_no_sense)
{
	struct gtable t;
	struct hpa to = HPA(0);

	REQUIRE_EQ(gtable_init(&t, GTABLE_SV39X4), 0);
	EXPECT_EQ(gtable_map(&t, GPA(1), to, PAGE_SIZE, GTABLE_R), -EINVAL);
	EXPECT_EQ(gtable_map(&t, GPA(0), HPA(8), PAGE_SIZE, GTABLE_R), -EINVAL);
	EXPECT_EQ(gtable_map(&t, GPA(0), to, 0, GTABLE_R), -EINVAL);
	EXPECT_EQ(gtable_map(&t, GPA(0), to, PAGE_SIZE, GTABLE_W), -EINVAL);
	EXPECT_EQ(gtable_map(&t, GPA(0), to, PAGE_SIZE, 0), -EINVAL);
	EXPECT_EQ(gtable_map(&t, GPA(gtable_end(&t)), to, PAGE_SIZE, GTABLE_R), -EINVAL);
	EXPECT_EQ(gtable_map(&t, GPA(gtable_end(&t) - PAGE_SIZE), to, 2 * PAGE_SIZE, GTABLE_R),
		  -EINVAL);
	EXPECT_EQ(gtable_unmap(&t, GPA(gtable_end(&t)), PAGE_SIZE), -EINVAL);
	gtable_destroy(&t);
}

/* Whichever allocation fails, no leaf has appeared and nothing is lost. */
TEST(gtable, out_of_memory_at_any_table_changes_nothing)
{
	for (unsigned n = 1;; n++) {
		struct gtable t;
		unsigned level;

		REQUIRE_EQ(gtable_init(&t, GTABLE_SV57X4), 0);
		fail_at = n;
		int got = gtable_map(&t, GPA(GIGA_SIZE - MiB), HPA(GIGA_SIZE + MiB), 2 * MiB,
				     GTABLE_R);

		if (got) {
			EXPECT_EQ(got, -ENOMEM);
			for (uint64_t o = 0; o < 2 * MiB; o += PAGE_SIZE)
				EXPECT_EQ(gtable_leaf(&t, GPA(GIGA_SIZE - MiB + o), &level), 0);
		}
		fail_at = 0;
		gtable_destroy(&t);
		EXPECT_EQ(n_taken, 0);
		if (!got)
			break;
	}
}

/* The root has four times the entries of another table (AX9). */
TEST(gtable, keeps_the_four_quarters_of_the_root_apart)
{
	for (unsigned levels = GTABLE_SV39X4; levels <= GTABLE_SV57X4; levels++) {
		uint64_t quarter = BIT(PAGE_SHIFT + 9 * levels);
		struct gtable t;

		REQUIRE_EQ(gtable_init(&t, levels), 0);
		for (unsigned q = 0; q < 4; q++)
			REQUIRE_EQ(gtable_map(&t, GPA(q * quarter), HPA((q + 1) * MiB), PAGE_SIZE,
					      GTABLE_RWX),
				   0);
		for (unsigned q = 0; q < 4; q++)
			EXPECT_EQ(found_at(&t, q * quarter), (q + 1) * MiB);
		gtable_destroy(&t);
	}
}
