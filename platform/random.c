/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "lib/chacha.h"
#include "lib/component.h"
#include "platform/lock.h"
#include "platform/random.h"
#include "platform/timer.h"

/* Key erasure: each draw's stream gives the next key first, so what was drawn cannot be found from
 * the state. */
static uint32_t key[8];
static uint32_t counter;
static bool seeded;
static bool is_unmixed; /* what was fed last only stands over the key */
static struct lock random_lock = LOCK_INIT("random", RANK_RANDOM);

static void next_block(uint32_t block[16])
{
	uint64_t now = time_now();
	const uint32_t nonce[3] = { (uint32_t)now, (uint32_t)(now >> 32), 0 };

	chacha20_block(block, key, counter++, nonce);
	is_unmixed = false;
	memcpy(key, block, sizeof(key));
}

void random_feed(const void *bytes, size_t n)
{
	const uint8_t *from = bytes;
	uint32_t part[16] = { 0 };

	lock_take(&random_lock);
	seeded = seeded || n;
	for (size_t i = 0; i < n; i += sizeof(key)) {
		if (is_unmixed) /* or what is fed twice would cancel out */
			next_block(part);
		memset(part, 0, sizeof(key));
		memcpy(part, from + i, n - i < sizeof(key) ? n - i : sizeof(key));
		for (unsigned k = 0; k < ARRAY_LEN(key); k++)
			key[k] ^= part[k];
		is_unmixed = true;
	}
	memset(part, 0, sizeof(part)); /* it held the key */
	lock_release(&random_lock);
}

void random_bytes(void *bytes, size_t n)
{
	uint8_t *to = bytes;
	uint32_t block[16];

	lock_take(&random_lock);
	for (size_t i = 0; i < n; i += sizeof(key)) {
		next_block(block);
		memcpy(to + i, block + 8, n - i < sizeof(key) ? n - i : sizeof(key));
	}
	memset(block, 0, sizeof(block));
	lock_release(&random_lock);
}

uint64_t random_u64(void)
{
	uint64_t value;

	random_bytes(&value, sizeof(value));
	return value;
}

bool random_is_seeded(void)
{
	return seeded;
}

COMPONENT(random, PHASE_NONE, NULL, NULL, "the random generator");
