/* SPDX-License-Identifier: BSD-2-Clause */
/* gunzip, on what zlib has packed and on streams made by hand, a bit at a time. */
#include "lib/inflate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "tests/kit/kit.h"

enum { ROOM = 1 << 20 };

/* What came out, and when to refuse more. */
static struct {
	unsigned char bytes[ROOM];
	size_t n, limit;
	unsigned n_pieces;
	int refusal;
	bool is_odd; /* a piece was empty or too large */
} out;

static struct inflate state;

static int take(void *context, const void *bytes, size_t n)
{
	out.is_odd |= !n || n > INFLATE_WINDOW || context != &out;
	out.n_pieces++;
	if (out.n + n > out.limit)
		return out.refusal;
	memcpy(out.bytes + out.n, bytes, n);
	out.n += n;
	return 0;
}

/* Of an exact copy, so that reading past the end is seen. */
static int unpack_up_to(size_t limit, int refusal, const void *in, size_t n)
{
	void *copy = malloc(n);
	int result;

	memcpy(copy, in, n);
	out.n = out.n_pieces = 0;
	out.is_odd = false;
	out.limit = limit;
	out.refusal = refusal;
	memset(&state, 0xa5, sizeof(state));
	result = gunzip(&state, copy, n, take, &out);
	EXPECT(!out.is_odd);
	free(copy);
	return result;
}

static int unpack(const void *in, size_t n)
{
	return unpack_up_to(ROOM, -ENOSPC, in, n);
}

static size_t pack(unsigned char *to, const void *bytes, size_t n, int level, int strategy,
		   gz_header *header)
{
	z_stream z = { .next_in = (unsigned char *)bytes, .avail_in = (unsigned)n };

	REQUIRE_EQ(deflateInit2(&z, level, Z_DEFLATED, 15 + 16, 9, strategy), Z_OK);
	if (header)
		REQUIRE_EQ(deflateSetHeader(&z, header), Z_OK);
	z.next_out = to;
	z.avail_out = 2 * ROOM;
	REQUIRE_EQ(deflate(&z, Z_FINISH), Z_STREAM_END);
	deflateEnd(&z);
	return 2 * ROOM - z.avail_out;
}

static unsigned char packed[2 * ROOM], plain[ROOM];

enum kind { NOISE, ZEROS, WORDS, DISTANT, N_KINDS };

/* Bytes of several sorts; DISTANT repeats itself at the window's full distance. */
static void make_plain(enum kind kind, size_t n)
{
	uint32_t r = 1;

	for (size_t i = 0; i < n; i++) {
		r = r * 1664525 + 1013904223;
		plain[i] = (unsigned char)(kind == NOISE   ? r >> 24
					   : kind == ZEROS ? 0
					   : kind == WORDS ? "hypervisor of harts "[r >> 29]
					   : i < 32768     ? r >> 24
							   : plain[i - 32768]);
	}
}

static void expect_plain(int result, size_t n)
{
	EXPECT_EQ(result, 0);
	REQUIRE_EQ(out.n, n);
	EXPECT(!memcmp(out.bytes, plain, n));
}

TEST(inflate, unpacks_what_every_level_and_strategy_packs)
{
	static const size_t sizes[] = { 0, 1, 2, 258, 32767, 32768, 32769, 100000, 300000 };

	for (unsigned kind = 0; kind < N_KINDS; kind++)
		for (unsigned i = 0; i < ARRAY_LEN(sizes); i++)
			for (int how = 0; how < 10 + 4; how++) {
				int level = how < 10 ? how : 6, strategy = how < 10 ? 0 : how - 9;
				size_t n;

				make_plain(kind, sizes[i]);
				n = pack(packed, plain, sizes[i], level, strategy, NULL);
				expect_plain(unpack(packed, n), sizes[i]);
			}
}

TEST(inflate, pieces_are_the_window_each_time_it_is_full)
{
	size_t n;

	make_plain(WORDS, 100000);
	n = pack(packed, plain, 100000, 9, 0, NULL);
	expect_plain(unpack(packed, n), 100000);
	EXPECT_EQ(out.n_pieces, 4);
}

TEST(inflate, what_fits_the_window_is_still_in_it_from_its_start)
{
	size_t n;

	make_plain(WORDS, 10000);
	n = pack(packed, plain, 5000, 9, 0, NULL);
	n += pack(packed + n, plain + 5000, 5000, 1, 0, NULL);
	expect_plain(unpack(packed, n), 10000);
	EXPECT(!memcmp(state.window, plain, 10000));
}

TEST(inflate, every_part_of_a_header_is_skipped)
{
	make_plain(WORDS, 1000);
	for (unsigned parts = 0; parts < 32; parts++) {
		gz_header header = {
			.text = parts & 1,
			.time = 12345,
			.extra = (unsigned char *)(parts & 2 ? "some\0extra" : NULL),
			.extra_len = 10,
			.name = (unsigned char *)(parts & 4 ? "a name" : NULL),
			.comment = (unsigned char *)(parts & 8 ? "a comment" : NULL),
			.hcrc = parts & 16,
		};
		size_t n = pack(packed, plain, 1000, 6, 0, &header);

		expect_plain(unpack(packed, n), 1000);
		packed[4] ^= 1; /* of the time, which only the header's own sum covers */
		EXPECT_EQ(unpack(packed, n), parts & 16 ? -EINVAL : 0);
	}
}

TEST(inflate, members_behind_each_other_are_one)
{
	size_t n = 0;

	make_plain(NOISE, 200000);
	for (size_t at = 0, size; at < 200000; at += size) {
		size = at % 7 * 9001;
		if (size > 200000 - at || !size)
			size = 200000 - at < 4000 ? 200000 - at : 4000;
		n += pack(packed + n, plain + at, size, 6, 0, NULL);
		n += pack(packed + n, plain, 0, 6, 0, NULL);
	}
	expect_plain(unpack(packed, n), 200000);
	packed[n] = 0;
	EXPECT_EQ(unpack(packed, n + 1), -EINVAL);
}

TEST(inflate, file_that_is_cut_off_anywhere_is_refused)
{
	gz_header header = { .name = (unsigned char *)"name", .hcrc = 1 };

	make_plain(WORDS, 3000);
	for (int level = 0; level <= 9; level += 3) {
		size_t n = pack(packed, plain, 3000, level, 0, &header);

		for (size_t cut = 0; cut < n; cut++)
			EXPECT_EQ(unpack(packed, cut), -EINVAL);
	}
}

TEST(inflate, no_change_of_a_bit_gives_other_content)
{
	make_plain(WORDS, 600);
	for (int level = 0; level <= 9; level += 3) {
		size_t n = pack(packed, plain, 600, level, 0, NULL);

		for (size_t bit = 0; bit < 8 * n; bit++) {
			int result;

			packed[bit / 8] ^= (unsigned char)(1 << bit % 8);
			result = unpack(packed, n);
			EXPECT(result == -EINVAL ||
			       (!result && out.n == 600 && !memcmp(out.bytes, plain, 600)));
			packed[bit / 8] ^= (unsigned char)(1 << bit % 8);
		}
	}
}

TEST(inflate, refusal_of_a_piece_is_passed_on_at_once)
{
	make_plain(WORDS, 200000);
	for (int level = 0; level <= 6; level += 6) {
		size_t n = pack(packed, plain, 200000, level, 0, NULL);

		EXPECT_EQ(unpack_up_to(0, -EFAULT, packed, n), -EFAULT);
		EXPECT_EQ(out.n_pieces, 1);
		EXPECT_EQ(unpack_up_to(65536, 7, packed, n), 7);
		EXPECT_EQ(out.n_pieces, 3);
		EXPECT_EQ(unpack_up_to(199999, -EFAULT, packed, n), -EFAULT);
	}
}

/* --- by hand */

static size_t n_bits;

/* n bits, the lowest first, as deflate has all but codes. */
static void bits(unsigned value, unsigned n)
{
	for (; n; n--, value >>= 1, n_bits++) {
		if (n_bits % 8 == 0)
			packed[10 + n_bits / 8] = 0;
		packed[10 + n_bits / 8] |= (unsigned char)((value & 1) << n_bits % 8);
	}
}

/* A code, whose first bit is its highest. */
static void code(unsigned value, unsigned n)
{
	while (n--)
		bits(value >> n & 1, 1);
}

static void begin(unsigned type)
{
	static const unsigned char header[10] = { 0x1f, 0x8b, 8 };

	memcpy(packed, header, sizeof(header));
	n_bits = 0;
	bits(1, 1);
	bits(type, 2);
}

/* With the sums of what should come out, so that nothing else can be what is wrong. */
static int end(const char *text, size_t n)
{
	uint32_t sums[2] = { (uint32_t)crc32(0, (const unsigned char *)text, (unsigned)n),
			     (uint32_t)n };
	size_t size = 10 + (n_bits + 7) / 8;

	memcpy(packed + size, sums, 8);
	return unpack(packed, size + 8);
}

TEST(inflate, fixed_codes_refuse_symbols_without_meaning)
{
	begin(1);
	code(0x30 + 'x', 8);
	code(0, 7);
	EXPECT_EQ(end("x", 1), 0);
	for (unsigned symbol = 286; symbol < 288; symbol++) {
		begin(1);
		code(0x30 + 'x', 8);
		code(0xc0 + symbol - 280, 8);
		code(0, 5);
		code(0, 7);
		EXPECT_EQ(end("x", 1), -EINVAL);
	}
	for (unsigned symbol = 30; symbol < 32; symbol++) {
		begin(1);
		code(0x30 + 'x', 8);
		code(1, 7);
		code(symbol, 5);
		code(0, 7);
		EXPECT_EQ(end("xxxx", 4), -EINVAL);
	}
}

TEST(inflate, distance_reaches_to_the_first_byte_of_the_member_and_no_further)
{
	for (unsigned distance = 1; distance <= 3; distance++) {
		begin(1);
		code(0x30 + 'a', 8);
		code(0x30 + 'b', 8);
		code(1, 7); /* three times */
		code(distance - 1, 5);
		code(0, 7);
		EXPECT_EQ(end(distance == 1 ? "abbbb" : "ababa", 5), distance > 2 ? -EINVAL : 0);
	}
	/* The window still holds the member before. */
	size_t first = pack(packed + ROOM, "abcdefgh", 8, 6, 0, NULL);

	begin(1);
	code(1, 7);
	code(0, 5);
	code(0, 7);
	(void)end("hhh", 3);
	memcpy(packed + ROOM + first, packed, 10 + (n_bits + 7) / 8 + 8);
	EXPECT_EQ(unpack(packed + ROOM, first + 10 + (n_bits + 7) / 8 + 8), -EINVAL);
}

TEST(inflate, stored_block_needs_its_length_twice)
{
	for (int wrong = 0; wrong < 2; wrong++) {
		begin(0);
		bits(0, 5);
		bits(3, 16);
		bits((~3u & 0xffff) ^ (unsigned)wrong, 16);
		bits('a' | 'b' << 8 | 'c' << 16, 24);
		EXPECT_EQ(end("abc", 3), wrong ? -EINVAL : 0);
	}
}

TEST(inflate, fourth_type_of_block_does_not_exist)
{
	begin(3);
	code(0, 7);
	EXPECT_EQ(end("", 0), -EINVAL);
}

/* A block whose lengths are coded plainly: 4 bits for each of 0 to 15. */
static void begin_dynamic(unsigned n_literals, unsigned n_distances)
{
	begin(2);
	bits(n_literals - 257, 5);
	bits(n_distances - 1, 5);
	bits(19 - 4, 4);
	for (unsigned i = 0; i < 19; i++)
		bits(i < 3 ? 0 : 4, 3);
}

static void lengths(unsigned length, unsigned n)
{
	while (n--)
		code(length, 4);
}

TEST(inflate, dynamic_codes_of_every_shape_follow_zlib)
{
	static const struct {
		unsigned n_literals, n_distances, a, end, distance;
		int result;
	} shapes[] = {
		{ 257, 1, 1, 1, 0, 0 },       /* no distances at all */
		{ 257, 1, 1, 1, 1, 0 },       /* one, of a single bit */
		{ 257, 1, 1, 1, 2, -EINVAL }, /* one, of two: room is left */
		{ 257, 1, 2, 1, 0, -EINVAL }, /* literals leave room */
		{ 257, 1, 1, 0, 0, -EINVAL }, /* no end of block */
		{ 286, 30, 1, 1, 0, 0 },      /* as many as there may be */
		{ 287, 30, 1, 1, 0, -EINVAL }, { 286, 31, 1, 1, 0, -EINVAL },
	};

	for (unsigned i = 0; i < ARRAY_LEN(shapes); i++) {
		begin_dynamic(shapes[i].n_literals, shapes[i].n_distances);
		lengths(0, 'a');
		lengths(shapes[i].a, 1);
		lengths(0, 256 - 'a' - 1);
		lengths(shapes[i].end, 1);
		lengths(0, shapes[i].n_literals - 257);
		lengths(shapes[i].distance, 1);
		lengths(0, shapes[i].n_distances - 1);
		code(0, 1); /* a */
		code(1, 1); /* the end */
		EXPECT_EQ(end("a", 1), shapes[i].result);
	}
}

TEST(inflate, too_many_codes_for_their_lengths_are_refused)
{
	begin_dynamic(257, 1);
	lengths(1, 3);
	lengths(0, 253);
	lengths(1, 1);
	lengths(0, 1);
	code(0, 1);
	code(1, 1);
	EXPECT_EQ(end("\0", 1), -EINVAL);
}

TEST(inflate, codes_of_fifteen_bits_are_found)
{
	begin_dynamic(257, 1);
	for (unsigned length = 1; length <= 14; length++)
		lengths(length, 1);
	lengths(15, 1);
	lengths(0, 256 - 15);
	lengths(15, 1);
	lengths(0, 1);
	for (unsigned length = 1; length <= 14; length++)
		code((1u << length) - 2, length);
	code(0x7ffe, 15);
	code(0x7fff, 15);
	EXPECT_EQ(end("\0\1\2\3\4\5\6\7\x8\x9\xa\xb\xc\xd\xe", 15), 0);
}

/* Lengths by codes of lengths: only 0, 1, 16 and 18 have one, of two bits each. */
static int end_with_repeats(unsigned first, unsigned zeros)
{
	begin(2);
	bits(0, 5);
	bits(0, 5);
	bits(18 - 4, 4);
	for (unsigned i = 0; i < 18; i++) /* 16 17 18 0 8 ... 14 1 */
		bits(i == 0 || i == 2 || i == 3 || i == 17 ? 2 : 0, 3);
	code(first, 2);
	if (first == 2)
		bits(0, 2);
	code(3, 2);
	bits(127, 7); /* 138 zeros */
	code(3, 2);
	bits(zeros - 11, 7);
	code(1, 2);
	code(0, 2);
	code(0, 1);
	code(1, 1);
	return end("\0", 1);
}

TEST(inflate, repeated_lengths_have_something_to_repeat_and_stay_in_the_table)
{
	EXPECT_EQ(end_with_repeats(1, 117), 0);
	EXPECT_EQ(end_with_repeats(2, 117), -EINVAL);
	EXPECT_EQ(end_with_repeats(1, 120), -EINVAL);
}

/* Bits that are missing are read as zeros, which here go on as a match, past the window's end. */
TEST(inflate, nothing_is_made_of_bits_that_are_not_there)
{
	enum { SIZE = 32768 + 200 };
	size_t n;

	make_plain(WORDS, SIZE);
	n = pack(packed, plain, SIZE, 9, 0, NULL);
	for (size_t cut = 0; cut < n; cut++) {
		EXPECT_EQ(unpack(packed, cut), -EINVAL);
		EXPECT(out.n <= SIZE && !memcmp(out.bytes, plain, out.n));
	}
	/* The longest match there is, without the 13 bits that its distance still needs. */
	begin(1);
	for (unsigned i = 0; i < 32767; i++)
		code(0x30 + 'a', 8);
	code(0xc5, 8);
	code(29, 5);
	EXPECT_EQ(unpack(packed, 10 + (n_bits + 7) / 8), -EINVAL);
	EXPECT_EQ(out.n, 0);
}

TEST(inflate, is_gzip_needs_three_bytes)
{
	EXPECT(is_gzip("\x1f\x8b\x08", 3));
	EXPECT(!is_gzip("\x1f\x8b\x08", 2));
	EXPECT(!is_gzip("\x1f\x8b\x07", 3));
	EXPECT(!is_gzip("", 0));
}
