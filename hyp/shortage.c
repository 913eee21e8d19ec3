/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * When the host has no frame left for a guest that touches one. The guest pauses at that access,
 * and tries again whenever a VM has given memory back. Where none is left that could, somebody has
 * to end: who met the shortage before, and had its grace; so a guest that takes all there is does
 * not end who touches a page later. All but the first question is the boot hart's.
 */
#include "hyp/life.h"
#include "hyp/run.h"
#include "hyp/vm.h"
#include "platform/log.h"

static unsigned n_given = 1; /* how often memory came back */

/* No other VM could give memory back to this one. Any hart reads it. */
static _Atomic(const struct vm *) alone;

static bool is_alone(const struct vm *vm)
{
	return atomic_load_explicit(&alone, memory_order_relaxed) == vm;
}

bool vm_waits_for_memory(struct vcpu *v)
{
	struct vm *vm = v->vm;

	if (vm->config.ends_without_memory || is_alone(vm))
		return false;
	atomic_fetch_or_explicit(&v->orders, ORDER_PAUSE, memory_order_acq_rel);
	work_queue(&vm->lacking, 0);
	return true;
}

void shortage_may_end(void)
{
	atomic_store_explicit(&alone, NULL, memory_order_relaxed);
}

void shortage_is_over(void)
{
	n_given++;
	shortage_may_end();
	for (unsigned i = 0; i < n_vms(); i++)
		if (vm_at(i)->lacks_memory)
			(void)!vm_resume(vm_at(i));
}

static void try_again(struct vm *vm)
{
	vm->tried_after = n_given;
	for (unsigned i = 0; i < vm->n_vcpus; i++)
		run_resume(vm->vcpus[i]);
}

static void pause_until_some_is_free(struct vm *vm)
{
	(void)!vm_pause(vm);
	vm->lacks_memory = true;
}

/* By ending, and without anybody's doing. */
static bool may_give_memory(const struct vm *vm)
{
	return BIT(vm->state) & (BIT(VM_IS_RUNNING) | BIT(VM_IS_STARTING) | BIT(VM_IS_LOADING) |
				 BIT(VM_IS_STOPPING) | BIT(VM_IS_RESTING)) ||
	       (vm->state == VM_IS_PAUSING && vm->goes_on);
}

static bool may_another_give(const struct vm *vm)
{
	for (unsigned i = 0; i < n_vms(); i++)
		if (vm_at(i) != vm && may_give_memory(vm_at(i)))
			return true;
	return false;
}

static uint64_t held_by(const struct vm *vm)
{
	return atomic_load_explicit(&vm->map.owner.n_held, memory_order_relaxed);
}

/* Of those that wait for memory already, the one that holds most; NULL: none waits. */
static struct vm *who_ends(void)
{
	struct vm *most = NULL;

	for (unsigned i = 0; i < n_vms(); i++)
		if (vm_at(i)->lacks_memory && (!most || held_by(vm_at(i)) > held_by(most)))
			most = vm_at(i);
	return most;
}

static bool is_ordered_to_pause(const struct vm *vm)
{
	for (unsigned i = 0; i < vm->n_vcpus; i++)
		if (atomic_load_explicit(&vm->vcpus[i]->orders, memory_order_acquire) & ORDER_PAUSE)
			return true;
	return false;
}

void life_vm_lacks(struct work *work)
{
	struct vm *vm = CONTAINER_OF(work, struct vm, lacking);

	/* Else it pauses already, or ends, or went on in the meantime. */
	if (vm->state != VM_IS_RUNNING || !is_ordered_to_pause(vm) ||
	    atomic_load_explicit(&vm->end, memory_order_relaxed) != STOP_NONE)
		return;
	if (vm->tried_after != n_given) { /* some may have come back since it failed */
		try_again(vm);
		return;
	}
	if (may_another_give(vm)) {
		log_notice("%s: no memory left: paused until some is free; `resume` tries again",
			   vm_name(vm));
		pause_until_some_is_free(vm);
		return;
	}
	struct vm *other = who_ends();

	if (!other) {
		atomic_store_explicit(&alone, vm, memory_order_relaxed);
		try_again(vm);
		return;
	}
	log_notice("%s: ends, so that %s has memory", vm_name(other), vm_name(vm));
	other->lacks_memory = false;
	vm_end(other, STOP_NO_MEMORY);
	pause_until_some_is_free(vm);
}
