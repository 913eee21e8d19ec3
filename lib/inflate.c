/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bits are read without asking whether there are any: past the end they are 0, and in.n goes below
 * 0, which every loop looks at. in.n is never below 0 while there is input left.
 */
#include "lib/inflate.h"

#include <errno.h>
#include <string.h>

enum {
	LONGEST = 15,
	FAST_BITS = 9,
	END_OF_BLOCK = 256,
	N_LITERALS = 286, /* with the lengths; the fixed code has two more that mean nothing */
	N_DISTANCES = 30,
};

/* FLG of RFC 1952 */
enum { FLAG_HEADER_CRC = 2, FLAG_EXTRA = 4, FLAG_NAME = 8, FLAG_COMMENT = 16, FLAGS_NONE = 0xe0 };

enum { MAGIC = 0x088b1f };

#define SMALL __attribute__((noinline)) /* a call is shorter */

/* --- bits in */

/* Enough for any length and distance, 48 bits. */
static inline void refill(struct inflate_bits *b)
{
	while (b->n <= 56 && b->next < b->end) {
		b->word |= (uint64_t)*b->next++ << b->n;
		b->n += 8;
	}
}

static inline uint64_t take(struct inflate_bits *b, unsigned n)
{
	uint64_t value = b->word & (BIT(n) - 1);

	b->word >>= n;
	b->n -= (int)n;
	return value;
}

/* For what runs seldom. */
SMALL static uint64_t read(struct inflate *s, unsigned n_bits)
{
	refill(&s->in);
	return take(&s->in, n_bits);
}

/* On to the next whole byte: those that were read ahead are given back. False: more bits were used
 * than there are. */
SMALL static bool align_to_byte(struct inflate_bits *b)
{
	if (b->n < 0)
		return false;
	b->next -= b->n / 8;
	b->word = 0;
	b->n = 0;
	return true;
}

/* --- bytes out */

static void make_crc_table(uint32_t *table)
{
	for (unsigned i = 0; i < 256; i++) {
		uint32_t crc = i;

		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
		table[i] = crc;
	}
}

SMALL static uint32_t crc_add(const uint32_t *table, uint32_t crc, const unsigned char *p, size_t n)
{
	const unsigned char *end = p + n;

	crc = ~crc;
	while (p < end)
		crc = crc >> 8 ^ table[(crc ^ *p++) & 0xff];
	return ~crc;
}

/* Hand out what the window has; where it is full, it is filled from its start again. */
__attribute__((hot)) static int flush(struct inflate *s)
{
	const unsigned char *piece = s->window + s->flushed;
	uint32_t n = s->at - s->flushed;

	if (!n)
		return 0;
	s->crc = crc_add(s->crc_table, s->crc, piece, n);
	s->n_out += n;
	s->flushed = s->at %= INFLATE_WINDOW;
	return s->put(s->context, piece, n);
}

/* --- prefix codes */

/* The bits of the code that follows `reversed` in the order of codes, the first bit lowest. */
static unsigned next_reversed(unsigned reversed, unsigned length)
{
	unsigned bit = 1u << (length - 1);

	while (reversed & bit)
		bit >>= 1;
	return (reversed & (bit - 1)) | bit;
}

static void make_fast(struct inflate_code *code)
{
	const uint16_t *symbol = code->symbols;
	unsigned reversed = 0;

	for (unsigned length = 1; length <= FAST_BITS; length++)
		for (unsigned n = code->n_of[length]; n; n--, symbol++) {
			for (unsigned i = reversed; i < 1 << FAST_BITS; i += 1u << length)
				code->fast[i] = (uint16_t)(*symbol << 4 | length);
			reversed = next_reversed(reversed, length);
		}
}

/* The code whose symbols have these lengths. It must use all of the room that codes have, except,
 * as zlib has it, that one of a single bit or of no symbol at all may stand where `may_be_bare`. */
static bool make_code(struct inflate_code *code, const unsigned char *lengths, unsigned n,
		      bool may_be_bare)
{
	unsigned used = 0, total = 0;
	uint16_t place[LONGEST + 1];

	memset(code, 0, sizeof(*code));
	for (unsigned i = 0; i < n; i++)
		code->n_of[lengths[i]]++;
	code->n_of[0] = 0;
	for (unsigned length = 1; length <= LONGEST; length++) {
		place[length] = (uint16_t)total;
		total += code->n_of[length];
		used += (unsigned)code->n_of[length] << (LONGEST - length);
	}
	if (used != 1 << LONGEST && !(may_be_bare && total == code->n_of[1] && total <= 1))
		return false;
	for (unsigned i = 0; i < n; i++)
		if (lengths[i])
			code->symbols[place[lengths[i]]++] = (uint16_t)i;
	make_fast(code);
	return true;
}

/* By one more bit a round: how far the code lies behind the first one of that length. */
static unsigned find_long(const struct inflate_code *code, uint64_t word)
{
	const uint16_t *symbols = code->symbols;
	unsigned distance = 0;

	for (unsigned length = 1; length <= LONGEST; length++, word >>= 1) {
		unsigned n = code->n_of[length];

		distance = distance * 2 + (word & 1);
		if (distance < n)
			return (unsigned)symbols[distance] << 4 | length;
		distance -= n;
		symbols += n;
	}
	return 0;
}

/* The next symbol; a large number where no code begins so. */
static inline unsigned decode(struct inflate_bits *b, const struct inflate_code *code)
{
	unsigned entry = code->fast[b->word & ((1 << FAST_BITS) - 1)];

	if (UNLIKELY(!entry))
		entry = find_long(code, b->word);
	take(b, entry & 0xf);
	return (entry >> 4) - !entry;
}

static void use_fixed_codes(struct inflate *s)
{
	for (unsigned i = 0; i < 288; i++)
		s->lengths[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
	(void)make_code(&s->literals, s->lengths, 288, false);
	memset(s->lengths, 5, 32);
	(void)make_code(&s->distances, s->lengths, 32, false);
}

/* Lengths of codes, themselves coded. Ends though bits may be missing: n is small. */
static bool read_lengths(struct inflate *s, const struct inflate_code *code, unsigned n)
{
	for (unsigned i = 0, times; i < n; i += times) {
		unsigned symbol, value = 0;

		refill(&s->in);
		symbol = decode(&s->in, code);
		times = 1;
		if (symbol < 16) {
			value = symbol;
		} else if (symbol == 16) {
			if (!i)
				return false;
			value = s->lengths[i - 1];
			times = 3 + take(&s->in, 2);
		} else if (symbol == 17) {
			times = 3 + take(&s->in, 3);
		} else if (symbol == 18) {
			times = 11 + take(&s->in, 7);
		} else {
			return false;
		}
		if (times > n - i)
			return false;
		memset(s->lengths + i, (int)value, times);
	}
	return true;
}

static bool read_codes(struct inflate *s)
{
	static const unsigned char order[] = { 16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
					       11, 4,  12, 3, 13, 2, 14, 1, 15 };
	unsigned n_literals = (unsigned)read(s, 5) + 257;
	unsigned n_distances = (unsigned)read(s, 5) + 1;
	unsigned n_lengths = (unsigned)read(s, 4) + 4;

	memset(s->lengths, 0, ARRAY_LEN(order));
	for (unsigned i = 0; i < n_lengths; i++)
		s->lengths[order[i]] = (unsigned char)read(s, 3);
	return n_literals <= N_LITERALS && n_distances <= N_DISTANCES &&
	       make_code(&s->literals, s->lengths, ARRAY_LEN(order), false) &&
	       read_lengths(s, &s->literals, n_literals + n_distances) &&
	       s->lengths[END_OF_BLOCK] && make_code(&s->literals, s->lengths, n_literals, true) &&
	       make_code(&s->distances, s->lengths + n_literals, n_distances, true);
}

/* --- blocks */

/* For `symbol` from 257 on. What the tables of RFC 1951, 3.2.5 say, as arithmetic. */
static inline unsigned take_length(struct inflate_bits *b, unsigned symbol)
{
	unsigned step = symbol - 257, extra = (step >> 2) - 1;

	if (step < 8)
		return step + 3;
	if (symbol == N_LITERALS - 1)
		return 258;
	return ((4 + (step & 3)) << extra) + 3 + (unsigned)take(b, extra);
}

static inline unsigned take_distance(struct inflate_bits *b, unsigned symbol)
{
	unsigned extra = (symbol >> 1) - 1;

	if (symbol < 4)
		return symbol + 1;
	return ((2 + (symbol & 1)) << extra) + 1 + (unsigned)take(b, extra);
}

/* Copy [p, p + n), for which there is room, upwards, since it may be of its own making. */
SMALL __attribute__((hot)) static int append(struct inflate *s, const unsigned char *p, uint32_t n)
{
	unsigned char *to = s->window + s->at;

	s->at += n;
	while (n--)
		*to++ = *p++;
	return s->at == INFLATE_WINDOW ? flush(s) : 0;
}

static int repeat(struct inflate *s, unsigned length, unsigned distance)
{
	int error = 0;

	if (distance > s->n_out + (s->at - s->flushed))
		return -EINVAL;
	while (length && !error) {
		uint32_t from = (s->at - distance) % INFLATE_WINDOW;
		uint32_t room = INFLATE_WINDOW - (from > s->at ? from : s->at);
		uint32_t n = length < room ? length : room;

		error = append(s, s->window + from, n);
		length -= n;
	}
	return error;
}

/* The one loop that has to be fast: all else is compiled for size, as it is called from `cold`. */
__attribute__((noinline, hot)) static int unpack_coded(struct inflate *s)
{
	struct inflate_bits b = s->in; /* a copy, so that a byte written cannot change it */
	int error = 0;

	while (!error) {
		unsigned symbol, length, distance;

		refill(&b);
		symbol = decode(&b, &s->literals);
		if (b.n < 0)
			return -EINVAL;
		if (symbol < END_OF_BLOCK) {
			s->window[s->at++] = (unsigned char)symbol;
			if (s->at == INFLATE_WINDOW)
				error = flush(s);
			continue;
		}
		if (symbol == END_OF_BLOCK)
			break;
		if (symbol >= N_LITERALS)
			return -EINVAL;
		length = take_length(&b, symbol);
		symbol = decode(&b, &s->distances);
		if (symbol >= N_DISTANCES)
			return -EINVAL;
		distance = take_distance(&b, symbol);
		if (b.n < 0)
			return -EINVAL;
		error = repeat(s, length, distance);
	}
	s->in = b;
	return error;
}

static int unpack_stored(struct inflate *s)
{
	uint32_t n;
	int error = 0;

	take(&s->in, (unsigned)s->in.n & 7);
	n = read(s, 16);
	if (read(s, 16) != (n ^ 0xffff) || !align_to_byte(&s->in) ||
	    n > (size_t)(s->in.end - s->in.next))
		return -EINVAL;
	while (n && !error) {
		uint32_t room = (uint32_t)INFLATE_WINDOW - s->at, now = n < room ? n : room;

		error = append(s, s->in.next, now);
		s->in.next += now;
		n -= now;
	}
	return error;
}

static int unpack_block(struct inflate *s, unsigned type)
{
	if (type == 0)
		return unpack_stored(s);
	if (type == 1)
		use_fixed_codes(s);
	else if (type != 2 || !read_codes(s))
		return -EINVAL;
	return unpack_coded(s);
}

static int unpack_blocks(struct inflate *s)
{
	bool is_last;
	int error;

	do {
		is_last = read(s, 1);
		error = unpack_block(s, read(s, 2));
	} while (!error && !is_last);
	return error ? error : flush(s);
}

/* --- members */

static void skip(struct inflate *s, unsigned n)
{
	while (n--)
		read(s, 8);
}

/* What a flag announces, in the order of the flags' parts. Texts end at the end of input at the
 * latest, where zeros are read. */
static bool read_header(struct inflate *s)
{
	const unsigned char *header = s->in.next;
	unsigned flags;

	if (read(s, 24) != MAGIC)
		return false;
	flags = read(s, 8);
	skip(s, 6);
	if (flags & FLAG_EXTRA)
		skip(s, read(s, 16));
	for (unsigned flag = FLAG_NAME; flag <= FLAG_COMMENT; flag *= 2)
		while (flags & flag && read(s, 8))
			;
	if (flags & FLAGS_NONE || !align_to_byte(&s->in))
		return false;
	if (!(flags & FLAG_HEADER_CRC))
		return true;
	uint32_t crc = crc_add(s->crc_table, 0, header, (size_t)(s->in.next - header));

	return read(s, 16) == (crc & 0xffff) && align_to_byte(&s->in);
}

static int unpack_member(struct inflate *s)
{
	int error;

	if (!read_header(s))
		return -EINVAL;
	s->crc = 0;
	s->n_out = 0;
	error = unpack_blocks(s);
	if (error)
		return error;
	take(&s->in, (unsigned)s->in.n & 7);
	if (read(s, 32) != s->crc || read(s, 32) != (uint32_t)s->n_out || !align_to_byte(&s->in))
		return -EINVAL;
	return 0;
}

bool is_gzip(const void *in, size_t n)
{
	const unsigned char *p = in;

	return n >= 3 && (p[0] | p[1] << 8 | p[2] << 16) == MAGIC;
}

__attribute__((cold)) int gunzip(struct inflate *s, const void *in, size_t n, inflate_put *put,
				 void *context)
{
	int error;

	s->in = (struct inflate_bits){ .next = in, .end = (const unsigned char *)in + n };
	s->at = s->flushed = 0;
	s->put = put;
	s->context = context;
	make_crc_table(s->crc_table);
	do
		error = unpack_member(s);
	while (!error && s->in.next < s->in.end);
	return error;
}
