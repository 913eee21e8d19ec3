/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/chacha.h"

static inline uint32_t rotate(uint32_t v, unsigned n)
{
	return v << n | v >> (32 - n);
}

/* On words that are named, so that all sixteen stay in registers. */
#define QUARTER_ROUND(a, b, c, d)                                                                  \
	do {                                                                                       \
		a += b;                                                                            \
		d = rotate(d ^ a, 16);                                                             \
		c += d;                                                                            \
		b = rotate(b ^ c, 12);                                                             \
		a += b;                                                                            \
		d = rotate(d ^ a, 8);                                                              \
		c += d;                                                                            \
		b = rotate(b ^ c, 7);                                                              \
	} while (0)

void chacha20_block(uint32_t out[16], const uint32_t key[8], uint32_t counter,
		    const uint32_t nonce[3])
{
	const uint32_t c[4] = { 0x61707865, 0x3320646e, 0x79622d32, 0x6b206574 };
	uint32_t s0 = c[0], s1 = c[1], s2 = c[2], s3 = c[3], s4 = key[0], s5 = key[1], s6 = key[2],
		 s7 = key[3], s8 = key[4], s9 = key[5], s10 = key[6], s11 = key[7], s12 = counter,
		 s13 = nonce[0], s14 = nonce[1], s15 = nonce[2];

	for (unsigned i = 0; i < 10; i++) {
		QUARTER_ROUND(s0, s4, s8, s12); /* columns */
		QUARTER_ROUND(s1, s5, s9, s13);
		QUARTER_ROUND(s2, s6, s10, s14);
		QUARTER_ROUND(s3, s7, s11, s15);
		QUARTER_ROUND(s0, s5, s10, s15); /* diagonals */
		QUARTER_ROUND(s1, s6, s11, s12);
		QUARTER_ROUND(s2, s7, s8, s13);
		QUARTER_ROUND(s3, s4, s9, s14);
	}
	out[0] = s0 + c[0], out[1] = s1 + c[1], out[2] = s2 + c[2], out[3] = s3 + c[3];
	out[4] = s4 + key[0], out[5] = s5 + key[1], out[6] = s6 + key[2], out[7] = s7 + key[3];
	out[8] = s8 + key[4], out[9] = s9 + key[5], out[10] = s10 + key[6], out[11] = s11 + key[7];
	out[12] = s12 + counter, out[13] = s13 + nonce[0], out[14] = s14 + nonce[1];
	out[15] = s15 + nonce[2];
}
