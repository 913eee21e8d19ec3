/* SPDX-License-Identifier: BSD-2-Clause */
/* The way into a handler of a software event and back to what it interrupted. */
#ifndef TESTS_GUEST_SSE_H
#define TESTS_GUEST_SSE_H

#define HANDLER_CALL  0
#define HANDLER_STACK 8
#define HANDLER_SP    16

#ifndef __ASSEMBLER__

#include <assert.h>

#include "arch/bits.h"

/* One event's on one hart: its address is the event's argument. */
struct handler {
	void (*call)(struct handler *h, uint64_t hart);
	void *stack;             /* its end */
	uint64_t interrupted_sp; /* kept by the way in */
	uint32_t event;
};
static_assert(offsetof(struct handler, interrupted_sp) == HANDLER_SP);

/* Where an event begins whose argument is a handler. */
extern const char sse_begins[];

#endif
#endif
