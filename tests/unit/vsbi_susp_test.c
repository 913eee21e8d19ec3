/* SPDX-License-Identifier: BSD-2-Clause */
/* SUSP: the guest's system sleeps. */
#include "tests/kit/kit.h"
#include "tests/unit/vsbi_host.h"

static void begin_alone(void)
{
	begin();
	for (unsigned i = 0; i < N; i++)
		if (i != CALLER)
			vcpus[i].hsm = HSM_STOPPED;
}

static long suspend(uint64_t type, uint64_t at)
{
	return error(SBI_EXT_SUSP, 0, WITH(type, at, 0x77));
}

static void expect_awake(void)
{
	EXPECT_EQ(me->hsm, HSM_STARTED);
	EXPECT_EQ(me->requests, 0);
	EXPECT(!me->is_asleep);
	EXPECT_EQ(seen.go_on_at, 0);
}

TEST(susp, system_sleeps_and_begins_where_it_is_told)
{
	begin_alone();
	struct sbi_ret ret = call(SBI_EXT_SUSP, 0, WITH(BIT(32), RAM_AT + 0x40, 0x77));

	EXPECT_EQ(me->verdict, VERDICT_WAIT);
	EXPECT_EQ(me->hsm, HSM_SUSPEND_PENDING);
	EXPECT_EQ(seen.go_on_at, RAM_AT + 0x40);
	EXPECT_EQ(ret.error, me->hart_id);
	EXPECT_EQ(ret.value, 0x77);
}

TEST(susp, system_with_another_hart_that_is_not_stopped_does_not_sleep)
{
	for (unsigned other = 0; other < N; other++) {
		if (other == CALLER)
			continue;
		for (unsigned state = HSM_STARTED; state <= HSM_RESUME_PENDING; state++) {
			begin_alone();
			vcpus[other].hsm = state;
			if (state == HSM_STOPPED)
				continue;
			EXPECT_EQ(suspend(0, RAM_AT), SBI_ERR_DENIED);
			expect_awake();
		}
	}
}

TEST(susp, type_and_address_are_checked)
{
	static const uint64_t types[] = { 1, 0x7fffffff, 0x80000000, 0xffffffff };
	static const uint64_t wrong[] = { 0,          RAM_AT - 2, RAM_AT + RAM_SIZE,
					  RAM_AT + 1, DATA_AT,    ~1ull };

	begin_alone();
	for (unsigned i = 0; i < ARRAY_LEN(types); i++)
		EXPECT_EQ(suspend(types[i], RAM_AT), SBI_ERR_INVALID_PARAM);
	for (unsigned i = 0; i < ARRAY_LEN(wrong); i++)
		EXPECT_EQ(suspend(0, wrong[i]), SBI_ERR_INVALID_ADDRESS);
	EXPECT_EQ(error(SBI_EXT_SUSP, 1, WITH(0, RAM_AT, 0)), SBI_ERR_NOT_SUPPORTED);
	expect_awake();
}

TEST(susp, somebody_outside_wakes_it_once)
{
	begin_alone();
	EXPECT(!vsbi_wake(me));
	EXPECT_EQ(me->lines, 0);
	me->lines = LINE_EXT | LINE_WAKE; /* from before */
	suspend(0, RAM_AT);
	EXPECT_EQ(me->lines, LINE_EXT);
	EXPECT(vsbi_wake(me));
	EXPECT_EQ(me->lines, LINE_EXT | LINE_WAKE);
	EXPECT_EQ(seen.n_looks, 1);
	EXPECT(!vsbi_wake(me));
}
