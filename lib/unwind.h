/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who called: a stack is walked without frame pointers and without tables, by reading a function's
 * own instructions from its start to the pc. What moved sp and where ra was saved tells the frame.
 * Hot code pays nothing for it. Functions here never move sp by a register (no alloca, no frames
 * above 3 KiB: the compiler is told to refuse both).
 */
#ifndef LIB_UNWIND_H
#define LIB_UNWIND_H

#include "arch/bits.h"

struct frame_shape {
	uint64_t size; /* sp at entry is sp + size */
	int32_t ra_at; /* ra was saved at sp + ra_at; -1: it is still, or again, in its register */
};

/* The frame at offset `pc` of `code` (halfwords of a text section), in the function that starts at
 * offset `start`, before the instruction there has happened. For a return address ask for the byte
 * before it, which is the call's: what stands behind a call that never returns may be anything.
 * Nothing outside [start, pc) is read, but the start of a routine that the function calls by t0 to
 * save registers. */
struct frame_shape unwind_shape(const uint16_t *code, uint64_t start, uint64_t pc);

/* Does a call end at offset `pc`? What a return address must satisfy. */
bool unwind_is_return(const uint16_t *code, uint64_t pc);

#endif
