/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An image that crashes as the boot argument `crash=WAY` tells it, on hart `crash-hart=N`. Each way
 * is a function of its own, called through crash_as_told, whose names the report must show. Their
 * steps are hidden from the compiler, which would else see that they are wrong and change them.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/mmio.h"
#include "lib/component.h"
#include "platform/boot.h"
#include "platform/console.h"
#include "platform/hart.h"
#include "platform/irq.h"
#include "platform/mmu.h"
#include "platform/option.h"
#include "platform/panic.h"
#include "platform/timer.h"
#include "platform/trace.h"
#include "platform/work.h"

#define NOINLINE  __attribute__((noinline))
#define HIDE(var) __asm__ volatile("" : "+r"(var)::"memory")

enum {
	TEST_PASS = 0x5555,
	N_POLLS = 1000,
	SETTLE_US = 5000,
	LIMIT_US = 20000000,
	NO_EVENT = 1 << 28
};

extern char image_start[], image_rodata[];

NOINLINE static void load_from_null(void)
{
	volatile uint32_t *at = NULL;

	HIDE(at);
	(void)at[2];
}

NOINLINE static void store_to_null(void)
{
	volatile uint32_t *at = NULL;

	HIDE(at);
	at[1] = 1;
}

NOINLINE static void store_to_text(void)
{
	volatile char *at = image_start;

	HIDE(at);
	*at = 0;
}

NOINLINE static void store_to_constant(void)
{
	volatile char *at = image_rodata;

	HIDE(at);
	*at = 0;
}

NOINLINE static void jump_to_data(void)
{
	static uint32_t data = 0x00008067; /* ret */
	void (*function)(void) = (void (*)(void)) & data;

	HIDE(function);
	function();
	HIDE(function);
}

NOINLINE static void jump_to_null(void)
{
	void (*function)(void) = NULL;

	HIDE(function);
	function();
	HIDE(function);
}

NOINLINE static void run_nonsense(void)
{
	__asm__ volatile(".word 0");
}

NOINLINE static unsigned overflow_stack(unsigned depth)
{
	volatile char use[256];

	if (!~depth)
		return 0;
	use[0] = (char)depth;
	HIDE(depth);
	return overflow_stack(depth + 1) + (unsigned)use[0];
}

NOINLINE static void overflow_stack_at_all(void)
{
	(void)overflow_stack(0);
}

NOINLINE static void fail_check(void)
{
	unsigned two = 2;

	HIDE(two);
	CHECK(two == 1);
}

NOINLINE static void call_abort(void)
{
	abort();
}

NOINLINE static void overflow_buffer(void)
{
	char buffer[16];
	char *at = buffer;
	size_t n = 24;

	HIDE(at);
	HIDE(n);
	memset(at, 0x55, n); /* the guard, but nothing of the caller's */
	HIDE(at);
}

/* The report shows the last events by their names: one without a name makes it fault. */
NOINLINE static void crash_in_the_report(void)
{
	trace_write((enum trace_event)NO_EVENT, 0, 0);
	load_from_null();
}

static _Atomic unsigned n_met;

/* Harts that meet here crash as closely together as they can. */
NOINLINE static void crash_together(void)
{
	uint64_t limit = time_now() + time_from_us(LIMIT_US);

	atomic_fetch_add(&n_met, 1);
	while (atomic_load(&n_met) < n_harts() && !time_is_past(limit))
		;
	load_from_null();
}

NOINLINE static void end_with_failure(void)
{
	exit(3);
}

NOINLINE static void end_with_success(void)
{
	exit(0);
}

#define WAYS(X)                                                                                    \
	X(load_from_null)                                                                          \
	X(store_to_null)                                                                           \
	X(store_to_text)                                                                           \
	X(store_to_constant)                                                                       \
	X(jump_to_data)                                                                            \
	X(jump_to_null)                                                                            \
	X(run_nonsense)                                                                            \
	X(overflow_stack_at_all)                                                                   \
	X(fail_check)                                                                              \
	X(call_abort)                                                                              \
	X(overflow_buffer)                                                                         \
	X(crash_in_the_report)                                                                     \
	X(crash_together)                                                                          \
	X(end_with_failure)                                                                        \
	X(end_with_success)

static void (*const ways[])(void) = {
#define X(way) way,
	WAYS(X)
#undef X
};

static unsigned way = ARRAY_LEN(ways), on_hart;
#define X(way) #way " "
OPTION_CHOICE(crash, crash, way, WAYS(X), "how to crash");
#undef X
OPTION_NUMBER(crash-hart, crash_hart, on_hart, 0, 64, "the hart that does; 64: all of them");

NOINLINE static void crash_as_told(void)
{
	ways[way]();
	HIDE(way);
}

static _Atomic bool is_near; /* the crash */

static void crash_by_work(struct work *work)
{
	(void)work;
	is_near = true;
	crash_as_told();
}

/* What this hart does while another writes its report; each would end the machine as a success. */
static unsigned meanwhile;
OPTION_CHOICE(crash-meanwhile, crash_meanwhile, meanwhile, "poll work end",
	      "what the boot hart does when another crashes");
enum { POLL, WORK, END };

/* Returns when another hart has told all others to stop: from then on it owns the console. */
static void await_report(void)
{
	uint64_t limit = time_now() + time_from_us(LIMIT_US), n_dropped = console_n_dropped();

	while (!is_near && !time_is_past(limit))
		;
	while (console_n_dropped() == n_dropped && !time_is_past(limit))
		console_write(" ", 1);
}

/* A hart that works comes to a poll point now and then. */
static void work_on(volatile void *test_device)
{
	await_report();
	for (unsigned i = 0; i < N_POLLS; i++)
		irq_poll();
	mmio_write32(test_device, TEST_PASS);
}

/* A kick that is left over from boot would stop this hart although nobody kicked it. */
static void settle(void)
{
	uint64_t then = time_now() + time_from_us(SETTLE_US);

	while (!time_is_past(then))
		irq_poll();
}

static void end_or_work_on(volatile void *test_device)
{
	if (meanwhile == WORK)
		work_on(test_device);
	if (meanwhile == END) {
		await_report();
		exit(0);
	}
}

int main(void)
{
	static struct work works[MAX_HARTS];
	uint64_t limit = time_now() + time_from_us(LIMIT_US);
	volatile void *test_device = mmu_map_device(machine.test_device.at, PAGE_SIZE);

	if (way >= ARRAY_LEN(ways))
		return 0; /* nobody told: what the test expects does not come */
	settle();
	for_each_hart (i) {
		if (i == 0 || (on_hart != i && on_hart != MAX_HARTS))
			continue;
		works[i].call = crash_by_work;
		work_queue(&works[i], i);
	}
	if (on_hart == 0 || on_hart == MAX_HARTS)
		crash_as_told();
	end_or_work_on(test_device);
	while (!time_is_past(limit))
		irq_poll();
	return 0;
}

COMPONENT(crash_ways, PHASE_SERVICE, NULL, NULL, "every way to crash");
