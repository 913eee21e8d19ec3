/* SPDX-License-Identifier: BSD-2-Clause */
#include "platform/trap.h"
#include "arch/cause.h"
#include "arch/csr.h"
#include "arch/fence.h"
#include "arch/guest_fault.h"
#include "arch/pte.h"
#include "platform/boot.h"
#include "platform/catch.h"
#include "platform/hart.h"
#include "platform/mmu_internal.h"
#include "platform/probe.h"
#include "platform/timer.h"
#include "platform/trace.h"

extern const struct catch_entry catch_table[], catch_table_end[];

/* The last fault that a fence was thought to answer. The same one again at once is a real one. */
enum { MAX_FENCES = 8 }; /* in a second */
static PER_HART struct {
	uint64_t pc, address, time;
	unsigned n;
} fenced;

/* The vector's own: where it keeps a register for a moment, and the trap stack's top. It reaches
 * them by a 12-bit offset from tp, so the linker puts them first. */
#define FIRST_LOCAL __attribute__((section(".tdata.first"), used))
FIRST_LOCAL PER_HART uint64_t trap_t0 = 0, trap_stack = 0;

PER_HART void (*trap_on_return)(void);

void trap_init_hart(uint64_t top)
{
	trap_stack = top;
	csr_write(CSR_STVEC, (uint64_t)trap_vector);
}

static bool go_on_if_caught(struct trap_frame *frame)
{
	for (const struct catch_entry *e = catch_table; e < catch_table_end; e++) {
		if (e->from != frame->pc)
			continue;
		frame->pc = e->to;
		frame->x[5] = frame->cause;
		return true;
	}
	return false;
}

/*
 * A hart may keep a translation that was invalid and is valid by now (privileged specification,
 * "Supervisor Memory-Management Fence Instruction"). Mapping does not fence for that; this does.
 */
static bool is_spurious(const struct trap_frame *frame)
{
	uint64_t right;

	switch (frame->cause) {
	case CAUSE_FETCH_PAGE:
		right = PTE_X;
		break;
	case CAUSE_LOAD_PAGE:
		right = PTE_R;
		break;
	case CAUSE_STORE_PAGE:
		right = PTE_W;
		break;
	default:
		return false;
	}
	/* Nothing since this trap can have trapped itself, so hstatus still speaks of it. */
	if ((this_hart_features()->h && is_guest_address_in_stval()) ||
	    !mmu_allows(frame->value, right))
		return false;
	uint64_t now = time_now();

	if (fenced.pc != frame->pc || fenced.address != frame->value ||
	    now - fenced.time > machine.timebase_hz)
		fenced.n = 0;
	if (++fenced.n > MAX_FENCES)
		return false;
	fenced.pc = frame->pc;
	fenced.address = frame->value;
	fenced.time = now;
	/* Of everything: a fence of one page reaches leaves only, and what became valid may be a
	 * table. */
	sfence_vma_all();
	return true;
}

void trap_handle(struct trap_frame *frame)
{
	trace(TRACE_TRAP, frame->cause, frame->value);
	if (!is_spurious(frame) && !go_on_if_caught(frame))
		crash_on_trap(frame);
	if (trap_on_return)
		trap_on_return();
}
