/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lock with threads as harts, and the checks of its order. They exist in debug builds
 * only, so this file is one, and brings its own copy of them.
 */
#ifndef DEBUG
#define DEBUG 1
#endif
#include "platform/lock.c"

#include <pthread.h>
#include <sched.h>

#include "tests/kit/kit.h"
#include "tests/unit/host_stubs.h"

enum { N_THREADS = 8, ROUNDS = 500 };

static struct lock outer = LOCK_INIT("outer", RANK_OWN);
static struct lock inner = LOCK_INIT("inner", RANK_FRAMES);
static struct lock twin = LOCK_INIT("twin", RANK_FRAMES);

/* Plain: TSan sees every access that the lock does not order. */
static unsigned counter, n_tried;

static void in_threads(void *(*run)(void *))
{
	pthread_t threads[N_THREADS];

	for (int i = 0; i < N_THREADS; i++)
		REQUIRE(pthread_create(&threads[i], NULL, run, NULL) == 0);
	for (int i = 0; i < N_THREADS; i++)
		pthread_join(threads[i], NULL);
}

static void *count(void *unused)
{
	for (unsigned i = 0; i < ROUNDS; i++) {
		lock_take(&outer);
		unsigned seen = counter;

		if (i % 50 == 0)
			sched_yield();
		counter = seen + 1;
		lock_release(&outer);
	}
	return NULL;
}

TEST(lock, holder_is_alone)
{
	counter = 0;
	in_threads(count);
	EXPECT_EQ(counter, N_THREADS * ROUNDS);
}

static void *count_by_trying(void *unused)
{
	for (unsigned i = 0; i < ROUNDS; i++) {
		if (i % 2) {
			lock_take(&outer);
		} else {
			while (!lock_try(&outer))
				sched_yield();
		}
		counter++;
		n_tried += i % 2 == 0;
		lock_release(&outer);
	}
	return NULL;
}

TEST(lock, who_tries_and_who_waits_exclude_each_other)
{
	counter = n_tried = 0;
	in_threads(count_by_trying);
	EXPECT_EQ(counter, N_THREADS * ROUNDS);
	EXPECT_EQ(n_tried, N_THREADS * ROUNDS / 2);
}

static void *expect_busy(void *lock)
{
	EXPECT(!lock_try(lock));
	return NULL;
}

TEST(lock, trying_fails_while_another_holds_it)
{
	pthread_t thread;

	lock_take(&outer);
	REQUIRE(pthread_create(&thread, NULL, expect_busy, &outer) == 0);
	pthread_join(thread, NULL);
	lock_release(&outer);
	EXPECT(lock_try(&outer));
	lock_release(&outer);
}

static void take(void *lock)
{
	lock_take(lock);
}

static void release(void *lock)
{
	lock_release(lock);
}

static void expect_none_held(void *unused)
{
	lock_check_none_held();
}

TEST(lock, rising_ranks_are_allowed)
{
	lock_take(&outer);
	lock_take(&inner);
	lock_release(&outer); /* in any order */
	lock_release(&inner);
	EXPECT(!host_check_fails(expect_none_held, NULL));
}

TEST(lock, falling_rank_is_found_before_it_waits)
{
	lock_take(&inner);
	EXPECT(host_check_fails(take, &outer));
	EXPECT(!outer.is_taken);
	lock_release(&inner);
}

TEST(lock, two_of_one_rank_are_found)
{
	lock_take(&inner);
	EXPECT(host_check_fails(take, &twin));
	lock_release(&inner);
}

TEST(lock, taking_again_what_one_holds_is_found)
{
	lock_take(&inner);
	EXPECT(host_check_fails(take, &inner));
	lock_release(&inner);
	EXPECT(!inner.is_taken);
}

/* It waits for nobody, so it can lock up nothing. */
TEST(lock, trying_may_go_against_the_order)
{
	lock_take(&inner);
	EXPECT(lock_try(&outer));
	lock_release(&outer);
	lock_release(&inner);
}

TEST(lock, release_of_what_is_not_held_is_found)
{
	EXPECT(host_check_fails(release, &outer));
	EXPECT(!outer.is_taken);
}

TEST(lock, lock_that_is_held_at_a_poll_point_is_found)
{
	lock_take(&outer);
	EXPECT(host_check_fails(expect_none_held, NULL));
	lock_release(&outer);
	EXPECT(!host_check_fails(expect_none_held, NULL));
}
