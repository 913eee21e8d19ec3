/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the parts of machine_read share: a position in the tree with everything above it, properties
 * as bounded bytes, and one way to say what is wrong. machine_tree.c owns the position; each other
 * part looks at the node where it stands and takes what is its own.
 *
 * Always true: a `struct prop` lies inside the tree; path[0..depth] is the way from the root to the
 * node; the work done at a node is bounded by its own size, so a hostile tree costs no more than a
 * few linear passes.
 */
#ifndef LIB_MACHINE_INTERNAL_H
#define LIB_MACHINE_INTERNAL_H

#include "lib/machine_blob.h"

enum {
	TREE_DEPTH = 12,  /* levels, the root's included; boards have 6 to 9 */
	TREE_NOTES = 20,  /* properties of a node; hardly any has more */
	TREE_RANGES = 64, /* entries of one bus's `ranges` */
	TREE_IRQCHIPS = 16,
};

#define PHYSICAL_END BIT(56) /* the first address that no page table can name */

struct tree_node {
	int offset; /* as libfdt counts */
	const char *name;
	struct prop compatible, device_type, status, reg, ranges, phandle;
	struct prop address_cells, size_cells, interrupt_parent;
	uint32_t wired_to; /* phandle that `interrupts` speak to here, inherited; 0 if none */
	bool is_enabled;   /* it and all above it */
};

/* A property, where the node stands of which it is. */
struct tree_note {
	const char *name;
	struct prop value;
};

struct tree {
	const void *fdt;
	struct blob blob;
	struct machine_error *error;
	unsigned depth; /* of the node where we stand */
	struct tree_node path[TREE_DEPTH];
	uint32_t walk_at; /* the next tag that the walk looks at */
	int walk_offset;  /* the node where it is; its depth may be below TREE_DEPTH */
	int walk_depth;
	/* Each property is looked for several times. */
	int noted; /* the node of which all properties are noted; negative: none */
	unsigned n_notes;
	struct tree_note notes[TREE_NOTES];
};

/* An interrupt controller that was passed, to be read once all harts are known. */
struct irqchip_node {
	enum irqchip_kind kind; /* IRQCHIP_APLIC_IMSIC: an IMSIC */
	int offset;
	uint32_t phandle;
};

struct reader {
	struct machine *m;
	struct tree tree;
	struct machine_hart *cpu; /* of the cpu node that we are in, NULL if it was left out */
	int stdout_offset;        /* of the node that stdout-path names, negative if none */
	uint32_t uart_wired_to;   /* phandle of the controller that uart.irq speaks of */
	unsigned n_irqchips;
	struct irqchip_node irqchips[TREE_IRQCHIPS];
};

/* Begin with `size` bytes at `fdt`, checked. Stands nowhere. */
MUST_CHECK int tree_open(struct tree *t, const void *fdt, size_t size, struct machine_error *error);

/* Go to the next node, the root first. Returns 1, 0 after the last one, -EINVAL. */
MUST_CHECK int tree_next(struct tree *t);

/* Begin the walk again. */
void tree_rewind(struct tree *t);

/* Stand at the node which libfdt has at `offset`. */
MUST_CHECK int tree_seek(struct tree *t, int offset);

static inline struct tree_node *tree_here(struct tree *t)
{
	return &t->path[t->depth];
}

/* Say "path of the node: what"; returns -EINVAL. */
int tree_fail(struct tree *t, const char *what, ...) PRINTF(2, 3);

/* The path of the node, cut at `size`, printable. */
void tree_path(const struct tree *t, char *text, size_t size);

/* The node's own property. */
struct prop tree_prop(const struct tree *t, const char *name);

/* One cell, or `otherwise` where there is no such property. */
MUST_CHECK int tree_u32(struct tree *t, const char *name, uint32_t otherwise, uint32_t *value);

/* One or two cells, as firmware writes addresses. -ENOENT where there is no such property. */
MUST_CHECK int tree_u64(struct tree *t, const char *name, uint64_t *value);

/* Entry i of the node's `reg`, as its bus numbers it. -ENOENT: there are no more. */
MUST_CHECK int tree_bus_reg(struct tree *t, unsigned i, struct hpa_range *range);

/* The same as a physical range, through the `ranges` of all buses above. */
MUST_CHECK int tree_reg(struct tree *t, unsigned i, struct hpa_range *range);

/* How many cells the children of `node` use; 0 where the property is not one small cell. */
uint32_t node_address_cells(const struct tree_node *node);
uint32_t node_size_cells(const struct tree_node *node);

/* Copy a string, cut at `size`; what cannot be printed becomes '?'. */
void text_copy(char *to, size_t size, const char *from);

/* The parts. Each `visit` is called at every node in the order of the tree. */
MUST_CHECK int memory_visit(struct reader *r);
MUST_CHECK int memory_finish(struct reader *r); /* adds /memreserve/ */
MUST_CHECK int cpus_visit(struct reader *r);
MUST_CHECK int cpus_finish(struct reader *r, uint64_t boot_hart_id);
MUST_CHECK int chosen_read(struct reader *r); /* before the walk: what it names is looked for */
void device_visit(struct reader *r);          /* UART and test device */
void irq_visit(struct reader *r);
MUST_CHECK int irq_finish(struct reader *r); /* after the walk: needs all harts and the UART */

#endif
