/* SPDX-License-Identifier: BSD-2-Clause */
/* The ChaCha20 block function (RFC 8439, 2.3): 64 bytes of stream from a key, a nonce and a
 * counter. */
#ifndef LIB_CHACHA_H
#define LIB_CHACHA_H

#include "arch/bits.h"

void chacha20_block(uint32_t out[16], const uint32_t key[8], uint32_t counter,
		    const uint32_t nonce[3]);

#endif
