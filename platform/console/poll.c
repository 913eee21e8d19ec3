/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A console without interrupts is looked after by a timer of the boot hart: input is found, and
 * what writers left in the ring goes on, even while that hart sleeps or runs a guest. While bytes
 * come or wait it looks more often. A component of its own, since the console comes up before time
 * does.
 */
#include "lib/component.h"
#include "platform/console/driver.h"
#include "platform/timer.h"

enum {
	PERIOD_US = 10000, /* a typist does not feel it, a FIFO of 16 holds it at 9600 baud */
	BUSY_US = 1000,    /* and this at 115200 */
};

static void poll_in(struct timer *timer, unsigned us)
{
	timer_set(timer, time_now() + time_from_us(us));
}

static void poll(struct timer *timer)
{
	bool is_quiet = console_drain() && !console_had_input();

	poll_in(timer, is_quiet ? PERIOD_US : BUSY_US);
}

static int console_poll_init(void)
{
	static struct timer timer;

	timer.call = poll;
	if (!console_has_interrupts())
		poll_in(&timer, BUSY_US);
	return 0;
}

COMPONENT(console_poll, PHASE_SERVICE, console_poll_init, NULL, "a console without interrupts");
