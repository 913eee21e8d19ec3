/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Unpacking gzip (RFC 1952, deflate of RFC 1951): from memory, to whoever takes the pieces. The
 * result never lies in our memory as a whole, so it may be larger than what we have.
 *
 * Not zlib: its CRC tables alone are a quarter of what the whole image may take. This is fuzzed
 * with zlib as its judge.
 *
 * Always true: nothing outside of [in, in + n) is read, whatever it holds; a piece is never empty,
 * never larger than the window, and in order; every file that zlib refuses is refused here. Pieces
 * are handed out before the check sum at the end is known: they are good only if 0 is returned.
 */
#ifndef LIB_INFLATE_H
#define LIB_INFLATE_H

#include "arch/bits.h"

#define INFLATE_WINDOW (32 * KiB)

struct inflate_code {          /* a prefix code, made for decoding */
	uint16_t fast[512];    /* by the next 9 bits: symbol << 4 | its length; 0: look further */
	uint16_t n_of[16];     /* codes of each length */
	uint16_t symbols[288]; /* in the order of their codes */
};

/* Takes the next n bytes. Anything but 0 ends the unpacking. */
typedef int inflate_put(void *context, const void *bytes, size_t n);

/* Working memory, 40 KiB, too large for a stack. Needs no initialization. After a run the window
 * still has the last pieces: all of them, from its start on, where they were not more than it
 * holds. */
struct inflate {
	struct inflate_bits { /* what is still to be read */
		const unsigned char *next, *end;
		uint64_t word; /* bits before `next` that are not used yet, the first one lowest */
		int n;         /* how many; below 0: more were used than there are */
	} in;
	uint32_t at;      /* in the window: where the next byte goes */
	uint32_t flushed; /* in the window: what lies before it was handed out */
	uint64_t n_out;   /* bytes of this member that were handed out */
	uint32_t crc;     /* of them */
	inflate_put *put;
	void *context;
	unsigned char lengths[320];
	struct inflate_code literals, distances;
	uint32_t crc_table[256];
	unsigned char window[INFLATE_WINDOW];
};

/* Does this start as a gzip file does? */
bool is_gzip(const void *in, size_t n);

/*
 * Unpack [in, in + n), one gzip member or several. 0; -EINVAL: not gzip, damaged, cut off, or
 * something else follows; or what `put` returned, at once.
 */
MUST_CHECK int gunzip(struct inflate *s, const void *in, size_t n, inflate_put *put, void *context);

#endif
