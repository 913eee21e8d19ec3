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
	uint32_t n = fdt_size_dt_strings(fdt), run = 0;

	for (uint32_t i = 0; i < n; i++) {
		run = strings[i] ? run + 1 : 0;
		if (run > NAME_MAX_BYTES)
			return blob_fail(error, "a property name is longer than 255 bytes");
	}
	return run ? blob_fail(error, "the last property name has no end") : 0;
}

/* Big-endian, at a multiple of 4. */
static uint32_t cell(const void *at)
{
	return __builtin_bswap32(*(const uint32_t *)at);
}

static const uint8_t *structure(const void *fdt)
{
	return (const uint8_t *)fdt + fdt_off_dt_struct(fdt);
}

struct tag blob_tag(const void *fdt, uint32_t at)
{
	const uint8_t *p = structure(fdt) + at;
	struct tag tag = { .kind = cell(p), .next = at + FDT_TAGSIZE };

	if (tag.kind == FDT_BEGIN_NODE) {
		tag.name = (const char *)p + FDT_TAGSIZE;
		tag.next += (uint32_t)align_up(strlen(tag.name) + 1, FDT_TAGSIZE);
	} else if (tag.kind == FDT_PROP) {
		const struct fdt_property *prop = (const struct fdt_property *)p;

		tag.value = (struct prop){ (const uint8_t *)prop->data, cell(&prop->len) };
		tag.name = (const char *)fdt + fdt_off_dt_strings(fdt) + cell(&prop->nameoff);
		tag.next = at + (uint32_t)align_up(sizeof(*prop) + tag.value.size, FDT_TAGSIZE);
	}
	return tag;
}

/* The bytes that a tag takes, before padding; 0: it makes no sense here. `left` is at least a tag.
 */
static uint64_t tag_size(const void *fdt, const uint8_t *p, uint32_t left, int depth)
{
	const struct fdt_property *prop = (const struct fdt_property *)p;

	switch (cell(p)) {
	case FDT_BEGIN_NODE:
		return FDT_TAGSIZE + strnlen((const char *)p + FDT_TAGSIZE, left - FDT_TAGSIZE) + 1;
	case FDT_END_NODE:
	case FDT_NOP:
		return depth ? FDT_TAGSIZE : 0;
	case FDT_PROP:
		if (!depth || left < sizeof(*prop) ||
		    cell(&prop->nameoff) >= fdt_size_dt_strings(fdt))
			return 0;
		return sizeof(*prop) + (uint64_t)cell(&prop->len);
	default:
		return 0;
	}
}

/* One root node, everything in it, and the end. */
static int check_structure(const void *fdt, struct machine_error *error)
{
	const uint8_t *tags = structure(fdt);
	uint32_t size = fdt_size_dt_struct(fdt), at = 0;
	int depth = 0;

	while (size - at >= FDT_TAGSIZE) {
		uint32_t kind = cell(tags + at);

		if (kind == FDT_END && !depth && at)
			return 0;
		if (!depth && at)
			return blob_fail(error, "something follows the root node");
		uint64_t used = tag_size(fdt, tags + at, size - at, depth);

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

int blob_check(const void *fdt, size_t size, struct machine_error *error)
{
	int err;

	if ((uintptr_t)fdt % 8)
		return blob_fail(error, "not at a multiple of 8 bytes");
	if (size < sizeof(struct fdt_header))
		return blob_fail(error, "shorter than its header");
	err = fdt_check_header(fdt);
	if (err)
		return blob_fail(error, err == -FDT_ERR_BADMAGIC ? "no device tree" : "its header is bad");
	if (fdt_totalsize(fdt) > size)
		return blob_fail(error, "longer than the memory it was given in");
	if (fdt_version(fdt) < BLOB_VERSION)
		return blob_fail(error, "older than version 17");
	if (fdt_off_dt_struct(fdt) % FDT_TAGSIZE || fdt_off_mem_rsvmap(fdt) % 8)
		return blob_fail(error, "its blocks are not aligned");
	err = check_strings(fdt, error);
	if (err)
		return err;
	if (fdt_num_mem_rsv(fdt) < 0)
		return blob_fail(error, "the memory reservation block has no end");
	return check_structure(fdt, error);
}

bool prop_has_text(struct prop p, const char *text)
{
	return p.at && fdt_stringlist_contains((const char *)p.at, (int)p.size, text);
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
