/* SPDX-License-Identifier: BSD-2-Clause */
/* picolibc over this runtime: its heap and its variables with several harts, its 64-bit numbers. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/lock.h>

#include "platform/frames.h"
#include "platform/hart.h"
#include "platform/lock.h"
#include "platform/timer.h"
#include "platform/work.h"
#include "tests/kit/kit.h"
#include "tests/machine/harts.h"

static uint64_t next(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *state >> 33;
}

struct piece {
	uint8_t *at;
	size_t size;
	uint8_t byte;
};

static bool is_whole(const struct piece *p)
{
	uint8_t difference = 0;

	for (size_t i = 0; i < p->size; i++)
		difference |= p->at[i] ^ p->byte;
	return !difference;
}

static void resize(struct piece *p, size_t size)
{
	uint8_t *at = realloc(p->at, size);

	EXPECT(at != NULL);
	if (!at)
		return;
	p->at = at;
	p->size = size < p->size ? size : p->size;
	EXPECT(is_whole(p));
	p->size = size;
	memset(at, p->byte, size);
}

static void use_heap(void *context)
{
	enum { N = 32, STEPS = 1000 };
	uint64_t state = hart_index + 1;
	struct piece pieces[N] = { 0 };

	(void)context;
	for (unsigned step = 0; step < STEPS; step++) {
		struct piece *p = &pieces[next(&state) % N];
		size_t size = 1 + next(&state) % (step % 16 ? 300 : 20000);

		if (!p->at) {
			*p = (struct piece){ malloc(size), size, (uint8_t)next(&state) };
			EXPECT(p->at && is_aligned((uint64_t)p->at, 8));
			if (p->at)
				memset(p->at, p->byte, size);
		} else if (next(&state) % 3 == 0) {
			resize(p, size);
		} else {
			EXPECT(is_whole(p));
			free(p->at);
			p->at = NULL;
		}
	}
	for (unsigned i = 0; i < N; i++) {
		EXPECT(!pieces[i].at || is_whole(&pieces[i]));
		free(pieces[i].at);
	}
}

TEST(libc, every_hart_uses_one_heap)
{
	run_on_every_hart(use_heap, NULL);
}

/* As often as can be: what two harts are given at once has two marks. */
static void fight_for_heap(void *context)
{
	enum { ROUNDS = 5000 };
	uint64_t n_wrong = 0;

	(void)context;
	for (uint64_t i = 0; i < ROUNDS; i++) {
		volatile uint64_t *p = malloc(24), mark = hart_index * ROUNDS + i;

		EXPECT(p != NULL);
		if (!p)
			return;
		p[0] = p[2] = mark;
		n_wrong += p[0] != mark || p[2] != mark;
		free((void *)p);
	}
	EXPECT_EQ(n_wrong, 0);
}

TEST_IF(libc, no_two_harts_are_given_the_same_piece, needs_another_hart)
{
	run_on_every_hart(fight_for_heap, NULL);
}

extern struct __lock __lock___libc_recursive_mutex;

static _Atomic unsigned n_held, is_trying, is_taken_by_other;

static void take_library_lock(struct work *work)
{
	(void)work;
	while (!n_held)
		cpu_relax();
	is_trying = 1;
	__retarget_lock_acquire_recursive(&__lock___libc_recursive_mutex);
	is_taken_by_other = n_held == 0 ? 1 : 2;
	__retarget_lock_release_recursive(&__lock___libc_recursive_mutex);
}

/* Here nothing may poll or print: the lock is held. */
static void wait_a_while(void)
{
	uint64_t then = time_now() + time_from_us(2000);

	while (!time_is_past(then))
		cpu_relax();
}

static void hold_library_lock(unsigned depth)
{
	uint64_t limit = time_now() + time_from_us(PATIENCE_US);

	for (unsigned i = 0; i < depth; i++)
		__retarget_lock_acquire_recursive(&__lock___libc_recursive_mutex);
	n_held = depth;
	while (!is_trying && !time_is_past(limit))
		cpu_relax();
	for (unsigned i = 0; i < depth; i++) {
		wait_a_while();
		n_held--;
		__retarget_lock_release_recursive(&__lock___libc_recursive_mutex);
	}
}

TEST_IF(libc, library_lock_is_free_only_after_as_many_releases_as_takes, needs_another_hart)
{
	static struct work work = { .call = take_library_lock };

	for (unsigned depth = 1; depth <= 3; depth++) {
		n_held = is_trying = is_taken_by_other = 0;
		work_queue(&work, 1);
		hold_library_lock(depth);
		EXPECT(poll_until(&is_taken_by_other, 1));
	}
}

TEST(libc, freed_heap_is_used_again)
{
	struct frames_stats before, after;

	free(malloc(MiB));
	frames_stats(&before);
	for (unsigned i = 0; i < 200; i++) {
		void *p = malloc(MiB);

		REQUIRE(p);
		memset(p, 1, MiB);
		free(p);
	}
	frames_stats(&after);
	EXPECT_EQ(after.n_free, before.n_free);
}

TEST(libc, calloc_is_zero_and_refuses_what_overflows)
{
	volatile size_t half = SIZE_MAX / 2;
	char *p = malloc(5000);

	REQUIRE(p);
	memset(p, 1, 5000);
	free(p);
	p = calloc(50, 100);
	REQUIRE(p);
	for (unsigned i = 0; i < 5000; i++)
		EXPECT(!p[i]);
	free(p);
	EXPECT(!calloc(half, 3));
}

/* More than there is: refused, and what there is can still be had. */
TEST(libc, malloc_refuses_what_does_not_fit)
{
	volatile size_t huge = UINT64_C(1) << 40;

	errno = 0;
	EXPECT(!malloc(huge));
	EXPECT_EQ(errno, ENOMEM);
	void *p = malloc(100);
	EXPECT(p);
	free(p);
}

static PER_HART int own_errno_check = 1234;
static PER_HART unsigned char zero_at_first[100];
static int *places[MAX_HARTS];
static _Atomic unsigned n_written;

/* All write, then all read. */
static void use_locals(void *context)
{
	(void)context;
	EXPECT_EQ(own_errno_check, 1234);
	for (unsigned i = 0; i < sizeof(zero_at_first); i++)
		EXPECT_EQ(zero_at_first[i], 0);
	errno = (int)hart_index + 100;
	own_errno_check = (int)hart_index;
	memset(zero_at_first, (int)hart_index + 1, sizeof(zero_at_first));
	places[hart_index] = &errno;
	n_written++;
	while (n_written < n_harts())
		cpu_relax();
	EXPECT_EQ(errno, hart_index + 100);
	EXPECT_EQ(own_errno_check, hart_index);
	for (unsigned i = 0; i < sizeof(zero_at_first); i++)
		EXPECT_EQ(zero_at_first[i], hart_index + 1);
	own_errno_check = 1234;
	memset(zero_at_first, 0, sizeof(zero_at_first));
}

TEST(libc, every_hart_has_its_own_errno_and_variables)
{
	n_written = 0;
	run_on_every_hart(use_locals, NULL);
	for_each_hart (i)
		for (unsigned k = 0; k < i; k++)
			EXPECT(places[i] != places[k]);
}

TEST(libc, snprintf_writes_64_bit_numbers)
{
	char text[128];

	snprintf(text, sizeof(text), "%" PRIu64 " %" PRId64 " %" PRIx64, UINT64_MAX, INT64_MIN,
		 UINT64_C(0xfedcba9876543210));
	EXPECT_STR(text, "18446744073709551615 -9223372036854775808 fedcba9876543210");
	snprintf(text, sizeof(text), "[%016lx] [%-6d] [%+d] [%5.2s] [%zu] [%c] [%%]", 0xabcul, -42,
		 7, "xyz", sizeof(text), 'q');
	EXPECT_STR(text, "[0000000000000abc] [-42   ] [+7] [   xy] [128] [q] [%]");
	snprintf(text, sizeof(text), "%p %o", (void *)0xffffffc000000000, 0777);
	EXPECT_STR(text, "0xffffffc000000000 777");
}

TEST(libc, snprintf_cuts_and_says_how_long_it_would_be)
{
	static char big[5000], text[16];

	memset(big, 'a', sizeof(big) - 1);
	memset(text, 'z', sizeof(text));
	EXPECT_EQ(snprintf(text, 8, "%s!", big), sizeof(big));
	EXPECT_STR(text, "aaaaaaa");
	EXPECT_EQ(text[8], 'z');
	EXPECT_EQ(snprintf(NULL, 0, "%s", big), sizeof(big) - 1);
}

TEST(libc, strings_become_64_bit_numbers)
{
	char *end;

	EXPECT_EQ(strtoull("0xfedcba9876543210x", &end, 0), UINT64_C(0xfedcba9876543210));
	EXPECT_STR(end, "x");
	EXPECT_EQ(strtoll("-9223372036854775808", NULL, 10), INT64_MIN);
	errno = 0;
	EXPECT_EQ(strtoull("18446744073709551616", NULL, 10), UINT64_MAX);
	EXPECT_EQ(errno, ERANGE);
}

/* Every alignment of both sides, sizes about the widths of the loops, overlap both ways. */
TEST(libc, memory_functions_touch_what_they_should)
{
	enum { ROOM = 256, MARGIN = 64 };
	static uint8_t a[ROOM], b[ROOM], expected[ROOM];

	for (unsigned n = 0; n < 100; n += n < 20 ? 1 : 7)
		for (unsigned to = 0; to < 9; to++)
			for (unsigned from = 0; from < 9; from++) {
				for (unsigned i = 0; i < ROOM; i++)
					a[i] = expected[i] = (uint8_t)(i * 7 + 1),
					b[i] = (uint8_t)i;
				for (unsigned i = 0; i < n; i++)
					expected[MARGIN + to + i] = b[from + i];
				memcpy(a + MARGIN + to, b + from, n);
				REQUIRE(!memcmp(a, expected, ROOM));
				for (unsigned i = 0; i < n; i++)
					b[i] = a[MARGIN + from + i];
				for (unsigned i = 0; i < n; i++)
					expected[MARGIN + to + i] = b[i];
				memmove(a + MARGIN + to, a + MARGIN + from, n);
				REQUIRE(!memcmp(a, expected, ROOM));
				memset(a + MARGIN + to, 0xee, n);
				for (unsigned i = 0; i < n; i++)
					expected[MARGIN + to + i] = 0xee;
				REQUIRE(!memcmp(a, expected, ROOM));
			}
}
