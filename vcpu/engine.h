/* SPDX-License-Identifier: BSD-2-Clause */
/* How vCPUs are run: what the run loop and devices ask of an engine. */
#ifndef VCPU_ENGINE_H
#define VCPU_ENGINE_H

#include "vcpu/vcpu.h"

struct vcpu_engine {
	const char *name;
	/* Reset the vCPU's state: it begins at `entry` in S-mode with a0 and a1, translation off.
	 */
	void (*reset)(struct vcpu *v, struct gpa entry, uint64_t a0, uint64_t a1);
	/* The G-stage table that the vCPU is to run over; before its first load. */
	void (*set_table)(struct vcpu *v, struct hpa root);
	/* Put the guest's state into this hart; take it out again. */
	void (*load)(struct vcpu *v);
	void (*save)(struct vcpu *v);
	/* Run the loaded vCPU until an exit ends with a verdict other than resume. */
	enum verdict (*run)(struct vcpu *v);
	/* The guest's timer interrupt: at `when` in its time, and not before. */
	void (*set_timer)(struct vcpu *v, uint64_t when);
	/* Fence what this hart keeps of the page at `gpa`. */
	void (*forget)(struct vcpu *v, struct gpa gpa);
	/* Fence all that this hart keeps of any guest's memory. */
	void (*forget_all)(void);
	/* Would the guest's wfi end now? And when does its timer, in host time; ~0: never. */
	bool (*is_awake)(struct vcpu *v);
	uint64_t (*wakes_at)(struct vcpu *v);
};

extern const struct vcpu_engine hext_engine;

/* Given by hyp/: what the folders below it ask of a vCPU's VM. */
struct vcpu_ops {
	void (*sbi_call)(struct vcpu *v);
	enum verdict (*memory_fault)(struct vcpu *v);
	/* Copy from guest memory. 0 or -EFAULT. */
	int (*copy_in)(struct vcpu *v, void *to, struct gpa from, size_t n);
	/* Queue console output; returns how many bytes were taken. */
	size_t (*console_write)(struct vcpu *v, const char *bytes, size_t n);
};
extern const struct vcpu_ops *const vcpu_ops;

#endif
