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
	uint64_t n_faulted_in; /* blocks that were touched */
	struct vcpu *vcpu;     /* one, until there are more */
};

/* A VM whose memory holds the flat image, ready to run. On error nothing is left behind. */
MUST_CHECK int vm_create(struct vm *vm, const char *name, const void *image, size_t size);
void vm_destroy(struct vm *vm);

/*
 * RAM appears when it is first touched, 2 MiB at a time, zeroed. Make the block over `gpa` be
 * there. 0, if it is there already too; -EFAULT: there is no RAM; -ENOMEM, -EDQUOT. Who could have
 * met the hole fences.
 */
MUST_CHECK int vm_fault_in(struct vm *vm, struct gpa gpa);

/* Copy n bytes from or to guest memory, which is faulted in. Errors as above. */
MUST_CHECK int vm_copy_in(struct vm *vm, void *to, struct gpa from, size_t n);
MUST_CHECK int vm_copy_out(struct vm *vm, struct gpa to, const void *from, size_t n);

/* The device tree that its guest is given, into `tree`; returns its size or -ENOSPC. */
MUST_CHECK int guest_tree_make(const struct vm *vm, void *tree, size_t room);

#endif
