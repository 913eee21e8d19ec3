/* SPDX-License-Identifier: BSD-2-Clause */
/* platform/frames.c with a thread for each of eight harts: to be run under TSan as well. */
#include <errno.h>
#include <pthread.h>

#include "platform/frames.h"
#include "platform/hart.h"
#include "tests/kit/kit.h"
#include "tests/unit/frames_host.h"
#include "tests/unit/frames_model.h"
#include "tests/unit/host_stubs.h"

enum { N_HARTS = 8, N_OWNERS = 3, MAX_HELD = 64, N_SHELVES = 16, N_ROUNDS = 8000 };

static uint64_t bank_size;
static struct frame_owner owners[N_OWNERS];

/* Where one hart leaves a block for another: an address, or 0. */
static _Atomic uint64_t shelves[N_SHELVES];

static _Atomic uint64_t n_failed, n_quota_hit;

/* What is wrong is counted, since the kit belongs to the thread that runs the tests. */
static void want(bool ok)
{
	if (!ok)
		atomic_fetch_add(&n_failed, 1);
}

struct hart_state {
	struct model_random random;
	unsigned index;
	unsigned n_held;
	struct hpa held[MAX_HELD];
};

/* A block is its holder's alone: plain accesses, of which TSan would report an overlap. */
static void mark(struct hpa at, unsigned order, uint64_t from, uint64_t to)
{
	for (uint64_t i = 0; i < 1ull << order; i++) {
		want(frames_host_word(at)[i] == from);
		frames_host_word(at)[i] = to;
	}
}

static void drop(struct hpa at)
{
	unsigned order = 0;

	want(frame_owner_of(at, &order));
	if (frame_refs(at) == 1)
		mark(at, order, at.v, 0);
	frame_put(at);
}

static void take_one(struct hart_state *h)
{
	static const unsigned orders[] = { 0, 0, 0, 0, 0, 0, 1, 3, 5, ORDER_MEGA };
	struct frame_owner *owner = &owners[model_draw(&h->random, N_OWNERS)];
	unsigned order = orders[model_draw(&h->random, ARRAY_LEN(orders))];
	struct hpa at =
		HPA(0x80000000 + (model_draw(&h->random, bank_size) & -(PAGE_SIZE << order)));
	int error;

	if (model_draw(&h->random, 8))
		error = frames_alloc(owner, order, FRAMES_DIRTY, &at);
	else
		error = frames_alloc_at(owner, at, order, FRAMES_DIRTY);
	want(owner->n_held <= owner->quota);
	if (error == -EDQUOT)
		atomic_fetch_add(&n_quota_hit, 1);
	want(!error || error == -EDQUOT || error == -ENOMEM || error == -EBUSY);
	if (error)
		return;
	mark(at, order, 0, at.v);
	h->held[h->n_held++] = at;
}

static void drop_one(struct hart_state *h)
{
	unsigned i = model_draw(&h->random, h->n_held);
	struct hpa at = h->held[i];

	h->held[i] = h->held[--h->n_held];
	drop(at);
}

/* Give a block away, and take what lay there. */
static void swap_one(struct hart_state *h)
{
	unsigned i = model_draw(&h->random, h->n_held);
	unsigned shelf = model_draw(&h->random, N_SHELVES);
	struct hpa got = HPA(atomic_exchange(&shelves[shelf], h->held[i].v));

	h->held[i] = h->held[--h->n_held];
	if (got.v)
		h->held[h->n_held++] = got;
}

/* Two holders for a moment, as when a fault of another vCPU maps the same frame. */
static void share_one(struct hart_state *h)
{
	struct hpa at = h->held[model_draw(&h->random, h->n_held)];

	frame_get(at);
	want(frame_refs(at) == 2);
	frame_put(at);
}

static void *run_hart(void *argument)
{
	struct hart_state *h = argument;
	struct frames_stats s;

	hart_index = h->index;
	for (unsigned i = 0; i < N_ROUNDS; i++) {
		unsigned what = model_draw(&h->random, 100);

		if (what == 0)
			frames_drain_cache();
		else if (what == 1)
			frames_stats(&s);
		else if (what < 50 && h->n_held < MAX_HELD)
			take_one(h);
		else if (h->n_held && what < 75)
			drop_one(h);
		else if (h->n_held && what < 90)
			swap_one(h);
		else if (h->n_held)
			share_one(h);
	}
	while (h->n_held)
		drop_one(h);
	return NULL;
}

static void run_all(void *(*run)(void *), uint64_t n_failures_expected)
{
	static struct hart_state harts[N_HARTS];
	pthread_t threads[N_HARTS];

	n_failed = 0;
	for (unsigned i = 0; i < N_HARTS; i++) {
		harts[i] = (struct hart_state){ .random = { i + 1 }, .index = i };
		REQUIRE_EQ(pthread_create(&threads[i], NULL, run, &harts[i]), 0);
	}
	for (unsigned i = 0; i < N_HARTS; i++)
		pthread_join(threads[i], NULL);
	EXPECT_EQ(n_failed, n_failures_expected);
}

static void start(uint64_t size, uint64_t quota)
{
	struct hpa_range banks[] = { { HPA(0x80000000), size }, { HPA(0x1000000000), size } };

	bank_size = size;
	frames_host_reset(64 * MiB);
	host_set_n_harts(N_HARTS);
	for (unsigned i = 0; i < N_OWNERS; i++)
		owners[i] = (struct frame_owner){ .name = "owner", .quota = quota };
	REQUIRE_EQ(frames_init(banks, 2, NULL, 0, MAX_HARTS), 0);
}

static void expect_all_back(void)
{
	struct frames_stats s;

	for (unsigned i = 0; i < N_SHELVES; i++) {
		uint64_t at = atomic_exchange(&shelves[i], 0);

		if (at)
			drop(HPA(at));
	}
	for (hart_index = 0; hart_index < N_HARTS; hart_index++)
		frames_drain_cache();
	hart_index = 0;
	for (unsigned i = 0; i < N_OWNERS; i++)
		EXPECT_EQ(owners[i].n_held, 0);
	frames_stats(&s);
	EXPECT_EQ(s.n_cached, 0);
	EXPECT_EQ(s.n_free + s.n_table, s.n_total);
}

TEST(frames_smp, harts_never_get_the_same_frame)
{
	start(1 * GiB, UINT64_MAX);
	run_all(run_hart, 0);
	expect_all_back();
	EXPECT_EQ(n_quota_hit, 0);
}

TEST(frames_smp, no_owner_ever_exceeds_its_quota)
{
	n_quota_hit = 0;
	start(1 * GiB, 3000);
	run_all(run_hart, 0);
	expect_all_back();
	EXPECT(n_quota_hit > 0);
}

/* So little memory that harts take it out of each other's caches all the time. */
TEST(frames_smp, harts_share_the_last_frames)
{
	start(8 * MiB, UINT64_MAX);
	run_all(run_hart, 0);
	expect_all_back();
}

/* One block, many holders, all of whom let go at once: it is freed once. */
static struct hpa shared;

static void *hold_and_let_go(void *argument)
{
	struct hart_state *h = argument;

	hart_index = h->index;
	for (unsigned i = 0; i < N_ROUNDS; i++) {
		frame_get(shared);
		want(frame_refs(shared) >= 2);
		frame_put(shared);
	}
	frame_put(shared);
	return NULL;
}

TEST(frames_smp, the_last_of_many_holders_frees_a_block)
{
	start(64 * MiB, UINT64_MAX);
	REQUIRE_EQ(frames_alloc(&owners[0], 4, FRAMES_DIRTY, &shared), 0);
	for (unsigned i = 0; i < N_HARTS; i++)
		frame_get(shared);
	frame_put(shared);
	EXPECT_EQ(frame_refs(shared), N_HARTS);
	/* Whoever ends sooner leaves fewer holders than want() asks for, so one more stays. */
	frame_get(shared);
	run_all(hold_and_let_go, 0);
	EXPECT_EQ(frame_refs(shared), 1);
	EXPECT_EQ(owners[0].n_held, 16);
	frame_put(shared);
	expect_all_back();
}
