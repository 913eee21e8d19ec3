/* SPDX-License-Identifier: BSD-2-Clause */
/* Deferred work between harts, kicks, and sleep. */
#include <stdatomic.h>

#include "platform/catch.h"
#include "platform/hart.h"
#include "platform/irq.h"
#include "platform/lock.h"
#include "platform/timer.h"
#include "platform/work.h"
#include "tests/kit/kit.h"
#include "tests/machine/harts.h"

enum { MANY = 64, SLEEP_US = 20000 };

/* An item that writes down that it ran, where, and in which place. */
struct item {
	struct work work;
	unsigned n_runs, hart, place;
};

static _Atomic unsigned n_run;
static _Atomic unsigned gate; /* 0: shut */

static void note(struct work *work)
{
	struct item *item = CONTAINER_OF(work, struct item, work);

	item->n_runs++;
	item->hart = hart_index;
	item->place = atomic_fetch_add(&n_run, 1);
}

static void wait_at_gate(struct work *work)
{
	(void)work;
	while (!gate)
		cpu_relax();
	n_run++;
}

static struct work gatekeeper = { .call = wait_at_gate };

static void shut_gate_on(unsigned hart)
{
	n_run = gate = 0;
	work_queue(&gatekeeper, hart);
}

TEST(work, item_for_this_hart_runs_at_its_next_poll_point)
{
	struct item item = { .work.call = note };

	n_run = 0;
	work_queue(&item.work, hart_index);
	EXPECT_EQ(item.n_runs, 0);
	EXPECT(work_is_pending());
	irq_poll();
	EXPECT_EQ(item.n_runs, 1);
	EXPECT_EQ(item.hart, hart_index);
	EXPECT(!work_is_pending());
	irq_poll();
	EXPECT_EQ(item.n_runs, 1);
}

TEST_IF(work, item_runs_once_on_the_hart_it_was_queued_for, needs_another_hart)
{
	static struct item items[MAX_HARTS];

	n_run = 0;
	for_each_hart (i) {
		items[i] = (struct item){ .work.call = note };
		work_queue(&items[i].work, i);
	}
	REQUIRE(poll_until(&n_run, n_harts()));
	poll_for(1000);
	for_each_hart (i) {
		EXPECT_EQ(items[i].n_runs, 1);
		EXPECT_EQ(items[i].hart, i);
	}
}

TEST_IF(work, item_that_is_queued_already_runs_once, needs_another_hart)
{
	static struct item item = { .work.call = note };

	shut_gate_on(1);
	for (unsigned i = 0; i < 3; i++)
		work_queue(&item.work, 1);
	work_queue(&item.work, 0);
	gate = 1;
	REQUIRE(poll_until(&n_run, 2));
	poll_for(1000);
	EXPECT_EQ(item.n_runs, 1);
	EXPECT_EQ(item.hart, 1);
	work_queue(&item.work, 0);
	irq_poll();
	EXPECT_EQ(item.n_runs, 2);
	EXPECT_EQ(item.hart, 0);
}

TEST_IF(work, items_of_one_hart_keep_their_order, needs_another_hart)
{
	static struct item items[MANY];

	shut_gate_on(1);
	for (unsigned i = 0; i < MANY; i++) {
		items[i] = (struct item){ .work.call = note };
		work_queue(&items[i].work, 1);
	}
	gate = 1;
	REQUIRE(poll_until(&n_run, MANY + 1));
	for (unsigned i = 0; i < MANY; i++)
		EXPECT_EQ(items[i].place, i + 1);
}

/* Each hart queues for each other one, all at once; order is kept between any two. */
static struct {
	struct work work;
	unsigned from, number;
} crossing[MAX_HARTS][MAX_HARTS][8];
static PER_HART unsigned next_from[MAX_HARTS];

static void take_in_order(struct work *work)
{
	unsigned from =
		(unsigned)(((char *)work - (char *)crossing) / (ptrdiff_t)sizeof(crossing[0]));
	unsigned number = (unsigned)(((char *)work - (char *)crossing) /
				     (ptrdiff_t)sizeof(crossing[0][0][0]) % 8);

	EXPECT_EQ(next_from[from], number);
	next_from[from] = number + 1;
	n_run++;
}

static void queue_for_all(void *context)
{
	(void)context;
	for_each_hart (to) {
		for (unsigned k = 0; k < 8; k++) {
			crossing[hart_index][to][k].work = (struct work){ .call = take_in_order };
			work_queue(&crossing[hart_index][to][k].work, to);
		}
	}
}

static void forget_order(void *context)
{
	(void)context;
	for_each_hart (i)
		next_from[i] = 0;
}

TEST_IF(work, every_hart_queues_for_every_hart_at_once, needs_another_hart)
{
	for (unsigned round = 0; round < 8; round++) {
		run_on_every_hart(forget_order, NULL);
		n_run = 0;
		run_on_every_hart(queue_for_all, NULL);
		REQUIRE(poll_until(&n_run, n_harts() * n_harts() * 8));
	}
}

/* From the moment its call begins an item can be queued again, also by its own call. */
static void queue_itself(struct work *work)
{
	if (++n_run < MANY)
		work_queue(work, n_run % n_harts());
}

TEST(work, item_can_queue_itself_from_hart_to_hart)
{
	static struct work item = { .call = queue_itself };

	n_run = 0;
	work_queue(&item, 0);
	EXPECT(poll_until(&n_run, MANY));
}

TEST_IF(work, sleeping_hart_is_woken_by_work, needs_another_hart)
{
	static struct item item;

	for (unsigned i = 1; i < n_harts(); i++) {
		item = (struct item){ .work.call = note };
		n_run = 0;
		poll_for(SLEEP_US / 4);
		work_queue(&item.work, i);
		EXPECT(poll_until(&n_run, 1));
	}
}

static void do_nothing(struct timer *timer)
{
	(void)timer;
}

static void kick_later(struct work *work)
{
	uint64_t then = time_now() + time_from_us(SLEEP_US);

	(void)work;
	while (!time_is_past(then))
		cpu_relax();
	gate = 1;
	hart_kick(0);
}

TEST_IF(work, kick_ends_sleep, needs_another_hart)
{
	static struct work later = { .call = kick_later };
	struct timer limit = { .call = do_nothing };

	gate = 0;
	timer_set(&limit, time_now() + time_from_us(PATIENCE_US));
	work_queue(&later, 1);
	while (!gate && limit.is_set) {
		irq_wait();
		irq_poll();
	}
	EXPECT(limit.is_set);
	timer_cancel(&limit);
	irq_poll();
}

/* A kick that comes before the sleep is not lost. */
TEST(work, kick_before_sleep_prevents_it)
{
	struct timer limit = { .call = do_nothing };

	timer_set(&limit, time_now() + time_from_us(PATIENCE_US));
	for (unsigned i = 0; i < MANY; i++) {
		hart_kick(0);
		irq_wait();
		irq_poll();
	}
	EXPECT(limit.is_set);
	timer_cancel(&limit);
	irq_poll();
}

static bool is_kicked(void)
{
	return csr_read(CSR_SIP) & SIE_SSIE;
}

TEST(work, kick_is_pending_until_a_poll_point_and_no_longer)
{
	uint64_t limit = time_now() + time_from_us(PATIENCE_US);

	for (unsigned i = 0; i < MANY; i++) {
		irq_poll();
		EXPECT(!is_kicked());
		hart_kick(0);
		while (!is_kicked() && !time_is_past(limit))
			cpu_relax();
		EXPECT(is_kicked());
	}
	irq_poll();
	EXPECT(!is_kicked());
}

/* The count of instructions over a known run of them; 0 where it cannot be read. */
static uint64_t count_known(void)
{
	uint64_t before, after;

	if (csr_try_read(CSR_INSTRET, &before) != CAUGHT_NOTHING)
		return 0;
	__asm__ volatile("csrr %0, instret\n"
			 ".rept 100\n"
			 "nop\n"
			 ".endr\n"
			 "csrr %1, instret\n"
			 : "=r"(before), "=r"(after)::"memory");
	return after - before;
}

static const char *needs_true_instret(void)
{
	if (!count_known())
		return "instret cannot be read";
	for (unsigned i = 0; i < 8; i++)
		if (count_known() != 101)
			return "instret does not count instructions (QEMU does so with -icount)";
	return NULL;
}

static _Atomic unsigned is_over;

static void end_sleep(struct timer *timer)
{
	(void)timer;
	is_over = 1;
}

/* With -icount all harts share one count, so this sees every hart that does not sleep. */
TEST_IF(work, machine_with_nothing_to_do_sleeps, needs_true_instret)
{
	struct timer timer = { .call = end_sleep };

	poll_for(SLEEP_US);
	is_over = 0;
	uint64_t before = csr_read(CSR_INSTRET);

	timer_set(&timer, time_now() + time_from_us(SLEEP_US));
	while (!is_over) {
		irq_wait();
		irq_poll();
	}
	uint64_t n = csr_read(CSR_INSTRET) - before;

	kit_note("%llu instructions in %u us", (unsigned long long)n, SLEEP_US);
	EXPECT(n < 20000);
}
