/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Time: the machine's counter, and timers that call a function from a poll point of the hart that
 * set them. Driven by stimecmp where Sstc is, else by the firmware.
 */
#ifndef PLATFORM_TIMER_H
#define PLATFORM_TIMER_H

#include "arch/csr.h"
#include "lib/list.h"

/* Ticks since the machine began; `machine.timebase_hz` of them a second. */
static inline uint64_t time_now(void)
{
	return csr_read(CSR_TIME);
}

uint64_t time_from_us(uint64_t us);
uint64_t time_to_us(uint64_t ticks);

/* Is the moment `deadline` past? */
static inline bool time_is_past(uint64_t deadline)
{
	return time_now() >= deadline;
}

struct timer {
	struct list node;
	uint64_t when;
	void (*call)(struct timer *timer);
	bool is_set;
};

/* Call at `when` (ticks), on this hart; a timer that is set already is moved. One that is set
 * belongs to this hart. */
void timer_set(struct timer *timer, uint64_t when);
void timer_cancel(struct timer *timer);

/* Called from poll points: run what is due, arm the hardware for what is next. */
void timer_run(void);

#endif
