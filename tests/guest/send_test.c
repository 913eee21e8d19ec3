/* SPDX-License-Identifier: BSD-2-Clause */
/* What harts of one guest send to each other, by calls with good and bad arguments: interrupts and
 * fences, by the extensions and by SBI 0.1, and how both are counted. */
#include "sbi/guest/events.h"
#include "tests/guest/insn.h"
#include "tests/guest/pair.h"
#include "tests/kit/kit.h"

enum { SBI_EXT_PMU = 0x504d55, LEGACY_SEND_IPI = 4, LEGACY_SFENCE_VMA = 6 };
#define ALL (~0ull)

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

/* SBI 0.1 takes the mask from memory; no address: everybody. */
static uint64_t at_mask(uint64_t mask)
{
	static uint64_t word;

	*(volatile uint64_t *)&word = mask;
	return gpa_of(&word);
}

static bool second_got_one_of(long extension, uint64_t mask, uint64_t base, long error)
{
	uint64_t before = atomic_load(&n_interrupts);

	EXPECT_EQ(error_of(extension, 0, mask, base, 0), error);
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
		bool second =
			second_got_one_of(SBI_EXT_IPI, sent[i].mask, sent[i].base, sent[i].error);

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

TEST_IF(second, interrupts_of_sbi_0_1_reach_whom_they_are_sent_to, needs_two)
{
	static const struct {
		uint64_t mask;
		long error;
		bool first, second;
	} sent[] = {
		{ 2, SBI_SUCCESS, false, true },
		{ 1, SBI_SUCCESS, true, false },
		{ 3, SBI_SUCCESS, true, true },
		{ ALL, SBI_SUCCESS, true, true },
		{ 0, SBI_SUCCESS, false, false },
		{ 6, SBI_ERR_INVALID_PARAM, false, false },
		{ BIT(63) | 3, SBI_ERR_INVALID_PARAM, false, false },
	};
	uint64_t sie = csr_swap(CSR_SIE, 0);

	atomic_store(&n_asked, 0);
	let_second(count_interrupts);
	REQUIRE(await_step(1));
	for (unsigned i = 0; i < ARRAY_LEN(sent); i++) {
		uint64_t at = sent[i].mask == ALL ? 0 : at_mask(sent[i].mask);

		(void)take_soft();
		EXPECT_EQ(second_got_one_of(LEGACY_SEND_IPI, at, 0, sent[i].error), sent[i].second);
		EXPECT_EQ(take_soft(), sent[i].first);
	}
	atomic_store(&n_asked, ~0ull);
	EXPECT(await_done());
	csr_write(CSR_SIE, sie);
}

/* --- the counters of what they send --- */

enum { PMU_CONFIG = 2, PMU_STOP = 4, PMU_READ = 5, COUNT_FROM_NOW = 2 | 4, FW = 0xf0000 };
enum { N_SENT = 4 };
static const uint8_t sent_events[N_SENT] = { FW_IPI_SENT, FW_FENCE_I_SENT, FW_SFENCE_VMA_SENT,
					     FW_SFENCE_VMA_ASID_SENT };

/* Counters 0 to 3 count from now on what this hart sends, or what it receives. */
static void count_from_now(bool received)
{
	(void)sbi_call(SBI_EXT_PMU, PMU_STOP, 0, MASK(N_SENT - 1, 0), 1, 0, 0);
	for (unsigned i = 0; i < N_SENT; i++)
		EXPECT_EQ(sbi_call(SBI_EXT_PMU, PMU_CONFIG, i, 1, COUNT_FROM_NOW,
				   FW + sent_events[i] + received, 0)
				  .value,
			  i);
}

static void stop_counting(uint64_t counts[N_SENT])
{
	for (unsigned i = 0; i < N_SENT; i++)
		counts[i] = (uint64_t)sbi_call(SBI_EXT_PMU, PMU_READ, i, 0, 0, 0, 0).value;
	(void)sbi_call(SBI_EXT_PMU, PMU_STOP, 0, MASK(N_SENT - 1, 0), 1, 0, 0);
}

static uint64_t received[N_SENT];

static void count_received(void)
{
	count_from_now(true);
	atomic_store(&step, 1);
	(void)await_step(2);
	stop_counting(received);
	(void)take_soft();
}

TEST_IF(second, what_goes_to_another_hart_is_counted_on_both, needs_two)
{
	uint64_t sie = csr_swap(CSR_SIE, 0), sent[N_SENT];

	let_second(count_received);
	REQUIRE(await_step(1));
	count_from_now(false);
	for (unsigned i = 0; i < N_SENT; i++) {
		for (unsigned n = 0; n <= i; n++) {
			long extension = i ? SBI_EXT_RFNC : SBI_EXT_IPI;

			EXPECT_EQ(error_of(extension, i ? i - 1 : 0, 3, 0, 0), SBI_SUCCESS);
			/* And by SBI 0.1, whose extensions have the same order. */
			EXPECT_EQ(error_of(LEGACY_SEND_IPI + i, 0, at_mask(3), 0, 0), SBI_SUCCESS);
		}
	}
	stop_counting(sent);
	atomic_store(&step, 2);
	EXPECT(await_done());
	for (unsigned i = 0; i < N_SENT; i++) {
		EXPECT_EQ(sent[i], 2 * (i + 1));
		EXPECT_EQ(received[i], 2 * (i + 1));
	}
	(void)take_soft();
	csr_write(CSR_SIE, sie);
}

/* --- fences --- */

/* QEMU forgets its translations at every exit: there it is seen that the second hart is made to
 * exit; tests/unit/vsbi_send_test.c sees the rest. */

enum { SLOT = 22, ROUNDS = 42, FENCE_I = 0, SFENCE_VMA = 1, SFENCE_VMA_ASID = 2 };
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
	switch (round % 7) {
	case 0:
		return sbi_call(SBI_EXT_RFNC, SFENCE_VMA, 2, 0, VA, PAGE_SIZE, 0).error;
	case 1:
		return sbi_call(SBI_EXT_RFNC, SFENCE_VMA_ASID, 2, 0, VA, PAGE_SIZE, 0).error;
	case 2:
		return error_of(SBI_EXT_RFNC, SFENCE_VMA, 1, SECOND, 0);
	case 3:
		return error_of(LEGACY_SFENCE_VMA, 0, at_mask(2), VA, PAGE_SIZE);
	case 4:
		return error_of(LEGACY_SFENCE_VMA + 1, 0, at_mask(2), VA, PAGE_SIZE);
	case 5:
		return error_of(LEGACY_SFENCE_VMA, 0, 0, 0, 0);
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
