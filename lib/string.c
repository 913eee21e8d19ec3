/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memset, memcpy and memmove by words. picolibc's are built for size and go byte by byte; these
 * take its place at link time. Misaligned pairs go by bytes too: an access across its natural
 * boundary may trap to the firmware.
 */
#include <string.h>

#include "arch/bits.h"

#pragma GCC optimize("no-tree-loop-distribute-patterns") /* or the loops would call themselves */

enum { WORD = sizeof(uint64_t) };

typedef uint64_t __attribute__((may_alias)) word_t;

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

/* Upwards, from lower addresses on. */
static void copy_up(unsigned char *p, const unsigned char *from, size_t n)
{
	unsigned char *end = p + n;

	if (is_word_aligned((void *)((uint64_t)p ^ (uint64_t)from))) {
		while (p < end && !is_word_aligned(p))
			*p++ = *from++;
		for (; end - p >= 4 * WORD; p += 4 * WORD, from += 4 * WORD) {
			const word_t *f = (const word_t *)from;
			uint64_t a = f[0], b = f[1], c = f[2], d = f[3];
			word_t *w = (word_t *)p;

			w[0] = a;
			w[1] = b;
			w[2] = c;
			w[3] = d;
		}
		for (; end - p >= WORD; p += WORD, from += WORD)
			*(word_t *)p = *(const word_t *)from;
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
