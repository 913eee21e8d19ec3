/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whether some bytes are a flattened tree that libfdt can be let loose on.
 *
 * Always true after success: every tag, name, value and property name lies inside the blob and ends
 * there, so that libfdt, in any version, neither loops nor reads beyond it.
 */
#include "lib/machine_blob.h"

#include <errno.h>
#include <libfdt.h>
#include <stdio.h>
#include <string.h>

enum {
	NAME_MAX_BYTES = 255, /* of a property's name; libfdt looks for its end again and again */
	BLOB_VERSION = 17,
};

static int blob_fail(struct machine_error *error, const char *why)
{
	snprintf(error->text, sizeof(error->text), "%s", why);
	return -EINVAL;
}

/* libfdt 1.6 is led backwards by a property that is nearly 4 GiB long, and measures a property's
 * name at each look: so lengths are checked before it sees them. */
static int check_strings(const void *fdt, struct machine_error *error)
{
	const char *strings = (const char *)fdt + fdt_off_dt_strings(fdt);
	uint32_t n = fdt_size_dt_strings(fdt), at = 0;

	/* Where a name begins, one ends within so many bytes: the last such end is found from
	 * behind. */
	while (n - at > NAME_MAX_BYTES) {
		uint32_t end = at + NAME_MAX_BYTES;

		while (strings[end])
			if (end-- == at)
				return blob_fail(error, "a property name is longer than 255 bytes");
		at = end + 1;
	}
	return n && strings[n - 1] ? blob_fail(error, "the last property name has no end") : 0;
}

/* By bytes: without Zbb a swap is a call. In place: it is a third of what reading a tag takes. */
static inline __attribute__((always_inline)) uint32_t cell(const void *at)
{
	const uint8_t *p = at;

	return (uint32_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
}

struct blob blob_of(const void *fdt)
{
	const struct fdt_header *header = fdt;

	return (struct blob){
		.tags = (const uint8_t *)fdt + cell(&header->off_dt_struct),
		.strings = (const char *)fdt + cell(&header->off_dt_strings),
	};
}

/* Field by field: a whole struct would be copied by memcpy. */
void blob_tag(const struct blob *blob, uint32_t at, struct tag *tag)
{
	const uint8_t *p = blob->tags + at;

	tag->kind = p[3]; /* all are below 256 */
	tag->next = at + FDT_TAGSIZE;
	if (tag->kind == FDT_BEGIN_NODE) {
		tag->name = (const char *)p + FDT_TAGSIZE;
		tag->next += (uint32_t)align_up(strlen(tag->name) + 1, FDT_TAGSIZE);
	} else if (tag->kind == FDT_PROP) {
		const struct fdt_property *prop = (const struct fdt_property *)p;

		tag->value.at = (const uint8_t *)prop->data;
		tag->value.size = cell(&prop->len);
		tag->name = blob->strings + cell(&prop->nameoff);
		tag->next = at + (uint32_t)align_up(sizeof(*prop) + tag->value.size, FDT_TAGSIZE);
	}
}

/* Does this part of a path, which ends at a slash or at `end`, name the node? */
static bool names_node(const char *part, const char *end, const char *name)
{
	size_t n = 0;

	while (part + n < end && part[n] != '/')
		n++;
	return !strncmp(part, name, n) && (!name[n] || name[n] == '@');
}

int blob_find(const void *fdt, const char *path, size_t length)
{
	const struct blob blob = blob_of(fdt);
	const char *end = path + length;
	int depth = -1, found = -1; /* of the node where we are, and of the last one on the way */
	struct tag tag;

	for (uint32_t at = 0;; at = tag.next) {
		blob_tag(&blob, at, &tag);
		if (tag.kind == FDT_END || (tag.kind == FDT_END_NODE && --depth < found))
			return -ENOENT;
		if (tag.kind != FDT_BEGIN_NODE || ++depth != found + 1)
			continue;
		if (depth && !names_node(path, end, tag.name))
			continue;
		found = depth;
		while (depth && path < end && *path != '/')
			path++;
		while (path < end && *path == '/')
			path++;
		if (path == end)
			return (int)at;
	}
}

struct prop blob_prop(const void *fdt, uint32_t node, const char *name, size_t length)
{
	const struct blob blob = blob_of(fdt);
	struct tag tag;

	blob_tag(&blob, node, &tag);
	do {
		blob_tag(&blob, tag.next, &tag);
		if (tag.kind == FDT_PROP && *tag.name == *name &&
		    !strncmp(tag.name, name, length) && !tag.name[length])
			return tag.value;
	} while (tag.kind == FDT_PROP || tag.kind == FDT_NOP);
	return (struct prop){ 0 };
}

bool blob_reserved(const void *fdt, uint32_t n, uint64_t *at, uint64_t *size)
{
	const struct fdt_reserve_entry *entry =
		(const void *)((const uint8_t *)fdt + fdt_off_mem_rsvmap(fdt));

	*at = fdt64_ld(&entry[n].address);
	*size = fdt64_ld(&entry[n].size);
	return *size;
}

/* The bytes that a tag takes, before padding; 0: it makes no sense here. `left` is at least a tag.
 */
static inline uint64_t tag_size(uint32_t n_strings, const uint8_t *p, uint32_t left, int depth)
{
	const struct fdt_property *prop = (const struct fdt_property *)p;

	switch (cell(p)) {
	case FDT_BEGIN_NODE:
		return FDT_TAGSIZE + strnlen((const char *)p + FDT_TAGSIZE, left - FDT_TAGSIZE) + 1;
	case FDT_END_NODE:
	case FDT_NOP:
		return depth ? FDT_TAGSIZE : 0;
	case FDT_PROP:
		if (!depth || left < sizeof(*prop) || cell(&prop->nameoff) >= n_strings)
			return 0;
		return sizeof(*prop) + (uint64_t)cell(&prop->len);
	default:
		return 0;
	}
}

/* One root node, everything in it, and the end. */
static int check_structure(const void *fdt, struct machine_error *error)
{
	const uint8_t *tags = blob_of(fdt).tags;
	const uint32_t size = fdt_size_dt_struct(fdt), n_strings = fdt_size_dt_strings(fdt);
	uint32_t at = 0;
	int depth = 0;

	while (size - at >= FDT_TAGSIZE) {
		uint32_t kind = cell(tags + at);

		if (kind == FDT_END && !depth && at)
			return 0;
		if (!depth && at)
			return blob_fail(error, "something follows the root node");
		uint64_t used = tag_size(n_strings, tags + at, size - at, depth);

		if (!used)
			return blob_fail(error, "a tag in the structure block makes no sense");
		used = align_up(used, FDT_TAGSIZE);
		if (used > size - at)
			return blob_fail(error,
					 "a node or property is longer than the structure block");
		depth += kind == FDT_BEGIN_NODE;
		depth -= kind == FDT_END_NODE;
		at += used;
	}
	return blob_fail(error, "the structure block has no end");
}

static int check_reserved(const void *fdt, struct machine_error *error)
{
	uint64_t room = fdt_totalsize(fdt) - fdt_off_mem_rsvmap(fdt), at, size;

	for (uint32_t n = 0; room / sizeof(struct fdt_reserve_entry) > n; n++) {
		if (!blob_reserved(fdt, n, &at, &size))
			return 0;
	}
	return blob_fail(error, "the memory reservation block has no end");
}

static bool has_block(const void *fdt, uint64_t at, uint64_t size)
{
	return at >= sizeof(struct fdt_header) && at + size <= fdt_totalsize(fdt);
}

static bool has_blocks(const void *fdt)
{
	return fdt_totalsize(fdt) <= INT32_MAX && has_block(fdt, fdt_off_mem_rsvmap(fdt), 0) &&
	       has_block(fdt, fdt_off_dt_struct(fdt), fdt_size_dt_struct(fdt)) &&
	       has_block(fdt, fdt_off_dt_strings(fdt), fdt_size_dt_strings(fdt));
}

int blob_check(const void *fdt, size_t size, struct machine_error *error)
{
	int err;

	if ((uintptr_t)fdt % 8)
		return blob_fail(error, "not at a multiple of 8 bytes");
	if (size < sizeof(struct fdt_header))
		return blob_fail(error, "shorter than its header");
	if (fdt_magic(fdt) != FDT_MAGIC)
		return blob_fail(error, "no device tree");
	if (fdt_version(fdt) < BLOB_VERSION)
		return blob_fail(error, "older than version 17");
	if (fdt_last_comp_version(fdt) > BLOB_VERSION)
		return blob_fail(error, "not compatible with version 17");
	if (fdt_totalsize(fdt) > size)
		return blob_fail(error, "longer than the memory it was given in");
	if (!has_blocks(fdt))
		return blob_fail(error, "one of its blocks is not inside it");
	if (fdt_off_dt_struct(fdt) % FDT_TAGSIZE || fdt_off_mem_rsvmap(fdt) % 8)
		return blob_fail(error, "its blocks are not aligned");
	err = check_strings(fdt, error);
	if (!err)
		err = check_reserved(fdt, error);
	if (err)
		return err;
	return check_structure(fdt, error);
}

int prop_find_text(struct prop p, const char *const *texts, unsigned n)
{
	const char *at = (const char *)p.at, *end = p.at ? at + p.size : at;

	for (size_t length; at < end; at += length + 1) {
		length = strnlen(at, (size_t)(end - at));
		for (unsigned i = 0; at + length < end && i < n; i++)
			if (*at == *texts[i] && !strcmp(at, texts[i]))
				return (int)i;
	}
	return -1;
}

bool prop_has_text(struct prop p, const char *text)
{
	return prop_find_text(p, &text, 1) >= 0;
}

const char *prop_text(struct prop p)
{
	return p.at && p.size && !p.at[p.size - 1] ? (const char *)p.at : NULL;
}

uint64_t prop_cells(struct prop p, uint32_t first, uint32_t n)
{
	uint64_t value = 0;

	for (uint32_t i = first; i < first + n; i++)
		value = value << 32 | fdt32_ld((const fdt32_t *)(p.at + 4 * i));
	return value;
}
