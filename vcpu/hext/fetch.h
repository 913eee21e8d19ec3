/* SPDX-License-Identifier: BSD-2-Clause */
/* Two or four bytes of guest text, by the guest's own translation and rights: HLVX, caught. */
#ifndef VCPU_HEXT_FETCH_H
#define VCPU_HEXT_FETCH_H

#include "platform/catch.h"

#ifdef __riscv

/* CAUGHT_NOTHING, or the cause of the trap; what is at `value` then means nothing. */
#define fetch_by(function, address, value)                                                         \
	({                                                                                         \
		uint64_t caught_;                                                                  \
		__asm__ volatile(CATCH(".insn r 0x73, 4, " function ", %[v], %[a], x3")            \
				 : [caught] "=&r"(caught_), [v] "=&r"(*(value))                    \
				 : [a] "r"(address)                                                \
				 : "t0", "memory");                                                \
		caught_;                                                                           \
	})
#define HLVX_HU "0x32"
#define HLVX_WU "0x34"

#else

/* On the host a model of a guest's text, which the test program gives. */
uint64_t fetch_model(unsigned width, uint64_t address, uint64_t *value);

#define fetch_by(width, address, value) fetch_model(width, address, value)
#define HLVX_HU                         2
#define HLVX_WU                         4

#endif
#endif
