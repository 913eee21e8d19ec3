/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/machine/harts.h"

#include <stdatomic.h>

#include "lib/component.h"
#include "platform/hart.h"
#include "platform/irq.h"
#include "platform/lock.h"
#include "platform/timer.h"
#include "platform/work.h"
#include "tests/kit/kit.h"

struct errand {
	struct work work;
	void (*run)(void *context);
	void *context;
	unsigned n_together; /* begins when so many have come */
};

static struct errand errands[MAX_HARTS];
static _Atomic unsigned n_come, n_done;
static unsigned n_sent;

const char *needs_another_hart(void)
{
	return n_harts() > 1 ? NULL : "there is one hart only";
}

bool poll_until(_Atomic unsigned *flag, unsigned value)
{
	uint64_t deadline = time_now() + time_from_us(PATIENCE_US);

	while (atomic_load_explicit(flag, memory_order_acquire) != value) {
		if (time_is_past(deadline))
			return false;
		irq_poll();
		cpu_relax();
	}
	return true;
}

void poll_for(uint64_t us)
{
	uint64_t deadline = time_now() + time_from_us(us);

	while (!time_is_past(deadline))
		irq_poll();
}

static void go(struct work *work)
{
	struct errand *e = CONTAINER_OF(work, struct errand, work);

	atomic_fetch_add_explicit(&n_come, 1, memory_order_acq_rel);
	while (atomic_load_explicit(&n_come, memory_order_acquire) < e->n_together)
		cpu_relax();
	e->run(e->context);
	atomic_fetch_add_explicit(&n_done, 1, memory_order_acq_rel);
}

static void send(unsigned hart, void (*run)(void *context), void *context, unsigned n_together)
{
	errands[hart] = (struct errand){ { .call = go }, run, context, n_together };
	work_queue(&errands[hart].work, hart);
}

/* Errands of a test that lost patience may still be under way. */
static void begin(unsigned n)
{
	REQUIRE(poll_until(&n_done, n_sent));
	n_come = n_done = 0;
	n_sent = n;
}

void run_on(unsigned hart, void (*run)(void *context), void *context)
{
	begin(1);
	send(hart, run, context, 1);
	REQUIRE(poll_until(&n_done, 1));
}

void run_on_every_hart(void (*run)(void *context), void *context)
{
	begin(n_harts());
	for_each_hart (i)
		send(i, run, context, n_harts());
	REQUIRE(poll_until(&n_done, n_harts()));
}

COMPONENT(machine_tests, PHASE_NONE, NULL, NULL, "tests of the runtime on the bare machine");
