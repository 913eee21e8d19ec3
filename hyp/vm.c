/* SPDX-License-Identifier: BSD-2-Clause */
/* Making a VM and taking it apart. Its life in between is life.c, what is loaded into it load.c. */
#include "hyp/vm.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hyp/life.h"
#include "hyp/run.h"
#include "hyp/vconsole.h"
#include "platform/boot.h"
#include "platform/mmu.h"
#include "platform/panic.h"
#include "platform/probe.h"
#include "vcpu/engine.h"

int vm_fail(struct vm_error *error, int code, const char *what, const char *why)
{
	snprintf(error->text, sizeof(error->text), "%s: %s", what, why ? why : strerror(-code));
	return code;
}

/* The first address behind everything that the map has. */
static uint64_t end_of_map(const struct vm_config *c)
{
	uint64_t end = 0;

	for (unsigned i = 0; i < c->n_regions; i++)
		if (c->regions[i].at.v + c->regions[i].size > end)
			end = c->regions[i].at.v + c->regions[i].size;
	for (unsigned i = 0; i < c->n_devices; i++)
		if (c->devices[i].at.v + c->devices[i].size > end)
			end = c->devices[i].at.v + c->devices[i].size;
	return end;
}

/* What every hart with an engine reaches by tables of so many levels. */
static uint64_t common_reach(unsigned levels)
{
	uint64_t common = ~0ull;

	for_each_hart (i) {
		const struct vcpu_engine *engine = vcpu_engine_of(i);
		uint64_t reach = engine ? engine->reach(i, levels) : common;

		if (reach < common)
			common = reach;
	}
	return common;
}

/* The smallest mode that covers the map, or a larger one where the description asks for it. */
static int levels_for(const struct vm_config *c, struct vm_error *error)
{
	unsigned levels = c->gstage_levels ? c->gstage_levels : GTABLE_SV39X4;

	if (c->gstage_levels && !common_reach(levels))
		return vm_fail(error, -ENOTSUP, "/: gstage-mode",
			       "expected a mode that all harts have, or none");
	for (; levels <= GTABLE_SV57X4; levels++)
		if (common_reach(levels) >= end_of_map(c))
			return (int)levels;
	snprintf(error->text, sizeof(error->text),
		 "the harts have no G-stage mode that reaches %" PRIx64, end_of_map(c));
	return -ENOTSUP;
}

static uint64_t frames_of(const struct vm_config *c)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < c->n_regions; i++)
		if (c->regions[i].kind != REGION_DEVICE && c->regions[i].kind != REGION_RESERVED)
			n += c->regions[i].size / PAGE_SIZE;
	return n;
}

static int add_region(struct vm *vm, const struct vm_region *said)
{
	struct frames_stats stats;

	frames_stats(&stats);
	/* Else all that there is would be zeroed before it is refused. */
	if (said->kind == REGION_EAGER && said->size / PAGE_SIZE > stats.n_free)
		return -ENOMEM;
	return gmap_add(&vm->map, &(struct region){
					  .at = said->at,
					  .size = said->size,
					  .kind = said->kind,
					  .rights = said->rights,
					  .fill_level = said->fill_level,
					  .stops_guest = said->stops_guest,
					  .host = said->host,
				  });
}

static int add_regions(struct vm *vm, struct vm_error *error)
{
	int code = 0;

	for (unsigned i = 0; !code && i < vm->config.n_regions; i++) {
		code = add_region(vm, &vm->config.regions[i]);
		if (code)
			snprintf(error->text, sizeof(error->text), "/%s: reg: %s",
				 vm->config.regions[i].node, strerror(-code));
	}
	return code;
}

static bool may_run_on(const struct vm_config *c, unsigned hart)
{
	uint64_t id = hart_id_of(hart);

	return vcpu_engine_of(hart) && (!c->harts || (id < 64 && c->harts >> id & 1));
}

/* One VM after the other has its own hart, of those that its description allows, and then they
 * share. -1: there is none with an engine. */
static int choose_hart(const struct vm_config *c, unsigned number)
{
	unsigned n = 0;

	for_each_hart (i)
		n += may_run_on(c, i);
	if (!n)
		return -1;
	number %= n;
	for_each_hart (i)
		if (may_run_on(c, i) && number-- == 0)
			return (int)i;
	return -1;
}

/* Pages for 32 vector registers; the largest that there can be have 8 KiB each. */
static unsigned vector_order(void)
{
	unsigned order = 0;

	while (PAGE_SIZE << order < hart_features(0)->vlenb * 32ull)
		order++;
	return order;
}

static int add_vcpu(struct vm *vm, unsigned index, struct vm_error *error)
{
	int hart = choose_hart(&vm->config, vm->map.flusher.tag - 1 + index);
	struct vcpu *v = own_alloc(0);

	static_assert(sizeof(*v) <= PAGE_SIZE);
	if (!v)
		return vm_fail(error, -ENOMEM, "vCPU", NULL);
	vm->vcpus[vm->n_vcpus++] = v;
	if (hart < 0)
		return vm_fail(error, -ENODEV, "harts",
			       "none can run guests: that needs the H extension so far");
	v->engine = vcpu_engine_of((unsigned)hart);
	v->vm = vm;
	v->env = &vm->env;
	v->index = index;
	v->hart_id = index;
	v->hart = (unsigned)hart;
	v->siblings = UINT64_MAX >> (64 - vm->config.n_vcpus);
	run_add(v);
	if (vm->env.states & STATE_V) {
		v->v_area = own_alloc(vector_order());
		if (!v->v_area)
			return vm_fail(error, -ENOMEM, "vector registers", NULL);
	}
	v->engine->set_table(v, &vm->map.table, &vm->map.flusher);
	return 0;
}

static int build(struct vm *vm, struct vm_error *error)
{
	int levels = levels_for(&vm->config, error);

	if (levels < 0)
		return levels;
	int code = gmap_init(&vm->map, vm->config.name, (unsigned)levels, frames_of(&vm->config));

	if (code)
		return vm_fail(error, code, "memory", NULL);
	vm->map.flusher.tag = life_take_number(vm);
	if (!vm->map.flusher.tag)
		return vm_fail(error, -ENOSPC, "there are too many VMs", NULL);
	vm->console = vconsole_create(vm->config.name);
	if (!vm->console)
		return vm_fail(error, -ENOMEM, "console", NULL);
	extensions_for(&vm->config.removed, &vm->isa);
	vm->env = extensions_env(&vm->isa);
	for (unsigned i = 0; !code && i < vm->config.n_vcpus; i++)
		code = add_vcpu(vm, i, error);
	if (code)
		return code;
	code = vm_devices_create(vm);
	if (code)
		return vm_fail(error, code, "devices", NULL);
	return add_regions(vm, error);
}

bool vm_is_running(const struct vm *vm)
{
	return vm->state == VM_IS_RUNNING;
}

struct vm *vm_create(const struct vm_config *config, const struct cpio *archive, const void *image,
		     size_t image_size, struct vm_error *error)
{
	struct vm *vm = calloc(1, sizeof(*vm));

	if (!vm) {
		vm_fail(error, -ENOMEM, config->name, NULL);
		return NULL;
	}
	vm->config = *config;
	if (archive)
		vm->archive = *archive;
	vm->image = image;
	vm->image_size = image_size;
	vm->ended.call = life_vm_ended;
	vm->parked.call = life_vm_parked;
	vm->lacking.call = life_vm_lacks;
	if (build(vm, error)) {
		vm_destroy(vm);
		return NULL;
	}
	return vm;
}

void vm_destroy(struct vm *vm)
{
	CHECK(vm->state == VM_IS_STOPPED || vm->state == VM_IS_KEPT);
	if (vm->map.table.root)
		gmap_destroy(&vm->map);
	vm_devices_destroy(vm);
	for (unsigned i = 0; i < vm->n_vcpus; i++) {
		struct vcpu *v = vm->vcpus[i];

		if (v->v_area)
			own_free(v->v_area, vector_order());
		own_free(v, 0);
	}
	if (vm->console)
		vconsole_destroy(vm->console);
	life_give_number(vm);
	free(vm);
}
