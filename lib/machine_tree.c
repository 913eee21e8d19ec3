/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A position in a flattened tree: what a node's properties mean depends on the nodes above it
 * (cells, ranges, interrupt-parent, status), and libfdt would search for these from the root each
 * time. Here they are kept while the tree is walked once.
 */
#include "lib/machine_internal.h"

#include <errno.h>
#include <libfdt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int tree_open(struct tree *t, const void *fdt, size_t size, struct machine_error *error)
{
	t->fdt = fdt;
	t->error = error;
	error->text[0] = '\0';
	tree_rewind(t);
	int err = blob_check(fdt, size, error);

	if (!err)
		t->blob = blob_of(fdt);
	return err;
}

void tree_rewind(struct tree *t)
{
	t->depth = 0;
	t->walk_at = 0;
	t->walk_offset = -1;
	t->walk_depth = -1;
	t->noted = -1;
}

/* Properties that nearly every node has a use for, found in one pass over the node. Those that
 * begin alike stand together, in the order of their letters. */
static const struct {
	const char *name;
	size_t field;
} common_props[] = {
	{ "#address-cells", offsetof(struct tree_node, address_cells) },
	{ "#size-cells", offsetof(struct tree_node, size_cells) },
	{ "compatible", offsetof(struct tree_node, compatible) },
	{ "device_type", offsetof(struct tree_node, device_type) },
	{ "interrupt-parent", offsetof(struct tree_node, interrupt_parent) },
	{ "linux,phandle", offsetof(struct tree_node, phandle) },
	{ "phandle", offsetof(struct tree_node, phandle) },
	{ "ranges", offsetof(struct tree_node, ranges) },
	{ "reg", offsetof(struct tree_node, reg) },
	{ "status", offsetof(struct tree_node, status) },
};

static void keep_common(struct tree_node *node, const struct tree_note *note)
{
	static const char letters[ARRAY_LEN(common_props)] = "##cdilprrs"; /* they begin with */
	unsigned i = 0;

	while (i < ARRAY_LEN(letters) && letters[i] != *note->name)
		i++;
	for (; i < ARRAY_LEN(letters) && letters[i] == *note->name; i++) {
		struct prop *p = (struct prop *)((char *)node + common_props[i].field);

		if (!strcmp(note->name, common_props[i].name)) {
			if (!p->at)
				*p = note->value;
			return;
		}
	}
}

static bool status_is_okay(struct prop status)
{
	const char *text = prop_text(status);

	return !status.at || (text && (!strcmp(text, "okay") || !strcmp(text, "ok")));
}

static void note(struct tree *t, struct tree_node *node, const struct tag *tag)
{
	const struct tree_note new = { tag->name, tag->value };

	keep_common(node, &new);
	if (t->n_notes < TREE_NOTES)
		t->notes[t->n_notes++] = new;
	else
		t->noted = -1;
}

/* Stand at the node that begins at `offset`. Returns where the tags behind its properties begin. */
static uint32_t read_node(struct tree *t, int offset)
{
	struct tree_node *node = tree_here(t);
	const struct tree_node *above = t->depth ? node - 1 : NULL;
	struct tag tag;

	blob_tag(&t->blob, (uint32_t)offset, &tag);
	uint32_t at = tag.next;

	*node = (struct tree_node){ .offset = offset, .name = tag.name };
	t->noted = offset;
	t->n_notes = 0;
	for (;; at = tag.next) {
		blob_tag(&t->blob, at, &tag);
		if (tag.kind == FDT_PROP)
			note(t, node, &tag);
		else if (tag.kind != FDT_NOP)
			break;
	}
	node->is_enabled = (!above || above->is_enabled) && status_is_okay(node->status);
	node->wired_to = above ? above->wired_to : 0;
	if (node->interrupt_parent.size == 4)
		node->wired_to = prop_cells(node->interrupt_parent, 0, 1);
	return at;
}

/* To the next node; 0 after the last one. */
static int step(struct tree *t)
{
	struct tag tag;

	do {
		blob_tag(&t->blob, t->walk_at, &tag);
		if (tag.kind == FDT_END || (tag.kind == FDT_END_NODE && --t->walk_depth < 0))
			return 0;
		t->walk_offset = (int)t->walk_at;
		t->walk_at = tag.next;
	} while (tag.kind != FDT_BEGIN_NODE);
	t->walk_depth++;
	if (t->walk_depth >= TREE_DEPTH)
		return tree_fail(t, "nodes are nested more than %d deep", TREE_DEPTH);
	return 1;
}

int tree_next(struct tree *t)
{
	int more = step(t);

	if (more > 0) {
		t->depth = t->walk_depth;
		t->walk_at = read_node(t, t->walk_offset);
	}
	return more;
}

/* Only the nodes on the way are read. */
int tree_seek(struct tree *t, int offset)
{
	int way[TREE_DEPTH] = { 0 };

	tree_rewind(t);
	while (step(t) > 0) {
		way[t->walk_depth] = t->walk_offset;
		if (t->walk_offset != offset)
			continue;
		for (int depth = 0; depth <= t->walk_depth; depth++) {
			t->depth = depth;
			read_node(t, way[depth]);
		}
		return 0;
	}
	return -EINVAL;
}

void text_copy(char *to, size_t size, const char *from)
{
	for (; size > 1 && *from; size--, from++)
		*to++ = *from >= ' ' && *from <= '~' ? *from : '?';
	*to = '\0';
}

COLD void tree_path(const struct tree *t, char *text, size_t size)
{
	size_t used = 0;

	text_copy(text, size, "/");
	for (unsigned d = 1; d <= t->depth && used + 1 < size; d++) {
		text_copy(text + used, size - used, "/");
		text_copy(text + used + 1, size - used - 1, t->path[d].name);
		used += strlen(text + used);
	}
}

int tree_fail(struct tree *t, const char *what, ...)
{
	char *text = t->error->text;
	size_t room = sizeof(t->error->text);
	va_list args;

	tree_path(t, text, room / 2);
	size_t used = strlen(text);
	used += snprintf(text + used, room - used, ": ");
	va_start(args, what);
	vsnprintf(text + used, room - used, what, args);
	va_end(args);
	return -EINVAL;
}

struct prop tree_prop(const struct tree *t, const char *name)
{
	int here = t->path[t->depth].offset;

	if (t->noted != here)
		return blob_prop(t->fdt, (uint32_t)here, name, strlen(name));
	for (unsigned i = 0; i < t->n_notes; i++)
		if (*t->notes[i].name == *name && !strcmp(t->notes[i].name, name))
			return t->notes[i].value;
	return (struct prop){ 0 };
}

int tree_u32(struct tree *t, const char *name, uint32_t otherwise, uint32_t *value)
{
	struct prop p = tree_prop(t, name);

	*value = otherwise;
	if (!p.at)
		return 0;
	if (p.size != 4)
		return tree_fail(t, "%s: %u bytes, expected 4", name, p.size);
	*value = prop_cells(p, 0, 1);
	return 0;
}

int tree_u64(struct tree *t, const char *name, uint64_t *value)
{
	struct prop p = tree_prop(t, name);

	if (!p.at)
		return -ENOENT;
	if (p.size != 4 && p.size != 8)
		return tree_fail(t, "%s: %u bytes, expected 4 or 8", name, p.size);
	*value = prop_cells(p, 0, p.size / 4);
	return 0;
}

static uint32_t small_cell(struct prop p, uint32_t otherwise)
{
	if (!p.at)
		return otherwise;
	return p.size == 4 ? prop_cells(p, 0, 1) : UINT32_MAX;
}

COLD uint32_t node_address_cells(const struct tree_node *node)
{
	return small_cell(node->address_cells, 2);
}

COLD uint32_t node_size_cells(const struct tree_node *node)
{
	return small_cell(node->size_cells, 1);
}

static bool fits_u64(uint32_t cells)
{
	return cells == 1 || cells == 2;
}

COLD int tree_bus_reg(struct tree *t, unsigned i, struct hpa_range *range)
{
	const struct tree_node *node = tree_here(t), *bus = node - 1;

	if (!t->depth || !node->reg.at)
		return -ENOENT;
	uint32_t address = node_address_cells(bus), size = node_size_cells(bus);

	if (!fits_u64(address) || !fits_u64(size))
		return tree_fail(
			t, "reg: parent has #address-cells %d, #size-cells %d, expected 1 or 2",
			(int)address, (int)size);
	uint32_t entry = address + size;

	if (node->reg.size % (4 * entry))
		return tree_fail(t, "reg: %u bytes, expected a multiple of %u", node->reg.size,
				 4 * entry);
	if (i >= node->reg.size / (4 * entry))
		return -ENOENT;
	range->at.v = prop_cells(node->reg, i * entry, address);
	range->size = prop_cells(node->reg, i * entry + address, size);
	if (range->at.v > PHYSICAL_END || range->size > PHYSICAL_END - range->at.v)
		return tree_fail(t, "reg: reaches beyond 56 bits of address");
	return 0;
}

/* Through one bus, which is at depth d. */
static bool translate_up(const struct tree *t, unsigned d, struct hpa_range *range)
{
	const struct tree_node *bus = &t->path[d], *above = bus - 1;
	uint32_t child = node_address_cells(bus), parent = node_address_cells(above);
	uint32_t size = node_size_cells(bus), entry;

	if (bus->ranges.at && !bus->ranges.size)
		return true;
	if (!bus->ranges.at || !fits_u64(child) || !fits_u64(parent) || !fits_u64(size))
		return false;
	entry = child + parent + size;
	if (bus->ranges.size % (4 * entry) || bus->ranges.size / (4 * entry) > TREE_RANGES)
		return false;
	for (uint32_t at = 0; at < bus->ranges.size / 4; at += entry) {
		uint64_t from = prop_cells(bus->ranges, at, child);
		uint64_t to = prop_cells(bus->ranges, at + child, parent);
		uint64_t length = prop_cells(bus->ranges, at + child + parent, size);
		uint64_t inside = range->at.v - from;

		if (range->at.v < from || inside > length || range->size > length - inside)
			continue;
		range->at.v = to + inside;
		return to <= PHYSICAL_END && length <= PHYSICAL_END - to;
	}
	return false;
}

int tree_reg(struct tree *t, unsigned i, struct hpa_range *range)
{
	int err = tree_bus_reg(t, i, range);

	for (unsigned d = t->depth - 1; !err && d >= 1; d--) {
		if (!translate_up(t, d, range))
			return tree_fail(t, "reg: no `ranges` above leads to a physical address");
	}
	return err;
}
