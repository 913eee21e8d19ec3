/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The frame allocator's model: a byte for each frame of a few banks, and no cleverness. Frames are
 * named by their number.
 */
#ifndef TESTS_UNIT_FRAMES_MODEL_H
#define TESTS_UNIT_FRAMES_MODEL_H

#include "arch/bits.h"

enum { MODEL_BANKS = 8, MODEL_ORDERS = 19 };

struct model_bank {
	uint64_t pfn;
	uint64_t n;
	uint8_t *is_free;
};

struct model {
	unsigned n_banks;
	struct model_bank banks[MODEL_BANKS];
	uint64_t n_free;
};

/* Nothing of a bank is free at first. model_drop() frees the model's own memory. */
void model_add_bank(struct model *m, uint64_t pfn, uint64_t n);
void model_drop(struct model *m);

bool model_is_ram(const struct model *m, uint64_t pfn);

/* Whether all n frames are free RAM; whether all are RAM and none is free. */
bool model_all_free(const struct model *m, uint64_t pfn, uint64_t n);
bool model_none_free(const struct model *m, uint64_t pfn, uint64_t n);

/* Mark frames; those that are not RAM, or are so already, end the program. */
void model_set_free(struct model *m, uint64_t pfn, uint64_t n, bool is_free);

/* How many blocks of each order there are when each free frame is in the largest that it can be in.
 */
void model_count_blocks(const struct model *m, uint64_t n_blocks[MODEL_ORDERS]);

/* Numbers that look random and are the same in every run. */
struct model_random {
	uint64_t state;
};
uint64_t model_draw(struct model_random *r, uint64_t below);

#endif
