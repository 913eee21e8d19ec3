/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest with two harts to which time is dear: the first looks at it as fast as it can until
 * somebody types, the other one sleeps and is woken by its timer, over and over, and a few times
 * more. Then it tells for how long it could not look, and by how much the timer was late.
 */
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>

#include "platform/boot.h"
#include "platform/console.h"
#include "platform/hart.h"
#include "platform/timer.h"
#include "platform/work.h"

enum { LOOKS = 1000, PERIOD_US = 3000, MORE = 5 };

static struct timer timer;
static _Atomic uint64_t latest, n_woken;

static void on_time(struct timer *of)
{
	uint64_t late = time_now() - of->when;

	if (late > atomic_load_explicit(&latest, memory_order_relaxed))
		atomic_store_explicit(&latest, late, memory_order_relaxed);
	atomic_fetch_add(&n_woken, 1);
	timer_set(of, time_now() + time_from_us(PERIOD_US));
}

static void begin_elsewhere(struct work *work)
{
	(void)work;
	timer.call = on_time;
	timer_set(&timer, time_now() + time_from_us(PERIOD_US));
}

int main(void)
{
	static struct work work = { .call = begin_elsewhere };
	uint64_t last = time_now(), longest = 0, end = UINT64_MAX;
	char key;

	work_queue(&work, n_harts() - 1);
	printf("it looks, on %u harts\n", n_harts());
	last = time_now();
	while (atomic_load(&n_woken) < end) {
		if (end == UINT64_MAX && console_read(&key, 1))
			end = atomic_load(&n_woken) + MORE;
		for (unsigned i = 0; i < LOOKS; i++) {
			uint64_t now = time_now();

			if (now - last > longest)
				longest = now - last;
			last = now;
		}
	}
	printf("the longest time between two looks: %" PRIu64 " us, the timer %" PRIu64
	       " us late\n",
	       time_to_us(longest), time_to_us(atomic_load(&latest)));
	return 0;
}
