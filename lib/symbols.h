/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From an address to the function it lies in. The table is made from the linked image by
 * tools/symbols.py and is linked into it. It is read only when all is lost, so it is small rather
 * than fast: names are written in codes of a byte, of which each stands for a letter or for two
 * other codes, and all are read up to the one that is asked for. Pure; the same code reads a table
 * in host tests.
 */
#ifndef LIB_SYMBOLS_H
#define LIB_SYMBOLS_H

#include "arch/bits.h"

struct symbol_table {
	uint32_t n_functions;
	uint32_t text_size;    /* the last function ends here */
	char image[24];        /* what the image is called; its last byte is 0 */
	uint8_t pairs[256][2]; /* { 0, letter }, or two codes; a name ends with the letter 0 */
	/* Of each function, by rising address: the halfwords from the one before (from the image's
	 * start) to it, seven bits a byte, the lowest first, the top bit set if more follow; its
	 * name's codes. */
	uint8_t functions[];
};

struct symbol {
	uint32_t start; /* from the image's start */
	char name[64];  /* "": the address is in no function; what is longer is cut off */
};

struct symbol symbol_find(const struct symbol_table *table, uint64_t offset);

#endif
