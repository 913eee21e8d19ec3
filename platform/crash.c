/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The end of a hypervisor, or another image of this runtime, that is wrong: one report, past the
 * console's ring, then the machine is switched off as failed. A fault inside the report ends it at
 * once. Other harts are told to stop; their reports, should they crash too, are dropped.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>

#include "arch/cause.h"
#include "lib/component.h"
#include "lib/symbols.h"
#include "lib/unwind.h"
#include "platform/boot.h"
#include "platform/console.h"
#include "platform/hart.h"
#include "platform/layout.h"
#include "platform/mmu_internal.h"
#include "platform/panic.h"
#include "platform/power.h"
#include "platform/trace.h"
#include "platform/trap.h"
#include "platform/version.h"
#include "platform/work.h"

enum { MAX_FRAMES = 24, SHOWN_RECORDS = 16 };

extern const char image_start[], image_rodata[];
extern const struct symbol_table symbols;

static _Atomic unsigned reporting; /* hart + 1 that writes the report */
static PER_HART unsigned depth;

/* Where the walk of a stack stands. */
struct place {
	uint64_t pc, sp, ra;
	bool is_return; /* pc is where a call returns to */
};

static void line(const char *format, ...) PRINTF(1, 2);
static void line(const char *format, ...)
{
	static char text[160]; /* one hart reports */
	va_list arguments;

	va_start(arguments, format);
	int n = vsnprintf(text, sizeof(text) - 1, format, arguments);
	va_end(arguments);
	size_t length = n < 0 ? 0 : (size_t)n;
	if (length > sizeof(text) - 2)
		length = sizeof(text) - 2;
	text[length++] = '\n';
	console_write(text, length);
}

/* Only one hart gets past here, and only once. */
static void begin(void)
{
	unsigned nobody = 0;

	switch (depth++) {
	case 0:
		break;
	case 1:
		line("crash: another fault in this report; it ends here");
		power_off(POWER_FAILURE);
	default: /* that faulted too */
		power_off_by_firmware(POWER_FAILURE);
	}
	if (!atomic_compare_exchange_strong(&reporting, &nobody, hart_index + 1))
		for (;;)
			hart_stop_if_told(); /* the other one ends the machine */
	harts_stop_others();
	console_enter_crash();
}

static bool in_text(uint64_t pc)
{
	return pc >= (uint64_t)image_start && pc < (uint64_t)image_rodata;
}

/* A call that never returns may end its function: its return address lies in the next one. */
static struct symbol function_at(const struct place *at)
{
	uint64_t pc = at->pc - at->is_return;

	if (!in_text(pc))
		return (struct symbol){ 0 };
	return symbol_find(&symbols, pc - (uint64_t)image_start);
}

static void show_place(unsigned n, const struct place *at)
{
	struct symbol s = function_at(at);

	if (s.name[0])
		line("  #%-2u %016" PRIx64 "  %s+0x%" PRIx64, n, at->pc, s.name,
		     at->pc - (uint64_t)image_start - s.start);
	else
		line("  #%-2u %016" PRIx64, n, at->pc);
}

static bool may_read(uint64_t va)
{
	return is_aligned(va, 8) && mmu_allows(va, 0);
}

static void go_to_caller(struct place *at)
{
	at->pc = at->ra;
	at->ra = 0; /* known for the innermost frame only */
	at->is_return = true;
}

/* To the caller's place; false where the walk ends. */
static bool step(struct place *at)
{
	const uint16_t *text = (const uint16_t *)image_start;
	struct symbol s = function_at(at);

	if (!s.name[0])
		return false;
	struct frame_shape shape =
		unwind_shape(text, s.start, at->pc - at->is_return - (uint64_t)image_start);

	if (shape.ra_at >= 0) {
		if (!may_read(at->sp + (uint64_t)shape.ra_at))
			return false;
		at->ra = *(const uint64_t *)(at->sp + (uint64_t)shape.ra_at);
	}
	at->sp += shape.size;
	go_to_caller(at);
	return in_text(at->pc - 1) && is_aligned(at->pc, 2) &&
	       unwind_is_return(text, at->pc - (uint64_t)image_start);
}

static void show_backtrace(struct place at)
{
	unsigned n = 0;

	line("called from:");
	show_place(n++, &at);
	/* A jump through a bad pointer: the caller is where it would have returned to. */
	if (!in_text(at.pc)) {
		go_to_caller(&at);
		show_place(n++, &at);
	}
	while (n < MAX_FRAMES && step(&at))
		show_place(n++, &at);
}

static void show_registers(const struct trap_frame *f)
{
	static const char names[32][4] = {
		"0",  "ra", "sp", "gp", "tp",  "t0",  "t1", "t2", "s0", "s1", "a0",
		"a1", "a2", "a3", "a4", "a5",  "a6",  "a7", "s2", "s3", "s4", "s5",
		"s6", "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6",
	};

	for (unsigned i = 0; i < 32; i += 4)
		line("  %3.3s %016" PRIx64 "  %3.3s %016" PRIx64 "  %3.3s %016" PRIx64
		     "  %3.3s %016" PRIx64,
		     names[i], f->x[i], names[i + 1], f->x[i + 1], names[i + 2], f->x[i + 2],
		     names[i + 3], f->x[i + 3]);
}

static const char *where(uint64_t va)
{
	uint64_t in_hart = va & (MEGA_SIZE - 1);
	extern const char boot_stack_guard[], boot_trap_guard[];

	if (va < PAGE_SIZE)
		return " (a null pointer)";
	if (va - (uint64_t)boot_stack_guard < PAGE_SIZE ||
	    va - (uint64_t)boot_trap_guard < PAGE_SIZE)
		return " (the boot hart's stack overflowed)";
	if (va >= LAYOUT_HARTS && va < LAYOUT_WINDOWS && in_hart < HART_LOCALS)
		return " (a hart's stack overflowed)";
	if (va >= LAYOUT_IMAGE && va < (uint64_t)image_rodata)
		return " (the image's text)";
	return "";
}

static void show_end(struct place at)
{
	show_backtrace(at);
	if (trace_on) {
		line("last events of this hart (time, event, a, b):");
		trace_show(SHOWN_RECORDS, line);
	}
	power_off(POWER_FAILURE);
}

_Noreturn void crash_on_trap(const struct trap_frame *f)
{
	begin();
	line("\n*** %s " HARTWOOD_VERSION " crashed on hart %u (id %" PRIu64 "): %s at %016" PRIx64,
	     symbols.image, hart_index, hart_id, cause_text(f->cause), f->pc);
	line("  address or instruction %016" PRIx64 "%s, sstatus %016" PRIx64 ", scause %" PRIx64,
	     f->value, f->cause == CAUSE_ILLEGAL_INSN ? "" : where(f->value), f->status, f->cause);
	show_registers(f);
	show_end((struct place){ f->pc, f->x[2], f->x[1], false });
	__builtin_unreachable();
}

/* The place is that of the function that this is inlined into. */
__attribute__((always_inline)) static inline void crash_here(const char *what)
{
	uint64_t pc, sp;

	__asm__ volatile("auipc %0, 0\n\tmv %1, sp" : "=r"(pc), "=r"(sp));
	line("\n*** %s " HARTWOOD_VERSION " stopped on hart %u (id %" PRIu64 "): %s", symbols.image,
	     hart_index, hart_id, what);
	show_end((struct place){ pc, sp, 0, false });
}

_Noreturn void panic(const char *format, ...)
{
	static char text[128];
	va_list arguments;

	begin();
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	crash_here(text);
	__builtin_unreachable();
}

#ifdef DEBUG
_Noreturn void check_failed(const char *what, const char *file, int at)
{
	panic("CHECK(%s) does not hold, %s:%d", what, file, at);
}
#else
/* Not inline: a second store of ra in one frame would mislead lib/unwind.c. */
static __attribute__((noinline)) struct symbol caller_at(void *ra)
{
	struct place caller = { .pc = (uint64_t)ra, .is_return = true };

	return function_at(&caller);
}

_Noreturn void check_failed(int at)
{
	struct symbol caller = caller_at(__builtin_return_address(0));

	panic("a CHECK of %s() does not hold, line %d", caller.name, at);
}
#endif

COMPONENT(crash, PHASE_MEMORY, NULL, NULL, "the report of a hypervisor that is wrong");
