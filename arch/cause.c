/* SPDX-License-Identifier: BSD-2-Clause */
#include "arch/cause.h"

static const char *const exceptions[] = {
	[CAUSE_FETCH_MISALIGNED] = "misaligned fetch",
	[CAUSE_FETCH_ACCESS] = "fetch access fault",
	[CAUSE_ILLEGAL_INSN] = "illegal instruction",
	[CAUSE_BREAKPOINT] = "breakpoint",
	[CAUSE_LOAD_MISALIGNED] = "misaligned load",
	[CAUSE_LOAD_ACCESS] = "load access fault",
	[CAUSE_STORE_MISALIGNED] = "misaligned store",
	[CAUSE_STORE_ACCESS] = "store access fault",
	[CAUSE_U_ECALL] = "call from user mode",
	[CAUSE_S_ECALL] = "call from supervisor mode",
	[CAUSE_VS_ECALL] = "call from a guest's supervisor mode",
	[CAUSE_M_ECALL] = "call from machine mode",
	[CAUSE_FETCH_PAGE] = "fetch page fault",
	[CAUSE_LOAD_PAGE] = "load page fault",
	[CAUSE_STORE_PAGE] = "store page fault",
	[CAUSE_DOUBLE_TRAP] = "double trap",
	[CAUSE_SOFTWARE_CHECK] = "software check",
	[CAUSE_HARDWARE_ERROR] = "hardware error",
	[CAUSE_FETCH_GPF] = "guest page fault on a fetch",
	[CAUSE_LOAD_GPF] = "guest page fault on a load",
	[CAUSE_VIRTUAL_INSN] = "virtual instruction",
	[CAUSE_STORE_GPF] = "guest page fault on a store",
};

static const char *const interrupts[] = {
	[IRQ_S_SOFT] = "software interrupt",
	[IRQ_S_TIMER] = "timer interrupt",
	[IRQ_S_EXT] = "external interrupt",
};

const char *cause_text(uint64_t scause)
{
	uint64_t code = scause & ~CAUSE_INTERRUPT;

	if (scause & CAUSE_INTERRUPT) {
		if (code < ARRAY_LEN(interrupts) && interrupts[code])
			return interrupts[code];
		return "unknown interrupt";
	}
	if (code < ARRAY_LEN(exceptions) && exceptions[code])
		return exceptions[code];
	return "unknown exception";
}
