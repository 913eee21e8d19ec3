/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The page to read first. A hart is in a guest, inside its engine's `run`, or here. An exit that
 * its handler can answer goes back into the guest without coming here; what comes is a verdict.
 */
#include "hyp/run.h"

#include <errno.h>
#include <inttypes.h>

#include "arch/cause.h"
#include "lib/component.h"
#include "platform/console.h"
#include "platform/irq.h"
#include "platform/log.h"
#include "platform/panic.h"
#include "platform/timer.h"
#include "sbi/guest/vsbi.h"

static int copy_in(struct vcpu *v, void *to, struct gpa from, size_t n)
{
	return vm_copy_in(v->vm, to, from, n) ? -EFAULT : 0;
}

static size_t write_to_console(struct vcpu *v, const char *bytes, size_t n)
{
	(void)v;
	console_write(bytes, n);
	return n;
}

/* The first touch of RAM. There are no devices yet: any other fault is the guest's mistake. */
static enum verdict memory_fault(struct vcpu *v)
{
	struct gpa gpa = GPA(v->trap.gpa);

	if (LIKELY(!vm_fault_in(v->vm, gpa))) {
		v->engine->forget(v, gpa); /* this hart may have kept the hole */
		return VERDICT_RESUME;
	}
	v->stop = STOP_CRASH;
	return VERDICT_STOP;
}

static const struct vcpu_ops ops = {
	.sbi_call = vsbi_handle_call,
	.memory_fault = memory_fault,
	.copy_in = copy_in,
	.console_write = write_to_console,
};
const struct vcpu_ops *const vcpu_ops = &ops;

static void nothing(struct timer *timer)
{
	(void)timer;
}

/* The guest waits for an interrupt: so does the hart, at most until the guest's timer. */
static void wait_for_guest(struct vcpu *v)
{
	struct timer wake = { .call = nothing };

	while (!v->engine->is_awake(v)) {
		timer_set(&wake, v->engine->wakes_at(v));
		irq_wait();
		irq_poll();
		console_drain();
	}
	timer_cancel(&wake);
}

static void report_crash(const struct vm *vm)
{
	const struct vcpu *v = vm->vcpu;

	log_notice("%s: %s at pc %" PRIx64 ", address %" PRIx64 ", guest-physical %" PRIx64,
		   vm->name, cause_text(v->trap.cause), v->pc, v->trap.value, v->trap.gpa);
}

enum stop_reason vm_run(struct vm *vm)
{
	struct vcpu *v = vm->vcpu;

	v->engine->load(v);
	for (;;) {
		enum verdict verdict = v->engine->run(v);

		log_trace("%s: verdict %u at pc %" PRIx64, vm->name, verdict, v->pc);
		switch (verdict) {
		case VERDICT_RESUME:
			break;
		case VERDICT_POLL:
			irq_poll();
			break;
		case VERDICT_WAIT:
			wait_for_guest(v);
			break;
		case VERDICT_STOP:
			v->engine->save(v);
			if (v->stop == STOP_CRASH)
				report_crash(vm);
			return v->stop;
		}
	}
}

COMPONENT(run, PHASE_NONE, NULL, NULL, "VMs and the run loop");
