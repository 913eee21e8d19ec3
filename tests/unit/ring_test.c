/* SPDX-License-Identifier: BSD-2-Clause */
#include <pthread.h>
#include <sched.h>
#include <string.h>

#include "lib/ring.h"
#include "tests/kit/kit.h"

enum { SMALL = 16, BIG = 4096 };

static _Atomic uint16_t cells[SMALL], big_cells[BIG];

static struct ring small_ring(void)
{
	memset(cells, 0, sizeof(cells));
	return (struct ring)RING_INIT(cells);
}

TEST(ring, gives_back_what_was_put_in)
{
	struct ring r = small_ring();
	char got[SMALL] = "";

	EXPECT(ring_is_empty(&r));
	REQUIRE(ring_put(&r, "hart", 4) && ring_put(&r, "wood", 4));
	EXPECT(!ring_is_empty(&r));
	EXPECT_EQ(ring_take(&r, got, 6), 6);
	EXPECT_STR(got, "hartwo");
	EXPECT_EQ(ring_take(&r, got, 6), 2);
	EXPECT(ring_is_empty(&r));
	EXPECT_EQ(ring_take(&r, got, 6), 0);
}

TEST(ring, takes_a_message_whole_or_not_at_all)
{
	struct ring r = small_ring();
	char got[SMALL + 1] = "";

	REQUIRE(ring_put(&r, "0123456789", 10));
	EXPECT_EQ(ring_room(&r), 6);
	EXPECT(!ring_put(&r, "abcdefg", 7));
	EXPECT_EQ(ring_room(&r), 6);
	EXPECT(ring_put(&r, "abcdef", 6));
	EXPECT_EQ(ring_room(&r), 0);
	EXPECT(!ring_put(&r, "x", 1));
	EXPECT_EQ(ring_take(&r, got, SMALL), SMALL);
	EXPECT_STR(got, "0123456789abcdef");
	EXPECT(!ring_put(&r, "0123456789abcdef!", SMALL + 1));
	EXPECT(ring_is_empty(&r));
}

TEST(ring, is_not_unused_while_a_byte_is_owed)
{
	struct ring r = small_ring();

	EXPECT(ring_is_unused(&r));
	r.head = 1; /* reserved, and not there yet */
	EXPECT(ring_is_empty(&r));
	EXPECT(!ring_is_unused(&r));
}

TEST(ring, carries_every_byte_value_round_and_round)
{
	struct ring r = small_ring();
	unsigned char next_in = 0, next_out = 0;

	for (unsigned lap = 0; lap < 1000; lap++) {
		char in[7], out[7];
		unsigned n = lap % 7 + 1;

		for (unsigned i = 0; i < n; i++)
			in[i] = (char)next_in++;
		REQUIRE(ring_put(&r, in, n));
		REQUIRE_EQ(ring_take(&r, out, n), n);
		for (unsigned i = 0; i < n; i++)
			REQUIRE_EQ((unsigned char)out[i], next_out++);
	}
}

/* A producer that has reserved and not written yet is made by hand: its place stays empty. */
TEST(ring, stops_at_a_byte_that_is_still_owed)
{
	struct ring r = small_ring();
	char got[SMALL] = "";

	REQUIRE(ring_put(&r, "ab", 2));
	atomic_fetch_add(&r.head, 1);
	REQUIRE(ring_put(&r, "de", 2));
	EXPECT_EQ(ring_take(&r, got, SMALL), 2);
	EXPECT(ring_is_empty(&r));
	EXPECT_EQ(ring_room(&r), SMALL - 3);
	atomic_store(&r.cells[2], 0x100 | 'c');
	EXPECT_EQ(ring_take(&r, got + 2, SMALL), 3);
	EXPECT_STR(got, "abcde");
}

/*
 * Many producers, one consumer. A message is "length, producer, number (2 bytes), filler ...",
 * where the filler is a function of the rest, so that a byte of another's shows. Every fourth may
 * be refused by a full ring, the others are put in again until they fit.
 */
enum { PRODUCERS = 8, MESSAGES = 20000, HEADER = 4, LONGEST = 40 };

static struct ring shared;
static atomic_uint n_refused, n_running;
static pthread_barrier_t start; /* so that they all run at once */

static unsigned length_of(unsigned producer, unsigned number)
{
	return HEADER + (producer * 7 + number * 13) % (LONGEST - HEADER + 1);
}

static void make_message(unsigned char *m, unsigned producer, unsigned number)
{
	m[0] = (unsigned char)length_of(producer, number);
	m[1] = (unsigned char)producer;
	m[2] = (unsigned char)number;
	m[3] = (unsigned char)(number >> 8);
	for (unsigned i = HEADER; i < m[0]; i++)
		m[i] = (unsigned char)(producer * 31 + number + i);
}

static void *produce(void *argument)
{
	unsigned producer = (unsigned)(uintptr_t)argument;
	unsigned char m[LONGEST];

	pthread_barrier_wait(&start);
	for (unsigned number = 0; number < MESSAGES; number++) {
		make_message(m, producer, number);
		while (!ring_put(&shared, (const char *)m, m[0])) {
			if (number % 4 == 0) {
				atomic_fetch_add(&n_refused, 1);
				break;
			}
			sched_yield();
		}
	}
	atomic_fetch_sub(&n_running, 1);
	return NULL;
}

/* Exactly n bytes, which somebody is putting in; false when there is nothing more to come. */
static bool take_all(unsigned char *bytes, size_t n)
{
	for (size_t got = 0; got < n;) {
		bool last_look = atomic_load(&n_running) == 0;
		size_t k = ring_take(&shared, (char *)bytes + got, n - got);

		if (!k && last_look)
			return false;
		if (!k)
			sched_yield();
		got += k;
	}
	return true;
}

static unsigned consume(void)
{
	unsigned char m[LONGEST], expected[LONGEST];
	int last[PRODUCERS];
	unsigned n = 0;

	memset(last, -1, sizeof(last));
	while (take_all(m, HEADER)) {
		int number = m[2] | m[3] << 8;

		REQUIRE(m[1] < PRODUCERS && m[0] == length_of(m[1], (unsigned)number));
		REQUIRE(take_all(m + HEADER, m[0] - HEADER));
		make_message(expected, m[1], (unsigned)number);
		REQUIRE(memcmp(m, expected, m[0]) == 0);
		REQUIRE(number > last[m[1]]); /* in its producer's order, and never twice */
		last[m[1]] = number;
		n++;
	}
	return n;
}

TEST(ring, keeps_messages_of_many_producers_whole_and_in_order)
{
	pthread_t threads[PRODUCERS];
	unsigned n_taken;

	memset(big_cells, 0, sizeof(big_cells));
	shared = (struct ring)RING_INIT(big_cells);
	atomic_store(&n_refused, 0);
	atomic_store(&n_running, PRODUCERS);
	REQUIRE_EQ(pthread_barrier_init(&start, NULL, PRODUCERS), 0);
	for (uintptr_t i = 0; i < PRODUCERS; i++)
		REQUIRE_EQ(pthread_create(&threads[i], NULL, produce, (void *)i), 0);
	n_taken = consume();
	for (unsigned i = 0; i < PRODUCERS; i++)
		pthread_join(threads[i], NULL);
	pthread_barrier_destroy(&start);
	kit_note("%u taken, %u refused by a full ring", n_taken, atomic_load(&n_refused));
	EXPECT_EQ(n_taken + atomic_load(&n_refused), PRODUCERS * MESSAGES);
	EXPECT(n_taken >= PRODUCERS * MESSAGES * 3 / 4);
	EXPECT(ring_is_empty(&shared));
	EXPECT_EQ(ring_room(&shared), BIG);
}
