/* SPDX-License-Identifier: BSD-2-Clause */
/* Timers, by whatever this machine's harts have for them: stimecmp or the firmware. */
#include "platform/timer.h"

#include <stdatomic.h>

#include "platform/boot.h"
#include "platform/hart.h"
#include "platform/irq.h"
#include "platform/lock.h"
#include "tests/kit/kit.h"
#include "tests/machine/harts.h"

enum { N = 6, STEP_US = 2000, SHORT_US = 200 };

/* A timer that writes down when it was called. */
struct alarm {
	struct timer timer;
	uint64_t called_at;
	unsigned n_calls, place;
};

static PER_HART _Atomic unsigned n_called;

static void ring(struct timer *timer)
{
	struct alarm *a = CONTAINER_OF(timer, struct alarm, timer);

	a->called_at = time_now();
	a->n_calls++;
	a->place = n_called++;
}

static uint64_t in(uint64_t us)
{
	return time_now() + time_from_us(us);
}

/* Sleep, as an idle hart does, until so many timers were called. */
static bool sleep_until_called(unsigned n)
{
	uint64_t deadline = in(PATIENCE_US);

	while (n_called < n && !time_is_past(deadline)) {
		irq_wait();
		irq_poll();
	}
	return n_called == n;
}

static void expect_on_time(const struct alarm *a)
{
	EXPECT_EQ(a->n_calls, 1);
	EXPECT((int64_t)(a->called_at - a->timer.when) >= 0);
	EXPECT(!a->timer.is_set);
}

static void call_in_order(void *context)
{
	static const uint8_t order[N] = { 3, 0, 5, 1, 4, 2 };
	struct alarm alarms[N] = { 0 };
	uint64_t start = in(STEP_US);

	(void)context;
	n_called = 0;
	for (unsigned i = 0; i < N; i++) {
		alarms[order[i]].timer.call = ring;
		timer_set(&alarms[order[i]].timer, start + order[i] * time_from_us(SHORT_US));
	}
	EXPECT(sleep_until_called(N));
	for (unsigned i = 0; i < N; i++) {
		expect_on_time(&alarms[i]);
		EXPECT_EQ(alarms[i].place, i);
		timer_cancel(&alarms[i].timer);
	}
}

TEST(timer, timers_are_called_in_their_order_and_not_early)
{
	call_in_order(NULL);
}

TEST(timer, every_hart_has_timers_of_its_own)
{
	run_on_every_hart(call_in_order, NULL);
}

TEST(timer, equal_times_are_called_in_the_order_of_setting)
{
	struct alarm alarms[N] = { 0 };
	uint64_t when = in(STEP_US);

	n_called = 0;
	for (unsigned i = 0; i < N; i++) {
		alarms[i].timer.call = ring;
		timer_set(&alarms[i].timer, when);
	}
	REQUIRE(sleep_until_called(N));
	for (unsigned i = 0; i < N; i++)
		EXPECT_EQ(alarms[i].place, i);
}

TEST(timer, moment_that_is_past_is_called_at_the_next_poll)
{
	struct alarm now = { .timer.call = ring }, past = { .timer.call = ring };
	uint64_t moment = time_now();

	n_called = 0;
	timer_set(&now.timer, moment);
	timer_set(&past.timer, moment - 1);
	EXPECT_EQ(n_called, 0);
	REQUIRE(sleep_until_called(2));
	expect_on_time(&now);
	expect_on_time(&past);
	EXPECT_EQ(past.place, 0);
}

TEST(timer, cancelled_one_is_never_called)
{
	struct alarm first = { .timer.call = ring }, second = { .timer.call = ring },
		     third = { .timer.call = ring };

	n_called = 0;
	timer_set(&first.timer, in(STEP_US));
	timer_set(&second.timer, in(2 * STEP_US));
	timer_set(&third.timer, in(3 * STEP_US));
	timer_cancel(&first.timer);
	timer_cancel(&second.timer);
	timer_cancel(&second.timer);
	EXPECT(!first.timer.is_set && !second.timer.is_set);
	REQUIRE(sleep_until_called(1));
	EXPECT_EQ(first.n_calls, 0);
	EXPECT_EQ(second.n_calls, 0);
	expect_on_time(&third);
}

TEST(timer, one_that_is_moved_is_called_once_at_its_new_time)
{
	struct alarm later = { .timer.call = ring }, sooner = { .timer.call = ring };

	/* Both moments from one look at the clock: this hart may stand still between two. */
	uint64_t soon = in(STEP_US), late = soon + time_from_us(2 * STEP_US);

	n_called = 0;
	timer_set(&later.timer, soon);
	timer_set(&sooner.timer, in(PATIENCE_US));
	timer_set(&later.timer, late);
	timer_set(&sooner.timer, soon);
	REQUIRE(sleep_until_called(2));
	expect_on_time(&later);
	expect_on_time(&sooner);
	EXPECT_EQ(sooner.place, 0);
	EXPECT_EQ(later.place, 1);
	poll_for(STEP_US);
	EXPECT_EQ(n_called, 2);
}

/* The moment that the hardware is armed for moves nearer, and back again. */
TEST(timer, one_that_is_set_before_the_next_one_is_called_at_its_own_time)
{
	struct alarm far = { .timer.call = ring }, near = { .timer.call = ring };

	n_called = 0;
	timer_set(&far.timer, in(PATIENCE_US));
	for (unsigned i = 1; i <= 3; i++) {
		timer_set(&near.timer, in(STEP_US));
		REQUIRE(sleep_until_called(i));
		EXPECT_EQ(near.n_calls, i);
		EXPECT((int64_t)(near.called_at - near.timer.when) >= 0);
		EXPECT((int64_t)(near.called_at - far.timer.when) < 0);
	}
	EXPECT(far.timer.is_set);
	timer_cancel(&far.timer);
}

static void ring_again(struct timer *timer)
{
	ring(timer);
	if (n_called < N)
		timer_set(timer, timer->when + time_from_us(STEP_US));
}

TEST(timer, one_can_set_itself_from_its_call)
{
	struct alarm a = { .timer.call = ring_again };
	uint64_t start = in(STEP_US);

	n_called = 0;
	timer_set(&a.timer, start);
	REQUIRE(sleep_until_called(N));
	EXPECT_EQ(a.timer.when, start + (N - 1) * time_from_us(STEP_US));
	EXPECT((int64_t)(a.called_at - a.timer.when) >= 0);
}

static struct alarm victim;

static void cancel_victim(struct timer *timer)
{
	ring(timer);
	timer_cancel(&victim.timer);
}

TEST(timer, one_can_cancel_another_that_is_due)
{
	struct alarm killer = { .timer.call = cancel_victim };
	uint64_t when = in(STEP_US);

	victim = (struct alarm){ .timer.call = ring };
	n_called = 0;
	timer_set(&killer.timer, when);
	timer_set(&victim.timer, when);
	REQUIRE(sleep_until_called(1));
	poll_for(STEP_US);
	EXPECT_EQ(victim.n_calls, 0);
}

TEST(timer, interrupt_goes_away_when_nothing_is_due)
{
	struct alarm a = { .timer.call = ring };

	n_called = 0;
	timer_set(&a.timer, in(STEP_US));
	while (!(csr_read(CSR_SIP) & SIE_STIE) &&
	       !time_is_past(a.timer.when + time_from_us(PATIENCE_US)))
		;
	EXPECT(csr_read(CSR_SIP) & SIE_STIE);
	irq_poll();
	EXPECT_EQ(a.n_calls, 1);
	EXPECT(!(csr_read(CSR_SIP) & SIE_STIE));
}

TEST(time, second_is_the_timebase)
{
	EXPECT_EQ(time_from_us(1000000), machine.timebase_hz);
	EXPECT_EQ(time_to_us(machine.timebase_hz), 1000000);
	EXPECT_EQ(time_from_us(0), 0);
	EXPECT_EQ(time_to_us(0), 0);
}

TEST(time, conversion_there_and_back_loses_less_than_a_tick)
{
	uint64_t tick_us = 1000000 / machine.timebase_hz + 1;

	for (uint64_t us = 1; us < UINT64_C(1) << 50; us = us * 3 + 1) {
		uint64_t back = time_to_us(time_from_us(us));

		EXPECT(back <= us && us - back <= tick_us);
	}
}

TEST(time, conversion_of_a_century_does_not_overflow)
{
	const uint64_t century = UINT64_C(3155760000) * 1000000;

	EXPECT_EQ(time_from_us(century), UINT64_C(3155760000) * machine.timebase_hz);
	EXPECT_EQ(time_to_us(UINT64_C(3155760000) * machine.timebase_hz), century);
}

static uint64_t last_time;
static _Atomic unsigned turn;

/* Harts take turns: none may see a time before one that another has seen. */
static void look_at_the_clock(void *context)
{
	(void)context;
	for (unsigned round = 0; round < 4; round++) {
		while (turn != round * n_harts() + hart_index)
			cpu_relax();
		uint64_t now = time_now();

		EXPECT((int64_t)(now - last_time) >= 0);
		last_time = now;
		turn++;
	}
}

TEST(time, is_the_same_on_every_hart_and_never_goes_back)
{
	last_time = time_now();
	turn = 0;
	run_on_every_hart(look_at_the_clock, NULL);
}
