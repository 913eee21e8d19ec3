/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A device that a guest sees: registers at guest-physical addresses, and nodes in its device tree.
 *
 * A device is one file that ends in its own `struct device_ops`, and a struct whose first member is
 * `struct device`. It owns its lock: any hart may call any of its functions at any time, and what
 * it calls (interrupt lines, backends) it was given when it was made.
 */
#ifndef DEVICES_DEVICE_H
#define DEVICES_DEVICE_H

#include "arch/addr.h"

struct device;
struct node_writer;

struct device_ops {
	const char *name; /* "ns16550a" */

	/* One access of 1, 2, 4 or 8 bytes, `offset` a multiple of its width and inside the
	 * registers. False: this device has no such access, nothing has changed, and the guest
	 * takes an access fault. */
	bool (*read)(struct device *d, uint64_t offset, unsigned width, uint64_t *value);
	bool (*write)(struct device *d, uint64_t offset, unsigned width, uint64_t value);

	void (*reset)(struct device *d); /* to what it was when it was made */

	/* Write its nodes into the guest's device tree, inside a node of two address and two size
	 * cells. */
	void (*describe)(const struct device *d, struct node_writer *w);
};

struct device {
	const struct device_ops *ops;
	struct gpa at;
	uint64_t size; /* of its registers */
};

static inline bool device_has(const struct device *d, struct gpa at)
{
	return at.v - d->at.v < d->size;
}

#endif
