/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writing a device tree from its start to its end. The first error stays in `error` (-ENOSPC) and
 * nothing is written after it, so that its user looks once, at the end.
 */
#ifndef LIB_NODE_H
#define LIB_NODE_H

#include "arch/bits.h"

struct node_writer {
	void *fdt;
	uint32_t end;     /* of the tags */
	uint32_t strings; /* names of properties: from here to the end of the room */
	uint32_t room;
	int error;
};

/* A tree in `room` bytes at a multiple of 8, no node in it yet; its end, after the root's. */
void node_start(struct node_writer *w, void *fdt, size_t room);
void node_finish(struct node_writer *w);

void node_begin(struct node_writer *w, const char *name);
void node_begin_at(struct node_writer *w, const char *name, uint64_t at); /* name@at */
void node_end(struct node_writer *w);

void node_flag(struct node_writer *w, const char *name);
void node_text(struct node_writer *w, const char *name, const char *value);
void node_number(struct node_writer *w, const char *name, uint32_t value);
void node_bytes(struct node_writer *w, const char *name, const void *bytes, size_t n);
void node_cells(struct node_writer *w, const char *name, const uint32_t *values, unsigned n);

/* Room for a value of that size, big-endian, in the tree itself; NULL after an error. */
void *node_room(struct node_writer *w, const char *name, size_t size);

/* n strings that lie one behind the other: "a\0b", 2. */
void node_strings(struct node_writer *w, const char *name, const char *values, unsigned n);

/* `reg` of two address and two size cells. */
void node_reg(struct node_writer *w, uint64_t at, uint64_t size);

#endif
