/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/node.h"

#include <errno.h>
#include <libfdt.h>
#include <stdio.h>
#include <string.h>

/* Where the tags begin: behind the header and an empty memory reservation block. */
enum { TAGS = sizeof(struct fdt_header) + sizeof(struct fdt_reserve_entry) };

static void *at_offset(const struct node_writer *w, uint32_t offset)
{
	return (uint8_t *)w->fdt + offset;
}

static bool has_room(struct node_writer *w, size_t n)
{
	if (!w->error && n > w->strings - w->end)
		w->error = -ENOSPC;
	return !w->error;
}

/* A tag with n bytes behind it, padded with zeros. */
static fdt32_t *tag_put(struct node_writer *w, uint32_t kind, size_t n)
{
	fdt32_t *tag = at_offset(w, w->end);
	size_t cells = n / FDT_TAGSIZE + (n % FDT_TAGSIZE != 0);

	if (!has_room(w, (1 + cells) * FDT_TAGSIZE))
		return NULL;
	w->end += (1 + cells) * FDT_TAGSIZE;
	tag[cells] = 0;
	tag[0] = cpu_to_fdt32(kind);
	return tag;
}

/* How far before the end of the strings this one begins: their start moves until they are all
 * there.
 */
static uint32_t string_put(struct node_writer *w, const char *name)
{
	size_t n = strlen(name) + 1;

	for (uint32_t at = w->strings; at < w->room; at += strlen(at_offset(w, at)) + 1) {
		if (!strcmp(at_offset(w, at), name))
			return w->room - at;
	}
	if (!has_room(w, n))
		return 0;
	w->strings -= n;
	memcpy(at_offset(w, w->strings), name, n);
	return w->room - w->strings;
}

void *node_room(struct node_writer *w, const char *name, size_t size)
{
	uint32_t string = string_put(w, name);
	fdt32_t *tag = tag_put(w, FDT_PROP, 2 * FDT_TAGSIZE + size);

	if (!tag)
		return NULL;
	tag[1] = cpu_to_fdt32((uint32_t)size);
	tag[2] = cpu_to_fdt32(string);
	return tag + 3;
}

void node_start(struct node_writer *w, void *fdt, size_t room)
{
	*w = (struct node_writer){ fdt, TAGS, (uint32_t)room, (uint32_t)room, 0 };
	if (room < TAGS || room > INT32_MAX)
		w->error = -ENOSPC;
	else
		memset(fdt, 0, TAGS);
}

/* Names are said from the start of the strings, where that now is. */
static void place_strings(struct node_writer *w, uint32_t n)
{
	for (uint32_t at = TAGS; at < w->end;) {
		fdt32_t *tag = at_offset(w, at);
		uint32_t kind = fdt32_to_cpu(*tag), size = 0;

		if (kind == FDT_BEGIN_NODE) {
			size = strlen((char *)(tag + 1)) + 1;
		} else if (kind == FDT_PROP) {
			size = 2 * FDT_TAGSIZE + fdt32_to_cpu(tag[1]);
			tag[2] = cpu_to_fdt32(n - fdt32_to_cpu(tag[2]));
		}
		at += align_up(FDT_TAGSIZE + size, FDT_TAGSIZE);
	}
	memmove(at_offset(w, w->end), at_offset(w, w->strings), n);
}

void node_finish(struct node_writer *w)
{
	uint32_t n = w->room - w->strings;

	if (!tag_put(w, FDT_END, 0))
		return;
	place_strings(w, n);
	*(struct fdt_header *)w->fdt = (struct fdt_header){
		.magic = cpu_to_fdt32(FDT_MAGIC),
		.totalsize = cpu_to_fdt32(w->end + n),
		.off_dt_struct = cpu_to_fdt32(TAGS),
		.off_dt_strings = cpu_to_fdt32(w->end),
		.off_mem_rsvmap = cpu_to_fdt32(sizeof(struct fdt_header)),
		.version = cpu_to_fdt32(17),
		.last_comp_version = cpu_to_fdt32(16),
		.size_dt_strings = cpu_to_fdt32(n),
		.size_dt_struct = cpu_to_fdt32(w->end - TAGS),
	};
}

void node_begin(struct node_writer *w, const char *name)
{
	size_t n = strlen(name) + 1;
	fdt32_t *tag = tag_put(w, FDT_BEGIN_NODE, n);

	if (tag)
		memcpy(tag + 1, name, n);
}

void node_begin_at(struct node_writer *w, const char *name, uint64_t at)
{
	char full[48]; /* the specification's 31 characters of a name, @, 16 digits */

	snprintf(full, sizeof(full), "%.30s@%llx", name, (unsigned long long)at);
	node_begin(w, full);
}

void node_end(struct node_writer *w)
{
	tag_put(w, FDT_END_NODE, 0);
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
