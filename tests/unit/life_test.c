/* SPDX-License-Identifier: BSD-2-Clause */
/* What orders do to a VM that is loaded, runs, ends, rests or has ended; its vCPU is the test. */
#include "hyp/life.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "hyp/keyboard.h"
#include "hyp/monitor.h"
#include "hyp/run.h"
#include "hyp/vconsole.h"
#include "platform/console.h"
#include "platform/irq.h"
#include "platform/log.h"
#include "tests/kit/kit.h"
#include "tests/unit/time_host.h"

/* --- what stands round it --- */

static struct vcpu vcpus[2];
static struct vm vm;
static unsigned n_emptied;
static int load_error;
static void (*in_loading)(void); /* what happens while it is loaded */
static struct vconsole *attached;
static unsigned n_hints, n_resets;
static bool has_monitor;
static char told[200];
unsigned log_level = LOG_NOTICE;

void log_line(enum log_level level, const char *format, ...)
{
	va_list arguments;

	EXPECT_EQ(level, LOG_NOTICE);
	va_start(arguments, format);
	vsnprintf(told, sizeof(told), format, arguments);
	va_end(arguments);
}

int vm_load(struct vm *loaded, struct vm_error *error)
{
	EXPECT_EQ(loaded->state, VM_IS_LOADING);
	if (in_loading)
		in_loading();
	snprintf(error->text, sizeof(error->text), "no image");
	return loaded->state == VM_IS_LOADING ? load_error : -ECANCELED;
}

int gmap_empty(struct gmap *m)
{
	n_emptied += m == &vm.map;
	return 0;
}

void vcpu_order_leave(struct vcpu *v)
{
	atomic_fetch_or(&v->orders, ORDER_LEAVE);
}

static bool is_asleep;

bool vm_wake(struct vm *of)
{
	EXPECT(of == &vm);
	bool was_asleep = is_asleep;

	is_asleep = false;
	return was_asleep;
}

void run_start(struct vcpu *v)
{
	EXPECT(v == &vcpus[0]);
}

void run_pause(struct vcpu *v)
{
	atomic_fetch_or(&v->orders, ORDER_PAUSE | ORDER_PARK);
}

void run_resume(struct vcpu *v)
{
	atomic_fetch_and(&v->orders, ~(uint32_t)ORDER_PAUSE);
}

void work_queue(struct work *work, unsigned hart)
{
	EXPECT_EQ(hart, 0);
	work->call(work);
}

struct vconsole *vconsole_attached(void)
{
	return attached;
}

void vconsole_attach(struct vconsole *vc)
{
	attached = vc;
}

bool monitor_has_keyboard(void)
{
	return has_monitor;
}

void vm_devices_reset(struct vm *of)
{
	EXPECT(of->state == VM_IS_STOPPED || of->state == VM_IS_KEPT || of->state == VM_IS_RESTING);
	n_resets++;
}

void keyboard_say_escape(void)
{
	n_hints++;
}

bool console_drain(void)
{
	return true;
}

void monitor_poll(void) {}

void run_end_turn(void) {}

bool run_next(void)
{
	return false;
}

void irq_wait(void) {}

/* --- */

/* A VM that runs; its description starts it again after a reboot and keeps it after a crash. */
static void begin(void)
{
	memset(&vm, 0, sizeof(vm));
	memset(&vcpus, 0, sizeof(vcpus));
	vm.config =
		(struct vm_config){ .name = "vm", .on_reboot = VM_RESTART, .on_crash = VM_KEEP };
	vm.n_vcpus = 2;
	for (unsigned i = 0; i < 2; i++) {
		vm.vcpus[i] = &vcpus[i];
		vcpus[i].vm = &vm;
	}
	vm.ended.call = life_vm_ended;
	vm.parked.call = life_vm_parked;
	vm.lacking.call = life_vm_lacks;
	host_time = 1000;
	vm.console = (struct vconsole *)&vm;
	attached = NULL;
	has_monitor = false;
	load_error = 0;
	in_loading = NULL;
	life_give_number(&vm);
	vm.map.flusher.tag = life_take_number(&vm);
	REQUIRE_EQ(vm.map.flusher.tag, 1);
	REQUIRE_EQ(vm_start(&vm), 0);
	vms_turn();
	REQUIRE_EQ(vm.state, VM_IS_RUNNING);
	n_emptied = n_hints = 0;
	told[0] = '\0';
}

static bool is_told_to_leave(void)
{
	return atomic_load(&vcpus[0].orders) & atomic_load(&vcpus[1].orders) & ORDER_LEAVE;
}

TEST(life, a_vm_that_is_stopped_ends_when_its_vcpus_have_left)
{
	begin();
	EXPECT_EQ(vm_stop(&vm), 0);
	EXPECT(is_told_to_leave());
	EXPECT_STR(vm_state_text(&vm), "is stopping");
	EXPECT_EQ(vm_start(&vm), -EBUSY);
	EXPECT_EQ(vm_stop(&vm), 0); /* it is on its way */
	EXPECT_EQ(n_emptied, 0);
	vm_is_empty(&vm);
	EXPECT_EQ(n_emptied, 1);
	EXPECT_STR(told, "vm: was stopped");
	EXPECT_EQ(vm.state, VM_IS_STOPPED);
	EXPECT_EQ(vm_stop(&vm), -EALREADY);
}

TEST(life, a_vm_that_runs_is_not_started_and_one_that_cannot_start_says_why)
{
	begin();
	EXPECT_EQ(vm_start(&vm), -EBUSY);
	vm_end(&vm, STOP_SHUTDOWN);
	vm_is_empty(&vm);
	load_error = -ENOENT;
	EXPECT_EQ(vm_start(&vm), 0);
	EXPECT_STR(vm_state_text(&vm), "is starting");
	EXPECT_EQ(vm_start(&vm), -EBUSY);
	vms_turn();
	EXPECT_STR(told, "vm: does not start: no image");
	EXPECT_STR(vm_state_text(&vm), "could not start");
}

TEST(life, restart_stops_it_first_and_starts_one_that_has_ended)
{
	begin();
	EXPECT_EQ(vm_restart(&vm), 0);
	EXPECT_EQ(vm.n_starts, 1);
	vm_is_empty(&vm);
	EXPECT_STR(told, "vm: was stopped, and starts again");
	vms_turn();
	EXPECT_EQ(vm.n_starts, 2);
	EXPECT(!is_told_to_leave());
	vm_stop(&vm);
	vm_is_empty(&vm);
	EXPECT_EQ(vm.n_starts, 2);
	EXPECT_EQ(vm_restart(&vm), 0);
	vms_turn();
	EXPECT_EQ(vm.n_starts, 3);
}

static void stop_it(void)
{
	EXPECT_EQ(vm_stop(&vm), 0);
	EXPECT_STR(vm_state_text(&vm), "is stopping");
}

static void restart_it(void)
{
	EXPECT_EQ(vm_restart(&vm), 0);
	EXPECT_STR(vm_state_text(&vm), "is starting");
}

static void stop_and_restart_it(void)
{
	in_loading = NULL;
	stop_it();
	EXPECT_EQ(vm_restart(&vm), 0);
}

/* Another guest has its turn meanwhile, and the person at the monitor too. */
TEST(life, an_order_may_come_while_a_vm_is_loaded)
{
	begin();
	vm_end(&vm, STOP_REBOOT);
	vm_is_empty(&vm);
	in_loading = stop_it;
	n_emptied = 0;
	vms_turn();
	EXPECT_EQ(vm.state, VM_IS_STOPPED);
	EXPECT_EQ(n_emptied, 1);
	EXPECT_STR(told, "vm: was stopped");
	EXPECT_STR(vm_state_text(&vm), "was stopped");
	EXPECT_EQ(vm.n_starts, 1);

	in_loading = restart_it;
	EXPECT_EQ(vm_start(&vm), 0);
	vms_turn();
	EXPECT_EQ(vm.state, VM_IS_RUNNING);
	EXPECT_EQ(vm.n_starts, 2);

	vm_end(&vm, STOP_REBOOT);
	vm_is_empty(&vm);
	in_loading = stop_and_restart_it;
	vms_turn();
	EXPECT_EQ(vm.state, VM_IS_STARTING);
	EXPECT_EQ(vm.n_starts, 2);
	vms_turn();
	EXPECT_EQ(vm.n_starts, 3);
}

TEST(life, a_vm_that_waits_to_be_loaded_can_be_stopped)
{
	begin();
	vm_end(&vm, STOP_REBOOT);
	vm_is_empty(&vm);
	EXPECT_STR(vm_state_text(&vm), "is starting");
	EXPECT_EQ(vm_restart(&vm), 0);
	EXPECT_EQ(vm_stop(&vm), 0);
	EXPECT_EQ(vm.state, VM_IS_STOPPED);
	vms_turn();
	EXPECT_EQ(vm.n_starts, 1);
}

TEST(life, what_a_kept_vm_held_goes_though_its_next_start_is_stopped)
{
	begin();
	vm_end(&vm, STOP_CRASH);
	vm_is_empty(&vm);
	EXPECT_EQ(vm_start(&vm), 0);
	EXPECT_EQ(n_emptied, 0);
	EXPECT_EQ(vm_stop(&vm), 0);
	EXPECT_EQ(n_emptied, 1);
	EXPECT_STR(vm_state_text(&vm), "was stopped");
}

TEST(life, the_first_that_can_be_loaded_has_the_console_if_nobody_has_it)
{
	begin();
	EXPECT(attached == vm.console);
	vm_end(&vm, STOP_SHUTDOWN);
	vm_is_empty(&vm);
	attached = NULL;
	vm.config.starts_by_itself = true;
	load_error = -ENOENT;
	vms_start();
	EXPECT(!attached);
	EXPECT_EQ(vm.state, VM_IS_STOPPED);
	load_error = 0;
	has_monitor = true; /* opened while it was loaded */
	vms_start();
	EXPECT(!attached);
	EXPECT_EQ(n_hints, 0);
	vm_end(&vm, STOP_SHUTDOWN);
	vm_is_empty(&vm);
	has_monitor = false;
	vms_start();
	EXPECT(attached == vm.console);
	EXPECT_EQ(n_hints, 1);
}

/* What is typed while it is loaded is for its next life. */
TEST(life, its_devices_begin_anew_when_it_is_asked_to_start)
{
	begin();
	vm_end(&vm, STOP_REBOOT);
	vm_is_empty(&vm);
	n_resets = 0;
	vms_turn();
	EXPECT_EQ(n_resets, 0);
	vm_end(&vm, STOP_REBOOT);
	vm_is_empty(&vm);
	EXPECT_EQ(n_resets, 1);
}

static struct vm others[2];

/* One of two ends and is to start again while the other one is loaded. */
static void other_ends(void)
{
	for (unsigned i = 0; i < 2; i++)
		if (others[i].state == VM_IS_RUNNING)
			others[i].state = VM_IS_STARTING;
}

TEST(life, each_that_waits_is_loaded_in_its_turn)
{
	begin();
	for (unsigned i = 0; i < 2; i++) {
		others[i] = vm;
		others[i].state = VM_IS_STOPPED;
		others[i].map.flusher.tag = life_take_number(&others[i]);
		REQUIRE_EQ(others[i].map.flusher.tag, i + 2);
		REQUIRE_EQ(vm_start(&others[i]), 0);
	}
	vm_end(&vm, STOP_REBOOT);
	vm_is_empty(&vm);
	in_loading = other_ends;
	for (unsigned i = 0; i < 3; i++)
		vms_turn();
	EXPECT_EQ(vm.state, VM_IS_RUNNING);
	for (unsigned i = 0; i < 2; i++)
		life_give_number(&others[i]);
}

TEST(life, the_last_order_counts)
{
	begin();
	EXPECT_EQ(vm_restart(&vm), 0);
	EXPECT_EQ(vm_stop(&vm), 0);
	vm_is_empty(&vm);
	EXPECT_EQ(vm.state, VM_IS_STOPPED);
	EXPECT_EQ(vm.n_starts, 1);
	begin();
	EXPECT_EQ(vm_stop(&vm), 0);
	EXPECT_EQ(vm_restart(&vm), 0);
	vm_is_empty(&vm);
	vms_turn();
	EXPECT_EQ(vm.n_starts, 2);
}

/* Else a guest that reboots at the wrong moment would outlive `quit`. */
TEST(life, an_order_comes_before_what_the_description_says_of_an_end_at_the_same_time)
{
	begin();
	vm_end(&vm, STOP_REBOOT);
	EXPECT_EQ(vm_stop(&vm), 0);
	vm_is_empty(&vm);
	EXPECT_STR(told, "vm: asked for a reboot");
	EXPECT_EQ(vm.state, VM_IS_STOPPED);
	EXPECT_EQ(vm.n_starts, 1);
	begin();
	vm_end(&vm, STOP_CRASH);
	EXPECT_EQ(vm_stop(&vm), 0);
	vm_is_empty(&vm);
	EXPECT_EQ(vm.state, VM_IS_STOPPED);
	EXPECT_EQ(n_emptied, 1);
}

TEST(life, without_an_order_the_description_says_what_follows_an_end)
{
	begin();
	vm_end(&vm, STOP_REBOOT);
	vm_is_empty(&vm);
	vms_turn();
	EXPECT_EQ(vm.n_starts, 2);
	EXPECT_EQ(n_emptied, 1);
	n_emptied = 0;
	vm_end(&vm, STOP_CRASH);
	vm_is_empty(&vm);
	EXPECT_STR(told, "vm: crashed, and is kept");
	EXPECT_EQ(n_emptied, 0);
	EXPECT_EQ(vm_stop(&vm), 0); /* what was kept goes */
	EXPECT_EQ(n_emptied, 1);
	EXPECT_EQ(vm_stop(&vm), -EALREADY);
	EXPECT(!vms_are_alive());
}

TEST(life, a_vm_that_ends_too_soon_rests_before_it_starts_again_and_can_be_stopped_then)
{
	begin();
	for (unsigned i = 0; i < 4; i++) {
		vms_turn();
		vm_end(&vm, STOP_REBOOT);
		vm_is_empty(&vm);
	}
	EXPECT_EQ(vm.state, VM_IS_RESTING);
	EXPECT(host_let_time_pass());
	EXPECT_EQ(vm.state, VM_IS_STARTING);
	vms_turn();
	vm_end(&vm, STOP_REBOOT);
	vm_is_empty(&vm);
	EXPECT_EQ(vm.state, VM_IS_RESTING);
	EXPECT_EQ(vm_stop(&vm), 0);
	EXPECT(!vm.rest.is_set);
	EXPECT_EQ(vm.state, VM_IS_STOPPED);
}

/* --- pausing (AX17) --- */

static bool is_to_pause(unsigned i)
{
	return atomic_load(&vcpus[i].orders) & ORDER_PAUSE;
}

static void let_park(unsigned i)
{
	atomic_fetch_and(&vcpus[i].orders, ~(uint32_t)ORDER_PARK);
	vm_has_parked(&vm);
}

static void let_all_park(void)
{
	let_park(0);
	let_park(1);
}

TEST(life, a_vm_is_paused_when_all_of_its_vcpus_have_parked_and_its_time_stands_still_meanwhile)
{
	begin();
	vcpus[0].time_delta = vcpus[1].time_delta = -(uint64_t)300;
	EXPECT_EQ(vm_pause(&vm), 0);
	EXPECT_STR(vm_state_text(&vm), "is pausing");
	EXPECT_EQ(vm_pause(&vm), 0); /* it is on its way */
	host_time = 2000;
	let_park(1);
	EXPECT_EQ(vm.state, VM_IS_PAUSING);
	let_park(0);
	EXPECT_STR(vm_state_text(&vm), "is paused");
	EXPECT_EQ(vm_pause(&vm), -EALREADY);
	EXPECT_EQ(vm_start(&vm), -EBUSY);
	EXPECT(vms_are_alive());
	host_time = 2700;
	EXPECT(is_to_pause(0) && is_to_pause(1));
	EXPECT_EQ(vm_resume(&vm), 0);
	EXPECT_EQ(vm.state, VM_IS_RUNNING);
	for (unsigned i = 0; i < 2; i++) {
		EXPECT(!is_to_pause(i));
		EXPECT_EQ(vcpus[i].time_delta, -(uint64_t)1000);
	}
	EXPECT_EQ(vm_resume(&vm), -EALREADY);
	is_asleep = true; /* of its own */
	EXPECT_EQ(vm_resume(&vm), 0);
	EXPECT_EQ(vm_resume(&vm), -EALREADY);
}

TEST(life, what_does_not_run_is_neither_paused_nor_resumed)
{
	begin();
	EXPECT_EQ(vm_stop(&vm), 0);
	EXPECT_EQ(vm_pause(&vm), -EBUSY); /* is stopping */
	EXPECT_EQ(vm_resume(&vm), -EBUSY);
	vm_is_empty(&vm);
	EXPECT_EQ(vm_pause(&vm), -EBUSY);
	EXPECT_EQ(vm_resume(&vm), -EBUSY);
	EXPECT_EQ(vm_start(&vm), 0);
	EXPECT_EQ(vm_pause(&vm), -EBUSY);
	EXPECT_EQ(vm_resume(&vm), -EBUSY);
	EXPECT_EQ(vm.state, VM_IS_STARTING);
}

TEST(life, of_orders_that_come_while_it_pauses_the_last_one_counts)
{
	begin();
	EXPECT_EQ(vm_pause(&vm), 0);
	EXPECT_EQ(vm_resume(&vm), 0);
	EXPECT(is_to_pause(0)); /* it has to be paused before it can go on */
	let_all_park();
	EXPECT_EQ(vm.state, VM_IS_RUNNING);
	EXPECT(!is_to_pause(0) && !is_to_pause(1));
	EXPECT_EQ(vm_pause(&vm), 0);
	EXPECT_EQ(vm_resume(&vm), 0);
	EXPECT_EQ(vm_pause(&vm), 0);
	let_all_park();
	EXPECT_EQ(vm.state, VM_IS_PAUSED);
	EXPECT_EQ(vm_resume(&vm), 0);
	EXPECT_EQ(vm_pause(&vm), 0);
	EXPECT_EQ(vm_resume(&vm), 0);
	EXPECT_EQ(vm_stop(&vm), 0);
	EXPECT(is_told_to_leave());
	let_all_park(); /* of before */
	EXPECT_EQ(vm.state, VM_IS_STOPPING);
	vm_is_empty(&vm);
	EXPECT_EQ(vm.state, VM_IS_STOPPED);
}

TEST(life, a_paused_vm_is_stopped_restarted_and_crashes_as_one_that_runs)
{
	for (unsigned is_all = 0; is_all < 2; is_all++) {
		begin();
		EXPECT_EQ(vm_pause(&vm), 0);
		let_park(0);
		if (is_all)
			let_park(1);
		EXPECT_EQ(vm_restart(&vm), 0);
		EXPECT(is_told_to_leave());
		vm_is_empty(&vm);
		EXPECT_STR(told, "vm: was stopped, and starts again");
		vms_turn();
		EXPECT_EQ(vm.state, VM_IS_RUNNING);
		EXPECT(!is_to_pause(0));
		EXPECT_EQ(vm_pause(&vm), 0);
		EXPECT_EQ(vm_resume(&vm), 0);
		let_park(0);
		vm_end(&vm, STOP_CRASH); /* by the other one */
		EXPECT(is_told_to_leave());
		vm_is_empty(&vm);
		EXPECT_EQ(vm.state, VM_IS_KEPT);
		EXPECT(!vm.goes_on);
		vm_has_parked(&vm); /* late */
		EXPECT_EQ(vm.state, VM_IS_KEPT);
		EXPECT_EQ(vm_stop(&vm), 0);
	}
}

/* --- the host has no memory left (AX12, AS7) --- */

#define PAUSES "vm: no memory left: paused until some is free; `resume` tries again"

static struct vm *begin_beside(enum vm_state state)
{
	begin();
	others[0] = vm;
	others[0].state = state;
	strcpy(others[0].config.name, "other");
	REQUIRE_EQ(life_take_number(&others[0]), 2);
	return &others[0];
}

/* Some may have come back before that was known: it tries again at once, and finds none. */
static bool lacks_memory(struct vcpu *v)
{
	EXPECT(vm_waits_for_memory(v));
	EXPECT(!is_to_pause(0) && !is_to_pause(1));
	return vm_waits_for_memory(v);
}

TEST(life, without_memory_a_vm_pauses_until_another_one_has_ended)
{
	static const enum vm_state giving[] = { VM_IS_RUNNING, VM_IS_STARTING, VM_IS_LOADING,
						VM_IS_STOPPING, VM_IS_RESTING };

	for (unsigned i = 0; i < ARRAY_LEN(giving); i++) {
		struct vm *other = begin_beside(giving[i]);

		EXPECT(lacks_memory(&vcpus[1]));
		EXPECT_STR(told, PAUSES);
		EXPECT(is_to_pause(0) && is_to_pause(1));
		let_all_park();
		EXPECT_STR(vm_state_text(&vm), "is paused until memory is free");
		other->state = VM_IS_RUNNING;
		other->config.on_crash = i & 1 ? VM_KEEP : VM_STOP;
		vm_end(other, STOP_CRASH);
		atomic_store(&other->end, STOP_CRASH);
		life_vm_ended(&other->ended);
		EXPECT_EQ(vm.state, VM_IS_RUNNING);
		EXPECT(!is_to_pause(0) && !is_to_pause(1) && !vm.lacks_memory);
		life_give_number(other);
	}
}

TEST(life, without_memory_the_vm_that_no_other_can_give_any_tries_once_more_and_ends)
{
	static const enum vm_state not_giving[] = { VM_IS_STOPPED, VM_IS_KEPT, VM_IS_PAUSING,
						    VM_IS_PAUSED };

	for (unsigned i = 0; i < ARRAY_LEN(not_giving); i++) {
		struct vm *other = begin_beside(not_giving[i]);

		EXPECT(lacks_memory(&vcpus[0]));
		EXPECT_EQ(vm.state, VM_IS_RUNNING);
		EXPECT(!is_to_pause(0));
		EXPECT(!vm_waits_for_memory(&vcpus[0]));
		EXPECT_STR(told, "");
		/* That holds until another one starts, or goes on. */
		if (other->state == VM_IS_PAUSED)
			EXPECT_EQ(vm_resume(other), 0);
		else if (other->state != VM_IS_PAUSING)
			EXPECT_EQ(vm_start(other), 0);
		EXPECT_EQ(vm_waits_for_memory(&vcpus[0]), other->state != VM_IS_PAUSING);
		life_give_number(other);
	}
}

TEST(life, without_memory_a_vm_ends_if_its_description_says_so)
{
	struct vm *other = begin_beside(VM_IS_RUNNING);

	vm.config.ends_without_memory = true;
	EXPECT(!vm_waits_for_memory(&vcpus[0]));
	EXPECT(!is_to_pause(0));
	life_give_number(other);
}

TEST(life, a_pause_for_want_of_memory_becomes_one_by_order)
{
	struct vm *other = begin_beside(VM_IS_RUNNING);

	EXPECT(lacks_memory(&vcpus[0]));
	let_all_park();
	EXPECT_EQ(vm_pause(&vm), 0);
	EXPECT_STR(vm_state_text(&vm), "is paused");
	EXPECT_EQ(vm_stop(other), 0);
	life_vm_ended(&other->ended);
	EXPECT_EQ(vm.state, VM_IS_PAUSED);
	EXPECT_EQ(vm_resume(&vm), 0);
	life_give_number(other);
}

/* Else one that takes all there is would end each who touches a page later. */
TEST(life, without_memory_one_that_waits_for_some_already_ends_for_who_wants_some_too)
{
	struct vm *first = begin_beside(VM_IS_PAUSED), *second = &others[1];

	first->map.flusher.tag = 2;
	*second = *first;
	strcpy(second->config.name, "second");
	REQUIRE_EQ(life_take_number(second), 3);
	first->lacks_memory = second->lacks_memory = true;
	atomic_store(&vm.map.owner.n_held, 300);
	atomic_store(&first->map.owner.n_held, 100);
	atomic_store(&second->map.owner.n_held, 101);
	EXPECT(lacks_memory(&vcpus[0]));
	EXPECT_STR(told, "second: ends, so that vm has memory");
	EXPECT_EQ(atomic_load(&second->end), STOP_NO_MEMORY);
	EXPECT_EQ(atomic_load(&first->end) | atomic_load(&vm.end), STOP_NONE);
	let_all_park();
	second->config.on_crash = VM_RESTART;
	life_vm_ended(&second->ended);
	EXPECT_EQ(vm.state, VM_IS_RUNNING); /* before the other is loaded */
	EXPECT_EQ(second->state, VM_IS_STARTING);
	life_give_number(second);
	life_give_number(first);
}

TEST(life, who_reboots_has_its_memory_again_before_those_that_want_some)
{
	struct vm *other = begin_beside(VM_IS_RUNNING);

	EXPECT(lacks_memory(&vcpus[0]));
	let_all_park();
	atomic_store(&other->end, STOP_REBOOT);
	life_vm_ended(&other->ended);
	EXPECT_EQ(other->state, VM_IS_STARTING);
	EXPECT_EQ(vm.state, VM_IS_PAUSED);
	vms_turn();
	EXPECT_EQ(other->state, VM_IS_RUNNING);
	EXPECT_EQ(vm.state, VM_IS_RUNNING);
	life_give_number(other);
}

/* The order was obeyed and taken back between the fault and its report, or is under way. */
TEST(life, a_lack_of_memory_that_is_told_too_late_changes_nothing)
{
	struct vm *other = begin_beside(VM_IS_RUNNING);

	life_vm_lacks(&vm.lacking);
	EXPECT_EQ(vm.state, VM_IS_RUNNING);
	EXPECT_EQ(vm_pause(&vm), 0);
	EXPECT(vm_waits_for_memory(&vcpus[0]));
	let_all_park();
	EXPECT_STR(vm_state_text(&vm), "is paused");
	EXPECT_EQ(vm_stop(&vm), 0);
	EXPECT(vm_waits_for_memory(&vcpus[0]));
	EXPECT_STR(vm_state_text(&vm), "is stopping");
	EXPECT_STR(told, "");
	life_give_number(other);
}
