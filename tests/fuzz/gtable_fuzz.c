/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes as operations on a G-stage table, each compared with a model of it: the first byte says
 * the mode and the window, then nine make an operation. The code is built here for tables of 8
 * entries, so that few operations meet leaves of all sizes; the unit test has those of 512.
 */
#define PTE_INDEX_BITS 3

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "gstage/gtable.c"
#include "gstage/walk.c"
#include "tests/unit/gtable_model.c"

enum { OP_BYTES = 9, MAX_OPS = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const char *wrong)
{
	if (wrong) {
		fprintf(stderr, "wrong: %s\n", wrong);
		abort();
	}
}

static unsigned word(const uint8_t *bytes)
{
	return bytes[0] | (unsigned)bytes[1] << 8;
}

static struct model_op decode(const uint8_t *b)
{
	return (struct model_op){
		.kind = b[0] % 5,
		.rights = b[0] / 5 % 8,
		.drops = b[0] >= 128,
		.first = word(b + 1),
		.n = b[3],
		.align = b[4] % 3,
		.to_align = b[4] / 3 % 3,
		.level = b[5],
		.to_page = word(b + 6),
		.fail_at = b[8] % 8,
	};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct model m;

	if (!size)
		return 0;
	unsigned levels = GTABLE_SV39X4 + data[0] % 3;
	uint64_t quarter = BIT(PAGE_SHIFT + PTE_INDEX_BITS * levels);

	check(model_begin(&m, levels, data[0] / 3 % 4 * quarter, MODEL_MAX_PAGES));
	for (size_t o = 1, n = 0; o + OP_BYTES <= size && n < MAX_OPS; o += OP_BYTES, n++) {
		struct model_op op = decode(data + o);

		check(model_do(&m, &op));
	}
	check(model_end(&m));
	return 0;
}
