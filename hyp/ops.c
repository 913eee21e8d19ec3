/* SPDX-License-Identifier: BSD-2-Clause */
/* What the folders below ask of a vCPU's VM. */
#include "hyp/fault.h"
#include "hyp/run.h"
#include "hyp/vconsole.h"
#include "hyp/vm.h"
#include "sbi/guest/vsbi.h"
#include "vcpu/engine.h"

static int copy_in(struct vcpu *v, void *to, struct gpa from, size_t n)
{
	return guest_copy_in(&v->vm->map, to, from, n);
}

static int copy_out(struct vcpu *v, struct gpa to, const void *from, size_t n)
{
	return guest_copy_out(&v->vm->map, to, from, n);
}

static size_t write_console(struct vcpu *v, const char *bytes, size_t n)
{
	return vconsole_put(v->vm->console, bytes, n);
}

static size_t read_console(struct vcpu *v, char *bytes, size_t n)
{
	return vconsole_take_input(v->vm->console, bytes, n);
}

/* By regions, of which there are few. */
static bool is_memory(struct vcpu *v, struct gpa from, uint64_t size, unsigned rights)
{
	for (uint64_t part; size; size -= part, from.v += part) {
		const struct region *r = gmap_find(&v->vm->map, from);

		if (!r ||
		    (r->kind != REGION_LAZY && r->kind != REGION_EAGER && r->kind != REGION_ROM))
			return false;
		if (rights & ~r->rights)
			return false;
		part = r->size - (from.v - r->at.v);
		if (part > size)
			part = size;
	}
	return true;
}

/* Hart ids are the indices. */
static struct vcpu *sibling(struct vcpu *v, uint64_t id)
{
	return id < v->vm->n_vcpus ? v->vm->vcpus[id] : NULL;
}

/* The one that asks for it is inside, so the VM is not empty meanwhile. */
static void start(struct vcpu *v)
{
	atomic_fetch_add_explicit(&v->vm->n_inside, 1, memory_order_relaxed);
	run_start(v);
}

bool vm_wake(struct vm *vm)
{
	bool was_asleep = false;

	for (unsigned i = 0; i < vm->n_vcpus; i++)
		was_asleep |= vsbi_wake(vm->vcpus[i]);
	return was_asleep;
}

static const struct vcpu_ops ops = {
	.sbi_call = vsbi_handle_call,
	.memory_fault = memory_fault,
	.do_access = mmio_access_saved,
	.look = run_look,
	.copy_in = copy_in,
	.copy_out = copy_out,
	.console_write = write_console,
	.console_read = read_console,
	.is_memory = is_memory,
	.sibling = sibling,
	.start = start,
};
const struct vcpu_ops *const vcpu_ops = &ops;
