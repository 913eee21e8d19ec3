/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random numbers: a ChaCha20 stream keyed from the firmware's seed and the time. Good for stack
 * guards, for seeds that guests are given, for hash keys. Any hart, any moment.
 */
#ifndef PLATFORM_RANDOM_H
#define PLATFORM_RANDOM_H

#include "arch/bits.h"

/* Mix these bytes into the key. */
void random_feed(const void *bytes, size_t n);

void random_bytes(void *bytes, size_t n);
uint64_t random_u64(void);

/* Was the generator ever fed with a seed from outside? */
bool random_is_seeded(void);

#endif
