/* SPDX-License-Identifier: BSD-2-Clause */
/* Interrupts and time, as a guest sees them. */
#include "platform/timer.h"
#include "tests/guest/insn.h"
#include "tests/kit/kit.h"

enum { PATIENCE_US = 2000000, UART_SOURCE = 10, SBI_IPI_SEND = 0 };

static void set_timer(uint64_t when)
{
	(void)sbi_call(SBI_EXT_TIME, 0, when, 0, 0, 0, 0);
}

/* All of these are pending, at once or in a moment: wfi ends when one is, though it may end sooner,
 * and QEMU's timer comes a little later than time itself. */
static void expect_pending(uint64_t bits)
{
	uint64_t sie = csr_read(CSR_SIE), end = time_now() + time_from_us(PATIENCE_US);
	bool is_whole = test_fact(FACT_SIP_IS_WHOLE);

	for (uint64_t left = bits; left; left &= left - 1) {
		csr_write(CSR_SIE, left & -left);
		do
			__asm__ volatile("wfi" ::: "memory");
		while (is_whole && !(csr_read(CSR_SIP) & left & -left) && !time_is_past(end));
	}
	csr_write(CSR_SIE, sie);
	EXPECT(!is_whole || (csr_read(CSR_SIP) & bits) == bits);
}

static void expect_nothing_pending(void)
{
	EXPECT_EQ(csr_read(CSR_SIP) & (SIE_SSIE | SIE_STIE | SIE_SEIE), 0);
}

/* --- each source raises and lowers its bit --- */

static void soft(bool on)
{
	if (on)
		(void)sbi_call(SBI_EXT_IPI, SBI_IPI_SEND, 1, 0, 0, 0, 0);
	else
		csr_clear(CSR_SIP, SIE_SSIE);
}

static void soft_by_itself(bool on)
{
	if (on)
		csr_set(CSR_SIP, SIE_SSIE);
	else
		csr_clear(CSR_SIP, SIE_SSIE);
}

static void timer_by_call(bool on)
{
	set_timer(on ? 0 : ~0ull);
}

static void timer_by_itself(bool on)
{
	if (has(ISA_SSTC))
		csr_write(CSR_STIMECMP, on ? 0 : ~0ull);
	else
		set_timer(on ? 0 : ~0ull);
}

static volatile uint32_t *plic(uint64_t offset)
{
	return (volatile uint32_t *)(MAP_PLIC + offset);
}

/* By the UART's "I can send". */
static void external(bool on)
{
	volatile uint8_t *uart = (volatile uint8_t *)MAP_UART;

	*plic(4 * UART_SOURCE) = 1;
	*plic(0x2080) = 1u << UART_SOURCE;
	*plic(0x201000) = 0;
	uart[1] = on ? 2 : 0;
	if (!on) {
		uint32_t source = *plic(0x201004);

		if (source)
			*plic(0x201004) = source;
	}
}

static const struct source {
	const char *name;
	void (*drive)(bool on);
	uint64_t bit;
	unsigned cause;
} sources[] = {
	{ "software, by IPI", soft, SIE_SSIE, IRQ_S_SOFT },
	{ "software, by sip", soft_by_itself, SIE_SSIE, IRQ_S_SOFT },
	{ "timer, by a call", timer_by_call, SIE_STIE, IRQ_S_TIMER },
	{ "timer, by stimecmp", timer_by_itself, SIE_STIE, IRQ_S_TIMER },
	{ "external", external, SIE_SEIE, IRQ_S_EXT },
};

/* It is taken before the first instruction exactly if all three say so; in U-mode SIE is not asked.
 */
static void expect_in_world(const struct source *s, enum world w, bool sie_set, bool is_pending)
{
	for (unsigned on = 0; on < 2; on++) {
		bool is_taken = is_pending && sie_set && (on || is_user(w));

		csr_write(CSR_SIE, sie_set ? s->bit : 0);
		trial_begin(w);
		trial.status |= field_put(SSTATUS_SPIE, on);
		RUN(INSN_NOP);
		csr_write(CSR_SIE, 0);
		EXPECT_EQ(trial.cause,
			  is_taken ? CAUSE_INTERRUPT | s->cause : (uint64_t)CAUSE_BREAKPOINT);
		EXPECT_EQ(trial.pc, code_at(w) + (is_taken ? 0 : 4));
		EXPECT_EQ(field_get(SSTATUS_SPIE, trial.status), on);
	}
}

TEST(irq, interrupt_is_taken_exactly_if_it_is_pending_and_enabled)
{
	uint64_t sie = csr_swap(CSR_SIE, 0);

	for (unsigned i = 0; i < ARRAY_LEN(sources); i++) {
		const struct source *s = &sources[i];

		kit_note("%s", s->name);
		for (unsigned pending = 0; pending < 2; pending++) {
			s->drive(pending);
			if (pending)
				expect_pending(s->bit);
			else
				expect_nothing_pending();
			for (enum world w = 0; w < N_WORLDS; w++) {
				expect_in_world(s, w, false, pending);
				expect_in_world(s, w, true, pending);
			}
		}
		s->drive(false);
		expect_nothing_pending();
	}
	csr_write(CSR_SIE, sie);
}

/* Also with interrupts off, as a guest's idle loop has it. */
TEST(irq, wfi_ends_for_every_source_that_is_pending)
{
	uint64_t sie = csr_swap(CSR_SIE, 0);

	for (unsigned i = 0; i < ARRAY_LEN(sources); i++) {
		sources[i].drive(true);
		csr_write(CSR_SIE, sources[i].bit);
		kit_note("%s", sources[i].name);
		trial_begin(BARE_S);
		RUN(INSN_WFI);
		EXPECT_EQ(trial.cause, CAUSE_BREAKPOINT);
		csr_write(CSR_SIE, 0);
		sources[i].drive(false);
	}
	csr_write(CSR_SIE, sie);
}

/* Which comes first is the hart's to say: QEMU's without AIA takes the smallest number. */
TEST(irq, all_that_is_pending_is_taken_one_after_another)
{
	uint64_t sie = csr_swap(CSR_SIE, 0), all = SIE_SSIE | SIE_STIE | SIE_SEIE, taken = 0;

	soft(true);
	timer_by_call(true);
	external(true);
	expect_pending(all);
	for (unsigned i = 0; i < 3; i++) {
		csr_write(CSR_SIE, all);
		trial_begin(PAGED_U);
		RUN(INSN_NOP);
		csr_write(CSR_SIE, 0);
		REQUIRE(trial.cause & CAUSE_INTERRUPT);
		taken |= BIT(trial.cause & 63);
		if (trial.cause == (CAUSE_INTERRUPT | IRQ_S_EXT))
			external(false);
		else if (trial.cause == (CAUSE_INTERRUPT | IRQ_S_SOFT))
			soft(false);
		else
			timer_by_call(false);
	}
	EXPECT_EQ(taken, all);
	expect_nothing_pending();
	csr_write(CSR_SIE, sie);
}

TEST(irq, timer_and_external_pending_bits_are_not_the_guest_to_write)
{
	csr_set(CSR_SIP, SIE_STIE | SIE_SEIE);
	expect_nothing_pending();
	timer_by_call(true);
	external(true);
	csr_clear(CSR_SIP, SIE_STIE | SIE_SEIE);
	expect_pending(SIE_STIE | SIE_SEIE);
	timer_by_call(false);
	external(false);
	expect_nothing_pending();
}

TEST(irq, timer_comes_when_it_is_due_and_not_before)
{
	for (unsigned i = 0; i < 5; i++) {
		uint64_t when = time_now() + time_from_us(2000);

		set_timer(when);
		for (;;) {
			bool was_pending = csr_read(CSR_SIP) & SIE_STIE;

			if (time_now() >= when)
				break;
			EXPECT(!was_pending);
		}
		expect_pending(SIE_STIE);
		set_timer(~0ull);
		expect_nothing_pending();
	}
}

/* A guest that only computes is interrupted. */
TEST(irq, timer_interrupts_a_loop)
{
	static const uint32_t self = 0x0000006f; /* j . */

	for (enum world w = 0; w < N_WORLDS; w++) {
		uint64_t sie = csr_swap(CSR_SIE, SIE_STIE), when = time_now() + time_from_us(1000);

		set_timer(when);
		trial_begin(w);
		trial.status |= SSTATUS_SPIE;
		trial_run_insn(self);
		csr_write(CSR_SIE, sie);
		EXPECT_EQ(trial.cause, CAUSE_INTERRUPT | IRQ_S_TIMER);
		EXPECT_EQ(trial.pc, code_at(w));
		EXPECT(time_now() >= when);
		set_timer(~0ull);
	}
}

TEST(irq, time_goes_on_and_began_with_the_guest)
{
	uint64_t last = time_now();

	EXPECT(last < time_from_us(60000000));
	for (unsigned i = 0; i < 10000; i++) {
		uint64_t now = time_now();

		if (now < last) {
			EXPECT(now >= last);
			return;
		}
		last = now;
		if (i % 1000 == 0)
			(void)test_fact(FACT_LEVELS);
	}
}
