/* SPDX-License-Identifier: BSD-2-Clause */
/* Trees made by tests, a node at a time, and read into one machine. One tree at a time. */
#ifndef TESTS_UNIT_TREE_MAKER_H
#define TESTS_UNIT_TREE_MAKER_H

#include "lib/machine.h"

enum { TREE_ROOM = 1 << 20 };

extern char *fdt;                  /* the tree under construction */
extern struct machine m;           /* what was read last */
extern struct machine_error error; /* and why it was not */

void begin_tree(void); /* its root is open then */
void end_tree(void);
void begin(const char *name);
void end(void);
void text(const char *name, const char *value);
void cells(const char *name, unsigned n, const uint32_t *values);

#define CELLS(name, ...)                                                                           \
	cells(name, sizeof((uint32_t[]){ __VA_ARGS__ }) / 4, (uint32_t[]){ __VA_ARGS__ })

void add_memory(uint32_t at, uint32_t size);
void begin_cpus(void);
void add_cpu(uint32_t id);
void add_basics(void); /* memory and one hart, which every good tree needs */

/* Read a copy that ends where its memory ends, so that an overread is seen; the promises of the
 * result are checked. Returns what machine_read did. */
int read_copy(const void *bytes, size_t size, uint64_t boot_hart);

/* End the tree, read it, and drop it. */
int read_tree(uint64_t boot_hart);

#endif
