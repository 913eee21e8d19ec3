/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest without any counter: to touch one is an illegal instruction. Our runtime reads the
 * time, so this one does without it: no translation, no local of a hart, nothing that needs to know
 * where the image was linked. Its memory was zeroed by the hypervisor.
 */
#include <string.h>

#include "sbi/host/srst.h"
#include "tests/guest/insn.h"

enum { N_COUNTERS = 32, INSN_JUMP_HERE = 0x6f, SOON = 500000 /* 50 ms on QEMU */ };

_Noreturn void timeless_main(uint64_t hart, const uint8_t *tree);

static struct trial one;
static uint32_t code[2] __attribute__((aligned(8)));

static void run(uint32_t insn, uint64_t status)
{
	uint64_t off = SSTATUS_SPP | SSTATUS_SIE | SSTATUS_SPIE;

	code[0] = insn;
	code[1] = INSN_EBREAK;
	one = (struct trial){
		.pc = (uint64_t)code,
		.status = (csr_read(CSR_SSTATUS) & ~off) | status,
	};
	trial_enter(&one, (uint64_t)&one, 0);
}

/* Is it an illegal instruction, in S-mode or in U-mode? */
static bool is_refused(uint32_t insn, bool in_user)
{
	run(insn, in_user ? 0 : SSTATUS_SPP);
	return one.cause == CAUSE_ILLEGAL_INSN && one.value == insn && one.pc == (uint64_t)code;
}

static void try_all(void)
{
	static const uint32_t forms[] = {
		INSN_CSRR(0),            /* csrrs */
		INSN_I(0x73, 3, A0, 0),  /* csrrc */
		INSN_I(0x73, 6, A0, 0),  /* csrrsi */
		INSN_I(0x73, 2, 0, 0),   /* into x0 */
		INSN_I(0x73, 1, A0, A2), /* csrrw, of what is read-only */
	};
	uint64_t n = 0;

	csr_write(CSR_SCOUNTEREN, ~0u);
	for (unsigned i = 0; i < 2 * N_COUNTERS * ARRAY_LEN(forms); i++) {
		unsigned counter = i / 2 % N_COUNTERS;
		uint32_t insn = forms[i / 2 / N_COUNTERS] | (CSR_CYCLE + counter) << 20;

		n++;
		if (is_refused(insn, i % 2))
			continue;
		(void)test_call(TEST_TELL, TOLD_ODD, insn);
		(void)test_call(TEST_TELL, TOLD_ODD_CAUSE, one.cause);
	}
	(void)test_call(TEST_TELL, TOLD_TRIED, n);
}

static bool is_in(const uint8_t *tree, size_t size, const char *name)
{
	size_t n = strlen(name) + 1;

	for (size_t i = 0; i + n <= size; i++)
		if (!memcmp(tree + i, name, n))
			return true;
	return false;
}

/* As strings of their own: riscv,isa-extensions has each. */
static bool tree_is_right(const uint8_t *tree)
{
	size_t size = (size_t)tree[4] << 24 | tree[5] << 16 | tree[6] << 8 | tree[7];

	return is_in(tree, size, "zicsr") && !is_in(tree, size, "zicntr") &&
	       !is_in(tree, size, "zihpm") && !is_in(tree, size, "sstc");
}

static void set_timer(uint64_t when)
{
	(void)sbi_call(SBI_EXT_TIME, 0, when, 0, 0, 0, 0);
}

/* A timer that is past interrupts whatever runs; one that never comes does not. */
static bool timer_works(void)
{
	bool works = true;

	csr_write(CSR_SIE, SIE_STIE);
	for (unsigned i = 0; i < 4; i++) {
		uint64_t mode = i & 1 ? SSTATUS_SPP : 0;

		set_timer(~0ull);
		run(INSN_NOP, SSTATUS_SPIE | mode);
		works = works && one.cause == CAUSE_BREAKPOINT;
		set_timer(0);
		run(INSN_JUMP_HERE, SSTATUS_SPIE | mode);
		works = works && one.cause == (CAUSE_INTERRUPT | IRQ_S_TIMER);
	}
	csr_write(CSR_SIE, 0);
	return works;
}

/* Who has no Sstc is woken by a timer of the hypervisor. Time began with this guest: so early, the
 * moment is still to come, or else there is less to see and nothing to fail. */
static bool wait_ends(void)
{
	set_timer(SOON);
	csr_write(CSR_SIE, SIE_STIE);
	__asm__ volatile("wfi");
	csr_write(CSR_SIE, 0);
	bool is_due = !test_fact(FACT_SIP_IS_WHOLE) || csr_read(CSR_SIP) & SIE_STIE;

	set_timer(~0ull);
	return is_due;
}

_Noreturn void timeless_main(uint64_t hart, const uint8_t *tree)
{
	struct sbi_ret version = sbi_call(SBI_EXT_BASE, 0, 0, 0, 0, 0, 0);
	unsigned works = version.error == 0 && version.value >= 2 << 24 ? WORKS_BASE : 0;

	(void)hart;
	works |= wait_ends() ? WORKS_WAIT : 0;
	try_all();
	works |= tree_is_right(tree) ? WORKS_TREE : 0;
	works |= timer_works() ? WORKS_TIMER : 0;
	(void)test_call(TEST_TELL, TOLD_WORKS, works);
	for (;;)
		(void)sbi_call(SBI_EXT_SRST, 0, SBI_RESET_SHUTDOWN, SBI_RESET_NO_REASON, 0, 0, 0);
}
