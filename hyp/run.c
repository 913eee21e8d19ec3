/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The page to read first. A hart is in a guest, inside its engine's `run`, or here. An exit that
 * its handler can answer goes back into the guest without coming here; what comes is a verdict.
 *
 * Each hart has a queue of its vCPUs that could run, and gives each a slice of time in turn while
 * there are others; one alone has the hart without a tick. A vCPU's state stays in the hart's
 * registers until another one is switched in. All of a hart's queue is the hart's alone: others ask
 * by `look`, as deferred work.
 */
#include "hyp/run.h"

#include "hyp/monitor.h"
#include "hyp/vm.h"
#include "lib/component.h"
#include "platform/console.h"
#include "platform/idle.h"
#include "platform/irq.h"
#include "platform/log.h"
#include "platform/panic.h"
#include "platform/timer.h"
#include "sbi/guest/vsbi.h"
#include "vcpu/engine.h"

enum { SLICE_US = 10000 };

static PER_HART struct {
	struct vcpu *first, *last; /* runnable and waiting for their turn */
	struct vcpu *running;
	struct vcpu *loaded; /* whose state is in the registers */
	struct timer slice;
	bool is_slice_over;
	bool is_shared;     /* who called run_share goes on when all have had their turn */
	uint64_t shared_at; /* when it did last */
} here;

static void slice_ends(struct timer *timer)
{
	(void)timer;
	here.is_slice_over = true;
}

/* A tick is needed while somebody else could run. */
static void slice_begins(void)
{
	here.is_slice_over = false;
	here.slice.call = slice_ends;
	if (here.running && (here.first || here.is_shared))
		timer_set(&here.slice, time_now() + time_from_us(SLICE_US));
	else
		timer_cancel(&here.slice);
}

static void enqueue(struct vcpu *v)
{
	v->next = NULL;
	v->ready_at = time_now();
	if (here.first)
		here.last->next = v;
	else
		here.first = v;
	here.last = v;
	if (here.running && !here.slice.is_set && !here.is_slice_over)
		slice_begins();
}

static struct vcpu *dequeue(void)
{
	struct vcpu *v = here.first;

	if (v)
		here.first = v->next;
	return v;
}

static void timer_wakes(struct timer *timer);

/* Its guest asked for more than a wfi. */
static bool is_suspended(struct vcpu *v)
{
	return atomic_load_explicit(&v->hsm, memory_order_relaxed) != HSM_STARTED;
}

/* Perhaps there is something for it. Else it waits again when it has its turn, and its guest sees
 * nothing of it. */
static void wake(struct vcpu *v)
{
	if (v->state != VCPU_WAITING)
		return;
	if (v->timer.call == timer_wakes) /* else it is the guest's, and stays */
		timer_cancel(&v->timer);
	atomic_fetch_or_explicit(&v->orders, ORDER_WAIT, memory_order_relaxed);
	if (is_suspended(v))
		vcpu_set_hsm(v, HSM_RESUME_PENDING);
	v->state = VCPU_RUNNABLE;
	enqueue(v);
}

static void timer_wakes(struct timer *timer)
{
	wake(CONTAINER_OF(timer, struct vcpu, timer));
}

static void unload(struct vcpu *v)
{
	v->seen = v->engine->translation(v);
	v->engine->save(v);
	vcpu_note_save(v);
	here.loaded = NULL;
}

static uint32_t orders_of(const struct vcpu *v)
{
	return atomic_load_explicit(&v->orders, memory_order_acquire);
}

/* Take these orders away; which were there? */
static uint32_t obey(struct vcpu *v, uint32_t orders)
{
	return atomic_fetch_and_explicit(&v->orders, ~orders, memory_order_acq_rel) & orders;
}

static bool is_to_pause(uint32_t orders)
{
	return (orders & (ORDER_LEAVE | ORDER_PAUSE)) == ORDER_PAUSE;
}

/* Nothing of it stays on this hart, and nothing that happens there wakes it. */
static void park(struct vcpu *v)
{
	bool is_guests = v->timer.is_set && v->timer.call != timer_wakes;

	if (v == here.loaded)
		unload(v);
	v->due = is_guests ? v->timer.when + v->time_delta : ~0ull;
	timer_cancel(&v->timer);
	if (v->state == VCPU_WAITING)
		atomic_fetch_or_explicit(&v->orders, ORDER_WAIT, memory_order_relaxed);
	v->state = VCPU_PARKED;
}

/* Behind what it did to park. */
static void say_parked(struct vcpu *v)
{
	if (obey(v, ORDER_PARK))
		vm_has_parked(v->vm);
}

/* It goes on, in a time with another delta, when it has its turn. */
static void unpark(struct vcpu *v)
{
	uint64_t when = v->due - v->time_delta;

	if (when >= v->due) /* else it is beyond the end of time */
		timer_set(&v->timer, when);
	v->state = VCPU_RUNNABLE;
	enqueue(v);
}

static void take_start(struct vcpu *v)
{
	v->state = VCPU_RUNNABLE;
	v->seen = (struct vcpu_translation){};
	vcpu_set_hsm(v, HSM_STARTED);
	enqueue(v);
}

/* One that is runnable obeys a pause when it has its turn. */
static void take_orders(struct vcpu *v)
{
	uint32_t orders = orders_of(v);

	if (is_to_pause(orders)) {
		if (v->state == VCPU_WAITING)
			park(v);
		if (v->state != VCPU_RUNNABLE)
			say_parked(v);
	} else {
		orders |= obey(v, ORDER_START | ORDER_RESUME);
		if (v->state == VCPU_PARKED)
			unpark(v);
		else if (orders & ORDER_START && v->state == VCPU_OFF)
			take_start(v);
	}
	if (orders & ORDER_SHOW) {
		if (v == here.loaded)
			v->seen = v->engine->translation(v);
		atomic_fetch_and_explicit(&v->orders, ~(uint32_t)ORDER_SHOW, memory_order_release);
	}
	if (orders & (ORDER_LEAVE | ORDER_EVENT) && v == here.running) /* in an exit of its own */
		vcpu_leave(v, VERDICT_POLL);
}

/* Somebody changed its lines or orders. */
void run_look(struct vcpu *v)
{
	CHECK(v->hart == hart_index);
	if (orders_of(v))
		take_orders(v);
	if (v == here.loaded) {
		v->engine->take_lines(v);
		vcpu_take_fences(v);
	}
	wake(v);
}

static void look_work(struct work *work)
{
	run_look(CONTAINER_OF(work, struct vcpu, look));
}

void run_add(struct vcpu *v)
{
	v->look.call = look_work;
	vcpu_set_hsm(v, HSM_STOPPED);
}

static void order(struct vcpu *v, uint32_t orders)
{
	atomic_fetch_or_explicit(&v->orders, orders, memory_order_acq_rel);
	if (v->hart == hart_index)
		run_look(v);
	else
		work_queue(&v->look, v->hart);
}

void run_start(struct vcpu *v)
{
	order(v, ORDER_START);
}

void run_pause(struct vcpu *v)
{
	order(v, ORDER_PAUSE | ORDER_PARK);
}

void run_resume(struct vcpu *v)
{
	if (obey(v, ORDER_PAUSE))
		order(v, ORDER_RESUME);
}

void run_show(struct vcpu *v)
{
	order(v, ORDER_SHOW);
	while (orders_of(v) & ORDER_SHOW)
		cpu_relax();
}

static void load(struct vcpu *v)
{
	if (here.loaded == v)
		return;
	if (here.loaded)
		unload(here.loaded);
	here.loaded = v;
	v->engine->load(v, &v->vm->map.flusher);
	vcpu_note_load(v);
}

/* It has left its VM; nothing of it stays on this hart. */
static void turn_off(struct vcpu *v)
{
	unload(v);
	timer_cancel(&v->timer);
	v->state = VCPU_OFF;
	/* From here on a sibling may start it again. An order to leave stays: then it is the VM
	 * that ends, and whoever is started leaves at once. */
	vcpu_set_hsm(v, HSM_STOPPED);
	if (atomic_fetch_sub_explicit(&v->vm->n_inside, 1, memory_order_acq_rel) == 1)
		vm_is_empty(v->vm);
}

/* The guest waits for an interrupt. */
static void wait(struct vcpu *v)
{
	v->state = VCPU_WAITING;
	/* An interrupt that came up to here is seen; one that comes later wakes it. */
	if (v->engine->is_awake(v)) {
		v->state = VCPU_RUNNABLE;
		vcpu_set_hsm(v, HSM_STARTED);
		return;
	}
	if (is_suspended(v))
		vcpu_set_hsm(v, HSM_SUSPENDED);
	uint64_t when = v->engine->wakes_at(v);

	if (when != ~0ull && !v->timer.is_set) {
		v->timer.call = timer_wakes;
		timer_set(&v->timer, when);
	}
}

static void poll(void)
{
	irq_poll();
	console_drain();
	if (hart_index == 0)
		monitor_poll();
}

static void stop(struct vcpu *v)
{
	if (v->stop == STOP_CRASH || v->stop == STOP_NO_MEMORY)
		postmortem(v);
	vm_end(v->vm, v->stop);
}

/* What it is ordered to do in place of running. */
#define ORDERS_FIRST (ORDER_LEAVE | ORDER_PAUSE | ORDER_EVENT | ORDER_WAIT)
static __attribute__((noinline)) void go(struct vcpu *v)
{
	uint32_t orders = orders_of(v);

	if (orders & ORDER_LEAVE) {
		turn_off(v);
	} else if (orders & ORDER_PAUSE) {
		park(v);
		say_parked(v);
	} else if (obey(v, ORDER_EVENT) && vsbi_take_event(v)) {
		(void)obey(v, ORDER_WAIT); /* that is what it waited for */
		vcpu_set_hsm(v, HSM_STARTED);
	} else if (obey(v, ORDER_WAIT)) {
		wait(v);
	}
}

/* Run it until its slice is over, or it waits, or goes. */
static void run(struct vcpu *v)
{
	while (v->state == VCPU_RUNNABLE && !here.is_slice_over) {
		if (UNLIKELY(orders_of(v) & ORDERS_FIRST)) {
			go(v);
			continue;
		}
		if (UNLIKELY(v->awaits) && vcpu_awaits_fences(v)) {
			poll();
			continue;
		}
		switch ((enum verdict)v->engine->run(v)) {
		case VERDICT_RESUME:
		case VERDICT_SAVE:
			break;
		case VERDICT_POLL:
			poll();
			break;
		case VERDICT_WAIT:
			wait(v);
			break;
		case VERDICT_LACK:
			if (!vm_waits_for_memory(v))
				stop(v);
			break;
		case VERDICT_STOP:
			stop(v);
			break;
		case VERDICT_OFF:
			turn_off(v);
			break;
		}
	}
}

bool run_next(void)
{
	struct vcpu *v = dequeue();

	if (!v)
		return false;
	load(v);
	vsbi_turn_begins(v);
	here.running = v;
	slice_begins();
	run(v);
	here.running = NULL;
	timer_cancel(&here.slice);
	if (v->state == VCPU_RUNNABLE) {
		vsbi_turn_ends(v);
		enqueue(v);
	}
	return true;
}

void run_share(void)
{
	if (time_now() - here.shared_at < time_from_us(SLICE_US))
		return;
	poll();
	here.is_shared = true;
	for (struct vcpu *next = here.first, *last = here.last; next && run_next();
	     next = here.first)
		if (next == last)
			break;
	here.is_shared = false;
	if (here.loaded)
		unload(here.loaded); /* or its siblings' fences would wait for our next poll */
	here.shared_at = time_now();
}

void run_end_turn(void)
{
	here.is_slice_over = true;
}

/* Before anything can be queued: a hart that sleeps looks only when it is kicked, by a VM's start.
 */
static int run_init(void)
{
	idle_set_work(run_next);
	return 0;
}

COMPONENT(run, PHASE_SERVICE, run_init, NULL, "VMs and the run loop");
