/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What harts of one guest do to each other, by calls with good and bad arguments: interrupts,
 * starts and stops, sleep, fences. The second hart runs a function at a time; all of them run with
 * interrupts off.
 */
#include "tests/guest/second.h"

#include <stdatomic.h>

#include "platform/hart.h"
#include "platform/timer.h"
#include "platform/work.h"
#include "tests/guest/insn.h"
#include "tests/kit/kit.h"

enum { PATIENCE_US = 10000000, SECOND = 1, NOBODY = 2 };
enum { START, STOP, STATUS, SUSPEND };
enum { STARTED = 0, STOPPED = 1, SUSPENDED = 4 };
#define NON_RETENTIVE 0x80000000u

static const char *needs_two(void)
{
	return n_harts() == 2 ? NULL : "the guest has not two vCPUs";
}

/* --- the second hart's work --- */

static void (*work_function)(void);
static _Atomic bool is_called, is_done;
static _Atomic uint64_t step; /* how far the two are with each other */

static void pause_ms(unsigned ms)
{
	uint64_t end = time_now() + time_from_us(ms * 1000);

	while (!time_is_past(end))
		;
}

static bool take_soft(void)
{
	bool is_pending = csr_read(CSR_SIP) & SIE_SSIE;

	if (is_pending)
		csr_clear(CSR_SIP, SIE_SSIE);
	return is_pending;
}

/* A hart that was awake may find its work before it is told of it: by an interrupt, which is not to
 * be taken for one of the test's. */
static void do_work(struct work *work)
{
	(void)work;
	while (!atomic_load(&is_called))
		;
	pause_ms(1);
	(void)take_soft();
	work_function();
	atomic_store(&is_done, true);
}

static void let_second(void (*function)(void))
{
	static struct work work = { .call = do_work };

	work_function = function;
	atomic_store(&is_called, false);
	atomic_store(&is_done, false);
	atomic_store(&step, 0);
	work_queue(&work, SECOND);
	atomic_store(&is_called, true);
}

static bool await_step(uint64_t n)
{
	uint64_t end = time_now() + time_from_us(PATIENCE_US);

	while (atomic_load(&step) < n)
		if (time_is_past(end))
			return false;
	return true;
}

static bool await_done(void)
{
	uint64_t end = time_now() + time_from_us(PATIENCE_US);

	while (!atomic_load(&is_done))
		if (time_is_past(end))
			return false;
	return true;
}

static long error_of(long extension, long function, uint64_t a0, uint64_t a1, uint64_t a2)
{
	return sbi_call(extension, function, a0, a1, a2, 0, 0).error;
}

static bool second_becomes(long state)
{
	uint64_t end = time_now() + time_from_us(PATIENCE_US);

	while (sbi_call(SBI_EXT_HSM, STATUS, SECOND, 0, 0, 0, 0).value != state)
		if (time_is_past(end))
			return false;
	return true;
}

/* --- interrupts --- */

static _Atomic uint64_t n_interrupts, n_asked;

/* Count interrupts, and answer each question with a step, until the first one says that it is over:
 * what was sent before a question is seen before its answer. */
static void count_interrupts(void)
{
	uint64_t answered = 0, asked;

	atomic_store(&step, 1);
	while ((asked = atomic_load(&n_asked)) != ~0ull) {
		n_interrupts += take_soft();
		if (asked == answered)
			continue;
		/* One may still be on its way: it is there when our vCPU's hart has looked. */
		pause_ms(2);
		n_interrupts += take_soft();
		answered = asked;
		atomic_store(&step, 1 + asked);
	}
}

static bool second_got_one_of(uint64_t mask, uint64_t base, long error)
{
	uint64_t before = atomic_load(&n_interrupts);

	EXPECT_EQ(error_of(SBI_EXT_IPI, 0, mask, base, 0), error);
	REQUIRE(await_step(1 + atomic_fetch_add(&n_asked, 1) + 1));
	return atomic_load(&n_interrupts) != before;
}

TEST_IF(second, interrupts_reach_whom_they_are_sent_to, needs_two)
{
	static const struct {
		uint64_t mask, base;
		long error;
		bool first, second;
	} sent[] = {
		{ 2, 0, SBI_SUCCESS, false, true },
		{ 1, 1, SBI_SUCCESS, false, true },
		{ 1, 0, SBI_SUCCESS, true, false },
		{ 3, 0, SBI_SUCCESS, true, true },
		{ 0, ~0ull, SBI_SUCCESS, true, true },
		{ 1, ~0ull, SBI_SUCCESS, true, true },
		{ 0, 0, SBI_SUCCESS, false, false },
		/* Nobody gets any if one does not exist. */
		{ 6, 0, SBI_ERR_INVALID_PARAM, false, false },
		{ 7, 0, SBI_ERR_INVALID_PARAM, false, false },
		{ 3, 1, SBI_ERR_INVALID_PARAM, false, false },
		{ BIT(63) | 2, 0, SBI_ERR_INVALID_PARAM, false, false },
		{ 2, 64, SBI_ERR_INVALID_PARAM, false, false },
		{ BIT(63) | 1, 1, SBI_ERR_INVALID_PARAM, false, false }, /* hart 64 is cut off */
		{ 2, ~0ull - 1, SBI_ERR_INVALID_PARAM, false, false },
	};
	uint64_t sie = csr_swap(CSR_SIE, 0);

	atomic_store(&n_asked, 0);
	let_second(count_interrupts);
	REQUIRE(await_step(1));
	for (unsigned i = 0; i < ARRAY_LEN(sent); i++) {
		(void)take_soft();
		bool second = second_got_one_of(sent[i].mask, sent[i].base, sent[i].error);

		if (second != sent[i].second)
			kit_note("of the one with mask 0x%llx, base 0x%llx:",
				 (unsigned long long)sent[i].mask,
				 (unsigned long long)sent[i].base);
		EXPECT_EQ(second, sent[i].second);
		EXPECT_EQ(take_soft(), sent[i].first);
	}
	atomic_store(&n_asked, ~0ull);
	EXPECT(await_done());
	csr_write(CSR_SIE, sie);
}

/* --- starts and stops --- */

static struct second second __attribute__((aligned(512))); /* in one page */
static long left_by, left_with;
static uint64_t left_a0;
static bool wakes_by_ipi;

/* The root of tests maps the image where it lies in memory, too. */
static void leave(void)
{
	uint64_t satp = csr_swap(CSR_SATP, root_satp), sie = csr_read(CSR_SIE);

	__asm__ volatile("sfence.vma" ::: "memory");
	csr_write(CSR_SIE, wakes_by_ipi ? SIE_SSIE : 0);
	left_with = second_leave(&second, (uint64_t)left_by, left_a0, gpa_of(second_begins),
				 gpa_of(&second));
	csr_write(CSR_SIE, sie);
	csr_write(CSR_SATP, satp);
	__asm__ volatile("sfence.vma" ::: "memory");
}

static void let_second_leave(long by, uint64_t a0, bool wakes)
{
	second.found.a0 = second.found.satp = second.found.sstatus = ~0ull;
	second.found.sie = second.found.sip = ~0ull;
	left_by = by;
	left_with = 1;
	left_a0 = a0;
	wakes_by_ipi = wakes;
	let_second(leave);
}

static void expect_begun_anew(void)
{
	EXPECT(await_done());
	EXPECT_EQ(left_with, 0);
	EXPECT_EQ(second.found.a0, SECOND);
	EXPECT_EQ(second.found.satp, 0);
	EXPECT_EQ(second.found.sstatus & SSTATUS_SIE, 0);
}

static long start_at(uint64_t hart, uint64_t gpa)
{
	return error_of(SBI_EXT_HSM, START, hart, gpa, gpa_of(&second));
}

TEST_IF(second, hart_stops_and_starts_again_where_it_is_told, needs_two)
{
	static const uint64_t nowhere[] = { MAP_HOLE,    MAP_RESERVED,           MAP_UART,
					    MAP_RAM - 2, MAP_RAM + MAP_RAM_SIZE, ~1ull };

	for (unsigned round = 0; round < 3; round++) {
		EXPECT_EQ(start_at(SECOND, gpa_of(second_begins)), SBI_ERR_ALREADY_AVAILABLE);
		let_second_leave(STOP, 0, false);
		REQUIRE(second_becomes(STOPPED));
		for (unsigned i = 0; i < ARRAY_LEN(nowhere); i++)
			EXPECT_EQ(start_at(SECOND, nowhere[i]), SBI_ERR_INVALID_ADDRESS);
		EXPECT_EQ(start_at(SECOND, gpa_of(second_begins) + 1), SBI_ERR_INVALID_ADDRESS);
		EXPECT_EQ(start_at(NOBODY, gpa_of(second_begins)), SBI_ERR_INVALID_PARAM);
		EXPECT_EQ(start_at(0, gpa_of(second_begins)), SBI_ERR_ALREADY_AVAILABLE);
		/* What is sent to it is lost, and nobody waits for it. */
		EXPECT_EQ(error_of(SBI_EXT_IPI, 0, 2, 0, 0), SBI_SUCCESS);
		for (long fence = 0; fence < 3; fence++)
			EXPECT_EQ(error_of(SBI_EXT_RFNC, fence, 3, 0, 0), SBI_SUCCESS);
		EXPECT(second_becomes(STOPPED));
		EXPECT_EQ(start_at(SECOND, gpa_of(second_begins)), SBI_SUCCESS);
		expect_begun_anew();
		EXPECT_EQ(second.found.sie, 0);
		EXPECT_EQ(second.found.sip & SIE_SSIE, 0);
		EXPECT(second_becomes(STARTED));
	}
}

/* --- sleep --- */

static void sleep(void)
{
	uint64_t sie = csr_swap(CSR_SIE, SIE_SSIE);

	left_with = sbi_call(SBI_EXT_HSM, SUSPEND, 0, 0, 0, 0, 0).error;
	n_interrupts += take_soft();
	csr_write(CSR_SIE, sie);
}

TEST_IF(second, hart_sleeps_until_an_interrupt_and_keeps_all, needs_two)
{
	for (unsigned round = 0; round < 3; round++) {
		uint64_t before = atomic_load(&n_interrupts);

		left_with = 1;
		let_second(sleep);
		REQUIRE(second_becomes(SUSPENDED));
		EXPECT_EQ(start_at(SECOND, gpa_of(second_begins)), SBI_ERR_ALREADY_AVAILABLE);
		pause_ms(5);
		EXPECT(second_becomes(SUSPENDED));
		EXPECT(!atomic_load(&is_done));
		EXPECT_EQ(error_of(SBI_EXT_IPI, 0, 2, 0, 0), SBI_SUCCESS);
		EXPECT(await_done());
		EXPECT_EQ(left_with, 0);
		EXPECT_EQ(atomic_load(&n_interrupts) - before, 1);
		EXPECT(second_becomes(STARTED));
	}
}

TEST_IF(second, hart_that_sleeps_and_keeps_nothing_begins_where_it_is_told, needs_two)
{
	for (unsigned round = 0; round < 3; round++) {
		let_second_leave(SUSPEND, NON_RETENTIVE, true);
		REQUIRE(second_becomes(SUSPENDED));
		EXPECT_EQ(error_of(SBI_EXT_IPI, 0, 2, 0, 0), SBI_SUCCESS);
		expect_begun_anew();
		EXPECT(second_becomes(STARTED));
	}
}

TEST_IF(second, sleep_of_no_known_kind_or_to_begin_nowhere_is_refused, needs_two)
{
	static const uint64_t kinds[] = { 1,          0xfffffff,  0x10000000,
					  0x7fffffff, 0x80000001, 0xffffffff };
	static const uint64_t nowhere[] = { MAP_HOLE, MAP_RESERVED, MAP_UART, MAP_RAM + 1 };

	for (unsigned i = 0; i < ARRAY_LEN(kinds); i++)
		EXPECT_EQ(error_of(SBI_EXT_HSM, SUSPEND, kinds[i], MAP_RAM, 0),
			  SBI_ERR_INVALID_PARAM);
	for (unsigned i = 0; i < ARRAY_LEN(nowhere); i++)
		EXPECT_EQ(error_of(SBI_EXT_HSM, SUSPEND, NON_RETENTIVE, nowhere[i], 0),
			  SBI_ERR_INVALID_ADDRESS);
}

/* --- fences --- */

/* QEMU forgets its translations at every exit: there it is seen that the second hart is made to
 * exit; tests/unit/vsbi_test.c sees the rest. */

enum { SLOT = 22, ROUNDS = 40, FENCE_I = 0, SFENCE_VMA = 1, SFENCE_VMA_ASID = 2 };
#define VA (SLOT * BIT(30))

static _Atomic uint64_t n_stale, round_told;

/* Each round the page is another one, and holds the parity of the round. */
static void look_at_page(void)
{
	uint64_t satp = csr_swap(CSR_SATP, root_satp);

	__asm__ volatile("sfence.vma" ::: "memory");
	for (uint64_t round = 1; round <= ROUNDS; round++) {
		while (atomic_load(&round_told) < round)
			(void)*(volatile uint64_t *)VA; /* so that it is kept */
		n_stale += *(volatile uint64_t *)VA != (round & 1);
		atomic_store(&step, round);
	}
	csr_write(CSR_SATP, satp);
	__asm__ volatile("sfence.vma" ::: "memory");
}

static long fence_second(unsigned round)
{
	switch (round % 4) {
	case 0:
		return sbi_call(SBI_EXT_RFNC, SFENCE_VMA, 2, 0, VA, PAGE_SIZE, 0).error;
	case 1:
		return sbi_call(SBI_EXT_RFNC, SFENCE_VMA_ASID, 2, 0, VA, PAGE_SIZE, 0).error;
	case 2:
		return error_of(SBI_EXT_RFNC, SFENCE_VMA, 1, SECOND, 0);
	default:
		return error_of(SBI_EXT_RFNC, SFENCE_VMA, 0, ~0ull, 0);
	}
}

TEST_IF(second, fence_by_call_makes_a_new_page_seen_when_it_returns, needs_two)
{
	pte_t *middle = table_page(0), *lowest = table_page(1), *even = table_page(2),
	      *odd = table_page(3);

	odd[0] = 1;
	lowest[0] = pte_make(HPA(gpa_of(even)), PTE_V | PTE_RWX | PTE_A | PTE_D);
	middle[0] = pte_make(HPA(gpa_of(lowest)), PTE_V);
	root[SLOT] = pte_make(HPA(gpa_of(middle)), PTE_V);
	__asm__ volatile("sfence.vma" ::: "memory");
	atomic_store(&n_stale, 0);
	atomic_store(&round_told, 0);
	let_second(look_at_page);
	for (unsigned round = 1; round <= ROUNDS; round++) {
		pte_t pte = pte_make(HPA(gpa_of(round & 1 ? odd : even)),
				     PTE_V | PTE_RWX | PTE_A | PTE_D);

		*(volatile pte_t *)lowest = pte;
		EXPECT_EQ(fence_second(round), SBI_SUCCESS);
		atomic_store(&round_told, round);
		REQUIRE(await_step(round));
	}
	EXPECT(await_done());
	EXPECT_EQ(atomic_load(&n_stale), 0);
	root[SLOT] = 0;
	__asm__ volatile("sfence.vma" ::: "memory");
}

TEST_IF(second, fences_of_no_hart_no_range_or_no_asid_are_refused, needs_two)
{
	for (long f = FENCE_I; f <= SFENCE_VMA_ASID; f++) {
		EXPECT_EQ(error_of(SBI_EXT_RFNC, f, 4, 0, 0), SBI_ERR_INVALID_PARAM);
		EXPECT_EQ(error_of(SBI_EXT_RFNC, f, 3, 1, 0), SBI_ERR_INVALID_PARAM);
		EXPECT_EQ(error_of(SBI_EXT_RFNC, f, 2, 64, 0), SBI_ERR_INVALID_PARAM);
		EXPECT_EQ(error_of(SBI_EXT_RFNC, f, 2, 0, 0), SBI_SUCCESS);
		if (f == FENCE_I)
			continue;
		EXPECT_EQ(sbi_call(SBI_EXT_RFNC, f, 2, 0, ~0ull - 1, 4, 0).error,
			  SBI_ERR_INVALID_ADDRESS);
	}
	EXPECT_EQ(sbi_call(SBI_EXT_RFNC, SFENCE_VMA_ASID, 2, 0, 0, 0, 0x10000).error,
		  SBI_ERR_INVALID_PARAM);
}
