/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/time_host.h"

#include "platform/timer.h"
#include "tests/kit/kit.h"

static struct timer *set;

uint64_t host_time;

uint64_t csr_model_read(unsigned csr)
{
	REQUIRE_EQ(csr, CSR_TIME);
	return host_time;
}

uint64_t time_from_us(uint64_t us)
{
	return us;
}

void timer_set(struct timer *timer, uint64_t when)
{
	REQUIRE(!set || set == timer);
	set = timer;
	timer->when = when;
	timer->is_set = true;
}

void timer_cancel(struct timer *timer)
{
	if (set == timer)
		set = NULL;
	timer->is_set = false;
}

bool host_let_time_pass(void)
{
	struct timer *timer = set;

	if (!timer)
		return false;
	timer_cancel(timer);
	timer->call(timer);
	return true;
}
