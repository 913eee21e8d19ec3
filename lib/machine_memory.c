/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * RAM, and what of it is spoken for: memory nodes become banks, /memreserve/ and the children of
 * /reserved-memory become reserved ranges.
 *
 * Always true: banks are page-aligned, sorted, and neither overlap nor touch.
 */
#include "lib/machine_internal.h"

#include <errno.h>
#include <string.h>

static uint64_t end_of(struct hpa_range range)
{
	return range.at.v + range.size;
}

/* Banks that [start, end) overlaps or touches become one with it. */
static void add_bank(struct machine *m, uint64_t start, uint64_t end)
{
	unsigned first = 0, after;

	while (first < m->n_banks && end_of(m->banks[first]) < start)
		first++;
	for (after = first; after < m->n_banks && m->banks[after].at.v <= end; after++) {
		if (m->banks[after].at.v < start)
			start = m->banks[after].at.v;
		if (end_of(m->banks[after]) > end)
			end = end_of(m->banks[after]);
	}
	if (first == after && m->n_banks == MACHINE_BANKS) {
		m->n_banks_left_out++;
		return;
	}
	memmove(&m->banks[first + 1], &m->banks[after], (m->n_banks - after) * sizeof(m->banks[0]));
	m->n_banks = m->n_banks - (after - first) + 1;
	m->banks[first] = (struct hpa_range){ HPA(start), end - start };
}

static int read_memory(struct reader *r)
{
	struct hpa_range range;
	int err;

	for (unsigned i = 0; !(err = tree_bus_reg(&r->tree, i, &range)); i++) {
		uint64_t start = align_up(range.at.v, PAGE_SIZE);
		uint64_t end = align_down(end_of(range), PAGE_SIZE);

		if (start < end)
			add_bank(r->m, start, end);
	}
	return err == -ENOENT ? 0 : err;
}

static bool add_reserved(struct machine *m, struct hpa_range range)
{
	if (!range.size)
		return true;
	if (m->n_reserved == MACHINE_RESERVED)
		return false;
	m->reserved[m->n_reserved++] = range;
	return true;
}

/* A node with `size` in the place of `reg` asks for memory anywhere: nothing stands there yet. */
static int read_reserved(struct reader *r)
{
	struct hpa_range range;
	int err;

	for (unsigned i = 0; !(err = tree_bus_reg(&r->tree, i, &range)); i++) {
		if (!add_reserved(r->m, range))
			return tree_fail(&r->tree, "more than %d reserved ranges",
					 MACHINE_RESERVED);
	}
	return err == -ENOENT ? 0 : err;
}

int memory_visit(struct reader *r)
{
	const struct tree_node *node = tree_here(&r->tree);

	if (!node->is_enabled)
		return 0;
	if (r->tree.depth == 1 && prop_has_text(node->device_type, "memory"))
		return read_memory(r);
	if (r->tree.depth == 2 && !strcmp(node[-1].name, "reserved-memory"))
		return read_reserved(r);
	return 0;
}

int memory_finish(struct reader *r)
{
	struct hpa_range range;

	r->tree.depth = 0;
	for (uint32_t n = 0; blob_reserved(r->tree.fdt, n, &range.at.v, &range.size); n++) {
		if (range.at.v > PHYSICAL_END || range.size > PHYSICAL_END - range.at.v)
			return tree_fail(&r->tree,
					 "/memreserve/ reaches beyond 56 bits of address");
		if (!add_reserved(r->m, range))
			return tree_fail(&r->tree, "more than %d reserved ranges",
					 MACHINE_RESERVED);
	}
	if (!r->m->n_banks)
		return tree_fail(&r->tree,
				 "no RAM: expected nodes with device_type \"memory\" and a reg");
	return 0;
}
