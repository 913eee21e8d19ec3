/* SPDX-License-Identifier: BSD-2-Clause */
/* A plain model of free and taken frames. */
#include "tests/unit/frames_model.h"

#include <stdlib.h>
#include <string.h>

void model_add_bank(struct model *m, uint64_t pfn, uint64_t n)
{
	if (m->n_banks == MODEL_BANKS)
		abort();
	m->banks[m->n_banks++] = (struct model_bank){ .pfn = pfn, .n = n, .is_free = calloc(n, 1) };
}

void model_drop(struct model *m)
{
	for (unsigned i = 0; i < m->n_banks; i++)
		free(m->banks[i].is_free);
	memset(m, 0, sizeof(*m));
}

static uint8_t *byte_of(const struct model *m, uint64_t pfn)
{
	for (unsigned i = 0; i < m->n_banks; i++)
		if (pfn >= m->banks[i].pfn && pfn - m->banks[i].pfn < m->banks[i].n)
			return &m->banks[i].is_free[pfn - m->banks[i].pfn];
	return NULL;
}

bool model_is_ram(const struct model *m, uint64_t pfn)
{
	return byte_of(m, pfn);
}

static bool all_are(const struct model *m, uint64_t pfn, uint64_t n, bool is_free)
{
	for (uint64_t i = 0; i < n; i++) {
		const uint8_t *byte = byte_of(m, pfn + i);

		if (!byte || *byte != is_free)
			return false;
	}
	return true;
}

bool model_all_free(const struct model *m, uint64_t pfn, uint64_t n)
{
	return all_are(m, pfn, n, true);
}

bool model_none_free(const struct model *m, uint64_t pfn, uint64_t n)
{
	return all_are(m, pfn, n, false);
}

void model_set_free(struct model *m, uint64_t pfn, uint64_t n, bool is_free)
{
	if (!all_are(m, pfn, n, !is_free))
		abort();
	for (uint64_t i = 0; i < n; i++)
		*byte_of(m, pfn + i) = is_free;
	m->n_free += is_free ? n : -n;
}

void model_count_blocks(const struct model *m, uint64_t n_blocks[MODEL_ORDERS])
{
	memset(n_blocks, 0, MODEL_ORDERS * sizeof(*n_blocks));
	for (unsigned i = 0; i < m->n_banks; i++) {
		const struct model_bank *bank = &m->banks[i];

		for (uint64_t at = 0; at < bank->n;) {
			unsigned order = 0;

			if (!bank->is_free[at]) {
				at++;
				continue;
			}
			while (order < MODEL_ORDERS - 1 &&
			       is_aligned(bank->pfn + at, 2ull << order) &&
			       model_all_free(m, bank->pfn + at, 2ull << order))
				order++;
			n_blocks[order]++;
			at += 1ull << order;
		}
	}
}

uint64_t model_draw(struct model_random *r, uint64_t below)
{
	r->state = r->state * 6364136223846793005ull + 1442695040888963407ull;
	return (r->state >> 33) % below;
}
