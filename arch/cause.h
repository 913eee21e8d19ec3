/* SPDX-License-Identifier: BSD-2-Clause */
/* Why a trap was taken: scause's values, and their names in words. */
#ifndef ARCH_CAUSE_H
#define ARCH_CAUSE_H

#include "arch/bits.h"

#define CAUSE_INTERRUPT BIT(63)

enum cause {
	CAUSE_FETCH_MISALIGNED = 0,
	CAUSE_FETCH_ACCESS = 1,
	CAUSE_ILLEGAL_INSN = 2,
	CAUSE_BREAKPOINT = 3,
	CAUSE_LOAD_MISALIGNED = 4,
	CAUSE_LOAD_ACCESS = 5,
	CAUSE_STORE_MISALIGNED = 6,
	CAUSE_STORE_ACCESS = 7,
	CAUSE_U_ECALL = 8,
	CAUSE_S_ECALL = 9,
	CAUSE_VS_ECALL = 10,
	CAUSE_M_ECALL = 11,
	CAUSE_FETCH_PAGE = 12,
	CAUSE_LOAD_PAGE = 13,
	CAUSE_STORE_PAGE = 15,
	CAUSE_DOUBLE_TRAP = 16,
	CAUSE_SOFTWARE_CHECK = 18,
	CAUSE_HARDWARE_ERROR = 19,
	CAUSE_FETCH_GPF = 20, /* guest page faults: the G-stage refused */
	CAUSE_LOAD_GPF = 21,
	CAUSE_VIRTUAL_INSN = 22,
	CAUSE_STORE_GPF = 23,
};

enum irq_cause {
	IRQ_S_SOFT = 1,
	IRQ_S_TIMER = 5,
	IRQ_S_EXT = 9,
};

/* "store page fault", "timer interrupt", ...; never NULL. */
const char *cause_text(uint64_t scause);

#endif
