/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/flush_turns.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

enum { MAX_THREADS = 8 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t has_turn[MAX_THREADS];
static bool is_inside[MAX_THREADS];
static unsigned n_threads, whose;
static uint64_t chance = 1;
static _Thread_local unsigned self;

static unsigned any(unsigned n)
{
	chance = chance * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (unsigned)(chance >> 33) % n;
}

/* The mutex is held. */
static void give_turn(void)
{
	do
		whose = any(n_threads);
	while (!is_inside[whose]);
	pthread_cond_signal(&has_turn[whose]);
}

static void await_turn(void)
{
	while (whose != self)
		pthread_cond_wait(&has_turn[self], &mutex);
}

void turns_begin(unsigned n)
{
	n_threads = n;
	whose = 0;
	for (unsigned i = 0; i < n; i++) {
		pthread_cond_init(&has_turn[i], NULL);
		is_inside[i] = true;
	}
}

void turns_enter(unsigned number)
{
	self = number;
	pthread_mutex_lock(&mutex);
	await_turn();
	pthread_mutex_unlock(&mutex);
}

void turns_change(void)
{
	if (any(4))
		return; /* several steps of one, while another stands where it is */
	pthread_mutex_lock(&mutex);
	give_turn();
	await_turn();
	pthread_mutex_unlock(&mutex);
}

void turns_leave(void)
{
	bool is_last = true;

	pthread_mutex_lock(&mutex);
	is_inside[self] = false;
	for (unsigned i = 0; i < n_threads; i++)
		is_last &= !is_inside[i];
	if (!is_last)
		give_turn();
	pthread_mutex_unlock(&mutex);
}

int __wrap_sched_yield(void);

/* Sanitizers yield too, at the end. */
int __wrap_sched_yield(void)
{
	if (is_inside[self])
		turns_change();
	return 0;
}

/* The source under test, with a change before each of its atomic operations. */
#undef atomic_load_explicit
#undef atomic_store_explicit
#undef atomic_exchange_explicit
#undef atomic_fetch_add_explicit
#undef atomic_fetch_or_explicit
#undef atomic_fetch_and_explicit
#define atomic_load_explicit(...)      (turns_change(), __c11_atomic_load(__VA_ARGS__))
#define atomic_store_explicit(...)     (turns_change(), __c11_atomic_store(__VA_ARGS__))
#define atomic_exchange_explicit(...)  (turns_change(), __c11_atomic_exchange(__VA_ARGS__))
#define atomic_fetch_add_explicit(...) (turns_change(), __c11_atomic_fetch_add(__VA_ARGS__))
#define atomic_fetch_or_explicit(...)  (turns_change(), __c11_atomic_fetch_or(__VA_ARGS__))
#define atomic_fetch_and_explicit(...) (turns_change(), __c11_atomic_fetch_and(__VA_ARGS__))
#include "gstage/flush.c"
