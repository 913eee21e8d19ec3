/* SPDX-License-Identifier: BSD-2-Clause */
/* A trap of the hypervisor's own code: what was saved, and who looks at it. */
#ifndef PLATFORM_TRAP_H
#define PLATFORM_TRAP_H

#define TRAP_X(n)       (8 * (n))
#define TRAP_PC         256
#define TRAP_CAUSE      264
#define TRAP_VALUE      272
#define TRAP_STATUS     280
#define TRAP_NESTED     288
#define TRAP_FRAME_SIZE 304

#ifndef __ASSEMBLER__

#include <assert.h>

#include "platform/hart.h"

struct trap_frame {
	uint64_t x[32]; /* x[0] is 0 */
	uint64_t pc;
	uint64_t cause;
	uint64_t value;
	uint64_t status;
	uint64_t nested; /* inside another trap's handling */
	uint64_t pad;
};

static_assert(offsetof(struct trap_frame, pc) == TRAP_PC);
static_assert(offsetof(struct trap_frame, cause) == TRAP_CAUSE);
static_assert(offsetof(struct trap_frame, value) == TRAP_VALUE);
static_assert(offsetof(struct trap_frame, status) == TRAP_STATUS);
static_assert(offsetof(struct trap_frame, nested) == TRAP_NESTED);
static_assert(sizeof(struct trap_frame) == TRAP_FRAME_SIZE);

extern const char trap_vector[];

/* From now on this hart's traps go to our vector, on the stack that ends at `top`. */
void trap_init_hart(uint64_t top);

/* Its value while none is handled is `top`; for tests. */
extern PER_HART uint64_t trap_stack;

/* Called before the vector returns to code of ours, where what the trap has changed besides
 * registers, sepc and sstatus matters to it; may be NULL. */
extern PER_HART void (*trap_on_return)(void);

/* Called by the vector. Returns when the code may go on at frame->pc. */
void trap_handle(struct trap_frame *frame);

/* The report of a trap that nobody expected; ends in power_off. */
_Noreturn void crash_on_trap(const struct trap_frame *frame);

#endif
#endif
