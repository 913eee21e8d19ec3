/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gunzip against zlib, which must say the same of every file and unpack it to the same bytes.
 *
 * The first byte says what the others are: a gzip file; bare deflate data, which get a header and,
 * so that check sums hide nothing, the right sums; or bytes to be packed, by which level and
 * strategy it says as well.
 */
#include <errno.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "lib/inflate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LIMIT = 3 * 32768, ROOM = LIMIT + 4096 };

struct result {
	size_t n;
	unsigned char bytes[ROOM];
};

static struct result ours, theirs;
static size_t n_packed;
static unsigned char packed[1 << 17];

static void require(int condition)
{
	if (!condition)
		abort();
}

/* zlib's memory: new for every stream, and far quicker than malloc under ASan. */
static void *allocate(void *used, unsigned n, unsigned size)
{
	static alignas(16) char arena[1 << 19];
	size_t at = *(size_t *)used;

	*(size_t *)used += align_up((uint64_t)n * size, 16);
	require(*(size_t *)used <= sizeof(arena));
	return arena + at;
}

static void release(void *used, void *memory) {}

static int take(void *context, const void *bytes, size_t n)
{
	struct result *r = context;

	require(n > 0 && n <= INFLATE_WINDOW);
	if (r->n + n > LIMIT)
		return -E2BIG;
	memcpy(r->bytes + r->n, bytes, n);
	r->n += n;
	return 0;
}

/* As zlib has it, member by member: what `take` would have made gunzip return. */
static int unpack_by_zlib(struct result *r, const unsigned char *in, size_t n, int bits)
{
	size_t used = 0;
	z_stream z = { .next_in = (unsigned char *)in,
		       .avail_in = (unsigned)n,
		       .zalloc = allocate,
		       .zfree = release,
		       .opaque = &used };
	int result;

	require(inflateInit2(&z, bits) == Z_OK);
	z.next_out = r->bytes;
	z.avail_out = ROOM;
	while ((result = inflate(&z, Z_FINISH)) == Z_STREAM_END && z.avail_in && bits > 0)
		inflateReset(&z);
	r->n = ROOM - z.avail_out;
	n_packed = n - z.avail_in;
	inflateEnd(&z);
	if (r->n > LIMIT)
		return -E2BIG;
	return result == Z_STREAM_END ? 0 : -EINVAL;
}

static void compare(const unsigned char *in, size_t n)
{
	static struct inflate state;
	unsigned char *copy = malloc(n); /* nothing behind it may be read */
	int our_verdict, their_verdict;

	memcpy(copy, in, n);
	memset(&state, 0xa5, sizeof(state) - sizeof(state.window));
	ours.n = 0;
	our_verdict = gunzip(&state, copy, n, take, &ours);
	their_verdict = unpack_by_zlib(&theirs, copy, n, 15 + 16);
	if (their_verdict == -E2BIG)
		require(our_verdict == -E2BIG || our_verdict == -EINVAL);
	else
		require(our_verdict == their_verdict);
	require(ours.n <= theirs.n && !memcmp(ours.bytes, theirs.bytes, ours.n));
	require(our_verdict || ours.n == theirs.n);
	free(copy);
}

/* Where the sums differ from the data that precede them, all else would go unseen. */
static void compare_bare(const unsigned char *in, size_t n)
{
	static const unsigned char header[10] = { 0x1f, 0x8b, 8 };
	uint32_t sums[2];

	unpack_by_zlib(&theirs, in, n, -15);
	sums[0] = (uint32_t)crc32(0, theirs.bytes, (unsigned)theirs.n);
	sums[1] = (uint32_t)theirs.n;
	memcpy(packed, header, sizeof(header));
	memcpy(packed + sizeof(header), in, n_packed);
	memcpy(packed + sizeof(header) + n_packed, sums, sizeof(sums));
	compare(packed, sizeof(header) + n_packed + sizeof(sums));
}

static void compare_packed(const unsigned char *in, size_t n, unsigned how)
{
	size_t used = 0;
	z_stream z = { .next_in = (unsigned char *)in,
		       .avail_in = (unsigned)n,
		       .zalloc = allocate,
		       .zfree = release,
		       .opaque = &used };

	require(deflateInit2(&z, (int)(how % 10), Z_DEFLATED, 15 + 16, 1 + (int)(how / 10 % 9),
			     (int)(how / 90 % 5)) == Z_OK);
	z.next_out = packed;
	z.avail_out = sizeof(packed);
	require(deflate(&z, Z_FINISH) == Z_STREAM_END);
	deflateEnd(&z);
	compare(packed, sizeof(packed) - z.avail_out);
	require(ours.n == n && !memcmp(ours.bytes, in, n));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2 || size > 65536)
		return 0;
	if (data[0] % 4 == 0)
		compare(data + 1, size - 1);
	else if (data[0] % 4 < 3)
		compare_bare(data + 1, size - 1);
	else
		compare_packed(data + 2, size - 2, data[0] / 4 + data[1] * 64u);
	return 0;
}
