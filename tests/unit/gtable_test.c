/* SPDX-License-Identifier: BSD-2-Clause */
/* The G-stage table: random operations against a model (gtable_model.h), and each promise alone. */
#include "gstage/gtable.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "gstage/walk.h"
#include "platform/mmu.h"
#include "tests/kit/kit.h"
#include "tests/unit/gtable_model.h"
#include "tests/unit/own_host.h"

enum { N_SEEDS = 2, ROUNDS = 400, ROUNDS_OF_LARGE = 60 };

/* ---- Against the model ---- */

static struct model model;

static unsigned any(unsigned n)
{
	return (unsigned)rand() % n;
}

static struct model_op any_op(unsigned n_pages)
{
	return (struct model_op){
		.kind = any(5),
		.first = any(n_pages),
		.n = any(n_pages) >> any(12),
		.align = any(3),
		.to_page = any(4096),
		.to_align = any(3),
		.level = any(3),
		.rights = any(8),
		.drops = any(2),
		.fail_at = any(4) ? 0 : 1 + any(4),
	};
}

static void run_against_model(unsigned levels, uint64_t base, unsigned n_pages, unsigned rounds)
{
	const char *wrong = model_begin(&model, levels, base, n_pages);

	for (unsigned round = 0; !wrong && round < rounds; round++) {
		struct model_op op = any_op(n_pages);

		wrong = model_do(&model, &op);
		if (wrong)
			kit_note("round %u: kind %u, pages %u +%u, align %u", round, op.kind,
				 op.first, op.n, op.align);
	}
	const char *at_end = model_end(&model);

	EXPECT_STR(wrong, NULL);
	EXPECT_STR(at_end, NULL);
}

/* In the first and the last quarter of the root, across a boundary of 1G, and across one of two
 * tables of the level above (AX9). */
TEST(gtable, does_what_the_model_does_in_every_mode_and_quarter_of_the_root)
{
	static const uint64_t windows[] = { 0, GIGA_SIZE - 4 * MiB, BIT(41) - 8 * MiB,
					    BIT(48) - 4 * MiB, BIT(59) - 8 * MiB };

	for (unsigned levels = GTABLE_SV39X4; levels <= GTABLE_SV57X4; levels++)
		for (unsigned w = 0; w < ARRAY_LEN(windows); w++)
			for (unsigned seed = 1; seed <= N_SEEDS; seed++) {
				srand(seed);
				if (windows[w] < BIT(PAGE_SHIFT + 9 * levels + 2))
					run_against_model(levels, windows[w], 4 * 512, ROUNDS);
			}
}

TEST(gtable, does_what_the_model_does_with_leaves_of_every_size)
{
	for (unsigned seed = 1; seed <= N_SEEDS; seed++) {
		srand(seed);
		run_against_model(GTABLE_SV39X4 + seed % 3, GIGA_SIZE, MODEL_MAX_PAGES,
				  ROUNDS_OF_LARGE);
	}
}

/* ---- One by one ---- */

static struct gtable t;

static void begin(unsigned levels)
{
	REQUIRE_EQ(gtable_init(&t, levels), 0);
}

static void end(void)
{
	gtable_destroy(&t);
	EXPECT_EQ(own_host_n_taken(), 0);
}

static unsigned level_at(uint64_t gpa)
{
	unsigned level;

	(void)gtable_leaf(&t, GPA(gpa), &level);
	return level;
}

static pte_t leaf_at(uint64_t gpa)
{
	unsigned level;

	return gtable_leaf(&t, GPA(gpa), &level);
}

TEST(gtable, uses_the_largest_leaf_when_both_sides_are_aligned)
{
	begin(GTABLE_SV39X4);
	REQUIRE_EQ(
		gtable_map(&t, GPA(GIGA_SIZE), HPA(4 * GIGA_SIZE), GIGA_SIZE + 3 * MiB, GTABLE_R),
		0);
	EXPECT_EQ(level_at(GIGA_SIZE + 5), GTABLE_1G);
	EXPECT_EQ(level_at(2 * GIGA_SIZE), GTABLE_2M);
	EXPECT_EQ(level_at(2 * GIGA_SIZE + 2 * MiB), GTABLE_4K);
	end();
}

TEST(gtable, uses_no_larger_leaf_than_the_caller_allows)
{
	begin(GTABLE_SV48X4);
	REQUIRE_EQ(gtable_map_up_to(&t, GPA(0), HPA(0), GIGA_SIZE, GTABLE_R, GTABLE_2M), 0);
	EXPECT_EQ(level_at(0), GTABLE_2M);
	REQUIRE_EQ(gtable_map_up_to(&t, GPA(GIGA_SIZE), HPA(0), 2 * MiB, GTABLE_R, GTABLE_4K), 0);
	EXPECT_EQ(level_at(GIGA_SIZE), GTABLE_4K);
	end();
}

TEST(gtable, leaves_carry_user_accessed_and_dirty_and_no_more_rights_than_asked)
{
	begin(GTABLE_SV39X4);
	REQUIRE_EQ(gtable_map(&t, GPA(0), HPA(MiB), PAGE_SIZE, GTABLE_R | GTABLE_X), 0);
	EXPECT_EQ(leaf_at(0) & MASK(9, 0), PTE_V | PTE_R | PTE_X | PTE_U | PTE_A | PTE_D);
	end();
}

TEST(gtable, refuses_what_makes_no_sense)
{
	struct gtable_garbage garbage = {};
	struct hpa to = HPA(0);

	begin(GTABLE_SV39X4);
	EXPECT_EQ(gtable_map(&t, GPA(1), to, PAGE_SIZE, GTABLE_R), -EINVAL);
	EXPECT_EQ(gtable_map(&t, GPA(0), HPA(8), PAGE_SIZE, GTABLE_R), -EINVAL);
	EXPECT_EQ(gtable_map(&t, GPA(0), HPA(BIT(56)), PAGE_SIZE, GTABLE_R), -EINVAL);
	EXPECT_EQ(gtable_map(&t, GPA(0), to, 0, GTABLE_R), -EINVAL);
	EXPECT_EQ(gtable_map(&t, GPA(0), to, PAGE_SIZE, GTABLE_W), -EINVAL);
	EXPECT_EQ(gtable_map(&t, GPA(0), to, PAGE_SIZE, GTABLE_W | GTABLE_X), -EINVAL);
	EXPECT_EQ(gtable_map(&t, GPA(0), to, PAGE_SIZE, 0), -EINVAL);
	EXPECT_EQ(gtable_map(&t, GPA(0), to, PAGE_SIZE, GTABLE_R | PTE_G), -EINVAL);
	EXPECT_EQ(gtable_map(&t, GPA(gtable_end(&t)), to, PAGE_SIZE, GTABLE_R), -EINVAL);
	EXPECT_EQ(gtable_map(&t, GPA(gtable_end(&t) - PAGE_SIZE), to, 2 * PAGE_SIZE, GTABLE_R),
		  -EINVAL);
	EXPECT_EQ(gtable_map(&t, GPA(PAGE_SIZE), to, -PAGE_SIZE, GTABLE_R), -EINVAL);
	EXPECT_EQ(gtable_install(&t, GPA(0), to, 3, GTABLE_R), -EINVAL);
	EXPECT_EQ(gtable_install(&t, GPA(0), HPA(PAGE_SIZE), GTABLE_2M, GTABLE_R), -EINVAL);
	EXPECT_EQ(gtable_install(&t, GPA(PAGE_SIZE), to, GTABLE_2M, GTABLE_R), -EINVAL);
	EXPECT_EQ(gtable_install(&t, GPA(gtable_end(&t)), to, GTABLE_4K, GTABLE_R), -EINVAL);
	EXPECT_EQ(gtable_install(&t, GPA(0), HPA(BIT(56)), GTABLE_4K, GTABLE_R), -EINVAL);
	EXPECT_EQ(gtable_install(&t, GPA(0), to, GTABLE_4K, GTABLE_X | GTABLE_W), -EINVAL);
	EXPECT_EQ(gtable_unmap(&t, GPA(gtable_end(&t)), PAGE_SIZE), -EINVAL);
	EXPECT_EQ(gtable_unmap(&t, GPA(0), 1), -EINVAL);
	EXPECT_EQ(gtable_protect(&t, GPA(0), PAGE_SIZE, GTABLE_W), -EINVAL);
	EXPECT_EQ(gtable_protect(&t, GPA(0), PAGE_SIZE, 0), -EINVAL);
	EXPECT_EQ(gtable_merge(&t, GPA(0), GTABLE_4K, &garbage), -EINVAL);
	EXPECT_EQ(gtable_merge(&t, GPA(0), 3, &garbage), -EINVAL);
	EXPECT_EQ(gtable_merge(&t, GPA(gtable_end(&t)), GTABLE_2M, &garbage), -EINVAL);
	EXPECT_EQ(t.n_pages, 0);
	end();
}

/* Which of two harts' frames stays is decided once (AS4); the loser is told. */
TEST(gtable, installs_one_leaf_and_never_over_another)
{
	begin(GTABLE_SV48X4);
	EXPECT_EQ(gtable_install(&t, GPA(MEGA_SIZE), HPA(GIGA_SIZE), GTABLE_2M, GTABLE_RWX), 0);
	EXPECT_EQ(gtable_install(&t, GPA(MEGA_SIZE), HPA(0), GTABLE_2M, GTABLE_RWX), -EEXIST);
	EXPECT_EQ(gtable_install(&t, GPA(MEGA_SIZE + PAGE_SIZE), HPA(0), GTABLE_4K, GTABLE_R),
		  -EEXIST);
	EXPECT_EQ(gtable_install(&t, GPA(0), HPA(0), GTABLE_1G, GTABLE_R), -EISDIR);
	EXPECT_EQ(pte_hpa(leaf_at(MEGA_SIZE)).v, GIGA_SIZE);
	end();
}

/* Near the last one or far from it, as gtable_install would; a table is found again only where a
 * cursor stands, of which two places may want the same. */
TEST(gtable, installs_pages_by_cursors)
{
	static const uint64_t at[] = { 0,
				       PAGE_SIZE,
				       MEGA_SIZE - PAGE_SIZE,
				       MEGA_SIZE,
				       GIGA_SIZE + MEGA_SIZE,
				       MEGA_SIZE + PAGE_SIZE,
				       2 * PAGE_SIZE,
				       BIT(41) - PAGE_SIZE };
	struct gtable_cursors c = {};

	begin(GTABLE_SV39X4);
	EXPECT_EQ(gtable_install(&t, GPA(4 * MEGA_SIZE), HPA(0), GTABLE_2M, GTABLE_R), 0);
	for (unsigned i = 0; i < ARRAY_LEN(at); i++) {
		struct hpa hpa = HPA(GIGA_SIZE + i * PAGE_SIZE);

		EXPECT_EQ(gtable_install_page(&t, &c, GPA(at[i]), hpa, GTABLE_RWX), 0);
		EXPECT_EQ(gtable_install_page(&t, &c, GPA(at[i]), HPA(0), GTABLE_R), -EEXIST);
		EXPECT_EQ(gtable_install_page(&t, &c, GPA(4 * MEGA_SIZE), HPA(0), GTABLE_R),
			  -EEXIST);
	}
	for (unsigned i = 0; i < ARRAY_LEN(at); i++) {
		EXPECT_EQ(pte_hpa(leaf_at(at[i])).v, GIGA_SIZE + i * PAGE_SIZE);
		EXPECT_EQ(leaf_at(at[i]) & ~PTE_PPN, PTE_V | PTE_RWX | PTE_U | PTE_A | PTE_D);
	}
	own_host_fail_at(1);
	EXPECT_EQ(gtable_install_page(&t, &c, GPA(BIT(40)), HPA(0), GTABLE_R), -ENOMEM);
	EXPECT_EQ(gtable_install_page(&t, &c, GPA(BIT(41)), HPA(0), GTABLE_R), -EINVAL);
	end();
}

/* An emptied table stays when nobody takes it, and then tells the size that fits. */
TEST(gtable, hole_says_which_leaf_fits)
{
	struct gtable_garbage garbage = {};

	begin(GTABLE_SV39X4);
	EXPECT_EQ(level_at(0), GTABLE_1G);
	REQUIRE_EQ(gtable_install(&t, GPA(0), HPA(0), GTABLE_4K, GTABLE_R), 0);
	REQUIRE_EQ(gtable_unmap(&t, GPA(0), PAGE_SIZE), 0);
	EXPECT_EQ(level_at(0), GTABLE_4K);
	EXPECT_EQ(level_at(MEGA_SIZE), GTABLE_2M);
	EXPECT_EQ(gtable_install(&t, GPA(0), HPA(0), GTABLE_2M, GTABLE_R), -EISDIR);
	REQUIRE_EQ(gtable_unmap_and_drop(&t, GPA(0), MEGA_SIZE, &garbage), 0);
	EXPECT_EQ(garbage.n_pages, 1);
	EXPECT_EQ(gtable_install(&t, GPA(0), HPA(0), GTABLE_2M, GTABLE_R), 0);
	gtable_free_garbage(&garbage);
	end();
}

/* AS8, AX10: whichever allocation fails, no leaf has appeared and nothing is lost. */
TEST(gtable, out_of_memory_at_any_table_of_a_map_changes_nothing)
{
	int got = -ENOMEM;

	for (unsigned n = 1; got; n++) {
		begin(GTABLE_SV57X4);
		own_host_fail_at(n);
		got = gtable_map(&t, GPA(GIGA_SIZE - MiB), HPA(GIGA_SIZE + MiB), 2 * MiB, GTABLE_R);
		own_host_fail_at(0);
		if (got) {
			EXPECT_EQ(got, -ENOMEM);
			for (uint64_t o = 0; o < 2 * MiB; o += PAGE_SIZE)
				EXPECT_EQ(leaf_at(GIGA_SIZE - MiB + o), 0);
		}
		end();
	}
}

/* The same for a range that cuts two 1G leaves: four tables are wanted, and none is used before
 * there are four. */
TEST(gtable, out_of_memory_at_any_split_changes_nothing)
{
	for (unsigned protects = 0; protects < 2; protects++) {
		unsigned n = 0;
		int got;

		begin(GTABLE_SV39X4);
		REQUIRE_EQ(gtable_map(&t, GPA(0), HPA(0), 2 * GIGA_SIZE, GTABLE_RWX), 0);
		do {
			struct gpa at = GPA(GIGA_SIZE - PAGE_SIZE);

			own_host_fail_at(++n);
			got = protects ? gtable_protect(&t, at, 2 * PAGE_SIZE, GTABLE_R)
				       : gtable_unmap(&t, at, 2 * PAGE_SIZE);
			own_host_fail_at(0);
			if (!got)
				break;
			EXPECT_EQ(got, -ENOMEM);
			EXPECT_EQ(t.n_pages, 0);
			EXPECT_EQ(level_at(0), GTABLE_1G);
			EXPECT_EQ(level_at(GIGA_SIZE), GTABLE_1G);
		} while (n < 100);
		EXPECT_EQ(n, 5);
		EXPECT_EQ(t.n_pages, 4);
		end();
	}
}

TEST(gtable, split_keeps_what_the_range_does_not_touch)
{
	begin(GTABLE_SV39X4);
	REQUIRE_EQ(gtable_map(&t, GPA(0), HPA(4 * GIGA_SIZE), GIGA_SIZE, GTABLE_RWX), 0);
	REQUIRE_EQ(gtable_protect(&t, GPA(6 * MiB + PAGE_SIZE), PAGE_SIZE, GTABLE_R), 0);
	EXPECT_EQ(level_at(0), GTABLE_2M);
	EXPECT_EQ(level_at(6 * MiB), GTABLE_4K);
	for (uint64_t gpa = 0; gpa < GIGA_SIZE; gpa += PAGE_SIZE) {
		uint64_t to = pte_hpa(leaf_at(gpa)).v + gpa % gtable_leaf_size(level_at(gpa));
		uint64_t rights = gpa == 6 * MiB + PAGE_SIZE ? GTABLE_R : GTABLE_RWX;

		if (to != 4 * GIGA_SIZE + gpa || (leaf_at(gpa) & PTE_RWX) != rights)
			kit_note("at 0x%lx: to 0x%lx", gpa, to);
		EXPECT(to == 4 * GIGA_SIZE + gpa && (leaf_at(gpa) & PTE_RWX) == rights);
	}
	EXPECT_EQ(t.n_pages, 2);
	end();
}

/* AX14: promotion undoes demotion, and the tables come back. */
TEST(gtable, merge_undoes_split)
{
	struct gtable_garbage garbage = {};

	begin(GTABLE_SV39X4);
	REQUIRE_EQ(gtable_map(&t, GPA(GIGA_SIZE), HPA(4 * GIGA_SIZE), GIGA_SIZE, GTABLE_RWX), 0);
	pte_t whole = leaf_at(GIGA_SIZE);

	REQUIRE_EQ(gtable_protect(&t, GPA(GIGA_SIZE), PAGE_SIZE, GTABLE_R), 0);
	EXPECT_EQ(gtable_merge(&t, GPA(GIGA_SIZE), GTABLE_2M, &garbage), -ENOENT);
	REQUIRE_EQ(gtable_protect(&t, GPA(GIGA_SIZE), PAGE_SIZE, GTABLE_RWX), 0);
	EXPECT_EQ(gtable_merge(&t, GPA(GIGA_SIZE), GTABLE_1G, &garbage), -ENOENT);
	EXPECT_EQ(gtable_merge(&t, GPA(GIGA_SIZE + MiB), GTABLE_2M, &garbage), 0);
	EXPECT_EQ(gtable_merge(&t, GPA(GIGA_SIZE), GTABLE_2M, &garbage), -ENOENT);
	EXPECT_EQ(gtable_merge(&t, GPA(GIGA_SIZE), GTABLE_1G, &garbage), 0);
	EXPECT_EQ(leaf_at(GIGA_SIZE), whole);
	EXPECT_EQ(t.n_pages, 0);
	EXPECT_EQ(garbage.n_pages, 2);
	gtable_free_garbage(&garbage);
	EXPECT_EQ(garbage.n_pages, 0);
	end();
}

/* A hardware walker may be inside a table that has just been taken out: it meets holes and what was
 * there, never something else, until the garbage is freed. */
TEST(gtable, table_that_is_garbage_leads_nowhere_new)
{
	struct gtable_garbage garbage = {};

	begin(GTABLE_SV39X4);
	REQUIRE_EQ(gtable_map_up_to(&t, GPA(0), HPA(0), GIGA_SIZE, GTABLE_R, GTABLE_4K), 0);
	EXPECT_EQ(t.n_pages, 513);
	REQUIRE_EQ(gtable_unmap_and_drop(&t, GPA(0), GIGA_SIZE, &garbage), 0);
	EXPECT_EQ(t.n_pages, 0);
	EXPECT_EQ(garbage.n_pages, 513);
	for (const pte_t *table = garbage.first; table; table = (pte_t *)(uintptr_t)table[0]) {
		EXPECT(!(table[0] & PTE_V));
		for (unsigned i = 2; i < PTES_PER_PAGE; i++)
			EXPECT_EQ(table[i] - table[i - 1], table[2] - table[1]);
	}
	gtable_free_garbage(&garbage);
	end();
}

TEST(gtable, unmap_leaves_tables_that_the_range_does_not_cover)
{
	struct gtable_garbage garbage = {};

	begin(GTABLE_SV39X4);
	REQUIRE_EQ(gtable_map_up_to(&t, GPA(0), HPA(0), 4 * MiB, GTABLE_R, GTABLE_4K), 0);
	REQUIRE_EQ(gtable_unmap_and_drop(&t, GPA(MiB), 3 * MiB, &garbage), 0);
	EXPECT_EQ(garbage.n_pages, 1);
	EXPECT_EQ(t.n_pages, 2);
	EXPECT(leaf_at(MiB - PAGE_SIZE));
	EXPECT(!leaf_at(MiB));
	gtable_free_garbage(&garbage);
	end();
}

TEST(gtable, next_leaf_passes_over_holes)
{
	struct gpa at = GPA(0), end_at = GPA(BIT(50));
	unsigned level;

	begin(GTABLE_SV48X4);
	REQUIRE_EQ(gtable_install(&t, GPA(GIGA_SIZE + MEGA_SIZE), HPA(0), GTABLE_2M, GTABLE_R), 0);
	REQUIRE_EQ(gtable_install(&t, GPA(BIT(49)), HPA(0), GTABLE_4K, GTABLE_R), 0);
	EXPECT(gtable_next_leaf(&t, &at, end_at, &level));
	EXPECT_EQ(at.v, GIGA_SIZE + MEGA_SIZE);
	EXPECT_EQ(level, GTABLE_2M);
	at.v += MiB;
	EXPECT(gtable_next_leaf(&t, &at, end_at, &level));
	EXPECT_EQ(at.v, GIGA_SIZE + MEGA_SIZE + MiB);
	at.v += MiB;
	EXPECT(gtable_next_leaf(&t, &at, end_at, &level));
	EXPECT_EQ(at.v, BIT(49));
	at.v += PAGE_SIZE;
	EXPECT(!gtable_next_leaf(&t, &at, end_at, &level));
	end();
}

/* The root has four times the entries of another table (AX9). */
TEST(gtable, keeps_the_four_quarters_of_the_root_apart)
{
	for (unsigned levels = GTABLE_SV39X4; levels <= GTABLE_SV57X4; levels++) {
		uint64_t quarter = BIT(PAGE_SHIFT + 9 * levels);

		begin(levels);
		for (unsigned q = 0; q < 4; q++)
			REQUIRE_EQ(gtable_map(&t, GPA(q * quarter), HPA((q + 1) * MiB), PAGE_SIZE,
					      GTABLE_RWX),
				   0);
		for (unsigned q = 0; q < 4; q++)
			EXPECT_EQ(pte_hpa(leaf_at(q * quarter)).v, (q + 1) * MiB);
		end();
	}
}

/* ---- Threads ---- */

enum { N_THREADS = 4, N_BLOCKS = 24, PASSES = 40 };
static _Atomic unsigned n_won[N_BLOCKS];
static pthread_barrier_t all_here;

/* Of neighbouring regions, whose upper tables are the same: each thread has every fourth page of
 * each block, and all fight for one page of it. */
static void *fill(void *index)
{
	unsigned self = (unsigned)(uintptr_t)index;

	for (unsigned pass = 0; pass < PASSES; pass++) {
		pthread_barrier_wait(&all_here);
		for (unsigned b = 0; b < N_BLOCKS; b++) {
			uint64_t block = b * (b % 3 ? GIGA_SIZE + MEGA_SIZE : MEGA_SIZE);
			uint64_t own = block + self * PAGE_SIZE, shared = block + MiB;
			struct walk w;

			EXPECT_EQ(gtable_install(&t, GPA(own), HPA(own), GTABLE_4K, GTABLE_R), 0);
			int got = gtable_install(&t, GPA(shared), HPA(own), GTABLE_4K, GTABLE_RWX);

			EXPECT(got == 0 || got == -EEXIST);
			n_won[b] += !got;
			walk_gstage(&w, &t, GPA(own));
			EXPECT_EQ(w.to, own);
			walk_gstage(&w, &t, GPA(shared));
			EXPECT_EQ(w.end, WALK_FOUND);
			/* Half of them go again; the tables, which others use, stay. */
			if (b % 2)
				EXPECT_EQ(gtable_unmap_and_drop(&t, GPA(own), PAGE_SIZE, NULL), 0);
		}
		pthread_barrier_wait(&all_here);
		if (self == 0) {
			for (unsigned b = 0; b < N_BLOCKS; b++)
				EXPECT_EQ(atomic_exchange(&n_won[b], 0), 1);
			EXPECT_EQ(own_host_n_taken(), 4 + t.n_pages);
			end();
			REQUIRE_EQ(gtable_init(&t, GTABLE_SV48X4), 0);
		}
	}
	return NULL;
}

/* AS4; TSan sees a table that is used before it is whole. */
TEST(gtable, harts_that_fill_neighbouring_regions_share_tables_and_lose_nothing)
{
	pthread_t threads[N_THREADS - 1];

	begin(GTABLE_SV48X4);
	pthread_barrier_init(&all_here, NULL, N_THREADS);
	for (uintptr_t i = 1; i < N_THREADS; i++)
		REQUIRE(pthread_create(&threads[i - 1], NULL, fill, (void *)i) == 0);
	fill((void *)0);
	for (unsigned i = 1; i < N_THREADS; i++)
		pthread_join(threads[i - 1], NULL);
	pthread_barrier_destroy(&all_here);
	end();
}
