/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whether some bytes are a flattened tree that libfdt can be let loose on.
 *
 * Always true after success: every tag, name, value and property name lies inside the blob and ends
 * there, so that libfdt, in any version, neither loops nor reads beyond it.
 */
#include "lib/machine_internal.h"

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
	snprintf(error->text, sizeof(error->text), "device tree: %s", why);
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

static int check_lengths(const void *fdt, struct machine_error *error)
{
	const uint8_t *tags = (const uint8_t *)fdt + fdt_off_dt_struct(fdt);
	uint32_t size = fdt_size_dt_struct(fdt), at = 0;

	while (size - at >= FDT_TAGSIZE) {
		uint32_t tag = fdt32_ld((const fdt32_t *)(tags + at));
		uint32_t left = size - at;
		uint64_t used = FDT_TAGSIZE;

		if (tag == FDT_END)
			return 0;
		if (tag == FDT_BEGIN_NODE) {
			used += strnlen((const char *)tags + at + used, left - used) + 1;
		} else if (tag == FDT_PROP) {
			if (left < sizeof(struct fdt_property))
				break;
			used = sizeof(struct fdt_property);
			used += fdt32_ld((const fdt32_t *)(tags + at + FDT_TAGSIZE));
		} else if (tag != FDT_END_NODE && tag != FDT_NOP) {
			return blob_fail(error, "unknown tag in the structure block");
		}
		used = align_up(used, FDT_TAGSIZE);
		if (used > left)
			return blob_fail(error,
					 "a node or property is longer than the structure block");
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
		return blob_fail(error, fdt_strerror(err));
	if (fdt_totalsize(fdt) > size)
		return blob_fail(error, "longer than the memory it was given in");
	if (fdt_version(fdt) < BLOB_VERSION)
		return blob_fail(error, "older than version 17");
	if (fdt_off_dt_struct(fdt) % FDT_TAGSIZE || fdt_off_mem_rsvmap(fdt) % 8)
		return blob_fail(error, "its blocks are not aligned");
	err = check_strings(fdt, error);
	if (!err)
		err = check_lengths(fdt, error);
	if (err)
		return err;
	err = fdt_check_full(fdt, size);
	return err ? blob_fail(error, fdt_strerror(err)) : 0;
}
