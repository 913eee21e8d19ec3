/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/chacha.h"

static uint32_t rotate(uint32_t v, unsigned n)
{
	return v << n | v >> (32 - n);
}

static void quarter_round(uint32_t s[16], unsigned a, unsigned b, unsigned c, unsigned d)
{
	s[a] += s[b];
	s[d] = rotate(s[d] ^ s[a], 16);
	s[c] += s[d];
	s[b] = rotate(s[b] ^ s[c], 12);
	s[a] += s[b];
	s[d] = rotate(s[d] ^ s[a], 8);
	s[c] += s[d];
	s[b] = rotate(s[b] ^ s[c], 7);
}

void chacha20_block(uint32_t out[16], const uint32_t key[8], uint32_t counter,
		    const uint32_t nonce[3])
{
	const uint32_t start[16] = {
		0x61707865, 0x3320646e, 0x79622d32, 0x6b206574, key[0], key[1],
		key[2],     key[3],     key[4],     key[5],     key[6], key[7],
		counter,    nonce[0],   nonce[1],   nonce[2],
	};

	for (unsigned i = 0; i < 16; i++)
		out[i] = start[i];
	for (unsigned i = 0; i < 10; i++) {
		for (unsigned c = 0; c < 4; c++) /* columns */
			quarter_round(out, c, c + 4, c + 8, c + 12);
		for (unsigned d = 0; d < 4; d++) /* diagonals */
			quarter_round(out, d, 4 + (d + 1) % 4, 8 + (d + 2) % 4, 12 + (d + 3) % 4);
	}
	for (unsigned i = 0; i < 16; i++)
		out[i] += start[i];
}
