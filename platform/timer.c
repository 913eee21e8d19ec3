/* SPDX-License-Identifier: BSD-2-Clause */
#include "platform/timer.h"
#include "lib/component.h"
#include "platform/boot.h"
#include "platform/hart.h"
#include "platform/probe.h"
#include "sbi/host/time.h"

static PER_HART struct list timers; /* by rising `when`; this hart's alone, so without a lock */

uint64_t time_from_us(uint64_t us)
{
	return us / 1000000 * machine.timebase_hz + us % 1000000 * machine.timebase_hz / 1000000;
}

uint64_t time_to_us(uint64_t ticks)
{
	uint64_t hz = machine.timebase_hz;

	return ticks / hz * 1000000 + ticks % hz * 1000000 / hz;
}

/* An interrupt when the counter reaches `when`; ~0: never. Also clears one that is pending. */
static void arm(uint64_t when)
{
	if (this_hart_features()->sstc)
		csr_write(CSR_STIMECMP, when);
	else
		sbi_set_timer(when);
}

static void arm_next(void)
{
	arm(list_is_empty(&timers) ? ~0ull : CONTAINER_OF(timers.next, struct timer, node)->when);
}

void timer_cancel(struct timer *timer)
{
	if (!timer->is_set)
		return;
	timer->is_set = false;
	list_remove(&timer->node);
}

void timer_set(struct timer *timer, uint64_t when)
{
	struct list *place = &timers;

	timer_cancel(timer);
	list_for_each (node, &timers) {
		if (CONTAINER_OF(node, struct timer, node)->when > when) {
			place = node;
			break;
		}
	}
	timer->when = when;
	timer->is_set = true;
	list_add_before(place, &timer->node);
	if (timers.next == &timer->node)
		arm(when);
}

void timer_run(void)
{
	while (!list_is_empty(&timers)) {
		struct timer *timer = CONTAINER_OF(timers.next, struct timer, node);

		if (!time_is_past(timer->when))
			break;
		timer_cancel(timer);
		timer->call(timer);
	}
	arm_next();
}

static void timer_init_hart(void)
{
	list_init(&timers);
	arm(~0ull);
	csr_set(CSR_SIE, SIE_STIE);
}

COMPONENT(timer, PHASE_TIME, NULL, timer_init_hart, "timers, by Sstc or by the firmware");
