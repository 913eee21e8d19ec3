/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A flattened tree as bounded bytes: whether it can be read at all, its tags one after the other,
 * and the values of properties. For trees of machines and descriptions of VMs alike.
 */
#ifndef LIB_MACHINE_BLOB_H
#define LIB_MACHINE_BLOB_H

#include "lib/machine.h"

/* A property's value; `at` is NULL where the node has none of that name. */
struct prop {
	const uint8_t *at;
	uint32_t size;
};

/*
 * One tag of the structure block: a node's begin or end, a property, or nothing. libfdt checks each
 * tag again at each look, which costs ten times the reading; a blob is checked once, here, and its
 * tags are then taken as they are.
 */
struct tag {
	uint32_t kind;     /* FDT_BEGIN_NODE, ... */
	uint32_t next;     /* offset of the tag behind it */
	const char *name;  /* of a node or a property; no other tag sets it */
	struct prop value; /* of a property */
};

/* Whether libfdt may read these bytes; everything it takes on trust is checked. 0 or -EINVAL. */
MUST_CHECK int blob_check(const void *fdt, size_t size, struct machine_error *error);

/* Where the tags and the names of properties begin in a checked blob. */
struct blob {
	const uint8_t *tags;
	const char *strings;
};
struct blob blob_of(const void *fdt);

/* The tag at offset `at`. */
void blob_tag(const struct blob *blob, uint32_t at, struct tag *tag);

/* Where the node begins that an absolute path of `length` bytes leads to, or -ENOENT. A name
 * without an address finds the first node that is called so. */
int blob_find(const void *fdt, const char *path, size_t length);

/* A property of the node that begins at `node`; its name is `length` bytes. */
struct prop blob_prop(const void *fdt, uint32_t node, const char *name, size_t length);

/* The nth entry of the memory reservation block; false behind the last one. */
bool blob_reserved(const void *fdt, uint32_t n, uint64_t *at, uint64_t *size);

/* Which of the n texts is the first of its strings that is any of them; -1: none is. */
int prop_find_text(struct prop p, const char *const *texts, unsigned n);
bool prop_has_text(struct prop p, const char *text);
const char *prop_text(struct prop p); /* NULL if it is not terminated */
uint64_t prop_cells(struct prop p, uint32_t first, uint32_t n);

#endif
