/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A VM's map and many harts: threads that answer faults, and run work where harts do, between two
 * of them, while the boot hart changes the map. To be run under TSan as well.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>

#include "gstage/gmap.h"
#include "platform/hart.h"
#include "platform/work.h"
#include "tests/kit/kit.h"
#include "tests/unit/gmap_host.h"
#include "tests/unit/own_host.h"

enum { N_HARTS = 3, ROUNDS = 200, CHANGES = 50, N_PAGES = 16 };
#define RAM 0x80000000ull

static struct gmap m;
static _Atomic unsigned n_new, n_wrong, n_forgotten, n_finished;
static pthread_barrier_t all_here;

static void want(bool ok)
{
	if (!ok)
		atomic_fetch_add(&n_wrong, 1);
}

static void forget(uint64_t id, struct gpa from, uint64_t n_pages)
{
	(void)id, (void)from, (void)n_pages;
	atomic_fetch_add(&n_forgotten, 1);
}

static void begin(uint64_t quota)
{
	n_wrong = n_new = n_forgotten = n_finished = 0;
	hart_index = 0;
	REQUIRE_EQ(gmap_init(&m, "vm", GTABLE_SV39X4, quota), 0);
	m.flusher.forget = forget;
}

static void add(uint64_t at, uint64_t size, unsigned fill_level)
{
	struct region r = { .at = GPA(at),
			    .size = size,
			    .kind = REGION_LAZY,
			    .rights = GTABLE_RWX,
			    .fill_level = fill_level };

	REQUIRE_EQ(gmap_add(&m, &r), 0);
}

static void end(void)
{
	gmap_destroy(&m);
	EXPECT_EQ(n_wrong, 0);
	EXPECT_EQ(gmap_host_n_held(), 0);
	EXPECT_EQ(own_host_n_taken(), 0);
}

static void start(pthread_t threads[N_HARTS], void *(*be)(void *index))
{
	pthread_barrier_init(&all_here, NULL, N_HARTS + 1);
	for (uintptr_t i = 0; i < N_HARTS; i++)
		REQUIRE(pthread_create(&threads[i], NULL, be, (void *)(i + 1)) == 0);
}

static void join(pthread_t threads[N_HARTS])
{
	for (unsigned i = 0; i < N_HARTS; i++)
		pthread_join(threads[i], NULL);
	pthread_barrier_destroy(&all_here);
	m.flusher.running = 0; /* they polled for the last time */
}

static void become_hart(void *index)
{
	unsigned last_hart = 0;
	uint64_t id;

	hart_index = (unsigned)(uintptr_t)index;
	(void)flush_note_load(&m.flusher, index, &last_hart, 14, &id);
}

/* The contents are whoever's guest has them: harts of one guest use atomics. */
static _Atomic uint64_t *word_at(uint64_t gpa)
{
	unsigned level;
	pte_t leaf = gtable_leaf(&m.table, GPA(gpa), &level);

	return leaf ? (_Atomic uint64_t *)gmap_host_byte(
			      HPA(pte_hpa(leaf).v + gpa % gtable_leaf_size(level)))
		    : NULL;
}

/* ---- One page, many harts ---- */

static uint64_t stride;

/* Each hart leaves its mark in every page: none is lost, whoever was first. */
static void *touch(void *index)
{
	become_hart(index);
	pthread_barrier_wait(&all_here);
	for (uint64_t i = 0; i < N_PAGES; i++) {
		uint64_t gpa = RAM + i * stride;
		int filled = gmap_fill(&m, gmap_find(&m, GPA(gpa)), GPA(gpa), GTABLE_W);

		want(filled == FILL_NEW || filled == FILL_PRESENT);
		n_new += filled == FILL_NEW;
		want(word_at(gpa));
		if (word_at(gpa))
			atomic_fetch_add(word_at(gpa), 1);
	}
	return NULL;
}

static void fill_at_once(unsigned fill_level, unsigned n_frames)
{
	pthread_t threads[N_HARTS];

	stride = gtable_leaf_size(fill_level);
	begin(n_frames);
	add(RAM, N_PAGES * stride, fill_level);
	start(threads, touch);
	pthread_barrier_wait(&all_here);
	join(threads);
	EXPECT_EQ(n_new, N_PAGES);
	EXPECT_EQ(gmap_host_n_held(), n_frames);
	for (uint64_t i = 0; i < N_PAGES; i++)
		EXPECT(word_at(RAM + i * stride) && *word_at(RAM + i * stride) == N_HARTS);
	end();
}

/* AS4, with just as many frames as it takes: those that losers have for a moment cost nobody his.
 */
TEST(gmap_smp, one_page_that_many_touch_gets_one_frame_and_the_losers_go_back)
{
	for (unsigned round = 0; round < ROUNDS; round++)
		fill_at_once(GTABLE_4K, N_PAGES);
	for (unsigned round = 0; round < ROUNDS / 30; round++)
		fill_at_once(GTABLE_2M, N_PAGES * 512);
}

/* ---- Changes under load ---- */

static _Atomic bool is_over;

static uint64_t random_of(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + 1;
	return *state >> 33;
}

/* A vCPU's life: faults, and in between poll points, at which all that a fault knew is forgotten.
 */
static void *live(void *index)
{
	uint64_t state = (uintptr_t)index;

	become_hart(index);
	pthread_barrier_wait(&all_here);
	while (!is_over) {
		for (unsigned n = random_of(&state) % 8; n; n--) {
			uint64_t gpa = RAM + random_of(&state) % (2 * N_PAGES) * PAGE_SIZE;
			struct region *r = gmap_find(&m, GPA(gpa));
			int filled = r ? gmap_fill(&m, r, GPA(gpa), GTABLE_R) : -ENXIO;

			want(filled >= 0 || filled == -ENXIO);
			if (filled < 0)
				continue;
			/* Until this hart polls, what it found stays. */
			want(word_at(gpa) && *word_at(gpa) == 0);
			n_new += filled == FILL_NEW;
		}
		work_run();
		sched_yield(); /* who waits for us may have no core */
	}
	n_finished++;
	while (n_finished < N_HARTS) /* another may be waited for */
		work_run(), sched_yield();
	return NULL;
}

static void stop(pthread_t threads[N_HARTS])
{
	is_over = true;
	join(threads);
}

/* AX10: a fault never fills what has gone, and what it filled before goes too. */
TEST(gmap_smp, removal_waits_for_the_faults_that_know_the_region)
{
	pthread_t threads[N_HARTS];

	begin(UINT64_MAX);
	is_over = false;
	start(threads, live);
	pthread_barrier_wait(&all_here);
	for (unsigned round = 0; round < CHANGES || !n_new; round++) {
		add(RAM, N_PAGES * PAGE_SIZE, 0);
		add(RAM + N_PAGES * PAGE_SIZE, N_PAGES * PAGE_SIZE, 0);
		sched_yield();
		EXPECT_EQ(gmap_remove(&m, GPA(RAM), N_PAGES * PAGE_SIZE), 0);
		for (uint64_t i = 0; i < N_PAGES; i++)
			EXPECT(!word_at(RAM + i * PAGE_SIZE));
		EXPECT_EQ(gmap_remove(&m, GPA(RAM + N_PAGES * PAGE_SIZE), N_PAGES * PAGE_SIZE), 0);
		EXPECT_EQ(gmap_host_n_held(), 0);
	}
	stop(threads);
	EXPECT(n_forgotten >= CHANGES * N_HARTS);
	end();
}

/* What appears while rights change has those that it ends with. */
TEST(gmap_smp, page_that_appears_while_rights_change_has_the_new_ones)
{
	static const enum gtable_rights rights[] = { GTABLE_R, GTABLE_RWX, GTABLE_R | GTABLE_X };
	pthread_t threads[N_HARTS];

	begin(UINT64_MAX);
	is_over = false;
	add(RAM, 2 * N_PAGES * PAGE_SIZE, 0);
	start(threads, live);
	pthread_barrier_wait(&all_here);
	for (unsigned round = 0; round < CHANGES; round++) {
		enum gtable_rights now = rights[round % ARRAY_LEN(rights)];

		EXPECT_EQ(gmap_protect(&m, GPA(RAM), 2 * N_PAGES * PAGE_SIZE, now), 0);
		for (uint64_t i = 0; i < 2 * N_PAGES; i++) {
			unsigned level;
			pte_t leaf = gtable_leaf(&m.table, GPA(RAM + i * PAGE_SIZE), &level);

			EXPECT(!leaf || (leaf & PTE_RWX) == now);
		}
		if (round % 4)
			continue;
		EXPECT_EQ(gmap_remove(&m, GPA(RAM), 2 * N_PAGES * PAGE_SIZE), 0);
		add(RAM, 2 * N_PAGES * PAGE_SIZE, 0);
	}
	stop(threads);
	end();
}
