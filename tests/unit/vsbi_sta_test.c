/* SPDX-License-Identifier: BSD-2-Clause */
/* STA: what a guest's hart is told of the time that it could have run and did not. */
#include <string.h>

#include "tests/kit/kit.h"
#include "tests/unit/vsbi_host.h"

enum { SHMEM_AT = RAM_AT + 0x1240 };

static const struct {
	uint32_t sequence, flags;
	uint64_t steal;
	uint8_t preempted, pad[47];
} *const shmem = (const void *)(ram + (SHMEM_AT - RAM_AT));

static long set(uint64_t low, uint64_t high, uint64_t flags)
{
	return error(SBI_EXT_STA, 0, WITH(low, high, flags));
}

static void begin_with_shmem(void)
{
	begin();
	memset(ram, 0xff, sizeof(ram));
	EXPECT_EQ(set(SHMEM_AT, 0, 0), SBI_SUCCESS);
}

/* Its turn begins, for which it waited so long. */
static void turn(uint64_t waited_us)
{
	me->ready_at = now_us;
	now_us += waited_us;
	vsbi_turn_begins(me);
}

TEST(sta, memory_is_zeroed_and_that_alone)
{
	static const char nothing[64];

	begin_with_shmem();
	EXPECT_EQ(sizeof(*shmem), 64);
	EXPECT(!memcmp(shmem, nothing, 64));
	EXPECT_EQ(ram[SHMEM_AT - RAM_AT - 1], (char)0xff);
	EXPECT_EQ(ram[SHMEM_AT - RAM_AT + 64], (char)0xff);
}

TEST(sta, memory_is_checked)
{
	begin_with_shmem();
	for (unsigned i = 1; i < 64; i++)
		EXPECT_EQ(set(SHMEM_AT + i, 0, 0), SBI_ERR_INVALID_PARAM);
	EXPECT_EQ(set(SHMEM_AT, 0, 1), SBI_ERR_INVALID_PARAM);
	EXPECT_EQ(set(~0ull, ~0ull, BIT(63)), SBI_ERR_INVALID_PARAM);
	EXPECT_EQ(set(~0ull, 0, 0), SBI_ERR_INVALID_PARAM);
	EXPECT_EQ(set(0, ~0ull, 0), SBI_ERR_INVALID_ADDRESS);
	EXPECT_EQ(set(SHMEM_AT, 1, 0), SBI_ERR_INVALID_ADDRESS);
	EXPECT_EQ(set(0, 0, 0), SBI_ERR_INVALID_ADDRESS);
	EXPECT_EQ(set(ROM_AT, 0, 0), SBI_ERR_INVALID_ADDRESS);
	EXPECT_EQ(set(RAM_AT + RAM_SIZE, 0, 0), SBI_ERR_INVALID_ADDRESS);
	EXPECT_EQ(set(~63ull, 0, 0), SBI_ERR_INVALID_ADDRESS);
	EXPECT_EQ(set(DATA_AT, 0, 0), SBI_ERR_FAILED); /* there is no frame for it */
	/* All of that changed nothing. */
	turn(1000);
	EXPECT_EQ(shmem->steal, 1000000);
	EXPECT_EQ(set(RAM_AT + RAM_SIZE - 64, 0, 0), SBI_SUCCESS);
}

TEST(sta, time_is_told_in_nanoseconds_and_adds_up)
{
	begin_with_shmem();
	turn(50);
	EXPECT_EQ(shmem->steal, 50000);
	EXPECT_EQ(shmem->sequence, 2);
	turn(7000);
	EXPECT_EQ(shmem->steal, 7050000);
	EXPECT_EQ(shmem->sequence, 4);
	EXPECT_EQ(shmem->flags, 0);
}

TEST(sta, little_is_told_when_it_has_become_more)
{
	begin_with_shmem();
	turn(6);
	EXPECT_EQ(shmem->sequence, 0);
	turn(6);
	EXPECT_EQ(shmem->steal, 12000);
	turn(0);
	EXPECT_EQ(shmem->sequence, 2);
}

TEST(sta, hart_is_preempted_while_it_waits_for_its_turn)
{
	begin_with_shmem();
	vsbi_turn_ends(me);
	EXPECT_EQ(shmem->preempted, 1);
	turn(0);
	EXPECT_EQ(shmem->preempted, 0);
	EXPECT_EQ(shmem->sequence, 0);
}

TEST(sta, what_the_guest_writes_there_is_not_believed)
{
	begin_with_shmem();
	turn(50);
	memset(ram, 0xff, sizeof(ram));
	turn(50);
	EXPECT_EQ(shmem->steal, 100000);
	EXPECT_EQ(shmem->sequence, 4);
}

TEST(sta, nothing_is_written_where_it_is_off_or_the_hart_sleeps)
{
	begin_with_shmem();
	turn(50);
	EXPECT_EQ(set(~0ull, ~0ull, 0), SBI_SUCCESS);
	for (unsigned state = 0; state < 2; state++) {
		me->hsm = state ? HSM_RESUME_PENDING : HSM_STARTED;
		turn(50);
		vsbi_turn_ends(me);
		EXPECT_EQ(shmem->steal, 50000);
		EXPECT_EQ(shmem->preempted, 0);
		me->hsm = HSM_STARTED;
		EXPECT_EQ(set(SHMEM_AT, 0, 0), SBI_SUCCESS); /* anew, from nothing on */
		turn(50);
	}
}
