/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A virtual machine: what its description says, its memory, its vCPUs, its devices, its console.
 * What it took is given back when it is destroyed.
 *
 * Its life: it is made stopped; vm_start asks for it to run, and the boot hart's loop loads it, in
 * turns with the guests of that hart; when its last vCPU has left, for whatever reason, `ended`
 * runs on the boot hart, which stops it, keeps it as it is, or starts it again. Meanwhile it may be
 * paused: each vCPU parks on its own hart, off or waiting as it may be, and `parked` runs on the
 * boot hart when one has. All of that is the boot hart's; vCPUs run on their own.
 */
#ifndef HYP_VM_H
#define HYP_VM_H

#include "gstage/gmap.h"
#include "hyp/config.h"
#include "hyp/vms.h"
#include "lib/cpio.h"
#include "lib/list.h"
#include "vcpu/extensions.h"
#include "vcpu/vcpu.h"

struct device;
struct vm_devices;
struct vconsole;

enum vm_state {
	VM_IS_STOPPED,
	VM_IS_KEPT,
	VM_IS_RESTING,  /* it will be started again */
	VM_IS_STARTING, /* as soon as the boot hart gets to it */
	VM_IS_LOADING,
	VM_IS_RUNNING,
	VM_IS_PAUSING, /* until all of its vCPUs have parked */
	VM_IS_PAUSED,
	VM_IS_STOPPING,
};

struct vm {
	/* Fixed at creation. */
	struct vm_config config;
	struct isa isa;
	struct guest_env env;
	struct cpio archive; /* where its images are */
	const void *image;   /* built in, in place of one from the archive; else NULL */
	size_t image_size;
	unsigned n_vcpus;
	struct vcpu *vcpus[CONFIG_VCPUS];
	struct vm_devices *devices;
	struct vconsole *console;

	/* The boot hart's. */
	enum vm_state state;
	bool starts_again;    /* when it has stopped */
	bool goes_on;         /* when it is paused */
	bool lacks_memory;    /* therefore it is paused, or will be */
	unsigned tried_after; /* memory had come back so often (shortage.c) */
	uint64_t paused_at;   /* its time has stood still since */
	unsigned n_starts;
	uint64_t started_at;
	unsigned n_short_runs; /* in a row, that it ended by itself */
	struct timer rest;
	enum stop_reason last_end; /* of its last run */
	uint64_t last_held;        /* frames, when that run ended */

	/* Any hart's. */
	struct gmap map;
	_Atomic uint32_t n_inside; /* vCPUs that have not left */
	_Atomic uint32_t end;      /* enum stop_reason: the first one counts */
	struct work ended, parked, lacking;
};

/* Why a VM could not be made or started, for a person. */
struct vm_error {
	char text[320];
};

/* Say "what: why"; without a `why`, what the code says. Returns the code. */
int vm_fail(struct vm_error *error, int code, const char *what, const char *why);

/*
 * A stopped VM as `config` says, whose images are in `archive`, or the one image that is built in
 * if `image` is not NULL. NULL, with the reason in `error`; then nothing is left behind.
 */
MUST_CHECK struct vm *vm_create(const struct vm_config *config, const struct cpio *archive,
				const void *image, size_t image_size, struct vm_error *error);
/* It is stopped or kept. */
void vm_destroy(struct vm *vm);

/* Put the images and the tree into memory, and the first vCPU at its entry, while others on this
 * hart have their turns. The reason in words; -ECANCELED: one of them ended its starting. */
MUST_CHECK int vm_load(struct vm *vm, struct vm_error *error);

/* It ends for this reason, unless another came first: its vCPUs are told to leave. Any hart. */
void vm_end(struct vm *vm, enum stop_reason reason);

/* Its last vCPU has left. Any hart; the rest is the boot hart's. */
void vm_is_empty(struct vm *vm);

/* One of its vCPUs has obeyed the order to pause. Any hart. */
void vm_has_parked(struct vm *vm);

/* The host has no frame for its vCPU v, which runs: true if its VM pauses for that, and v with it;
 * false if it ends, by its description or because no other VM could give memory back. On v's hart.
 */
MUST_CHECK bool vm_waits_for_memory(struct vcpu *v);

/* Does any VM run, or will it again? */
bool vms_are_alive(void);
/* Is there one that only the monitor starts? */
bool vms_wait_for_a_start(void);
/* Did all end as a guest should, by its own wish? */
bool vms_ended_well(void);
/* Start what starts by itself, in its order. The first one that could be loaded has the console. */
void vms_start(void);
/* One round of the boot hart's loop, between two irq_poll: a VM that shall start is loaded, else a
 * vCPU has its turn, else the hart sleeps. */
void vms_turn(void);

/* devices.c of a VM. -ENOMEM, or what the map says. */
MUST_CHECK int vm_devices_create(struct vm *vm);
void vm_devices_destroy(struct vm *vm);
void vm_devices_reset(struct vm *vm);

/* The device tree that its guest is given, into `tree`; returns its size or -ENOSPC. */
MUST_CHECK int guest_tree_make(const struct vm *vm, void *tree, size_t room, uint64_t initrd,
			       uint64_t initrd_size);

/* A crash or an odd end, for a person: cause in words, registers, both walks, the last exits. On
 * the vCPU's hart, while it is loaded. */
void postmortem(struct vcpu *v);

#endif
