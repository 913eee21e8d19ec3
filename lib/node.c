/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/node.h"

#include <libfdt.h>
#include <stdio.h>
#include <string.h>

void *node_room(struct node_writer *w, const char *name, size_t size)
{
	void *at = NULL;

	if (!w->error)
		w->error = fdt_property_placeholder(w->fdt, name, (int)size, &at);
	return w->error ? NULL : at;
}

void node_start(struct node_writer *w, void *fdt, size_t room)
{
	*w = (struct node_writer){ .fdt = fdt };
	w->error = fdt_create(fdt, (int)room);
	if (!w->error)
		w->error = fdt_finish_reservemap(fdt);
}

void node_finish(struct node_writer *w)
{
	if (!w->error)
		w->error = fdt_finish(w->fdt);
}

void node_begin(struct node_writer *w, const char *name)
{
	if (!w->error)
		w->error = fdt_begin_node(w->fdt, name);
}

void node_begin_at(struct node_writer *w, const char *name, uint64_t at)
{
	char full[48]; /* the specification's 31 characters of a name, @, 16 digits */

	snprintf(full, sizeof(full), "%.30s@%llx", name, (unsigned long long)at);
	node_begin(w, full);
}

void node_end(struct node_writer *w)
{
	if (!w->error)
		w->error = fdt_end_node(w->fdt);
}

void node_bytes(struct node_writer *w, const char *name, const void *bytes, size_t n)
{
	void *at = node_room(w, name, n);

	if (at && n)
		memcpy(at, bytes, n);
}

void node_flag(struct node_writer *w, const char *name)
{
	node_bytes(w, name, NULL, 0);
}

void node_text(struct node_writer *w, const char *name, const char *text)
{
	node_strings(w, name, text, 1);
}

void node_strings(struct node_writer *w, const char *name, const char *values, unsigned n)
{
	const char *end = values;

	while (n--)
		end += strlen(end) + 1;
	node_bytes(w, name, values, (size_t)(end - values));
}

void node_number(struct node_writer *w, const char *name, uint32_t number)
{
	node_cells(w, name, &number, 1);
}

void node_cells(struct node_writer *w, const char *name, const uint32_t *values, unsigned n)
{
	fdt32_t *at = node_room(w, name, 4 * (size_t)n);

	for (unsigned i = 0; at && i < n; i++)
		at[i] = cpu_to_fdt32(values[i]);
}

void node_reg(struct node_writer *w, uint64_t at, uint64_t size)
{
	node_cells(w, "reg",
		   (uint32_t[]){ (uint32_t)(at >> 32), (uint32_t)at, (uint32_t)(size >> 32),
				 (uint32_t)size },
		   4);
}
