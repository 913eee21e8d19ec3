/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The life of VMs: which there are, how they start, end, and start again. All of it happens on the
 * boot hart, in its loop; what other harts have to say comes as deferred work.
 *
 * Loading takes long, so it is done by the loop itself, and gives the guests of the boot hart their
 * turns: whoever wants a VM to start only says so, and what happens in such a turn may be an order
 * for the VM that is being loaded.
 */
#include "hyp/life.h"

#include <errno.h>
#include <string.h>

#include "hyp/keyboard.h"
#include "hyp/monitor.h"
#include "hyp/run.h"
#include "hyp/vconsole.h"
#include "platform/console.h"
#include "platform/irq.h"
#include "platform/log.h"
#include "platform/panic.h"
#include "platform/timer.h"
#include "vcpu/engine.h"

enum {
	MAX_VMS = 32,
	/* A guest that ends as soon as it starts, over and over, would have the boot hart load it
	 * for ever: after a few such runs it rests before the next. */
	SHORT_RUN_MS = 1000,
	MAX_SHORT_RUNS = 3,
	REST_MS = 1000,
};

static struct vm *vms[MAX_VMS];
static unsigned count;

unsigned n_vms(void)
{
	return count;
}

struct vm *vm_at(unsigned i)
{
	return i < count ? vms[i] : NULL;
}

struct vm *vm_by_name(const char *name)
{
	for (unsigned i = 0; i < count; i++)
		if (!strcmp(vms[i]->config.name, name))
			return vms[i];
	return NULL;
}

unsigned life_take_number(struct vm *vm)
{
	unsigned used = 0, number = 1;

	if (count == MAX_VMS)
		return 0;
	for (unsigned i = 0; i < count; i++)
		used |= 1u << (vms[i]->map.flusher.tag - 1);
	while (used >> (number - 1) & 1)
		number++;
	/* In the order of starting: so they are numbered on the console. */
	unsigned at = count++;

	for (; at && vms[at - 1]->config.order > vm->config.order; at--)
		vms[at] = vms[at - 1];
	vms[at] = vm;
	return number;
}

void life_give_number(struct vm *vm)
{
	for (unsigned i = 0; i < count; i++) {
		if (vms[i] != vm)
			continue;
		count--;
		for (; i < count; i++)
			vms[i] = vms[i + 1];
	}
}

const char *vm_name(const struct vm *vm)
{
	return vm->config.name;
}

struct vconsole *vm_console(struct vm *vm)
{
	return vm->console;
}

static const char *end_text(enum stop_reason reason)
{
	static const char *const texts[] = {
		[STOP_NONE] = "has not run",
		[STOP_SHUTDOWN] = "switched itself off",
		[STOP_REBOOT] = "asked for a reboot",
		[STOP_FAILURE] = "said that it failed",
		[STOP_CRASH] = "crashed",
		[STOP_NO_MEMORY] = "ran out of memory",
		[STOP_ORDERED] = "was stopped",
		[STOP_NO_START] = "could not start",
	};

	return texts[reason];
}

const char *vm_state_text(const struct vm *vm)
{
	switch (vm->state) {
	case VM_IS_STARTING:
	case VM_IS_LOADING:
		return "is starting";
	case VM_IS_RUNNING:
		return "runs";
	case VM_IS_PAUSING:
		return "is pausing";
	case VM_IS_PAUSED:
		return vm->lacks_memory ? "is paused until memory is free" : "is paused";
	case VM_IS_STOPPING:
		return "is stopping";
	case VM_IS_KEPT:
		return "is kept for inspection";
	case VM_IS_RESTING:
		return "ends too soon, and rests before it starts again";
	default:
		return end_text(vm->last_end);
	}
}

static void give_memory_back(struct vm *vm)
{
	if (gmap_empty(&vm->map))
		log_notice("%s: its memory stays: a part is pinned", vm_name(vm));
}

static bool has_ended(const struct vm *vm)
{
	return vm->state == VM_IS_STOPPED || vm->state == VM_IS_KEPT || vm->state == VM_IS_RESTING;
}

int vm_start(struct vm *vm)
{
	if (!has_ended(vm))
		return -EBUSY;
	timer_cancel(&vm->rest);
	shortage_may_end();
	vm_devices_reset(vm); /* what is typed from now on is for its next life */
	vm->state = VM_IS_STARTING;
	run_end_turn();
	return 0;
}

static void begin(struct vm *vm)
{
	vm->n_starts++;
	vm->started_at = time_now();
	vm->state = VM_IS_RUNNING;
	atomic_store_explicit(&vm->end, STOP_NONE, memory_order_relaxed);
	atomic_store_explicit(&vm->n_inside, 1, memory_order_relaxed);
	/* The order to leave that ended its last run. */
	for (unsigned i = 0; i < vm->n_vcpus; i++)
		atomic_store_explicit(&vm->vcpus[i]->orders, 0, memory_order_relaxed);
	run_start(vm->vcpus[0]);
	shortage_is_over(); /* it has what it needs */
	if (!vconsole_attached() && !monitor_has_keyboard()) {
		vconsole_attach(vm->console);
		keyboard_say_escape();
	}
}

/* At the console of a VM that has ended nobody answers any more. */
static void show_way_out(const struct vm *vm)
{
	if (has_ended(vm) && vconsole_attached() == vm->console && vms_are_alive())
		keyboard_say_escape();
}

static void say_end(const struct vm *vm, enum stop_reason reason, enum vm_after next)
{
	log_notice("%s: %s%s", vm_name(vm), end_text(reason),
		   next == VM_RESTART ? ", and starts again"
		   : next == VM_KEEP  ? ", and is kept"
				      : "");
}

/* It cannot start, or was told not to in the meantime. */
static void stay(struct vm *vm, const char *why)
{
	bool is_ordered = vm->state == VM_IS_STOPPING;

	give_memory_back(vm);
	shortage_is_over();
	vm->last_end = is_ordered ? STOP_ORDERED : STOP_NO_START;
	vm->state = vm->starts_again ? VM_IS_STARTING : VM_IS_STOPPED;
	if (is_ordered)
		say_end(vm, STOP_ORDERED, vm->starts_again ? VM_RESTART : VM_STOP);
	else
		log_notice("%s: does not start: %s", vm_name(vm), why);
	vm->starts_again = false;
	show_way_out(vm);
}

/* Load one of those that shall start; round and round, or two that end while the other is loaded
 * would leave none to a third. False: there is none. */
static bool load_next(void)
{
	static unsigned at;
	struct vm_error error;

	for (unsigned i = 0; i < count; i++) {
		struct vm *vm = vms[at++ % count];

		if (vm->state != VM_IS_STARTING)
			continue;
		vm->state = VM_IS_LOADING;
		if (vm_load(vm, &error))
			stay(vm, error.text);
		else
			begin(vm);
		return true;
	}
	return false;
}

void vms_turn(void)
{
	console_drain();
	monitor_poll();
	if (!load_next() && !run_next())
		irq_wait();
}

void vm_end(struct vm *vm, enum stop_reason reason)
{
	uint32_t none = STOP_NONE;

	if (!atomic_compare_exchange_strong(&vm->end, &none, reason))
		return;
	for (unsigned i = 0; i < vm->n_vcpus; i++)
		vcpu_order_leave(vm->vcpus[i]);
}

int vm_stop(struct vm *vm)
{
	vm->starts_again = false;
	switch (vm->state) {
	case VM_IS_STOPPED:
		return -EALREADY;
	case VM_IS_RUNNING:
	case VM_IS_PAUSING:
	case VM_IS_PAUSED:
		vm->state = VM_IS_STOPPING;
		vm_end(vm, STOP_ORDERED);
		break;
	case VM_IS_LOADING:
		vm->state = VM_IS_STOPPING;
		break;
	case VM_IS_KEPT:
	case VM_IS_RESTING:
	case VM_IS_STARTING:
		if (vm->state == VM_IS_STARTING)
			vm->last_end = STOP_ORDERED;
		vm->state = VM_IS_STOPPED;
		timer_cancel(&vm->rest);
		give_memory_back(vm);
		shortage_is_over();
		break;
	case VM_IS_STOPPING:
		break;
	}
	return 0;
}

int vm_restart(struct vm *vm)
{
	if (has_ended(vm))
		return vm_start(vm);
	if (vm->state == VM_IS_STARTING || vm->state == VM_IS_LOADING)
		return 0;
	vm_stop(vm);
	vm->starts_again = true;
	return 0;
}

/* --- pausing --- */

static void pause_vcpus(struct vm *vm)
{
	vm->state = VM_IS_PAUSING;
	for (unsigned i = 0; i < vm->n_vcpus; i++)
		run_pause(vm->vcpus[i]);
}

static void go_on(struct vm *vm)
{
	uint64_t gap = time_now() - vm->paused_at;

	vm->state = VM_IS_RUNNING;
	vm->goes_on = vm->lacks_memory = false;
	shortage_may_end();
	for (unsigned i = 0; i < vm->n_vcpus; i++) {
		vm->vcpus[i]->time_delta -= gap;
		run_resume(vm->vcpus[i]);
	}
}

int vm_pause(struct vm *vm)
{
	bool is_so = vm->state == VM_IS_PAUSED && !vm->lacks_memory;

	if (vm->state == VM_IS_RUNNING)
		pause_vcpus(vm);
	else if (vm->state != VM_IS_PAUSING && vm->state != VM_IS_PAUSED)
		return -EBUSY;
	vm->goes_on = vm->lacks_memory = false;
	return is_so ? -EALREADY : 0;
}

int vm_resume(struct vm *vm)
{
	if (vm->state == VM_IS_PAUSED)
		go_on(vm);
	else if (vm->state == VM_IS_PAUSING)
		vm->goes_on = true;
	else if (vm->state != VM_IS_RUNNING || !vm_wake(vm))
		return vm->state == VM_IS_RUNNING ? -EALREADY : -EBUSY;
	return 0;
}

void vm_has_parked(struct vm *vm)
{
	work_queue(&vm->parked, 0);
}

static bool has_order(const struct vm *vm, enum vcpu_order order)
{
	for (unsigned i = 0; i < vm->n_vcpus; i++)
		if (atomic_load_explicit(&vm->vcpus[i]->orders, memory_order_acquire) & order)
			return true;
	return false;
}

/* The orders say who has parked, not a count: one of another life's could come late. */
void life_vm_parked(struct work *work)
{
	struct vm *vm = CONTAINER_OF(work, struct vm, parked);

	if (vm->state != VM_IS_PAUSING || has_order(vm, ORDER_PARK))
		return;
	vm->state = VM_IS_PAUSED;
	vm->paused_at = time_now();
	if (vm->goes_on)
		go_on(vm);
}

/* --- ending --- */

void vm_is_empty(struct vm *vm)
{
	work_queue(&vm->ended, 0);
}

/* What is wanted after such an end: an order comes before the description. */
static enum vm_after after(const struct vm *vm, enum stop_reason reason)
{
	if (vm->state == VM_IS_STOPPING)
		return vm->starts_again ? VM_RESTART : VM_STOP;
	switch (reason) {
	case STOP_REBOOT:
		return vm->config.on_reboot;
	case STOP_FAILURE:
	case STOP_CRASH:
	case STOP_NO_MEMORY:
		return vm->config.on_crash;
	default:
		return VM_STOP;
	}
}

static void has_rested(struct timer *timer)
{
	(void)!vm_start(CONTAINER_OF(timer, struct vm, rest));
}

static void start_again(struct vm *vm)
{
	bool was_short = time_now() - vm->started_at < time_from_us(SHORT_RUN_MS * 1000);

	vm->n_short_runs = was_short ? vm->n_short_runs + 1 : 0;
	if (vm->n_short_runs <= MAX_SHORT_RUNS) {
		(void)!vm_start(vm);
		return;
	}
	vm->state = VM_IS_RESTING;
	vm->rest.call = has_rested;
	timer_set(&vm->rest, time_now() + time_from_us(REST_MS * 1000));
}

void life_vm_ended(struct work *work)
{
	struct vm *vm = CONTAINER_OF(work, struct vm, ended);
	enum stop_reason reason = atomic_load_explicit(&vm->end, memory_order_acquire);

	if (reason == STOP_NONE) /* its last vCPU stopped itself by HSM */
		reason = STOP_SHUTDOWN;
	enum vm_after next = after(vm, reason);

	vm->starts_again = vm->goes_on = vm->lacks_memory = false;
	vm->last_end = reason;
	vm->last_held = atomic_load_explicit(&vm->map.owner.n_held, memory_order_relaxed);
	vm->state = next == VM_KEEP ? VM_IS_KEPT : VM_IS_STOPPED;
	if (next != VM_KEEP)
		give_memory_back(vm);
	say_end(vm, reason, next);
	if (next == VM_RESTART)
		start_again(vm);
	/* Who asked for a reboot has its memory before those that want some; but not who ended
	 * because of them. One that is kept holds its own, and can give none any more. */
	if (next != VM_RESTART || reason == STOP_NO_MEMORY)
		shortage_is_over();
	show_way_out(vm);
}

bool vms_are_alive(void)
{
	for (unsigned i = 0; i < count; i++)
		if (vms[i]->state != VM_IS_STOPPED)
			return true;
	return false;
}

bool vms_wait_for_a_start(void)
{
	for (unsigned i = 0; i < count; i++)
		if (!vms[i]->config.starts_by_itself)
			return true;
	return false;
}

static bool ended_well(enum stop_reason reason)
{
	return reason == STOP_NONE || reason == STOP_SHUTDOWN || reason == STOP_REBOOT ||
	       reason == STOP_ORDERED;
}

bool vms_ended_well(void)
{
	for (unsigned i = 0; i < count; i++)
		if (!ended_well(vms[i]->last_end))
			return false;
	return true;
}

void vms_start(void)
{
	for (unsigned i = 0; i < count; i++)
		if (vms[i]->config.starts_by_itself)
			(void)!vm_start(vms[i]);
	for (unsigned i = 0; i < count && load_next(); i++)
		continue;
}
