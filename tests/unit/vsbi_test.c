/* SPDX-License-Identifier: BSD-2-Clause */
/* The SBI that guests see, each function with good and bad arguments: BASE, TIME, HSM, SRST, DBCN.
 */
#include <string.h>

#include "tests/kit/kit.h"
#include "tests/unit/vsbi_host.h"

/* --- the encoding, and BASE --- */

TEST(vsbi, unknown_extension_or_function_is_not_supported)
{
	begin();
	EXPECT_EQ(error(0x0a000000, 0, WITH(0)), SBI_ERR_NOT_SUPPORTED);
	EXPECT_EQ(error(0x08000001, 0, WITH(0)), SBI_ERR_NOT_SUPPORTED);
	EXPECT_EQ(error(0x9, 0, WITH(0)), SBI_ERR_NOT_SUPPORTED);
	EXPECT_EQ(error(SBI_EXT_BASE | BIT(32), 0, WITH(0)), SBI_ERR_NOT_SUPPORTED);
	EXPECT_EQ(error(SBI_EXT_BASE, 7, WITH(0)), SBI_ERR_NOT_SUPPORTED);
	EXPECT_EQ(error(SBI_EXT_TIME, 1, WITH(0)), SBI_ERR_NOT_SUPPORTED);
	EXPECT_EQ(error(SBI_EXT_BASE, ~0ull, WITH(0)), SBI_ERR_NOT_SUPPORTED);
}

TEST(base, says_who_it_is)
{
	begin();
	EXPECT_EQ(value(SBI_EXT_BASE, 0, WITH(0)), 3 << 24);
	EXPECT_EQ(value(SBI_EXT_BASE, 1, WITH(0)), 0x48415254);
	EXPECT_EQ(value(SBI_EXT_BASE, 2, WITH(0)), 0x100);
	for (unsigned i = 4; i <= 6; i++)
		EXPECT_EQ(value(SBI_EXT_BASE, i, WITH(0)), 0);
}

TEST(base, probe_finds_exactly_what_is_there)
{
	static const uint64_t there[] = { SBI_EXT_BASE, SBI_EXT_TIME, SBI_EXT_IPI,  SBI_EXT_RFNC,
					  SBI_EXT_HSM,  SBI_EXT_SRST, SBI_EXT_DBCN, SBI_EXT_PMU,
					  SBI_EXT_FWFT, SBI_EXT_SUSP, SBI_EXT_STA,  SBI_EXT_SSE };

	begin();
	for (unsigned i = 0; i < ARRAY_LEN(there); i++)
		EXPECT_EQ(value(SBI_EXT_BASE, 3, WITH(there[i])), 1);
	for (unsigned i = 0; i <= 8; i++)
		EXPECT_EQ(value(SBI_EXT_BASE, 3, WITH(i)), 1);
	for (unsigned i = 9; i < 0x10; i++)
		EXPECT_EQ(value(SBI_EXT_BASE, 3, WITH(i)), 0);
	EXPECT_EQ(value(SBI_EXT_BASE, 3, WITH(~0ull)), 0);
}

TEST(time, sets_the_timer_and_always_succeeds)
{
	begin();
	EXPECT_EQ(value(SBI_EXT_TIME, 0, WITH(0x1234567890)), 0);
	EXPECT_EQ(seen.timer, 0x1234567890);
	EXPECT_EQ(error(SBI_EXT_TIME, 0, WITH(~0ull)), SBI_SUCCESS);
	EXPECT_EQ(seen.timer, ~0ull);
}

/* --- HSM --- */

TEST(hsm, starts_a_stopped_hart_with_its_id_and_the_opaque_value)
{
	begin();
	EXPECT_EQ(error(SBI_EXT_HSM, 0, WITH(STOPPED, RAM_AT + 0x10, 0xabc)), SBI_SUCCESS);
	EXPECT(seen.started == &vcpus[STOPPED]);
	EXPECT_EQ(seen.reset.entry, RAM_AT + 0x10);
	EXPECT_EQ(seen.reset.a0, STOPPED);
	EXPECT_EQ(seen.reset.a1, 0xabc);
	EXPECT_EQ(value(SBI_EXT_HSM, 2, WITH(STOPPED)), HSM_START_PENDING);
}

TEST(hsm, hart_that_is_not_stopped_is_not_started)
{
	begin();
	EXPECT_EQ(error(SBI_EXT_HSM, 0, WITH(CALLER, RAM_AT, 0)), SBI_ERR_ALREADY_AVAILABLE);
	EXPECT_EQ(error(SBI_EXT_HSM, 0, WITH(ELSEWHERE, RAM_AT, 0)), SBI_ERR_ALREADY_AVAILABLE);
	vcpus[ELSEWHERE].hsm = HSM_SUSPENDED;
	EXPECT_EQ(error(SBI_EXT_HSM, 0, WITH(ELSEWHERE, RAM_AT, 0)), SBI_ERR_ALREADY_AVAILABLE);
	vcpus[ELSEWHERE].hsm = HSM_STOP_PENDING;
	EXPECT_EQ(error(SBI_EXT_HSM, 0, WITH(ELSEWHERE, RAM_AT, 0)), SBI_ERR_FAILED);
	EXPECT_EQ(error(SBI_EXT_HSM, 0, WITH(STOPPED, RAM_AT, 0)), SBI_SUCCESS);
	EXPECT_EQ(error(SBI_EXT_HSM, 0, WITH(STOPPED, RAM_AT, 0)), SBI_ERR_ALREADY_AVAILABLE);
	EXPECT_EQ(seen.n_starts, 1);
}

TEST(hsm, starts_no_hart_that_does_not_exist)
{
	begin();
	EXPECT_EQ(error(SBI_EXT_HSM, 0, WITH(N, RAM_AT, 0)), SBI_ERR_INVALID_PARAM);
	EXPECT_EQ(error(SBI_EXT_HSM, 0, WITH(~0ull, RAM_AT, 0)), SBI_ERR_INVALID_PARAM);
	EXPECT_EQ(error(SBI_EXT_HSM, 2, WITH(N)), SBI_ERR_INVALID_PARAM);
	EXPECT_EQ(error(SBI_EXT_HSM, 2, WITH(~0ull)), SBI_ERR_INVALID_PARAM);
}

TEST(hsm, begins_only_where_the_guest_may_execute)
{
	static const uint64_t wrong[] = { 0,          RAM_AT - 2, RAM_AT + RAM_SIZE,
					  RAM_AT + 1, DATA_AT,    ~1ull };

	begin();
	for (unsigned i = 0; i < ARRAY_LEN(wrong); i++) {
		EXPECT_EQ(error(SBI_EXT_HSM, 0, WITH(STOPPED, wrong[i], 0)),
			  SBI_ERR_INVALID_ADDRESS);
		EXPECT_EQ(error(SBI_EXT_HSM, 3, WITH(0x80000000, wrong[i], 0)),
			  SBI_ERR_INVALID_ADDRESS);
	}
	EXPECT_EQ(seen.n_starts + seen.n_resets, 0);
	EXPECT_EQ(vcpus[STOPPED].hsm, HSM_STOPPED);
	EXPECT_EQ(me->hsm, HSM_STARTED);
	EXPECT_EQ(me->requests, 0);
	EXPECT_EQ(error(SBI_EXT_HSM, 0, WITH(STOPPED, ROM_AT, 0)), SBI_SUCCESS);
	EXPECT_EQ(seen.copied, 0); /* nothing is touched for it */
}

TEST(hsm, stop_ends_the_caller)
{
	begin();
	call(SBI_EXT_HSM, 1, WITH(0));
	EXPECT_EQ(me->verdict, VERDICT_OFF);
	EXPECT_EQ(me->hsm, HSM_STOP_PENDING);
}

TEST(hsm, tells_the_state)
{
	begin();
	EXPECT_EQ(value(SBI_EXT_HSM, 2, WITH(CALLER)), 0);
	EXPECT_EQ(value(SBI_EXT_HSM, 2, WITH(STOPPED)), 1);
	for (unsigned state = HSM_STARTED; state <= HSM_RESUME_PENDING; state++) {
		vcpus[ELSEWHERE].hsm = state;
		EXPECT_EQ(value(SBI_EXT_HSM, 2, WITH(ELSEWHERE)), state);
	}
	EXPECT_EQ(HSM_SUSPEND_PENDING, 5);
	EXPECT_EQ(HSM_RESUME_PENDING, 6);
}

TEST(hsm, retentive_suspend_waits_and_returns)
{
	begin();
	EXPECT_EQ(error(SBI_EXT_HSM, 3, WITH(0, 1, 2)), SBI_SUCCESS); /* address unused */
	EXPECT_EQ(me->verdict, VERDICT_WAIT);
	EXPECT_EQ(me->hsm, HSM_SUSPEND_PENDING);
	EXPECT_EQ(me->pc, ECALL_AT + 4);
	EXPECT_EQ(seen.go_on_at, 0);
}

TEST(hsm, other_suspend_waits_and_goes_on_elsewhere)
{
	begin();
	struct sbi_ret ret = call(SBI_EXT_HSM, 3, WITH(0x80000000, RAM_AT + 0x40, 0x77));

	EXPECT_EQ(me->verdict, VERDICT_WAIT);
	EXPECT_EQ(me->hsm, HSM_SUSPEND_PENDING);
	EXPECT_EQ(seen.go_on_at, RAM_AT + 0x40);
	EXPECT_EQ(ret.error, me->hart_id);
	EXPECT_EQ(ret.value, 0x77);
}

TEST(hsm, suspend_type_is_32_bits_wide)
{
	begin();
	EXPECT_EQ(error(SBI_EXT_HSM, 3, WITH(BIT(32))), SBI_SUCCESS);
	call(SBI_EXT_HSM, 3, WITH(0xffffffff80000000, RAM_AT, 0));
	EXPECT_EQ(seen.go_on_at, RAM_AT);
}

TEST(hsm, reserved_and_platform_suspend_types_are_refused)
{
	static const uint64_t wrong[] = { 1,          0x0fffffff, 0x10000000, 0x7fffffff,
					  0x80000001, 0x8fffffff, 0x90000000, 0xffffffff };

	begin();
	for (unsigned i = 0; i < ARRAY_LEN(wrong); i++)
		EXPECT_EQ(error(SBI_EXT_HSM, 3, WITH(wrong[i], RAM_AT, 0)), SBI_ERR_INVALID_PARAM);
	EXPECT_EQ(me->hsm, HSM_STARTED);
}

/* --- SRST --- */

TEST(srst, ends_as_type_and_reason_say)
{
	begin();
	call(SBI_EXT_SRST, 0, WITH(SBI_RESET_SHUTDOWN, 0));
	EXPECT_EQ(me->verdict, VERDICT_STOP);
	EXPECT_EQ(me->stop, STOP_SHUTDOWN);
	call(SBI_EXT_SRST, 0, WITH(1, 0));
	EXPECT_EQ(me->stop, STOP_REBOOT);
	call(SBI_EXT_SRST, 0, WITH(2, 0));
	EXPECT_EQ(me->stop, STOP_REBOOT);
	for (unsigned type = 0; type <= 2; type++) {
		me->stop = STOP_NONE;
		call(SBI_EXT_SRST, 0, WITH(type, 1));
		EXPECT_EQ(me->stop, STOP_FAILURE);
	}
	call(SBI_EXT_SRST, 0, WITH(BIT(32) | 1, BIT(63))); /* 32 bits count */
	EXPECT_EQ(me->stop, STOP_REBOOT);
}

TEST(srst, reserved_and_vendor_types_and_reasons_are_refused)
{
	static const uint64_t types[] = { 3, 0xefffffff, 0xf0000000, 0xffffffff };
	static const uint64_t reasons[] = { 2,          0xdfffffff, 0xe0000000,
					    0xefffffff, 0xf0000000, 0xffffffff };

	begin();
	for (unsigned i = 0; i < ARRAY_LEN(types); i++)
		EXPECT_EQ(error(SBI_EXT_SRST, 0, WITH(types[i], 0)), SBI_ERR_INVALID_PARAM);
	for (unsigned i = 0; i < ARRAY_LEN(reasons); i++)
		EXPECT_EQ(error(SBI_EXT_SRST, 0, WITH(0, reasons[i])), SBI_ERR_INVALID_PARAM);
	EXPECT_EQ(me->requests, 0);
}

/* --- DBCN --- */

TEST(dbcn, writes_what_lies_in_memory)
{
	begin();
	memcpy(ram + 0x123, "hello", 5);
	EXPECT_EQ(value(SBI_EXT_DBCN, 0, WITH(5, RAM_AT + 0x123, 0)), 5);
	EXPECT_EQ(seen.n_out, 5);
	EXPECT(!memcmp(seen.out, "hello", 5));
}

TEST(dbcn, write_may_take_less_and_says_how_much)
{
	begin();
	seen.console_room = 3;
	EXPECT_EQ(value(SBI_EXT_DBCN, 0, WITH(5, RAM_AT, 0)), 3);
	EXPECT_EQ(value(SBI_EXT_DBCN, 0, WITH(5, RAM_AT, 0)), 0);
	EXPECT_EQ(me->requests, 0);
}

TEST(dbcn, huge_length_is_bounded_work)
{
	begin();
	EXPECT_EQ(value(SBI_EXT_DBCN, 0, WITH(RAM_SIZE, RAM_AT, 0)), 1024);
	EXPECT_EQ(seen.copied, 1024);
}

TEST(dbcn, memory_must_be_there_all_of_it)
{
	static const struct arguments wrong[] = {
		{ { 1, RAM_AT - 1, 0 } },
		{ { 2, RAM_AT + RAM_SIZE - 1, 0 } },
		{ { 1, 0, 0 } },
		{ { 1, RAM_AT, 1 } },
		{ { 1, RAM_AT, ~0ull } },
		{ { RAM_SIZE + 1, RAM_AT, 0 } },
		{ { ~0ull, RAM_AT, 0 } },
		{ { 0x2000, -0x1000ull, 0 } },
		{ { -0x1000ull, RAM_AT, 0 } },
	};

	begin();
	seen.in = "x";
	seen.n_in = 1;
	for (unsigned i = 0; i < ARRAY_LEN(wrong); i++) {
		EXPECT_EQ(error(SBI_EXT_DBCN, 0, wrong[i]), SBI_ERR_INVALID_PARAM);
		EXPECT_EQ(error(SBI_EXT_DBCN, 1, wrong[i]), SBI_ERR_INVALID_PARAM);
	}
	EXPECT_EQ(seen.n_out + seen.at_in, 0);
	EXPECT_EQ(value(SBI_EXT_DBCN, 0, WITH(0, RAM_AT, 0)), 0);
}

TEST(dbcn, reads_into_memory_what_was_typed_and_no_more)
{
	begin();
	memset(ram, '.', 8);
	EXPECT_EQ(value(SBI_EXT_DBCN, 1, WITH(8, RAM_AT, 0)), 0);
	seen.in = "typed";
	seen.n_in = 5;
	EXPECT_EQ(value(SBI_EXT_DBCN, 1, WITH(3, RAM_AT, 0)), 3);
	EXPECT_EQ(value(SBI_EXT_DBCN, 1, WITH(8, RAM_AT + 3, 0)), 2);
	EXPECT(!memcmp(ram, "typed...", 8));
}

TEST(dbcn, read_needs_memory_that_the_guest_may_write)
{
	begin();
	seen.in = "x";
	seen.n_in = 1;
	EXPECT_EQ(error(SBI_EXT_DBCN, 1, WITH(1, ROM_AT, 0)), SBI_ERR_INVALID_PARAM);
	EXPECT_EQ(seen.at_in, 0);
}

TEST(dbcn, no_input_is_lost_where_there_is_no_frame_for_it)
{
	begin();
	seen.in = "x";
	seen.n_in = 1;
	EXPECT_EQ(error(SBI_EXT_DBCN, 1, WITH(1, DATA_AT, 0)), SBI_ERR_FAILED);
	EXPECT_EQ(seen.at_in, 0);
}

TEST(dbcn, byte_is_written_before_the_call_returns)
{
	begin();
	EXPECT_EQ(value(SBI_EXT_DBCN, 2, WITH(0x1241)), 0);
	EXPECT_EQ(seen.out[0], 'A');
	seen.console_room = 0;
	struct sbi_ret ret = call(SBI_EXT_DBCN, 2, WITH('B', 0x99));

	/* The same call again, once others had their turn. */
	EXPECT_EQ(me->verdict, VERDICT_POLL);
	EXPECT_EQ(me->pc, ECALL_AT);
	EXPECT_EQ(ret.error, 'B');
	EXPECT_EQ(ret.value, 0x99);
}
