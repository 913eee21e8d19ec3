/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A G-stage table beside a model of it: an array that says for each page of a window of
 * guest-physical space where it is and with which rights. Each operation is done to both; what it
 * must return is worked out from the model, and what the table then says is compared, by a walk.
 * It goes with tables of any PTE_INDEX_BITS.
 */
#ifndef TESTS_UNIT_GTABLE_MODEL_H
#define TESTS_UNIT_GTABLE_MODEL_H

#include "gstage/gtable.h"

/* Two of the largest leaves, and something beside. */
enum { MODEL_MAX_PAGES = 2 * PTES_PER_PAGE * (PTES_PER_PAGE + 1) };

struct model {
	struct gtable table;
	struct gtable_garbage garbage;
	uint64_t base;
	unsigned n_pages;
	uint64_t at[MODEL_MAX_PAGES]; /* host-physical; meaningless without rights */
	uint8_t rights[MODEL_MAX_PAGES];
};

/* What may be asked; any values will do, they are cut to what makes sense. */
struct model_op {
	enum { MODEL_MAP, MODEL_INSTALL, MODEL_UNMAP, MODEL_PROTECT, MODEL_MERGE } kind;
	unsigned first, n; /* pages */
	unsigned align;    /* 0, 1, 2: of the range, both ends */
	unsigned to_page;  /* host-physical page; `to_align` as above */
	unsigned to_align;
	unsigned level;
	enum gtable_rights rights;
	bool drops; /* unmap takes tables out */
	unsigned fail_at;
};

/* Each returns what is wrong, or NULL. */
const char *model_begin(struct model *m, unsigned levels, uint64_t base, unsigned n_pages);
const char *model_do(struct model *m, const struct model_op *op);
const char *model_end(struct model *m);

#endif
