/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the frame allocator stands on, for the host: a frame table whose pages cannot be touched
 * before frames_table_map() has made them, and for each frame a word that stands for its contents.
 */
#ifndef TESTS_UNIT_FRAMES_HOST_H
#define TESTS_UNIT_FRAMES_HOST_H

#include "arch/addr.h"

/* A fresh table of `size` bytes, nothing of it mapped. Fails no call. */
void frames_host_reset(uint64_t size);

/* Of the calls of frames_table_map() from now on, let the first `n_good` do their work and the next
 * `n_bad` fail. */
void frames_host_fail_maps(uint64_t n_good, uint64_t n_bad);

/* What the table has got since the reset: pages mapped; frames used for it, page tables included.
 */
uint64_t frames_host_n_mapped(void);
uint64_t frames_host_n_used(void);

/* Calls of frames_table_map(), failed ones included. */
uint64_t frames_host_n_calls(void);

/* The word that stands for the contents of the frame at `at`, below 1 TiB. */
uint64_t *frames_host_word(struct hpa at);

/* What the word of a frame holds that the table is made of: whoever sees it has got a frame twice.
 */
#define FRAMES_HOST_TABLE 0x7461626c65ull

#endif
