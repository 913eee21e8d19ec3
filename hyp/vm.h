/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A virtual machine: memory, a vCPU, a console. It owns its frames and its G-stage table; what it
 * took is given back when it is destroyed.
 */
#ifndef HYP_VM_H
#define HYP_VM_H

#include "gstage/gtable.h"
#include "platform/frames.h"
#include "vcpu/vcpu.h"

struct vm {
	const char *name;
	struct frame_owner owner;
	struct gtable gtable;
	struct gpa ram;
	uint64_t ram_size;
	struct vcpu *vcpu; /* one, until there are more */
};

/* A VM whose memory holds the flat image, ready to run. On error nothing is left behind. */
MUST_CHECK int vm_create(struct vm *vm, const char *name, const void *image, size_t size);
void vm_destroy(struct vm *vm);

/* The VM of a vCPU's own tree, into `tree`; returns its size or -ENOSPC. */
MUST_CHECK int guest_tree_make(const struct vm *vm, void *tree, size_t room);

#endif
