/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interrupts that a hart raises for itself and takes. For that the runtime's vector makes way for a
 * handler of two or three instructions, and interrupts are on, which they never are otherwise.
 */
#include "bench/micro.h"

#include "arch/csr.h"
#include "sbi/host/sbi.h"

#define HANDLER(name) static __attribute__((naked, aligned(4))) void name(void)

HANDLER(end_timer_by_csr)
{
	__asm__("li	t0, -1\n"
		"csrw	0x14d, t0\n" /* stimecmp */
		"sret");
}

/* In the loop's registers a6 and a7 the call is set_timer already. */
HANDLER(end_timer_by_call)
{
	__asm__("li	a0, -1\n"
		"ecall\n"
		"sret");
}

HANDLER(end_ipi)
{
	__asm__("csrci	sip, 2\n"
		"sret");
}

static uint64_t old_vector, old_enabled;

static void take(uint64_t enabled, void (*handler)(void))
{
	old_vector = csr_swap(CSR_STVEC, (uint64_t)handler);
	old_enabled = csr_swap(CSR_SIE, enabled);
	csr_set(CSR_SSTATUS, SSTATUS_SIE);
}

static void take_no_more(void)
{
	csr_clear(CSR_SSTATUS, SSTATUS_SIE);
	csr_write(CSR_SIE, old_enabled);
	csr_write(CSR_STVEC, old_vector);
}

/* The moment 0 is past. */
static void timer_by_csr(void)
{
	register uint64_t n __asm__("s1") = ROUNDS;

	take(SIE_STIE, end_timer_by_csr);
	__asm__ volatile("1:	csrw	0x14d, zero\n"
			 "	addi	%0, %0, -1\n"
			 "	bnez	%0, 1b\n"
			 : "+r"(n)::"t0", "memory");
	take_no_more();
}

static void timer_by_call(void)
{
	take(SIE_STIE, end_timer_by_call);
	CALL_ROUNDS(SBI_EXT_TIME, 0, 0, 0, 0, 0);
	take_no_more();
}

static void ipi_to_self(void)
{
	take(SIE_SSIE, end_ipi);
	CALL_ROUNDS(SBI_EXT_IPI, 0, 1, 0, 0, 0);
	take_no_more();
}

/* The interrupt is pending and enabled, but not taken. */
static void wait_for_pending(void)
{
	register uint64_t n __asm__("s1") = ROUNDS;
	uint64_t enabled = csr_swap(CSR_SIE, SIE_SSIE);

	csr_set(CSR_SIP, SIE_SSIE);
	__asm__ volatile("1:	wfi\n"
			 "	addi	%0, %0, -1\n"
			 "	bnez	%0, 1b\n"
			 : "+r"(n)::"memory");
	csr_clear(CSR_SIP, SIE_SSIE);
	csr_write(CSR_SIE, enabled);
}

static const struct row rows[] = {
	{ "timer-by-sbi", NULL, timer_by_call, ROUNDS },
	{ "timer-by-stimecmp", NULL, timer_by_csr, ROUNDS },
	{ "ipi-to-self", NULL, ipi_to_self, ROUNDS },
	{ "wfi-pending", NULL, wait_for_pending, ROUNDS },
};

GROUP(interrupt_group, rows);
