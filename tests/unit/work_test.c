/* SPDX-License-Identifier: BSD-2-Clause */
/* The queues of deferred work, with threads as harts. TSan sees what the queue does not order. */
#include "platform/work.h"

#include <pthread.h>
#include <sched.h>

#include "platform/hart.h"
#include "tests/kit/kit.h"

enum { N_THREADS = 8, ROUNDS = 400 };

static _Atomic unsigned n_kicks[MAX_HARTS];

void hart_kick(unsigned hart)
{
	atomic_fetch_add(&n_kicks[hart], 1);
}

/* An item with plain data: written by who queues it, read by who runs it, and back. */
struct item {
	struct work work;
	unsigned from, number, n_runs;
	_Atomic bool is_done;
};

static unsigned order[16], n_run;

static void note(struct work *work)
{
	struct item *item = CONTAINER_OF(work, struct item, work);

	item->n_runs++;
	order[n_run++ % ARRAY_LEN(order)] = item->number;
}

static void begin(struct item *items, unsigned n)
{
	n_run = 0;
	hart_index = 0;
	for (unsigned i = 0; i < n; i++)
		items[i] = (struct item){ .work.call = note, .number = i };
	for (unsigned i = 0; i < MAX_HARTS; i++)
		n_kicks[i] = 0;
}

TEST(work, items_run_once_in_the_order_of_queueing)
{
	struct item items[8];

	begin(items, 8);
	EXPECT(!work_is_pending());
	for (unsigned i = 0; i < 8; i++)
		work_queue(&items[i].work, 0);
	EXPECT(work_is_pending());
	EXPECT_EQ(n_run, 0);
	work_run();
	EXPECT(!work_is_pending());
	EXPECT_EQ(n_run, 8);
	for (unsigned i = 0; i < 8; i++)
		EXPECT_EQ(order[i], i);
	work_run();
	EXPECT_EQ(n_run, 8);
}

TEST(work, only_another_hart_is_kicked)
{
	struct item items[2];

	begin(items, 2);
	work_queue(&items[0].work, 0);
	EXPECT_EQ(n_kicks[0], 0);
	work_queue(&items[1].work, 3);
	EXPECT_EQ(n_kicks[3], 1);
	work_run();
	EXPECT_EQ(items[0].n_runs, 1);
	EXPECT_EQ(items[1].n_runs, 0);
	hart_index = 3;
	work_run();
	EXPECT_EQ(items[1].n_runs, 1);
}

TEST(work, item_that_is_queued_already_stays_where_it_is)
{
	struct item items[2];

	begin(items, 2);
	work_queue(&items[0].work, 0);
	work_queue(&items[1].work, 0);
	work_queue(&items[0].work, 0);
	work_queue(&items[0].work, 5);
	EXPECT_EQ(n_kicks[5], 0);
	work_run();
	EXPECT_EQ(n_run, 2);
	EXPECT_EQ(order[0], 0);
	work_queue(&items[0].work, 0);
	work_run();
	EXPECT_EQ(items[0].n_runs, 2);
}

static void queue_again(struct work *work)
{
	note(work);
	if (n_run < 5)
		work_queue(work, 0);
}

/* And then it runs at the next poll point, not in this one. */
TEST(work, item_can_queue_itself)
{
	struct item item;

	begin(&item, 1);
	item.work.call = queue_again;
	work_queue(&item.work, 0);
	for (unsigned i = 1; i <= 5; i++) {
		work_run();
		EXPECT_EQ(item.n_runs, i);
	}
	EXPECT(!work_is_pending());
}

/* ---- Threads ---- */

static struct item items[N_THREADS][N_THREADS][4];
static _Atomic unsigned n_finished;

/* Runs on the hart that the item was queued for: plain data of the item is its own now. */
static void take(struct work *work)
{
	struct item *item = CONTAINER_OF(work, struct item, work);

	EXPECT_EQ(item->number, item->n_runs);
	item->n_runs++;
	atomic_store_explicit(&item->is_done, true, memory_order_release);
}

static void queue_round(unsigned round)
{
	for (unsigned to = 0; to < N_THREADS; to++) {
		for (unsigned k = 0; k < 4; k++) {
			struct item *item = &items[hart_index][to][k];

			while (!atomic_load_explicit(&item->is_done, memory_order_acquire)) {
				work_run();
				sched_yield();
			}
			atomic_store_explicit(&item->is_done, false, memory_order_relaxed);
			item->number = round;
			work_queue(&item->work, to);
		}
	}
}

static void *be_a_hart(void *index)
{
	hart_index = (unsigned)(uintptr_t)index;
	for (unsigned round = 0; round < ROUNDS; round++)
		queue_round(round);
	n_finished++;
	while (n_finished < N_THREADS) {
		work_run();
		sched_yield();
	}
	work_run();
	return NULL;
}

static void in_threads(void *(*run)(void *index))
{
	pthread_t threads[N_THREADS];

	for (uintptr_t i = 0; i < N_THREADS; i++)
		REQUIRE(pthread_create(&threads[i], NULL, run, (void *)i) == 0);
	for (unsigned i = 0; i < N_THREADS; i++)
		pthread_join(threads[i], NULL);
}

TEST(work, eight_harts_queue_for_each_other_and_nothing_is_lost)
{
	n_finished = 0;
	for (unsigned i = 0; i < N_THREADS * N_THREADS * 4; i++)
		(&items[0][0][0])[i] = (struct item){ .work.call = take, .is_done = true };
	in_threads(be_a_hart);
	for (unsigned i = 0; i < N_THREADS * N_THREADS * 4; i++)
		EXPECT_EQ((&items[0][0][0])[i].n_runs, ROUNDS);
}

/* Who finds it queued already must still be heard: each wish is counted before an item that is
 * shared by all is queued, and no wish may be left when all is quiet. */
static _Atomic unsigned n_wishes, n_granted;

static void grant(struct work *work)
{
	n_granted += atomic_exchange_explicit(&n_wishes, 0, memory_order_relaxed);
}

static struct work shared = { .call = grant };

static void *wish(void *index)
{
	hart_index = (unsigned)(uintptr_t)index;
	for (unsigned i = 0; i < ROUNDS; i++) {
		atomic_fetch_add_explicit(&n_wishes, 1, memory_order_relaxed);
		work_queue(&shared, i % N_THREADS);
		work_run();
	}
	n_finished++;
	while (n_finished < N_THREADS) {
		work_run();
		sched_yield();
	}
	work_run();
	return NULL;
}

TEST(work, no_wish_is_lost_that_found_its_item_queued)
{
	n_finished = n_wishes = n_granted = 0;
	in_threads(wish);
	EXPECT_EQ(n_granted, N_THREADS * ROUNDS);
	EXPECT_EQ(n_wishes, 0);
}

static unsigned message; /* plain */
static _Atomic unsigned is_sent;

static void read_message(struct work *work)
{
	EXPECT_EQ(message, 17);
}

static struct work mail = { .call = read_message };

static void *queue_once_more(void *index)
{
	message = 17;
	work_queue(&mail, 0);
	/* Relaxed: it is the queue that must order the message. */
	atomic_store_explicit(&is_sent, 1, memory_order_relaxed);
	return NULL;
}

TEST(work, call_sees_what_was_written_by_who_found_it_queued)
{
	pthread_t thread;

	hart_index = 0;
	is_sent = 0;
	work_queue(&mail, 0);
	REQUIRE(pthread_create(&thread, NULL, queue_once_more, NULL) == 0);
	while (!atomic_load_explicit(&is_sent, memory_order_relaxed))
		sched_yield();
	work_run();
	pthread_join(thread, NULL);
}
