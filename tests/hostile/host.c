/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hypervisor with a hostile guest and its neighbour. It starts the hostile one again whenever
 * it has ended or is stuck, until it has done as many operations as were asked for, and then
 * reports what they reached. The machine ends as a success if all was reached, the neighbour
 * noticed nothing, and all that the guests' tables lead to is theirs.
 *
 * The console is the hypervisor's and the neighbour's; the hostile guest could write anything
 * there.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hyp/run.h"
#include "hyp/vconsole.h"
#include "hyp/vm.h"
#include "lib/component.h"
#include "platform/console.h"
#include "platform/irq.h"
#include "platform/log.h"
#include "platform/option.h"
#include "platform/timer.h"
#include "tests/hostile/calls.h"
#include "tests/hostile/host.h"
#include "tests/hostile/isolation.h"
#include "tests/hostile/report.h"

enum {
	TICK_US = 10000,
	TICKS_KEPT = 6,    /* several slices */
	TICKS_STUCK = 8,   /* in one operation for so long: it will not come out by itself */
	TICKS_DEAD = 3000, /* nothing at all happens */
	TICKS_MAPS = 100,  /* between two looks at all that is mapped */
	FULL_COVERAGE = 500000,
	LEAST = 100, /* of each, in a run of so many */
	LEAST_ROUNDS = 10,
	INPUT = 256,           /* bytes */
	MAX_SKEW_US = 2000000, /* what a call takes to come here, on a busy host */
};

static unsigned n_operations = 500;
unsigned option_seed = 1;
OPTION_NUMBER(operations, operations, n_operations, 0, UINT32_MAX, "of the hostile guest, in thousands");
OPTION_NUMBER(seed, seed, option_seed, 0, UINT32_MAX, "what they are drawn from");

struct vm *hostile_vm, *neighbour_vm;

static struct timer tick;
static uint64_t last_done, last_rounds, last_number, turns_before;
static unsigned same_number, dead, n_ticks, n_kept;
static const char *failure;
static bool is_over;

static uint64_t wanted(void)
{
	return n_operations * 1000ull;
}

static struct vm *make(const char *name, const struct guest_file *file, enum vm_after on_reboot,
		       enum vm_after on_crash)
{
	struct vm_config *c = malloc(sizeof(*c));
	struct vm_error error = { "no memory" };
	struct vm *vm = NULL;

	if (c) {
		vm_config_default(c, name);
		c->regions[0].size = 16 * MiB;
		c->regions[0].fill_level = 0;
		c->on_reboot = on_reboot;
		c->on_crash = on_crash;
		vm = vm_create(c, NULL, file->at, (size_t)(file->end - file->at), &error);
	}
	if (!vm)
		printf("%s: %s\n", name, error.text);
	free(c);
	return vm;
}

/* Both leave, since main sees that it is over only when no guest has the boot hart. */
static void give_up(const char *why)
{
	if (!failure)
		failure = why;
	is_over = true;
	vm_stop(hostile_vm);
	vm_stop(neighbour_vm);
}

/* Where they share a hart, the hostile one must not keep it: the neighbour never waits for long. */
static void look_at_turns(void)
{
	bool had_turn = neighbour_has_hart || n_turns != turns_before;

	n_kept = had_turn ? 0 : n_kept + 1;
	turns_before = n_turns;
	if (n_kept > TICKS_KEPT && hostile_vm->vcpus[0]->hart == neighbour_vm->vcpus[0]->hart)
		give_up("the hostile guest keeps the hart");
}

/* Does it come out of its operation? */
static void look_at_hostile(void)
{
	uint64_t number = coverage_heartbeat();

	same_number = number && number == last_number ? same_number + 1 : 0;
	last_number = number;
	/* Its policy would let it rest after a few short runs. */
	bool is_off = hostile_vm->state == VM_IS_STOPPED || hostile_vm->state == VM_IS_RESTING;

	if (is_off && vm_start(hostile_vm))
		give_up("the hostile guest does not start again");
	if (same_number <= TICKS_STUCK || hostile_vm->state != VM_IS_RUNNING)
		return;
	same_number = 0;
	coverage_note_stuck();
	if (vm_restart(hostile_vm))
		give_up("the hostile guest cannot be restarted");
}

/* What the hostile guest may read, whoever typed it. */
static void type(void)
{
	struct vconsole *vc = vm_console(hostile_vm);
	char bytes[INPUT];

	for (unsigned i = 0; i < INPUT; i++)
		bytes[i] = (char)(n_ticks + i);
	if (!vconsole_has_input(vc))
		vconsole_type(vc, bytes, sizeof(bytes));
}

/* Into what is the guests' own? */
static void look_at_maps(void)
{
	const char *broken = isolation_broken(hostile_vm);

	if (!broken)
		broken = isolation_broken(neighbour_vm);
	if (broken)
		give_up(broken);
}

static void look(struct timer *timer)
{
	timer_set(timer, time_now() + time_from_us(TICK_US));
	if (is_over)
		return;
	dead = n_done == last_done || n_rounds == last_rounds ? dead + 1 : 0;
	if (n_done != last_done && n_rounds != last_rounds) {
		last_done = n_done;
		last_rounds = n_rounds;
	}
	if (dead > TICKS_DEAD)
		give_up(n_done == last_done ? "the hostile guest stands still"
					    : "the neighbour stands still");
	if (neighbour_failed)
		give_up("the neighbour was disturbed");
	else if (neighbour_vm->state == VM_IS_STOPPED)
		give_up("the neighbour ended");
	if (n_ticks++ % TICKS_MAPS == 0)
		look_at_maps();
	type();
	look_at_turns();
	if (n_done >= wanted() && n_rounds >= LEAST_ROUNDS)
		is_over = true;
	if (!is_over)
		look_at_hostile();
}

static void run_until(bool (*is_at_end)(void))
{
	for (irq_poll(); !is_at_end(); irq_poll())
		vms_turn();
}

static bool test_is_over(void)
{
	return is_over;
}

static bool all_stopped(void)
{
	return !vms_are_alive();
}

static bool tell(void)
{
	static const char *const checks[N_CHECKS] = {
		"memory that it never had",
		"memory",
		"memory by its other address",
		"x registers",
		"f registers",
		"v registers",
		"CSRs",
		"time ran back",
		"time stood still",
		"time ran fast",
		"the timer came early",
		"the timer came late",
		"a trap",
	};
	uint64_t skew = time_to_us(most_skew);

	vm_show_stats(hostile_vm, report);
	vm_show_stats(neighbour_vm, report);
	bool is_covered = coverage_report(wanted() >= FULL_COVERAGE ? LEAST : 0);

	report("maps: %" PRIu64 " leaves looked at, nothing of the host's or of another's",
	       isolation_n_leaves);
	if (neighbour_failed)
		report("neighbour: %s: found %" PRIx64 ", due %" PRIx64,
		       neighbour_says[0] < N_CHECKS ? checks[neighbour_says[0]] : "?",
		       neighbour_says[1], neighbour_says[2]);
	else
		report("neighbour: %" PRIu64 " rounds, work took %" PRIu64
		       " us at most, timers came %" PRIu64 " us late at most, clock off by %" PRIu64
		       " us at most",
		       n_rounds, time_to_us(neighbour_says[2]), time_to_us(neighbour_says[3]),
		       skew);
	if (!failure && skew > MAX_SKEW_US)
		failure = "the neighbour's clock went wrong";
	if (!failure && !is_covered)
		failure = "not all was reached often enough";
	report("hostile: %" PRIu64 " operations, seed %u: %s", n_done, option_seed,
	       failure ? failure : "nobody was disturbed");
	return report_close() && !failure;
}

int main(void)
{
	const char *no_report = report_open();

	if (no_report) {
		printf("no report: %s\n", no_report);
		return 1;
	}
	report("hostile: %" PRIu64 " operations are wanted, seed %u", wanted(), option_seed);
	hostile_vm = make("hostile", &hostile_file, VM_RESTART, VM_RESTART);
	neighbour_vm = make("neighbour", &neighbour_file, VM_RESTART, VM_STOP);
	if (!hostile_vm || !neighbour_vm || vm_start(neighbour_vm) || vm_start(hostile_vm))
		return 1;
	vconsole_attach(vm_console(neighbour_vm));
	tick.call = look;
	timer_set(&tick, time_now() + time_from_us(TICK_US));
	run_until(test_is_over);
	vm_stop(hostile_vm);
	vm_stop(neighbour_vm);
	run_until(all_stopped);
	timer_cancel(&tick);
	console_flush(5000);
	return !tell();
}

COMPONENT(hostile_host, PHASE_NONE, NULL, NULL, "a hostile guest and its neighbour");
