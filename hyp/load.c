/* SPDX-License-Identifier: BSD-2-Clause */
/* A VM's start: memory and devices as new, images and the tree put where the guest expects them. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hyp/run.h"
#include "hyp/vm.h"
#include "lib/component.h"
#include "lib/guest_image.h"
#include "lib/placement.h"
#include "platform/timer.h"
#include "sbi/guest/vsbi.h"
#include "vcpu/engine.h"

/* For the guest's tree: each vCPU has a node with the names of its extensions. */
static size_t tree_room(const struct vm *vm)
{
	return 16 * KiB + align_up(vm->n_vcpus * 2 * KiB, PAGE_SIZE);
}

/* What the property `file` of this node names. */
static int find_file(struct vm *vm, const char *node, const char *name, struct cpio_file *file,
		     struct vm_error *error)
{
	int code = cpio_find(&vm->archive, name, file);

	if (code == -ENOENT || code == -ENOTSUP)
		snprintf(error->text, sizeof(error->text), "/%s: file: %s is %s in the archive",
			 node, name, code == -ENOENT ? "not" : "no regular file");
	else if (code)
		snprintf(error->text, sizeof(error->text), "the archive is damaged at byte %zu: %s",
			 vm->archive.at, vm->archive.why);
	return code;
}

/* Others have their turns, and may end this. */
static int share(struct gmap *map)
{
	run_share();
	return CONTAINER_OF(map, struct vm, map)->state == VM_IS_LOADING ? 0 : -ECANCELED;
}

/* In pieces. */
static int put(void *context, struct gpa to, const void *from, size_t n)
{
	struct vm *vm = context;

	for (size_t part; n; n -= part, to.v += part, from = (const char *)from + part) {
		part = MEGA_SIZE - to.v % MEGA_SIZE;
		if (part > n)
			part = n;
		int error = guest_load(&vm->map, to, from, part);

		if (!error)
			error = share(&vm->map);
		if (error)
			return error;
	}
	return 0;
}

/* The RAM that images can go to; the first range is the main one. */
static unsigned ram_of(const struct vm *vm, struct gpa_range ranges[CONFIG_REGIONS])
{
	unsigned n = 0;

	for (unsigned i = 0; i < vm->config.n_regions; i++) {
		const struct vm_region *r = &vm->config.regions[i];

		if (r->kind == REGION_LAZY || r->kind == REGION_EAGER)
			ranges[n++] = (struct gpa_range){ r->at, r->size };
	}
	return n;
}

static int load_roms(struct vm *vm, struct vm_error *error)
{
	for (unsigned i = 0; i < vm->config.n_regions; i++) {
		const struct vm_region *r = &vm->config.regions[i];
		struct cpio_file file;

		if (r->kind != REGION_ROM || !r->file[0])
			continue;
		int code = find_file(vm, r->node, r->file, &file, error);

		if (code)
			return code;
		if (file.size > r->size) {
			snprintf(error->text, sizeof(error->text),
				 "/%s: %s has %zu bytes, and there is room for %" PRIu64, r->node,
				 r->file, file.size, r->size);
			return -ENOSPC;
		}
		code = put(vm, r->at, file.bytes, file.size);
		if (code)
			return vm_fail(error, code, r->node, NULL);
	}
	return 0;
}

struct loading {
	struct gpa_range ram[CONFIG_REGIONS];
	struct guest_image plan;
	struct guest_placement place;
	struct cpio_file initrd;
	struct inflate scratch;
	char tree[];
};

static int load_image(struct vm *vm, struct loading *l, const char *name, const void *bytes,
		      size_t size, struct vm_error *error)
{
	const struct vm_config *c = &vm->config;
	struct guest_memory memory = { .ranges = l->ram, .n_ranges = ram_of(vm, l->ram) };
	struct image_error why;
	int code =
		guest_image_plan(&l->plan, bytes, size, memory,
				 c->has_load ? c->load.v : IMAGE_LOAD_DEFAULT, &l->scratch, &why);

	if (code)
		return vm_fail(error, code, name, why.text);
	code = guest_place(&l->place, &l->plan, l->ram[0], l->initrd.size, tree_room(vm), &why);
	if (code)
		return vm_fail(error, code, name, why.text);
	code = guest_image_load(&l->plan, bytes, size, put, vm, &l->scratch);
	if (code)
		return vm_fail(error, code, name, code == -EINVAL ? "is damaged" : NULL);
	return 0;
}

/* No kernel: what runs lies in a ROM, and RAM holds only the tree and the initrd. */
static int plan_rom(struct vm *vm, struct loading *l, struct vm_error *error)
{
	struct image_error why;

	if (!ram_of(vm, l->ram))
		return vm_fail(error, -ENOSPC, vm_name(vm), "there is no RAM for the device tree");
	l->plan = (struct guest_image){ .entry = vm->config.entry,
					.low = l->ram[0].at,
					.high = l->ram[0].at };
	int code = guest_place(&l->place, &l->plan, l->ram[0], l->initrd.size, tree_room(vm), &why);

	return code ? vm_fail(error, code, vm_name(vm), why.text) : 0;
}

static int load_all(struct vm *vm, struct loading *l, struct vm_error *error)
{
	const struct vm_config *c = &vm->config;
	int code = c->initrd[0] ? find_file(vm, "initrd", c->initrd, &l->initrd, error) : 0;
	struct cpio_file file = { .bytes = vm->image, .size = vm->image_size };

	if (!code && !vm->image && c->kernel[0])
		code = find_file(vm, "kernel", c->kernel, &file, error);
	if (!code)
		code = file.bytes ? load_image(vm, l, c->kernel, file.bytes, file.size, error)
				  : plan_rom(vm, l, error);
	if (!code)
		code = load_roms(vm, error);
	if (code)
		return code;
	code = put(vm, l->place.initrd, l->initrd.bytes, l->initrd.size);
	int n = code ? code
		     : guest_tree_make(vm, l->tree, tree_room(vm), l->place.initrd.v,
				       l->initrd.size);

	if (n > 0)
		code = guest_load(&vm->map, l->place.tree, l->tree, (size_t)n);
	else
		code = n;
	return code ? vm_fail(error, code, vm_name(vm), NULL) : 0;
}

int vm_load(struct vm *vm, struct vm_error *error)
{
	struct loading *l = calloc(1, sizeof(*l) + tree_room(vm));
	int code = l ? gmap_reset(&vm->map, share) : -ENOMEM;

	if (code) {
		free(l);
		return vm_fail(error, code, vm_name(vm), NULL);
	}
	code = load_all(vm, l, error);
	if (!code) {
		struct vcpu *first = vm->vcpus[0];
		struct gpa entry = vm->config.has_entry ? vm->config.entry : l->plan.entry;
		uint64_t now = time_now();

		/* A guest's time begins with it. */
		for (unsigned i = 0; i < vm->n_vcpus; i++)
			vm->vcpus[i]->time_delta = -now;
		vsbi_reset_system(first);
		first->engine->reset(first, entry, first->hart_id, l->place.tree.v);
	}
	free(l);
	return code;
}

COMPONENT(loader, PHASE_NONE, NULL, NULL, "images and where they go");
