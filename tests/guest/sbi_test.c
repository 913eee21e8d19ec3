/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls with good and bad arguments. */
#include <stdio.h>

#include "platform/hart.h"
#include "platform/timer.h"
#include "sbi/host/srst.h"
#include "tests/guest/insn.h"
#include "tests/guest/pair.h"
#include "tests/kit/kit.h"

enum { UNKNOWN_EXTENSION = 0x0bad0bad, UNKNOWN_FUNCTION = 77 };
enum {
	SBI_EXT_PMU = 0x504d55,
	SBI_EXT_SSE = 0x535345,
	SBI_EXT_STA = 0x535441,
	SBI_EXT_SUSP = 0x53555350,
};
static const long known[] = { SBI_EXT_BASE, SBI_EXT_TIME, SBI_EXT_IPI,  SBI_EXT_RFNC,
			      SBI_EXT_HSM,  SBI_EXT_SRST, SBI_EXT_DBCN, SBI_EXT_PMU,
			      SBI_EXT_SUSP, SBI_EXT_STA,  SBI_EXT_FWFT, SBI_EXT_SSE };
enum { DBCN_WRITE, DBCN_READ, DBCN_WRITE_BYTE };

static uint64_t value_of(long extension, long function, uint64_t a0, uint64_t a1, uint64_t a2)
{
	struct sbi_ret ret = sbi_call(extension, function, a0, a1, a2, 0, 0);

	EXPECT_EQ(ret.error, SBI_SUCCESS);
	return (uint64_t)ret.value;
}

TEST(sbi, base_tells_what_there_is)
{
	/* CPPC, NACL, DBTR, MPXY */
	static const long absent[] = { 0x43505043, 0x4e41434c, 0x44425452, 0x4d505859 };

	for (unsigned i = 0; i < ARRAY_LEN(absent); i++) {
		EXPECT_EQ(value_of(SBI_EXT_BASE, 3, (uint64_t)absent[i], 0, 0), 0);
		EXPECT_EQ(error_of(absent[i], 0, 0, 0, 0), SBI_ERR_NOT_SUPPORTED);
	}
	EXPECT_EQ(value_of(SBI_EXT_BASE, 0, 0, 0, 0), 3 << 24);
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

/* --- FWFT --- */

enum { FWFT_SET, FWFT_GET, FWFT_LOCK = 1, ADUE = 4, PMLEN = 5, SBI_ERR_DENIED_LOCKED = -14 };

static long set_feature(uint64_t feature, uint64_t to, uint64_t flags)
{
	return error_of(SBI_EXT_FWFT, FWFT_SET, feature, to, flags);
}

static uint64_t feature(uint64_t which)
{
	return value_of(SBI_EXT_FWFT, FWFT_GET, which, 0, 0);
}

static const char *needs_adue(void)
{
	return error_of(SBI_EXT_FWFT, FWFT_GET, ADUE, 0, 0) ? "A and D are the guest's to set"
							    : NULL;
}

static const char *needs_pmlen(void)
{
	return error_of(SBI_EXT_FWFT, FWFT_GET, PMLEN, 0, 0) ? "no pointer masking" : NULL;
}

TEST(fwft, features_that_are_absent_or_reserved_are_refused)
{
	static const uint64_t reserved[] = { 6, 0x3fffffff, 0x40000000, 0x80000000, 0xc0000000 };

	for (unsigned i = 0; i < ADUE; i++) {
		EXPECT_EQ(set_feature(i, 0, 0), SBI_ERR_NOT_SUPPORTED);
		EXPECT_EQ(error_of(SBI_EXT_FWFT, FWFT_GET, i, 0, 0), SBI_ERR_NOT_SUPPORTED);
	}
	for (unsigned i = 0; i < ARRAY_LEN(reserved); i++) {
		EXPECT_EQ(set_feature(reserved[i], 0, 0), SBI_ERR_DENIED);
		EXPECT_EQ(error_of(SBI_EXT_FWFT, FWFT_GET, reserved[i], 0, 0), SBI_ERR_DENIED);
	}
}

/* What hardware does to an entry with A and D clear is what was chosen last. */
TEST_IF(fwft, a_and_d_are_set_by_whom_the_hart_chose, needs_adue)
{
	enum { SLOT = 17 };
	const uint64_t size = 1u << 30, va = SLOT * size, data = gpa_of(table_page(0));
	uint64_t before = feature(ADUE);

	EXPECT_EQ(set_feature(ADUE, 2, 0), SBI_ERR_INVALID_PARAM);
	EXPECT_EQ(set_feature(ADUE, 1, 2), SBI_ERR_INVALID_PARAM);
	for (unsigned round = 0; round < 4; round++) {
		bool by_hardware = round & 1;

		EXPECT_EQ(set_feature(ADUE, by_hardware, 0), SBI_SUCCESS);
		EXPECT_EQ(feature(ADUE), by_hardware);
		root[SLOT] = pte_make(HPA(align_down(data, size)), PTE_V | PTE_RWX);
		__asm__ volatile("sfence.vma" ::: "memory");
		trial_begin(PAGED_S);
		trial.x[A1] = va + data % size;
		RUN(INSN_LD);
		EXPECT_EQ(trial.cause, by_hardware ? CAUSE_BREAKPOINT : CAUSE_LOAD_PAGE);
		EXPECT_EQ(!!(root[SLOT] & PTE_A), by_hardware);
	}
	root[SLOT] = 0;
	__asm__ volatile("sfence.vma" ::: "memory");
	EXPECT_EQ(set_feature(ADUE, before, 0), SBI_SUCCESS);
}

static bool is_masked(unsigned bit)
{
	trial_begin(PAGED_S);
	trial.x[A1] = at_in(PAGED_S, gpa_of(table_page(0))) ^ BIT(bit);
	RUN(INSN_LD);
	EXPECT(trial.cause == CAUSE_BREAKPOINT || trial.cause == CAUSE_LOAD_PAGE);
	return trial.cause == CAUSE_BREAKPOINT;
}

/* QEMU 10 asks mstatus.MPV whether it is henvcfg that counts, and so masks nothing in VS-mode. */
static bool hart_masks(void)
{
	bool does = !set_feature(PMLEN, 7, 0) && is_masked(63);

	if (!does)
		kit_note("this hart has the field and masks nothing by it");
	return does;
}

TEST_IF(fwft, pointers_of_s_mode_are_masked_as_the_hart_chose, needs_pmlen)
{
	static const uint8_t lengths[] = { 0, 7, 16 };
	EXPECT_EQ(feature(PMLEN), 0);
	bool masks = hart_masks();

	EXPECT_EQ(set_feature(PMLEN, 8, 0), SBI_ERR_INVALID_PARAM);
	for (unsigned i = 0; i < ARRAY_LEN(lengths); i++) {
		if (set_feature(PMLEN, lengths[i], 0))
			continue; /* not every hart has both */
		EXPECT_EQ(feature(PMLEN), lengths[i]);
		for (unsigned bit = 63; bit >= 48; bit--)
			EXPECT_EQ(is_masked(bit), masks && 63 - bit < lengths[i]);
	}
	EXPECT_EQ(set_feature(PMLEN, 0, 0), SBI_SUCCESS);
}

/* --- STA --- */

static struct {
	uint32_t sequence, flags;
	uint64_t steal;
	uint8_t preempted, pad[47];
} shared __attribute__((aligned(64)));

static void wait_ms(unsigned ms)
{
	uint64_t sie = csr_swap(CSR_SIE, SIE_STIE);

	(void)error_of(SBI_EXT_TIME, 0, time_now() + time_from_us(ms * 1000), 0, 0);
	__asm__ volatile("wfi" ::: "memory");
	(void)error_of(SBI_EXT_TIME, 0, ~0ull, 0, 0);
	csr_write(CSR_SIE, sie);
}

static void spin(void)
{
	atomic_store(&step, 1);
	while (atomic_load(&step) < 2)
		;
}

/* Two that spin: on one hart each has half of the time, and each waits for the rest. */
TEST_IF(sta, what_a_hart_lost_to_its_sibling_is_told, needs_two)
{
	const volatile uint64_t *steal = &shared.steal;

	EXPECT_EQ(error_of(SBI_EXT_STA, 0, gpa_of(&shared), 0, 0), SBI_SUCCESS);
	let_second(spin);
	REQUIRE(await_step(1));
	uint64_t before = *steal, begun = time_now();

	pause_ms(400);
	uint64_t stolen = (*steal - before) / 1000, passed = time_to_us(time_now() - begun);

	atomic_store(&step, 2);
	EXPECT(await_done());
	kit_note("%u of %u us", (unsigned)stolen, (unsigned)passed);
	if (test_fact(FACT_N_HARTS) == 1)
		EXPECT(stolen > passed / 4 && stolen < passed * 3 / 4);
	else
		EXPECT(stolen < passed / 4);
	EXPECT_EQ(shared.sequence & 1, 0);
	EXPECT_EQ(shared.preempted, 0);
	EXPECT_EQ(error_of(SBI_EXT_STA, 0, ~0ull, ~0ull, 0), SBI_SUCCESS);
}

TEST(sta, memory_is_checked_and_what_stands_there_adds_up)
{
	static const uint64_t bad[] = { MAP_HOLE, MAP_RESERVED, MAP_UART, MAP_ROM, MAP_RAM - 64 };

	for (unsigned i = 0; i < ARRAY_LEN(bad); i++)
		EXPECT_EQ(error_of(SBI_EXT_STA, 0, bad[i], 0, 0), SBI_ERR_INVALID_ADDRESS);
	EXPECT_EQ(error_of(SBI_EXT_STA, 0, gpa_of(&shared) + 8, 0, 0), SBI_ERR_INVALID_PARAM);
	EXPECT_EQ(error_of(SBI_EXT_STA, 0, gpa_of(&shared), 0, 1), SBI_ERR_INVALID_PARAM);
	EXPECT_EQ(error_of(SBI_EXT_STA, 0, gpa_of(&shared), 1, 0), SBI_ERR_INVALID_ADDRESS);
	shared.sequence = shared.flags = 99;
	shared.steal = shared.preempted = 99;
	EXPECT_EQ(error_of(SBI_EXT_STA, 0, gpa_of(&shared), 0, 0), SBI_SUCCESS);
	__asm__ volatile("" ::: "memory");
	EXPECT_EQ(shared.sequence + shared.flags + shared.steal + shared.preempted, 0);
	uint64_t begun = time_now();

	for (unsigned i = 0; i < 10; i++)
		wait_ms(2);
	uint64_t passed = time_to_us(time_now() - begun);

	/* It waited nearly all the time, and of that nothing was stolen. */
	EXPECT_EQ(shared.sequence & 1, 0);
	EXPECT(shared.steal / 1000 <= passed - 20000);
	EXPECT_EQ(shared.flags + shared.preempted, 0);
	EXPECT_EQ(error_of(SBI_EXT_STA, 0, ~0ull, ~0ull, 0), SBI_SUCCESS);
}
