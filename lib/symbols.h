/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From an address to the function it lies in. The table is made from the linked image by
 * tools/symbols and is linked into it: a count, pairs of (offset of the function, offset of its
 * name) sorted by the first, then the names. Pure; the same code reads a table in host tests.
 */
#ifndef LIB_SYMBOLS_H
#define LIB_SYMBOLS_H

#include "arch/bits.h"

struct symbol_entry {
	uint32_t start; /* from the image's start */
	uint32_t name;  /* from the names' start */
};

struct symbol_table {
	uint32_t n_entries;
	uint32_t text_size; /* the last function ends here */
	struct symbol_entry entries[];
	/* names follow */
};

struct symbol {
	const char *name; /* NULL: the address is in no function */
	uint32_t start;
};

struct symbol symbol_find(const struct symbol_table *table, uint64_t offset);

#endif
