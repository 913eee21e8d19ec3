/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The trace: a ring of fixed records per hart, written by its hart alone, shown in the crash
 * report. Off, it costs a load and a predicted branch.
 */
#ifndef PLATFORM_TRACE_H
#define PLATFORM_TRACE_H

#include "platform/hart.h"

/* X(identifier, name, what a and b are) */
#define TRACE_EVENTS(X)                                                                            \
	X(BOOT, "boot", "component")                                                               \
	X(HART, "hart", "id, number")                                                              \
	X(IRQ, "irq", "pending")                                                                   \
	X(TRAP, "trap", "cause, value")                                                            \
	X(EXIT, "exit", "cause, guest pc")                                                         \
	X(FAULT, "fault", "address, guest-physical address")                                       \
	X(INJECT, "inject", "cause, value")

enum trace_event {
#define X(id, name, about) TRACE_##id,
	TRACE_EVENTS(X)
#undef X
		TRACE_N_EVENTS
};

enum { TRACE_RECORDS = 64 }; /* a power of two */

struct trace_record {
	uint64_t time;
	uint64_t event;
	uint64_t a, b;
};

extern unsigned trace_on;

void trace_write(enum trace_event event, uint64_t a, uint64_t b);

static inline void trace(enum trace_event event, uint64_t a, uint64_t b)
{
	if (UNLIKELY(trace_on))
		trace_write(event, a, b);
}

/* The last records of this hart, oldest first, each given to `show` as one line. */
void trace_show(unsigned n, void (*show)(const char *format, ...) PRINTF(1, 2));

#endif
