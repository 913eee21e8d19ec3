/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SBI 0.1, with good and bad arguments. Calls are made in trials, in S-mode with and without
 * translation, so that each shows what it left of every register: a0 alone is the call's.
 */
#include "platform/hart.h"
#include "platform/timer.h"
#include "tests/guest/fault.h"
#include "tests/kit/kit.h"

enum {
	SET_TIMER,
	PUTCHAR,
	GETCHAR,
	CLEAR_IPI,
	SEND_IPI,
	FENCE_I,
	SFENCE_VMA,
	SFENCE_VMA_ASID,
	N_HARMLESS
};
enum { PATIENCE_US = 5000000, NO_FUNCTION = 77, A6 = 16, A7 = 17, SLOT = 17 };
#define OTHERS 0x1111111111111111ull

static void make_call(enum world w, unsigned extension, const uint64_t a[4])
{
	trial_begin(w);
	for (unsigned r = 1; r < 32; r++)
		trial.x[r] = OTHERS * r;
	for (unsigned i = 0; i < 4; i++)
		trial.x[A0 + i] = a[i];
	trial.x[A6] = NO_FUNCTION; /* is not asked for */
	trial.x[A7] = extension;
}

static void expect_others_kept(const uint64_t a[4], unsigned extension)
{
	for (unsigned r = 1; r < 32; r++) {
		uint64_t was = r == A6 ? (uint64_t)NO_FUNCTION : r == A7 ? extension : OTHERS * r;

		if (r > A0 && r < A0 + 4)
			was = a[r - A0];
		if (r != A0)
			EXPECT_EQ(trial.x[r], was);
	}
}

static long call_in(enum world w, unsigned extension, uint64_t a0, uint64_t a1, uint64_t a2,
		    uint64_t a3)
{
	const uint64_t a[] = { a0, a1, a2, a3 };

	make_call(w, extension, a);
	RUN(INSN_ECALL);
	EXPECT_EQ(trial.cause, CAUSE_BREAKPOINT);
	EXPECT_EQ(trial.pc, code_at(w) + 4);
	expect_others_kept(a, extension);
	return (long)trial.x[A0];
}

static long call(unsigned extension, uint64_t a0)
{
	return call_in(BARE_S, extension, a0, 0, 0, 0);
}

/* A word that says which harts, where the guest's S-mode finds it in that world. */
static uint64_t mask_in(enum world w, uint64_t harts)
{
	static uint64_t mask __attribute__((aligned(8)));

	*(volatile uint64_t *)&mask = harts;
	return at_in(w, gpa_of(&mask));
}

static bool take_soft(void)
{
	bool is_pending = csr_read(CSR_SIP) & SIE_SSIE;

	csr_clear(CSR_SIP, SIE_SSIE);
	return is_pending;
}

TEST(legacy, each_call_is_found_by_its_extension_and_changes_a0_alone)
{
	for (unsigned i = 0; i < 2; i++) {
		enum world w = i ? PAGED_S : BARE_S;

		for (unsigned e = 0; e < N_HARMLESS; e++) {
			uint64_t a0 = e == SET_TIMER ? ~0ull : e == PUTCHAR ? '.' : mask_in(w, 1);

			EXPECT_EQ(call_in(w, e, a0, 0x1000, 0x1000, 3), e == GETCHAR ? -1 : 0);
		}
		EXPECT(take_soft());
	}
	for (unsigned e = 0; e <= N_HARMLESS; e++)
		EXPECT_EQ(sbi_call(SBI_EXT_BASE, 3, e, 0, 0, 0, 0).value, 1);
	EXPECT_EQ(sbi_call(N_HARMLESS + 1, 0, 0, 0, 0, 0, 0).error, SBI_ERR_NOT_SUPPORTED);
}

TEST(legacy, timer_interrupts_when_it_is_past_and_not_when_it_is_put_off)
{
	uint64_t sie = csr_swap(CSR_SIE, SIE_STIE);

	for (unsigned i = 0; i < 2; i++) {
		uint64_t when = time_now() + time_from_us(2000);

		EXPECT_EQ(call(SET_TIMER, i ? when : 0), 0);
		trial_begin(PAGED_S);
		RUN(INSN_WFI);
		EXPECT_EQ(trial.cause, CAUSE_BREAKPOINT);
		EXPECT(!i || time_now() >= when);
		trial_begin(PAGED_S);
		trial.status |= SSTATUS_SPIE;
		RUN(INSN_NOP);
		EXPECT_EQ(trial.cause, CAUSE_INTERRUPT | IRQ_S_TIMER);
		csr_write(CSR_SIE, 0);
		EXPECT_EQ(call(SET_TIMER, ~0ull), 0);
		csr_write(CSR_SIE, SIE_STIE);
		trial_begin(PAGED_S);
		trial.status |= SSTATUS_SPIE;
		RUN(INSN_NOP);
		EXPECT_EQ(trial.cause, CAUSE_BREAKPOINT);
	}
	csr_write(CSR_SIE, sie);
}

/* What was typed first the guest's serial port has taken already. */
TEST(legacy, getchar_gives_what_was_typed_as_bytes_not_signs)
{
	static const char typed[] = "................................................\xff\x01";
	volatile uint8_t *uart = (volatile uint8_t *)MAP_UART;
	uint64_t end = time_now() + time_from_us(PATIENCE_US);
	long got;

	EXPECT_EQ(call(GETCHAR, 0), -1);
	(void)test_call(TEST_TYPE, gpa_of(typed), sizeof(typed) - 1);
	do
		got = call(GETCHAR, 0);
	while ((got == -1 || got == '.') && !time_is_past(end));
	EXPECT_EQ(got, 0xff);
	EXPECT_EQ(call(GETCHAR, 0), 1);
	EXPECT_EQ(call(GETCHAR, 0), -1);
	while (uart[5] & 1)
		EXPECT_EQ(uart[0], '.');
}

TEST(legacy, ipi_comes_once_and_clearing_says_whether_there_was_one)
{
	uint64_t sie = csr_swap(CSR_SIE, 0);

	(void)take_soft();
	EXPECT_EQ(call(CLEAR_IPI, 0), 0);
	EXPECT_EQ(call(SEND_IPI, mask_in(BARE_S, 1)), 0);
	EXPECT(csr_read(CSR_SIP) & SIE_SSIE);
	EXPECT_EQ(call(CLEAR_IPI, 0), 1);
	EXPECT(!(csr_read(CSR_SIP) & SIE_SSIE));
	EXPECT_EQ(call(CLEAR_IPI, 0), 0);
	csr_write(CSR_SIE, sie);
}

TEST(legacy, masks_begin_with_hart_0_and_no_mask_is_everybody)
{
	uint64_t sie = csr_swap(CSR_SIE, 0);

	(void)take_soft();
	EXPECT_EQ(call(SEND_IPI, mask_in(BARE_S, 0)), 0);
	EXPECT(!take_soft());
	EXPECT_EQ(call(SEND_IPI, 0), 0);
	EXPECT(take_soft());
	for (unsigned e = SEND_IPI; e <= SFENCE_VMA_ASID; e++) {
		EXPECT_EQ(call(e, mask_in(BARE_S, 1)), 0);
		EXPECT_EQ(take_soft(), e == SEND_IPI);
		EXPECT_EQ(call(e, 0), 0);
		EXPECT_EQ(take_soft(), e == SEND_IPI);
		EXPECT_EQ(call(e, mask_in(BARE_S, BIT(n_harts()) | 1)), SBI_ERR_INVALID_PARAM);
		EXPECT_EQ(call(e, mask_in(BARE_S, BIT(63))), SBI_ERR_INVALID_PARAM);
		EXPECT(!take_soft());
	}
	csr_write(CSR_SIE, sie);
}

/* Each of the three fences is as good as the instruction, of a range and of everything. */
TEST(legacy, fences_make_new_tables_seen_and_bad_ranges_are_refused)
{
	const uint64_t size = BIT(30), va = SLOT * size, data = gpa_of(table_page(0));
	volatile uint64_t *there = (volatile uint64_t *)(va + data % size);

	for (unsigned i = 0; i < 4; i++) {
		unsigned e = i & 1 ? SFENCE_VMA_ASID : SFENCE_VMA;
		uint64_t page = align_down((uint64_t)there, PAGE_SIZE);

		for (unsigned is_hole = 0; is_hole < 2; is_hole++) {
			root[SLOT] = pte_make(HPA(is_hole ? 0 : MAP_RAM),
					      PTE_V | PTE_RWX | PTE_A | PTE_D);
			EXPECT_EQ(call_in(PAGED_S, e, mask_in(PAGED_S, 1), i < 2 ? page : 0,
					  i < 2 ? PAGE_SIZE : 0, 0),
				  0);
			trial_begin(PAGED_S);
			trial.x[A1] = (uint64_t)there;
			RUN(INSN_LD);
			EXPECT_EQ(trial.cause, is_hole ? CAUSE_LOAD_ACCESS : CAUSE_BREAKPOINT);
		}
		EXPECT(call_in(BARE_S, e, mask_in(BARE_S, 1), -0x1000ull, 0x2000, 0) < 0);
	}
	EXPECT(call_in(BARE_S, SFENCE_VMA_ASID, mask_in(BARE_S, 1), 0, 0, BIT(16)) < 0);
	root[SLOT] = 0;
	EXPECT_EQ(call(SFENCE_VMA, 0), 0);
}

/* Code that was written runs when the fence of it has returned. */
TEST(legacy, fence_of_code_makes_new_code_seen)
{
	volatile uint32_t *code = (volatile uint32_t *)fresh_page();

	for (unsigned i = 0; i < 3; i++) {
		code[0] = (40 + i) << 20 | INSN_I(0x13, 0, A0, 0);
		code[1] = INSN_EBREAK;
		EXPECT_EQ(call(FENCE_I, mask_in(BARE_S, 1)), 0);
		run_at(PAGED_S, (uint64_t)code);
		EXPECT_EQ(trial.x[A0], 40 + i);
	}
}

/* --- where the mask is --- */

/* The call has not happened: a0 and pc are as they were, and nobody has an interrupt. */
static void expect_mask_fault(uint64_t status, uint64_t at, uint64_t fault_at, uint64_t cause)
{
	const uint64_t a[4] = { at };

	make_call(PAGED_S, SEND_IPI, a);
	trial.status |= status;
	RUN(INSN_ECALL);
	EXPECT_EQ(trial.cause, cause);
	EXPECT_EQ(trial.value, fault_at);
	EXPECT_EQ(trial.pc, code_at(PAGED_S));
	EXPECT_EQ(trial.x[A0], at);
	expect_others_kept(a, SEND_IPI);
	EXPECT(!take_soft());
}

static void expect_mask_read(uint64_t status, uint64_t at)
{
	const uint64_t a[4] = { at };

	make_call(PAGED_S, SEND_IPI, a);
	trial.status |= status;
	RUN(INSN_ECALL);
	EXPECT_EQ(trial.cause, CAUSE_BREAKPOINT);
	EXPECT_EQ(trial.x[A0], 0);
	EXPECT(take_soft());
}

/* The mask, by a page that gives these rights. */
static uint64_t map_mask(uint64_t rights)
{
	uint64_t size = BIT(30), gpa = mask_in(BARE_S, 1);

	root[SLOT] = pte_make(HPA(align_down(gpa, size)), PTE_V | rights);
	__asm__ volatile("sfence.vma" ::: "memory");
	return SLOT * size + gpa % size;
}

TEST(legacy, mask_that_the_guest_could_not_read_is_its_own_load_fault)
{
	uint64_t sie = csr_swap(CSR_SIE, 0), page = fresh_page();

	expect_mask_read(0, map_mask(PTE_R | PTE_A));
	expect_mask_fault(0, map_mask(PTE_X | PTE_A), map_mask(PTE_X | PTE_A), CAUSE_LOAD_PAGE);
	expect_mask_read(SSTATUS_MXR, map_mask(PTE_X | PTE_A));
	expect_mask_fault(0, map_mask(PTE_R | PTE_A | PTE_U), map_mask(PTE_R | PTE_A | PTE_U),
			  CAUSE_LOAD_PAGE);
	expect_mask_read(SSTATUS_SUM, map_mask(PTE_R | PTE_A | PTE_U));
	expect_mask_fault(0, map_mask(0), map_mask(0), CAUSE_LOAD_PAGE);
	root[SLOT] = 0;
	__asm__ volatile("sfence.vma" ::: "memory");
	expect_mask_fault(0, at_in(PAGED_S, MAP_HOLE), at_in(PAGED_S, MAP_HOLE), CAUSE_LOAD_ACCESS);
	expect_mask_fault(0, at_in(PAGED_S, MAP_UART), at_in(PAGED_S, MAP_UART), CAUSE_LOAD_ACCESS);
	/* Across two pages, of which the second is none. */
	expect_mask_fault(0, at_in(PAGED_S, MAP_RAM + MAP_RAM_SIZE - 4),
			  at_in(PAGED_S, MAP_RAM + MAP_RAM_SIZE), CAUSE_LOAD_ACCESS);
	*(volatile uint32_t *)(page - 4) = 1;
	expect_mask_read(0, at_in(PAGED_S, page - 4));
	csr_write(CSR_SIE, sie);
}

/* --- the end --- */

/* The second VM makes the call, and this one goes on. */
TEST(legacy, shutdown_ends_the_vm_that_calls)
{
	(void)test_call(TEST_TELL, TOLD_ROUNDS, 0);
	partner_obey(ORDER_SHUT_DOWN);
	EXPECT(test_fact(FACT_PARTNER_SHUT_DOWN));
	EXPECT_EQ(test_fact(FACT_TOLD + TOLD_ROUNDS), 0);
}
