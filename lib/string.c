/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memset, memcpy and memmove by words. picolibc's are built for size and go byte by byte; these
 * take its place at link time. Pairs that are misaligned to each other go by halves of a word where
 * these are aligned, else by bytes: an access across its natural boundary may trap to the firmware.
 */
#include <string.h>

#include "arch/bits.h"

#pragma GCC optimize("no-tree-loop-distribute-patterns") /* or the loops would call themselves */

enum { WORD = sizeof(uint64_t), HALF = sizeof(uint32_t) };

typedef uint64_t __attribute__((may_alias)) word_t;
typedef uint32_t __attribute__((may_alias)) half_t;

static bool is_word_aligned(const void *p)
{
	return is_aligned((uint64_t)p, WORD);
}

void *memset(void *to, int byte, size_t n)
{
	unsigned char *p = to, *end = p + n;
	uint64_t pattern = (unsigned char)byte * UINT64_C(0x0101010101010101);

	while (p < end && !is_word_aligned(p))
		*p++ = (unsigned char)byte;
	for (; end - p >= 8 * WORD; p += 8 * WORD) {
		word_t *w = (word_t *)p;

		w[0] = w[1] = w[2] = w[3] = w[4] = w[5] = w[6] = w[7] = pattern;
	}
	for (; end - p >= WORD; p += WORD)
		*(word_t *)p = pattern;
	while (p < end)
		*p++ = (unsigned char)byte;
	return to;
}

/*
 * Copy the whole units of [from, +n), to which both sides are aligned; returns how many bytes that
 * was. 32 units at a time, since images are copied by this, and so their loop costs next to
 * nothing. All of four is read before any is written: a target below its source may overlap it.
 */
#define COPY_UP_BY(unit)                                                                           \
	static size_t copy_up_by_##unit(unsigned char *to, const unsigned char *from, size_t n)    \
	{                                                                                          \
		const unit *f = (const unit *)from, *end = f + n / sizeof(unit);                   \
		unit *t = (unit *)to;                                                              \
                                                                                                   \
		for (; end - f >= 32; t += 32, f += 32) {                                          \
			_Pragma("GCC unroll 8") for (unsigned i = 0; i < 32; i += 4)               \
				copy_four_of_##unit(t + i, f + i);                                 \
		}                                                                                  \
		for (; end - f >= 4; t += 4, f += 4)                                               \
			copy_four_of_##unit(t, f);                                                 \
		while (f < end)                                                                    \
			*t++ = *f++;                                                               \
		return n / sizeof(unit) * sizeof(unit);                                            \
	}
#define COPY_FOUR_OF(unit)                                                                         \
	static inline void copy_four_of_##unit(unit *t, const unit *f)                             \
	{                                                                                          \
		unit a = f[0], b = f[1], c = f[2], d = f[3];                                       \
                                                                                                   \
		t[0] = a;                                                                          \
		t[1] = b;                                                                          \
		t[2] = c;                                                                          \
		t[3] = d;                                                                          \
	}
COPY_FOUR_OF(word_t)
COPY_FOUR_OF(half_t)
COPY_UP_BY(word_t)
COPY_UP_BY(half_t)

/* Upwards, from lower addresses on. */
static void copy_up(unsigned char *p, const unsigned char *from, size_t n)
{
	unsigned char *end = p + n;
	uint64_t apart = (uint64_t)p ^ (uint64_t)from;
	unsigned unit = apart % WORD == 0 ? WORD : apart % HALF == 0 ? HALF : 1;

	while (p < end && !is_aligned((uint64_t)p, unit))
		*p++ = *from++;
	if (unit > 1) {
		n = end - p;
		n = unit == WORD ? copy_up_by_word_t(p, from, n) : copy_up_by_half_t(p, from, n);
		p += n;
		from += n;
	}
	while (p < end)
		*p++ = *from++;
}

static void copy_down(unsigned char *to, const unsigned char *from, size_t n)
{
	bool words = is_word_aligned((void *)((uint64_t)to ^ (uint64_t)from));

	while (n && (!words || !is_word_aligned(to + n)))
		n--, to[n] = from[n];
	while (n >= WORD) {
		n -= WORD;
		*(word_t *)(to + n) = *(const word_t *)(from + n);
	}
	while (n)
		n--, to[n] = from[n];
}

void *memcpy(void *restrict to, const void *restrict from, size_t n)
{
	copy_up(to, from, n);
	return to;
}

void *memmove(void *to, const void *from, size_t n)
{
	if ((uint64_t)to - (uint64_t)from >= n)
		copy_up(to, from, n);
	else
		copy_down(to, from, n);
	return to;
}
