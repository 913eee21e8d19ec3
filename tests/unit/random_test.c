/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The random generator against the construction that it is said to be, done again here with the
 * block function alone. The clock stands still unless a test moves it.
 */
#include "arch/csr.h"

#include <stdint.h>
#include <string.h>

static uint64_t moment;
#undef csr_read
#define csr_read(csr) (moment)
#include "platform/random.c"

#include "tests/kit/kit.h"

enum { SEED = 77, LONGEST = 200 };

/* What the generator must hold. */
static struct {
	uint32_t key[8], counter;
	bool is_unmixed;
} model;

/* One block of the stream: its first half is the next key, its second half may be given out. */
static void model_block(uint8_t given[32])
{
	const uint32_t nonce[3] = { (uint32_t)moment, (uint32_t)(moment >> 32), 0 };
	uint32_t out[16];

	chacha20_block(out, model.key, model.counter++, nonce);
	model.is_unmixed = false;
	memcpy(model.key, out, 32);
	memcpy(given, out + 8, 32);
}

static void model_feed(const uint8_t *bytes, size_t n)
{
	uint8_t ignored[32];

	for (size_t i = 0; i < n; i++) {
		uint8_t *to = (uint8_t *)model.key;

		if (i % 32 == 0 && model.is_unmixed)
			model_block(ignored);
		model.is_unmixed = true;
		to[i % 32] ^= bytes[i];
	}
}

static void model_bytes(uint8_t *to, size_t n)
{
	uint8_t given[32];

	for (size_t i = 0; i < n; i++) {
		if (i % 32 == 0)
			model_block(given);
		to[i] = given[i % 32];
	}
}

static void feed(uint8_t first, size_t n)
{
	uint8_t seed[SEED];

	for (size_t i = 0; i < n; i++)
		seed[i] = (uint8_t)(first + i * 7);
	random_feed(seed, n);
	model_feed(seed, n);
}

static void begin(void)
{
	memset(key, 0, sizeof(key));
	memset(&model, 0, sizeof(model));
	counter = 0;
	seeded = false;
	is_unmixed = false;
	moment = 0;
}

static void expect_draw(size_t n)
{
	uint8_t drawn[LONGEST + 1], expected[LONGEST];

	drawn[n] = 0x5a;
	random_bytes(drawn, n);
	model_bytes(expected, n);
	EXPECT(!memcmp(drawn, expected, n));
	EXPECT_EQ(drawn[n], 0x5a);
}

TEST(random, draws_are_the_stream_of_seed_time_and_all_draws_before)
{
	begin();
	feed(1, SEED);
	for (size_t n = 0; n < LONGEST; n += 13) {
		expect_draw(n);
		moment += n << 28; /* both halves of the nonce */
	}
	feed(2, 32);
	expect_draw(64);
	feed(3, 1);
	expect_draw(1);
}

TEST(random, seeds_are_mixed_into_what_was_there)
{
	uint64_t with_both, with_second;

	begin();
	feed(1, SEED);
	feed(2, SEED);
	with_both = random_u64();
	begin();
	feed(2, SEED);
	with_second = random_u64();
	EXPECT(with_both != with_second);
}

TEST(random, the_same_seed_twice_does_not_cancel_out)
{
	uint32_t before[8];

	begin();
	feed(1, 32);
	(void)random_u64();
	memcpy(before, key, sizeof(key));
	feed(2, 32);
	feed(2, 32);
	EXPECT(memcmp(before, key, sizeof(key)));
}

/* Who reads the state later cannot run the stream again. */
TEST(random, key_is_another_after_each_draw)
{
	uint32_t before[8];

	begin();
	for (unsigned i = 0; i < 8; i++) {
		feed(1, 5);
		memcpy(before, key, sizeof(key));
		(void)random_u64();
		for (unsigned k = 0; k < 8; k++)
			EXPECT(key[k] != before[k]);
	}
}

TEST(random, nothing_that_is_given_out_is_in_the_state)
{
	uint32_t drawn[24];

	begin();
	feed(1, SEED);
	for (unsigned n = 8; n <= ARRAY_LEN(drawn); n += 8) {
		random_bytes(drawn, n * sizeof(drawn[0]));
		for (unsigned i = 0; i < n; i++)
			for (unsigned k = 0; k < 8; k++)
				EXPECT(drawn[i] != key[k]);
	}
}

TEST(random, is_seeded_by_bytes_only)
{
	begin();
	EXPECT(!random_is_seeded());
	random_feed("", 0);
	EXPECT(!random_is_seeded());
	random_feed("x", 1);
	EXPECT(random_is_seeded());
	random_feed("", 0);
	EXPECT(random_is_seeded());
}
