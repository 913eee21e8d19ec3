/* SPDX-License-Identifier: BSD-2-Clause */
/* The guest without counters (timeless.c) is started, and what it found is looked at. */
#include "platform/timer.h"
#include "tests/guest/world.h"
#include "tests/kit/kit.h"

enum { PATIENCE_US = 5000000, N_TRIED = 2 * 32 * 5 /* modes, counters, forms */ };

static uint64_t told(enum told what)
{
	return test_fact(FACT_TOLD + what);
}

TEST(timeless, every_counter_is_illegal_and_the_timer_by_calls_works)
{
	uint64_t end = time_now() + time_from_us(PATIENCE_US);

	for (enum told i = TOLD_TRIED; i <= TOLD_WORKS; i++)
		(void)test_call(TEST_TELL, i, 0);
	(void)test_call(TEST_TIMELESS, gpa_of(timeless_entry), 0);
	while (!told(TOLD_WORKS) && !time_is_past(end))
		;
	EXPECT_EQ(told(TOLD_TRIED), N_TRIED);
	EXPECT_EQ(told(TOLD_ODD), 0);
	EXPECT_EQ(told(TOLD_ODD_CAUSE), 0);
	EXPECT_EQ(told(TOLD_WORKS), WORKS_ALL);
	while (test_fact(FACT_TIMELESS_RUNS) && !time_is_past(end))
		;
	EXPECT(!test_fact(FACT_TIMELESS_RUNS));
}
