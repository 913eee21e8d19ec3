/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the parts of vm_config_read share. config.c owns the walk over the nodes and what a node
 * must hold, config_props.c the table of properties, config_map.c what regions and devices must be
 * to each other.
 */
#ifndef HYP_CONFIG_INTERNAL_H
#define HYP_CONFIG_INTERNAL_H

#include "hyp/config.h"
#include "lib/machine_blob.h"

enum node_kind {
	NODE_ROOT,
	NODE_KERNEL,
	NODE_INITRD,
	NODE_MEMORY,
	NODE_ROM,
	NODE_DEVICE,
	NODE_RESERVED,
	NODE_SERIAL,
	NODE_PLIC,
	NODE_TEST,
	N_NODE_KINDS,
};

/* Properties; the table in config_props.c is in the same order. */
enum prop_id {
	PROP_ADDRESS_CELLS,
	PROP_SIZE_CELLS,
	PROP_COMPATIBLE,
	PROP_LABEL,
	PROP_VCPUS,
	PROP_HARTS,
	PROP_GSTAGE_MODE,
	PROP_REMOVE_EXTENSIONS,
	PROP_START,
	PROP_ORDER,
	PROP_ON_CRASH,
	PROP_ON_REBOOT,
	PROP_ON_NO_MEMORY,
	PROP_HOLE_FAULT,
	PROP_BOOTARGS,
	PROP_NO_DEVICES,
	PROP_KERNEL_FILE,
	PROP_LOAD,
	PROP_ENTRY,
	PROP_INITRD_FILE,
	PROP_REG,
	PROP_KIND,
	PROP_RIGHTS,
	PROP_ON_FAULT,
	PROP_FILL_SIZE,
	PROP_ROM_FILE,
	PROP_HOST_ADDRESS,
	PROP_INTERRUPTS,
	N_PROPS,
};

/* What is known of a node when its properties have been read. */
struct node {
	const char *name; /* "" is the root's */
	enum node_kind kind;
	void *fills;   /* the struct vm_region or vm_device */
	uint64_t seen; /* bit n: the property with the id n was there */
};

struct reader {
	struct vm_config *c;
	const char *file;
	struct vm_config_error *error;
	struct node root, child; /* child.name is NULL between two children */
	uint8_t n_seen[N_NODE_KINDS];
	uint32_t address_cells, size_cells;
	uint64_t fill_size;
};

struct node_facts {
	const char *name;
	const char *compatible; /* one of the strings that the property must hold, if it is there */
	bool has_address;       /* it is called name@address */
	uint8_t most;           /* so many in a description */
	uint8_t region;         /* of a region: enum region_kind by default, and its rights */
	uint8_t rights;
	uint8_t irq; /* what is there if nothing is said */
	uint32_t at, size;
};
extern const struct node_facts node_facts[N_NODE_KINDS];

static inline bool is_region(enum node_kind kind)
{
	return kind >= NODE_MEMORY && kind <= NODE_RESERVED;
}

static inline bool is_seen(const struct node *n, enum prop_id id)
{
	return n->seen >> id & 1;
}

/* Say "file: /node: property: what"; property may be NULL. Returns -EINVAL. */
int config_fail(const struct reader *r, const char *node, const char *prop, const char *what, ...)
	PRINTF(4, 5);
/* Say more. */
void config_say(struct vm_config_error *e, const char *what, ...) PRINTF(2, 3);

/* What a node that begins at `at` is called. */
void config_node_name(char name[CONFIG_NODE], enum node_kind kind, uint64_t at);

/* Take one property of a node. */
MUST_CHECK int config_take_prop(struct reader *r, struct node *n, const struct tag *tag);
/* Whether everything was there that must be. */
MUST_CHECK int config_check_needed(const struct reader *r, const struct node *n);
const char *prop_name(enum prop_id id);

/* Check what was read, each for itself and against each other, and put it in order. */
MUST_CHECK int config_check_region(struct reader *r, const struct node *n,
				   struct vm_region *region);
MUST_CHECK int config_check_device(const struct reader *r, const struct node *n,
				   struct vm_device *d);
MUST_CHECK int config_check_map(struct reader *r);

#endif
