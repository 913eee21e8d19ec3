/* SPDX-License-Identifier: BSD-2-Clause */
/* What a person is told of a VM: its exits, its translations, how it crashed. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "arch/cause.h"
#include "gstage/walk.h"
#include "hyp/run.h"
#include "hyp/vconsole.h"
#include "hyp/vm.h"
#include "platform/log.h"
#include "platform/timer.h"
#include "platform/trace.h"
#include "vcpu/engine.h"

static void show_vcpu(const struct vcpu *v, void (*show)(const char *format, ...))
{
	show("  vCPU %u on hart %u, %s: %" PRIu64 " SBI calls, %" PRIu64 " interrupts, %" PRIu64
	     " waits, %" PRIu64 " device accesses, %" PRIu64 " fills",
	     v->index, v->hart,
	     v->state == VCPU_RUNNABLE  ? "runnable"
	     : v->state == VCPU_WAITING ? "waiting"
	     : v->state == VCPU_PARKED  ? "paused"
					: "off",
	     v->n_calls, v->n_interrupts, v->n_waits, v->n_mmio, v->n_fills);
	for (unsigned i = 0; i < ARRAY_LEN(v->n_exits); i++)
		if (v->n_exits[i])
			show("    %-26s %" PRIu64, cause_text(i), v->n_exits[i]);
}

void vm_show_stats(struct vm *vm, void (*show)(const char *format, ...))
{
	uint64_t n = vm->state == VM_IS_STOPPED
			     ? vm->last_held
			     : atomic_load_explicit(&vm->map.owner.n_held, memory_order_relaxed);

	show("%s %s; started %u time%s, %" PRIu64 " of %" PRIu64 " KiB, %u tables of 4 KiB",
	     vm_name(vm), vm_state_text(vm), vm->n_starts, vm->n_starts == 1 ? "" : "s",
	     n * PAGE_SIZE / KiB, vm->map.owner.quota * PAGE_SIZE / KiB,
	     atomic_load_explicit(&vm->map.table.n_pages, memory_order_relaxed));
	if (vconsole_n_lost(vm->console))
		show("  console: %" PRIu64 " bytes were never shown", vconsole_n_lost(vm->console));
	for (unsigned i = 0; i < vm->n_vcpus; i++)
		show_vcpu(vm->vcpus[i], show);
}

/* Guest memory as it is: looking at it makes nothing appear. */
static bool read_entry(void *context, struct gpa at, uint64_t *entry)
{
	struct vm *vm = context;
	unsigned level;

	return gtable_leaf(&vm->map.table, at, &level) &&
	       !guest_copy_in(&vm->map, entry, at, sizeof(*entry));
}

static void show_walks(struct vm *vm, uint64_t satp, uint64_t address, bool is_physical,
		       void (*show)(const char *format, ...))
{
	struct walk w;

	if (!is_physical) {
		walk_show_both(&vm->map.table, satp, GVA(address), ~0ull, read_entry, vm, show);
		return;
	}
	walk_gstage(&w, &vm->map.table, GPA(address));
	walk_show(&w, "GPA", "HPA", show);
}

/* By the first vCPU's tables. */
void vm_show_translation(struct vm *vm, uint64_t address, bool is_physical,
			 void (*show)(const char *format, ...))
{
	run_show(vm->vcpus[0]);
	show_walks(vm, vm->vcpus[0]->seen.satp, address, is_physical, show);
}

static void show_registers(const struct vcpu *v)
{
	static const char names[32][5] = {
		"zero", "ra", "sp", "gp", "tp",  "t0",  "t1", "t2", "s0", "s1", "a0",
		"a1",   "a2", "a3", "a4", "a5",  "a6",  "a7", "s2", "s3", "s4", "s5",
		"s6",   "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6",
	};

	for (unsigned i = 1; i < 32; i += 4) {
		char line[4 * 24], *at = line;

		for (unsigned k = i; k < i + 4 && k < 32; k++)
			at += snprintf(at, (size_t)(line + sizeof(line) - at), " %3s %016" PRIx64,
				       names[k], v->x[k]);
		log_notice(" %s", line);
	}
}

static PRINTF(1, 2) void notice(const char *format, ...)
{
	char line[200];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	log_notice("  %s", line);
}

void postmortem(struct vcpu *v)
{
	struct vcpu_translation t = v->engine->translation(v);
	const struct trap_info *trap = &v->trap;

	log_notice("%s: vCPU %u: %s", vm_name(v->vm), v->index, v->why ? v->why : "stopped");
	log_notice("  %s at pc %" PRIx64 " in %c-mode, address %" PRIx64 ", guest-physical %" PRIx64
		   "%s, htinst %" PRIx64,
		   cause_text(trap->cause), v->pc, t.is_user ? 'U' : 'S', trap->value, trap->gpa.v,
		   trap->is_walk ? " (of its page table)" : "", trap->insn);
	show_registers(v);
	show_walks(v->vm, t.satp, trap->value, false, notice);
	trace_show(8, notice);
}
