/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How vCPUs are run: what the run loop and devices ask of an engine. All of it is called on the
 * vCPU's own hart; what says "loaded" needs the vCPU's state in this hart.
 */
#ifndef VCPU_ENGINE_H
#define VCPU_ENGINE_H

#include "vcpu/vcpu.h"

struct access;
struct flusher;
struct gtable;

struct vcpu_engine {
	const char *name;
	/* Reset the vCPU's state: it begins at `entry` in S-mode with a0 and a1, translation off.
	 */
	void (*reset)(struct vcpu *v, struct gpa entry, uint64_t a0, uint64_t a1);
	/* How far guest-physical addresses reach on that hart, by tables of so many levels; 0: it
	 * has no such mode. */
	uint64_t (*reach)(unsigned hart, unsigned levels);
	/* The G-stage table that the vCPU is to run over; before its first load. */
	void (*set_table)(struct vcpu *v, const struct gtable *table, struct flusher *flusher);
	/* Put the guest's state into this hart; take it out again. */
	void (*load)(struct vcpu *v, struct flusher *flusher);
	void (*save)(struct vcpu *v);
	/* Run the loaded vCPU until an exit ends with a verdict other than resume. */
	enum verdict (*run)(struct vcpu *v);
	/* Loaded: make its interrupts what its lines say. */
	void (*take_lines)(struct vcpu *v);
	/* Loaded: the guest's timer interrupt: at `when` in its time, and not before. */
	void (*set_timer)(struct vcpu *v, uint64_t when);
	/* Loaded: the guest takes this trap at its own vector, as if pc had raised it. */
	void (*inject)(struct vcpu *v, uint64_t cause, uint64_t value);
	/* Loaded, in a memory fault: what the instruction wants. False: it could not be fetched,
	 * and the guest has taken that trap instead. */
	bool (*find_access)(struct vcpu *v, struct access *a);
	/* Loaded: the guest's f registers, as loads and stores see them. */
	uint64_t (*float_get)(struct vcpu *v, unsigned reg);
	void (*float_set)(struct vcpu *v, unsigned reg, uint64_t value);
	/* Loaded: how the guest translates now. */
	struct vcpu_translation (*translation)(const struct vcpu *v);
	/* Loaded: fence what this hart keeps of the page at `gpa`; of all of the VM's memory. */
	void (*forget_page)(struct vcpu *v, struct gpa gpa);
	void (*forget)(struct vcpu *v);
	/* Loaded: fence what this hart keeps of the guest's own translations of [start, +size), ~0
	 * for all, or of the code that it fetched. */
	void (*guest_fence)(struct vcpu *v, enum guest_fence kind, uint64_t start, uint64_t size,
			    uint64_t asid);
	/* Loaded, in an SBI call: go on at `entry`, translation and interrupts off. */
	void (*go_on_at)(struct vcpu *v, struct gpa entry);
	/* Loaded: the guest's environment is this henvcfg (of guest_env) from now on. False: the
	 * hart refuses, and nothing has changed. */
	bool (*set_env)(struct vcpu *v, uint64_t henvcfg);
	/* Loaded: where the guest's S-mode came from, and the mode that it is in. */
	struct vcpu_privilege (*privilege_get)(const struct vcpu *v);
	void (*privilege_set)(struct vcpu *v, const struct vcpu_privilege *p);
	/* Loaded: take an IPI back that the guest has not taken; was there one? */
	bool (*clear_ipi)(struct vcpu *v);
	/* Loaded: would the guest's wfi end now? And when does its timer, in host time; ~0: never.
	 */
	bool (*is_awake)(struct vcpu *v);
	uint64_t (*wakes_at)(struct vcpu *v);
};

/* The engine for VMs on that hart; NULL where this image has none for it. */
const struct vcpu_engine *vcpu_engine_of(unsigned hart);

extern const struct vcpu_engine hext_engine;

/* Given by hyp/: what the folders below it ask of a vCPU's VM. */
struct vcpu_ops {
	void (*sbi_call)(struct vcpu *v);
	enum verdict (*memory_fault)(struct vcpu *v);
	/* Do the access of which memory_fault said VERDICT_SAVE: its registers are in v->x. */
	enum verdict (*do_access)(struct vcpu *v);
	/* Its lines or orders changed. On its hart. */
	void (*look)(struct vcpu *v);
	/* Copy from and to guest memory. 0, or -errno. */
	int (*copy_in)(struct vcpu *v, void *to, struct gpa from, size_t n);
	int (*copy_out)(struct vcpu *v, struct gpa to, const void *from, size_t n);
	/* The guest's console: returns how many bytes were taken or given. */
	size_t (*console_write)(struct vcpu *v, const char *bytes, size_t n);
	size_t (*console_read)(struct vcpu *v, char *bytes, size_t n);
	/* Is all of that guest memory, with these rights (enum gtable_rights)? Costs the same for
	 * any size. */
	bool (*is_memory)(struct vcpu *v, struct gpa from, uint64_t size, unsigned rights);
	/* The vCPU that its guest knows by that hart id, NULL if there is none. */
	struct vcpu *(*sibling)(struct vcpu *v, uint64_t hart_id);
	/* A vCPU that is off and has been reset runs from now on. */
	void (*start)(struct vcpu *v);
};
extern const struct vcpu_ops *const vcpu_ops;

#endif
