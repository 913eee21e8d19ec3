/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/vm.h"

#include <errno.h>
#include <stdlib.h>

#include "gstage/gmem.h"
#include "platform/mmu.h"
#include "platform/panic.h"
#include "vcpu/engine.h"

enum {
	RAM_AT = 0x80000000u,
	RAM_SIZE = 32 * 1024 * 1024,
	LOAD_OFFSET = 2 * 1024 * 1024,  /* where an image goes, from the start of RAM */
	TREE_OFFSET = 30 * 1024 * 1024, /* and the tree */
	TREE_ROOM = 8 * 1024,
};

int vm_fault_in(struct vm *vm, struct gpa gpa)
{
	struct gpa block = GPA(align_down(gpa.v, MEGA_SIZE));
	struct hpa at;
	unsigned level;

	if (gpa.v < vm->ram.v || gpa.v - vm->ram.v >= vm->ram_size)
		return -EFAULT;
	if (gtable_leaf(&vm->gtable, block, &level))
		return 0;
	int error = frames_alloc(&vm->owner, ORDER_MEGA, FRAMES_ZEROED, &at);

	if (error)
		return error;
	error = gtable_map(&vm->gtable, block, at, MEGA_SIZE, GTABLE_RWX);
	if (error)
		frame_put(at);
	else
		vm->n_faulted_in++;
	return error;
}

/* Fault in all blocks of [gpa, +n). */
static int touch(struct vm *vm, struct gpa gpa, size_t n)
{
	if (gpa.v + n < gpa.v)
		return -EFAULT;
	for (uint64_t at = align_down(gpa.v, MEGA_SIZE); at < gpa.v + n; at += MEGA_SIZE) {
		int error = vm_fault_in(vm, GPA(at));

		if (error)
			return error;
	}
	return 0;
}

int vm_copy_in(struct vm *vm, void *to, struct gpa from, size_t n)
{
	int error = touch(vm, from, n);

	return error ? error : guest_copy_in(&vm->gtable, to, from, n);
}

int vm_copy_out(struct vm *vm, struct gpa to, const void *from, size_t n)
{
	int error = touch(vm, to, n);

	return error ? error : guest_copy_out(&vm->gtable, to, from, n);
}

static void empty_ram(struct vm *vm)
{
	/* Nobody runs it any more; its translations go before its frames do. */
	for (uint64_t o = 0; o < vm->ram_size; o += MEGA_SIZE) {
		struct gpa gpa = GPA(vm->ram.v + o);
		unsigned level;
		pte_t leaf = gtable_leaf(&vm->gtable, gpa, &level);

		if (!leaf)
			continue;
		CHECK(gtable_unmap(&vm->gtable, gpa, MEGA_SIZE) == 0);
		vm->vcpu->engine->forget_all();
		frame_put(pte_hpa(leaf));
	}
}

static int load(struct vm *vm, const void *image, size_t size)
{
	struct gpa entry = GPA(vm->ram.v + LOAD_OFFSET), tree_at = GPA(vm->ram.v + TREE_OFFSET);
	void *tree = malloc(TREE_ROOM);

	if (!tree)
		return -ENOMEM;
	int n = guest_tree_make(vm, tree, TREE_ROOM);
	int error = n < 0 ? n : vm_copy_out(vm, tree_at, tree, (size_t)n);

	free(tree);
	if (!error)
		error = vm_copy_out(vm, entry, image, size);
	if (!error)
		vm->vcpu->engine->reset(vm->vcpu, entry, vm->vcpu->hart_id, tree_at.v);
	return error;
}

int vm_create(struct vm *vm, const char *name, const void *image, size_t size)
{
	*vm = (struct vm){
		.name = name,
		.owner = { .name = name, .quota = RAM_SIZE / PAGE_SIZE },
		.ram = GPA(RAM_AT),
		.ram_size = RAM_SIZE,
	};
	int error = gtable_init(&vm->gtable, GTABLE_SV39X4);
	if (error)
		return error;
	vm->vcpu = own_alloc(0);
	error = vm->vcpu ? 0 : -ENOMEM;
	if (!error) {
		vm->vcpu->engine = &hext_engine;
		vm->vcpu->vm = vm;
		vm->vcpu->engine->set_table(vm->vcpu, own_hpa(vm->gtable.root));
		error = load(vm, image, size);
	}
	if (error)
		vm_destroy(vm);
	return error;
}

void vm_destroy(struct vm *vm)
{
	empty_ram(vm);
	gtable_destroy(&vm->gtable);
	if (vm->vcpu)
		own_free(vm->vcpu, 0);
	CHECK(atomic_load(&vm->owner.n_held) == 0);
}
