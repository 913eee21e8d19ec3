/* SPDX-License-Identifier: BSD-2-Clause */
/* What the run loop of one hart does with a vCPU that waits or is to pause (AX17); its engine is
 * the test. */
#include "hyp/run.h"

#include <string.h>

#include "hyp/monitor.h"
#include "hyp/vm.h"
#include "platform/console.h"
#include "platform/idle.h"
#include "platform/irq.h"
#include "sbi/guest/vsbi.h"
#include "tests/kit/kit.h"
#include "tests/unit/time_host.h"
#include "vcpu/engine.h"

/* --- what stands round it --- */

static struct vm vm;
static struct vcpu vcpu, *const v = &vcpu;
static struct vcpu *loaded;
static unsigned n_runs, n_parked, n_emptied, n_postmortems;
static bool is_awake, may_wait_for_memory;
static uint64_t wakes_at, delta_loaded;
static enum verdict verdict; /* of the next run */
static void (*in_run)(void); /* what happens meanwhile */
static enum stop_reason ended;

static enum verdict engine_run(struct vcpu *of)
{
	EXPECT(of == v && loaded == v && v->state == VCPU_RUNNABLE);
	n_runs++;
	if (in_run)
		in_run();
	return verdict;
}

static void engine_load(struct vcpu *of, struct flusher *flusher)
{
	EXPECT(!loaded && flusher == &vm.map.flusher);
	loaded = of;
	delta_loaded = of->time_delta;
}

static void engine_save(struct vcpu *of)
{
	EXPECT(loaded == of);
	loaded = NULL;
}

static struct vcpu_translation engine_translation(const struct vcpu *of)
{
	EXPECT(loaded == of);
	return (struct vcpu_translation){ .satp = 5 };
}

static void engine_take_lines(struct vcpu *of)
{
	EXPECT(loaded == of);
}

static bool engine_is_awake(struct vcpu *of)
{
	EXPECT(loaded == of);
	return is_awake;
}

static uint64_t engine_wakes_at(struct vcpu *of)
{
	EXPECT(loaded == of);
	return wakes_at - of->time_delta;
}

static const struct vcpu_engine engine = {
	.run = engine_run,
	.load = engine_load,
	.save = engine_save,
	.translation = engine_translation,
	.take_lines = engine_take_lines,
	.is_awake = engine_is_awake,
	.wakes_at = engine_wakes_at,
};

static const struct vcpu_ops ops = { .look = run_look };
const struct vcpu_ops *const vcpu_ops = &ops;

void vm_has_parked(struct vm *of)
{
	EXPECT(of == &vm);
	n_parked++;
}

static bool has_event;
static unsigned n_begun, n_ended;
static uint64_t stolen;

bool vsbi_take_event(struct vcpu *of)
{
	EXPECT(loaded == of);
	bool had = has_event;

	has_event = false;
	return had;
}

void vsbi_turn_begins(struct vcpu *of)
{
	EXPECT(loaded == of);
	n_begun++;
	stolen = host_time - of->ready_at;
}

void vsbi_turn_ends(struct vcpu *of)
{
	EXPECT(loaded == of && of->state == VCPU_RUNNABLE);
	n_ended++;
}

void vm_is_empty(struct vm *of)
{
	EXPECT(of == &vm);
	n_emptied++;
}

bool vm_waits_for_memory(struct vcpu *of)
{
	EXPECT(of == v);
	if (may_wait_for_memory)
		atomic_fetch_or(&v->orders, ORDER_PAUSE);
	return may_wait_for_memory;
}

void vm_end(struct vm *of, enum stop_reason reason)
{
	EXPECT(of == &vm);
	ended = reason;
	vcpu_order_leave(v);
}

void postmortem(struct vcpu *of)
{
	EXPECT(loaded == of);
	n_postmortems++;
}

void work_queue(struct work *work, unsigned hart)
{
	(void)work;
	EXPECT(!hart);
}

void irq_poll(void) {}

void monitor_poll(void) {}

bool console_drain(void)
{
	return true;
}

void idle_set_work(idle_work *work)
{
	(void)work;
}

/* --- */

static void guests_timer(struct timer *timer)
{
	EXPECT(timer == &v->timer);
	vcpu_set_line(v, LINE_TIMER, true);
}

/* A vCPU whose guest's time is 300 less than ours, which is 1000. It runs when it has its turn. */
static void begin(void)
{
	host_time = 1000;
	memset(&vm, 0, sizeof(vm));
	memset(&vcpu, 0, sizeof(vcpu));
	v->engine = &engine;
	v->vm = &vm;
	v->time_delta = -(uint64_t)300;
	atomic_store(&vm.n_inside, 1);
	run_add(v);
	n_runs = n_parked = n_emptied = n_postmortems = 0;
	is_awake = may_wait_for_memory = false;
	wakes_at = 5000;
	verdict = VERDICT_POLL;
	in_run = NULL;
	ended = STOP_NONE;
	run_start(v);
}

/* It has been in its guest once, and waits there. */
static void begin_waiting(void)
{
	begin();
	vcpu_set_hsm(v, HSM_SUSPENDED);
	verdict = VERDICT_WAIT;
	EXPECT(run_next());
	EXPECT_EQ(v->state, VCPU_WAITING);
	EXPECT_EQ(v->timer.when, 5300);
	EXPECT(v->timer.is_set);
	n_runs = 0;
}

/* Leave nothing on this hart for the next test. */
static void end(void)
{
	in_run = NULL;
	vcpu_order_leave(v);
	while (run_next())
		continue;
	EXPECT_EQ(v->state, VCPU_OFF);
	EXPECT(!loaded && !v->timer.is_set);
	EXPECT_EQ(n_emptied, 1);
	atomic_store(&v->orders, 0);
}

static void pause_it(void)
{
	in_run = NULL;
	run_pause(v);
	EXPECT_EQ(n_parked, 0); /* it is in the midst of something */
}

/* What was paused for so long goes on, as life.c has it. */
static void resume_after(uint64_t ticks)
{
	EXPECT(!run_next());
	host_time += ticks;
	v->time_delta -= ticks;
	run_resume(v);
}

static void stop_it(void)
{
	run_end_turn();
}

TEST(run, a_vcpu_that_runs_parks_when_it_comes_out_of_its_guest_and_goes_on_there)
{
	begin();
	in_run = pause_it;
	EXPECT(run_next());
	EXPECT_EQ(n_parked, 1);
	EXPECT_EQ(v->state, VCPU_PARKED);
	EXPECT(!loaded);
	EXPECT_EQ(v->seen.satp, 5);
	EXPECT_EQ(n_runs, 1);
	vcpu_set_line(v, LINE_EXT, true);
	vcpu_set_line(v, LINE_SOFT, true);
	resume_after(70);
	EXPECT_EQ(v->state, VCPU_RUNNABLE);
	in_run = stop_it;
	EXPECT(run_next());
	EXPECT_EQ(delta_loaded, -(uint64_t)370);
	EXPECT_EQ(n_runs, 2);
	EXPECT_EQ(n_parked, 1);
	EXPECT_EQ(atomic_load(&v->lines), LINE_EXT | LINE_SOFT); /* kept for the engine's load */
	end();
}

TEST(run, a_vcpu_that_waits_for_its_turn_parks_then_and_does_not_run)
{
	begin();
	run_pause(v);
	EXPECT_EQ(n_parked, 0);
	EXPECT(run_next());
	EXPECT_EQ(n_parked, 1);
	EXPECT_EQ(n_runs, 0);
	EXPECT(!loaded);
	resume_after(1);
	end();
}

TEST(run, a_vcpu_that_waits_parks_at_once_and_waits_on_for_as_long_as_was_left)
{
	begin_waiting();
	run_pause(v);
	EXPECT_EQ(n_parked, 1);
	EXPECT(!loaded && !v->timer.is_set);
	resume_after(70);
	EXPECT(run_next());
	EXPECT_EQ(v->state, VCPU_WAITING);
	EXPECT_EQ(n_runs, 0);
	EXPECT_EQ(atomic_load(&v->hsm), HSM_SUSPENDED);
	EXPECT(v->timer.is_set);
	EXPECT_EQ(v->timer.when, 5370);
	EXPECT(!(atomic_load(&v->orders)));
	end();
}

TEST(run, a_vcpu_that_waits_wakes_when_it_goes_on_if_what_it_waits_for_came_meanwhile)
{
	begin_waiting();
	run_pause(v);
	vcpu_set_line(v, LINE_EXT, true);
	EXPECT_EQ(v->state, VCPU_PARKED);
	EXPECT_EQ(atomic_load(&v->hsm), HSM_SUSPENDED);
	resume_after(70);
	is_awake = true;
	in_run = stop_it;
	EXPECT(run_next());
	EXPECT_EQ(n_runs, 1);
	EXPECT_EQ(atomic_load(&v->hsm), HSM_STARTED);
	EXPECT(!v->timer.is_set); /* that of its wait */
	end();
}

/* Without Sstc: it is due after as much of the guest's time as before, whether the vCPU runs. */
TEST(run, the_guests_own_timer_stands_still_with_its_vcpu)
{
	static const uint64_t times[] = { 5300, 900, ~0ull - 100 };

	for (unsigned i = 0; i < ARRAY_LEN(times); i++) {
		begin();
		v->timer.call = guests_timer;
		timer_set(&v->timer, times[i]);
		run_pause(v);
		EXPECT(run_next());
		EXPECT(!v->timer.is_set);
		EXPECT(!host_let_time_pass());
		resume_after(101);
		EXPECT_EQ(v->timer.is_set,
			  times[i] + 101 > 101); /* else never: no time is so late */
		if (v->timer.is_set)
			EXPECT_EQ(v->timer.when, times[i] + 101);
		if (host_let_time_pass())
			EXPECT_EQ(atomic_load(&v->lines), LINE_TIMER);
		end();
	}
}

TEST(run, a_vcpu_that_is_off_counts_as_parked_and_is_started_when_its_vm_goes_on)
{
	begin();
	verdict = VERDICT_OFF;
	EXPECT(run_next());
	n_emptied = 0;
	run_pause(v);
	EXPECT_EQ(n_parked, 1);
	vcpu_set_hsm(v, HSM_START_PENDING);
	atomic_store(&vm.n_inside, 1);
	run_start(v);
	EXPECT_EQ(v->state, VCPU_OFF);
	EXPECT_EQ(atomic_load(&v->hsm), HSM_START_PENDING);
	resume_after(70);
	verdict = VERDICT_POLL;
	in_run = stop_it;
	EXPECT(run_next());
	EXPECT_EQ(n_runs, 2);
	EXPECT_EQ(atomic_load(&v->hsm), HSM_STARTED);
	EXPECT_EQ(delta_loaded, -(uint64_t)370);
	end();
}

/* Before it has been looked at, or has had its turn. */
TEST(run, a_pause_right_behind_a_resume_finds_it_parked)
{
	begin_waiting();
	run_pause(v);
	atomic_fetch_and(&v->orders, ~(uint32_t)ORDER_PAUSE);
	run_pause(v);
	EXPECT_EQ(n_parked, 2);
	EXPECT_EQ(v->state, VCPU_PARKED);
	resume_after(30);
	run_pause(v);
	EXPECT_EQ(n_parked, 2);
	EXPECT(run_next());
	EXPECT_EQ(n_parked, 3);
	resume_after(40);
	EXPECT(run_next());
	EXPECT_EQ(v->state, VCPU_WAITING);
	EXPECT_EQ(v->timer.when, 5370);
	end();
}

/* Else its VM would never end. */
TEST(run, leaving_comes_before_pausing)
{
	begin();
	run_pause(v);
	end(); /* with both orders */
	EXPECT_EQ(n_runs, 0);
	begin();
	run_pause(v);
	EXPECT(run_next());
	end(); /* parked */
	begin_waiting();
	run_pause(v);
	end();
	EXPECT_EQ(n_runs, 0);
	begin_waiting();
	atomic_fetch_or(&v->orders, ORDER_PAUSE | ORDER_PARK);
	end(); /* it waits, and sees both at once */
	EXPECT_EQ(n_parked, 0);
	begin();
	verdict = VERDICT_OFF;
	EXPECT(run_next());
	run_pause(v);
	atomic_store(&vm.n_inside, 1);
	n_emptied = 0;
	run_start(v);
	end(); /* its start was put off */
}

TEST(run, a_look_at_a_parked_vcpu_finds_what_it_had_and_does_not_wake_it)
{
	begin_waiting();
	run_pause(v);
	v->seen.satp = 7;
	run_show(v);
	EXPECT_EQ(v->seen.satp, 7);
	EXPECT_EQ(v->state, VCPU_PARKED);
	EXPECT_EQ(n_parked, 1);
	end();
}

/* Its guest would take it for the end of its suspension. */
TEST(run, a_look_that_brings_nothing_ends_no_wait)
{
	begin_waiting();
	run_show(v);
	EXPECT(run_next());
	EXPECT_EQ(n_runs, 0);
	EXPECT_EQ(v->state, VCPU_WAITING);
	EXPECT_EQ(atomic_load(&v->hsm), HSM_SUSPENDED);
	EXPECT(v->timer.is_set);
	EXPECT_EQ(v->timer.when, 5300);
	is_awake = true;
	vcpu_set_line(v, LINE_EXT, true);
	in_run = stop_it;
	EXPECT(run_next());
	EXPECT_EQ(n_runs, 1);
	EXPECT_EQ(atomic_load(&v->hsm), HSM_STARTED);
	EXPECT(!v->timer.is_set);
	end();
}

/* AS7, AX12. */
TEST(run, a_vcpu_without_memory_parks_and_tries_again_or_its_vm_ends_with_a_post_mortem)
{
	begin();
	v->stop = STOP_NO_MEMORY;
	verdict = VERDICT_LACK;
	may_wait_for_memory = true;
	EXPECT(run_next());
	EXPECT_EQ(v->state, VCPU_PARKED);
	EXPECT_EQ(n_parked, 0); /* nobody ordered it yet */
	EXPECT_EQ(n_postmortems, 0);
	run_pause(v);
	EXPECT_EQ(n_parked, 1);
	resume_after(1);
	EXPECT_EQ(v->state, VCPU_RUNNABLE);
	may_wait_for_memory = false;
	EXPECT(run_next());
	EXPECT_EQ(n_postmortems, 1);
	EXPECT_EQ(ended, STOP_NO_MEMORY);
	EXPECT_EQ(v->state, VCPU_OFF);
	end();
	begin();
	v->stop = STOP_SHUTDOWN;
	verdict = VERDICT_STOP;
	EXPECT(run_next());
	EXPECT_EQ(n_postmortems, 0);
	EXPECT_EQ(ended, STOP_SHUTDOWN);
	end();
}

/* --- software events, and the time that is stolen --- */

TEST(run, a_vcpu_takes_an_event_before_it_runs_and_ends_its_wait_by_it)
{
	begin_waiting();
	EXPECT_EQ(atomic_load(&v->hsm), HSM_SUSPENDED);
	vcpu_order_event(v); /* which is not for it, or masked */
	EXPECT_EQ(atomic_load(&v->hsm), HSM_RESUME_PENDING);
	EXPECT(run_next());
	EXPECT_EQ(v->state, VCPU_WAITING);
	EXPECT_EQ(atomic_load(&v->hsm), HSM_SUSPENDED);
	EXPECT_EQ(n_runs, 0);
	has_event = true;
	vcpu_order_event(v);
	in_run = stop_it;
	EXPECT(run_next());
	EXPECT(!has_event);
	EXPECT_EQ(n_runs, 1);
	EXPECT_EQ(atomic_load(&v->hsm), HSM_STARTED);
	end();
}

TEST(run, a_vcpu_waits_for_its_turn_from_when_it_could_run)
{
	begin_waiting();
	n_ended = 0;
	host_time += 40;
	is_awake = true;
	vcpu_set_line(v, LINE_EXT, true);
	host_time += 7;
	in_run = stop_it;
	EXPECT(run_next());
	EXPECT_EQ(stolen, 7);
	EXPECT_EQ(n_ended, 1);
	host_time += 8;
	EXPECT(run_next());
	EXPECT_EQ(stolen, 8);
	EXPECT_EQ(n_ended, 2);
	end();
}
