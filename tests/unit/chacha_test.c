/* SPDX-License-Identifier: BSD-2-Clause */
/* The block function against the test vectors of RFC 8439, 2.3.2 and A.1. */
#include "lib/chacha.h"

#include <stdio.h>

#include "tests/kit/kit.h"

struct vector {
	const char *key, *nonce; /* bytes, in hex */
	uint32_t counter;
	const char *stream;
};

#define ZERO_KEY   "0000000000000000000000000000000000000000000000000000000000000000"
#define ZERO_NONCE "000000000000000000000000"

static const struct vector vectors[] = {
	{ "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
	  "000000090000004a00000000", 1,
	  "10f1e7e4d13b5915500fdd1fa32071c4c7d1f4c733c068030422aa9ac3d46c4e"
	  "d2826446079faa0914c2d705d98b02a2b5129cd1de164eb9cbd083e8a2503c4e" },
	{ ZERO_KEY, ZERO_NONCE, 0,
	  "76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7"
	  "da41597c5157488d7724e03fb8d84a376a43b8f41518a11cc387b669b2ee6586" },
	{ ZERO_KEY, ZERO_NONCE, 1,
	  "9f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed"
	  "29b721769ce64e43d57133b074d839d531ed1f28510afb45ace10a1f4b794d6f" },
	{ "0000000000000000000000000000000000000000000000000000000000000001", ZERO_NONCE, 1,
	  "3aeb5224ecf849929b9d828db1ced4dd832025e8018b8160b82284f3c949aa5a"
	  "8eca00bbb4a73bdad192b5c42f73f2fd4e273644c8b36125a64addeb006c13a0" },
	{ "00ff000000000000000000000000000000000000000000000000000000000000", ZERO_NONCE, 2,
	  "72d54dfbf12ec44b362692df94137f328fea8da73990265ec1bbbea1ae9af0ca"
	  "13b25aa26cb4a648cb9b9d1be65b2c0924a66c54d545ec1b7374f4872e99f096" },
	{ ZERO_KEY, "000000000000000000000002", 0,
	  "c2c64d378cd536374ae204b9ef933fcd1a8b2288b3dfa49672ab765b54ee27c7"
	  "8a970e0e955c14f3a88e741b97c286f75f8fc299e8148362fa198a39531bed6d" },
};

/* Little-endian words from hex. */
static void read_words(uint32_t *words, unsigned n, const char *hex)
{
	for (unsigned i = 0; i < n; i++) {
		words[i] = 0;
		for (unsigned byte = 0; byte < 4; byte++, hex += 2) {
			unsigned value;

			REQUIRE(sscanf(hex, "%2x", &value) == 1);
			words[i] |= value << 8 * byte;
		}
	}
}

TEST(chacha, block_is_what_rfc_8439_says)
{
	for (unsigned v = 0; v < ARRAY_LEN(vectors); v++) {
		uint32_t key[8], nonce[3], expected[16], out[16];

		read_words(key, 8, vectors[v].key);
		read_words(nonce, 3, vectors[v].nonce);
		read_words(expected, 16, vectors[v].stream);
		chacha20_block(out, key, vectors[v].counter, nonce);
		for (unsigned i = 0; i < 16; i++)
			EXPECT_EQ(out[i], expected[i]);
	}
}
