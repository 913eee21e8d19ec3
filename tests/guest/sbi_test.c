/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls with good and bad arguments. */
#include <stdio.h>

#include "platform/hart.h"
#include "sbi/host/srst.h"
#include "tests/guest/insn.h"
#include "tests/kit/kit.h"

enum { UNKNOWN_EXTENSION = 0x0bad0bad, UNKNOWN_FUNCTION = 77, SBI_EXT_PMU = 0x504d55 };
enum { DBCN_WRITE, DBCN_READ, DBCN_WRITE_BYTE };

static long error_of(long extension, long function, uint64_t a0, uint64_t a1, uint64_t a2)
{
	return sbi_call(extension, function, a0, a1, a2, 0, 0).error;
}

static uint64_t value_of(long extension, long function, uint64_t a0, uint64_t a1, uint64_t a2)
{
	struct sbi_ret ret = sbi_call(extension, function, a0, a1, a2, 0, 0);

	EXPECT_EQ(ret.error, SBI_SUCCESS);
	return (uint64_t)ret.value;
}

TEST(sbi, base_tells_what_there_is)
{
	static const long known[] = { SBI_EXT_BASE, SBI_EXT_TIME, SBI_EXT_IPI,  SBI_EXT_RFNC,
				      SBI_EXT_HSM,  SBI_EXT_SRST, SBI_EXT_DBCN, SBI_EXT_PMU };

	EXPECT(value_of(SBI_EXT_BASE, 0, 0, 0, 0) >= 2 << 24);
	for (unsigned f = 1; f <= 2; f++)
		EXPECT(value_of(SBI_EXT_BASE, f, 0, 0, 0));
	for (unsigned i = 0; i < ARRAY_LEN(known); i++)
		EXPECT(value_of(SBI_EXT_BASE, 3, (uint64_t)known[i], 0, 0));
	EXPECT_EQ(value_of(SBI_EXT_BASE, 3, UNKNOWN_EXTENSION, 0, 0), 0);
	for (unsigned f = 4; f <= 6; f++)
		EXPECT_EQ(error_of(SBI_EXT_BASE, f, 0, 0, 0), SBI_SUCCESS);
}

TEST(sbi, unknown_extensions_and_functions_are_not_supported)
{
	static const long known[] = { SBI_EXT_BASE, SBI_EXT_TIME, SBI_EXT_IPI,  SBI_EXT_RFNC,
				      SBI_EXT_HSM,  SBI_EXT_SRST, SBI_EXT_DBCN, SBI_EXT_PMU };

	EXPECT_EQ(error_of(UNKNOWN_EXTENSION, 0, 0, 0, 0), SBI_ERR_NOT_SUPPORTED);
	EXPECT_EQ(error_of(TEST_CALLS, UNKNOWN_FUNCTION, 0, 0, 0), SBI_ERR_NOT_SUPPORTED);
	EXPECT_EQ(error_of(-1, -1, 0, 0, 0), SBI_ERR_NOT_SUPPORTED);
	for (unsigned i = 0; i < ARRAY_LEN(known); i++)
		EXPECT_EQ(error_of(known[i], UNKNOWN_FUNCTION, 0, 0, 0), SBI_ERR_NOT_SUPPORTED);
}

TEST(sbi, ipis_and_fences_go_to_harts_that_exist)
{
	static const long extensions[] = { SBI_EXT_IPI, SBI_EXT_RFNC };
	uint64_t sie = csr_swap(CSR_SIE, 0);

	for (unsigned i = 0; i < 2; i++) {
		EXPECT_EQ(error_of(extensions[i], 0, 1, 0, 0), SBI_SUCCESS);
		EXPECT_EQ(error_of(extensions[i], 0, 0, ~0ull, 0), SBI_SUCCESS);
		EXPECT_EQ(error_of(extensions[i], 0, 0, 0, 0), SBI_SUCCESS);
		EXPECT_EQ(error_of(extensions[i], 0, BIT(n_harts()), 0, 0), SBI_ERR_INVALID_PARAM);
		EXPECT_EQ(error_of(extensions[i], 0, 1, 64, 0), SBI_ERR_INVALID_PARAM);
		EXPECT_EQ(error_of(extensions[i], 0, 1, ~0ull - 1, 0), SBI_ERR_INVALID_PARAM);
	}
	csr_clear(CSR_SIP, SIE_SSIE);
	csr_write(CSR_SIE, sie);
}

/* The fence of the call is as good as the instruction. */
TEST(sbi, fence_by_call_makes_a_new_table_seen)
{
	enum { SLOT = 17, SFENCE_VMA = 1 };
	const uint64_t size = 1u << 30, va = SLOT * size, data = gpa_of(table_page(0));
	volatile uint64_t *there = (volatile uint64_t *)(va + data % size);

	for (unsigned i = 0; i < 2; i++) {
		root[SLOT] = pte_make(HPA(i ? 0 : MAP_RAM), PTE_V | PTE_RWX | PTE_A | PTE_D);
		EXPECT_EQ(value_of(SBI_EXT_RFNC, SFENCE_VMA, 1, 0, va), 0);
		if (!i) {
			EXPECT_EQ(*there, 0);
			continue;
		}
		trial_begin(PAGED_S);
		trial.x[A1] = (uint64_t)there;
		RUN(INSN_LD);
		EXPECT_EQ(trial.cause, CAUSE_LOAD_ACCESS);
	}
	root[SLOT] = 0;
	EXPECT_EQ(value_of(SBI_EXT_RFNC, SFENCE_VMA, 1, 0, 0), 0);
}

TEST(sbi, hart_states_are_told_and_bad_starts_refused)
{
	enum { START, STOP, STATUS, SUSPEND };

	EXPECT_EQ(value_of(SBI_EXT_HSM, STATUS, 0, 0, 0), 0);
	EXPECT_EQ(error_of(SBI_EXT_HSM, STATUS, n_harts(), 0, 0), SBI_ERR_INVALID_PARAM);
	EXPECT_EQ(error_of(SBI_EXT_HSM, START, 0, MAP_RAM, 0), SBI_ERR_ALREADY_AVAILABLE);
	EXPECT_EQ(error_of(SBI_EXT_HSM, START, n_harts(), MAP_RAM, 0), SBI_ERR_INVALID_PARAM);
	EXPECT_EQ(error_of(SBI_EXT_HSM, SUSPEND, 1, 0, 0), SBI_ERR_INVALID_PARAM);
}

/* AX11: it appears in what is lazy, and what is no memory fails. */
TEST(sbi, console_takes_what_is_memory)
{
	static const char text[] = "a line by the debug console\n";
	uint64_t fresh = claim_fresh(), fills = test_count(COUNT_FILLS);

	EXPECT(value_of(SBI_EXT_DBCN, DBCN_WRITE, sizeof(text) - 1, gpa_of(text), 0) > 0);
	EXPECT_EQ(value_of(SBI_EXT_DBCN, DBCN_WRITE, 0, gpa_of(text), 0), 0);
	EXPECT_EQ(value_of(SBI_EXT_DBCN, DBCN_WRITE, 1, fresh, 0), 1);
	EXPECT_EQ(value_of(SBI_EXT_DBCN, DBCN_WRITE, 1, MAP_ROM, 0), 1);
	EXPECT_EQ(value_of(SBI_EXT_DBCN, DBCN_READ, 16, claim_fresh(), 0), 0);
	EXPECT_EQ(error_of(SBI_EXT_DBCN, DBCN_WRITE_BYTE, '\n', 0, 0), SBI_SUCCESS);
	EXPECT_EQ(*(volatile uint64_t *)fresh, 0);
	EXPECT_EQ(test_count(COUNT_FILLS), fills); /* by the call, so the access made none */
}

TEST(sbi, console_refuses_what_is_not_memory)
{
	static const struct {
		uint64_t n, at, high;
	} bad[] = {
		{ 1, MAP_HOLE, 0 },
		{ 1, MAP_RESERVED, 0 },
		{ 1, MAP_UART, 0 },
		{ 1, MAP_PLIC, 0 },
		{ 2, MAP_RAM + MAP_RAM_SIZE - 1, 0 },
		{ 2, MAP_RAM - 1, 0 },
		{ ~0ull, MAP_RAM, 0 },
		{ 16, ~0ull - 7, 0 },
		{ 1, MAP_RAM, 1 },
		{ 1, 0, 0 },
	};

	for (unsigned f = DBCN_WRITE; f <= DBCN_READ; f++)
		for (unsigned i = 0; i < ARRAY_LEN(bad); i++)
			EXPECT_EQ(error_of(SBI_EXT_DBCN, f, bad[i].n, bad[i].at, bad[i].high),
				  SBI_ERR_INVALID_PARAM);
	EXPECT_EQ(error_of(SBI_EXT_DBCN, DBCN_READ, 1, MAP_ROM, 0), SBI_ERR_INVALID_PARAM);
}

TEST(sbi, reset_with_reserved_arguments_is_refused)
{
	EXPECT_EQ(error_of(SBI_EXT_SRST, 0, 3, 0, 0), SBI_ERR_INVALID_PARAM);
	EXPECT_EQ(error_of(SBI_EXT_SRST, 0, 0xefffffff, 0, 0), SBI_ERR_INVALID_PARAM);
	EXPECT_EQ(error_of(SBI_EXT_SRST, 0, 0, 2, 0), SBI_ERR_INVALID_PARAM);
	EXPECT_EQ(error_of(SBI_EXT_SRST, 0, 0, 0xdfffffff, 0), SBI_ERR_INVALID_PARAM);
}

TEST(sbi, counters_are_of_firmware_events)
{
	enum { NUM, INFO };
	uint64_t n = value_of(SBI_EXT_PMU, NUM, 0, 0, 0);

	EXPECT(n > 0);
	EXPECT_EQ(value_of(SBI_EXT_PMU, INFO, 0, 0, 0) >> 63, 1);
	EXPECT_EQ(error_of(SBI_EXT_PMU, INFO, n, 0, 0), SBI_ERR_INVALID_PARAM);
}
