/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guest page faults: the map's region decides. Memory that is lazy appears, a device's register is
 * answered for, and what nothing answers, or what the rights refuse, is an access fault for the
 * guest or the end of its VM, as the region's policy says.
 */
#include <errno.h>

#include "arch/cause.h"
#include "arch/csr.h"
#include "arch/fence.h"
#include "devices/device.h"
#include "gstage/walk.h"
#include "hyp/fault.h"
#include "hyp/vm.h"
#include "platform/trace.h"
#include "vcpu/decode.h"
#include "vcpu/engine.h"

enum { MAX_AGAIN = 16 }; /* the same fault, and nothing to do about it but to fence */

static enum verdict stop(struct vcpu *v, enum stop_reason reason, const char *why)
{
	v->stop = reason;
	v->why = why;
	return VERDICT_STOP;
}

/*
 * QEMU 7.2 reports each fault of a walk as a load's. A load from the instruction's own page cannot
 * be what failed, since then there would be no instruction.
 */
static bool is_fetch(const struct vcpu *v)
{
	uint64_t page = v->trap.value / PAGE_SIZE;

	if (v->trap.cause != CAUSE_LOAD_GPF || !v->trap.is_walk)
		return v->trap.cause == CAUSE_FETCH_GPF;
	return page == v->pc / PAGE_SIZE || page == (v->pc + 2) / PAGE_SIZE;
}

/*
 * The cause that hardware would give if there were nothing. Of what is reported as a load the
 * instruction decides, since QEMU 7.2 reports an AMO so, and the walk for any access.
 */
static uint64_t access_fault_of(const struct vcpu *v, const struct access *a)
{
	if (v->trap.cause != CAUSE_LOAD_GPF || a->kind == ACCESS_STORE || a->kind == ACCESS_AMO ||
	    a->kind == ACCESS_SC || a->kind == ACCESS_CBO)
		return CAUSE_STORE_ACCESS;
	return CAUSE_LOAD_ACCESS;
}

enum verdict refuse_access(struct vcpu *v, bool stops_guest)
{
	uint64_t cause = CAUSE_FETCH_ACCESS;
	struct access a = { .kind = ACCESS_NONE };

	if (stops_guest)
		return stop(v, STOP_CRASH, "an access that its description does not allow");
	if (!is_fetch(v)) {
		if (v->trap.cause == CAUSE_LOAD_GPF && !v->engine->find_access(v, &a))
			return VERDICT_RESUME;
		cause = access_fault_of(v, &a);
	}
	trace(TRACE_INJECT, cause, v->trap.value);
	v->engine->inject(v, cause, v->trap.value);
	return VERDICT_RESUME;
}

static bool read_entry(void *context, struct gpa at, uint64_t *entry)
{
	return !vcpu_ops->copy_in(context, entry, at, sizeof(*entry));
}

/*
 * The platform did not say which address failed: walk as the hardware does. Tables that lie in lazy
 * memory appear by being read here, so what is left is the address of the access itself, or of a
 * table where there is nothing. Not inline: its large frame would be every fault's.
 */
static __attribute__((noinline)) bool find_gpa(struct vcpu *v)
{
	struct vcpu_translation t = v->engine->translation(v);
	struct walk w;

	walk_guest(&w, t.satp, GVA(v->trap.value), ~0ull, read_entry, v);
	if (w.end != WALK_FOUND && w.end != WALK_TABLE_NOWHERE)
		return false;
	v->trap.gpa = GPA(w.to);
	v->trap.is_walk = w.end == WALK_TABLE_NOWHERE;
	return true;
}

/*
 * It is mapped, and still it faulted. A hart may keep the old hole (then the fence of all of it
 * helps: one of a page reaches leaves only), or another hart mapped it meanwhile. What comes again
 * and again with nothing changed in between is a bug of ours or of the hardware.
 */
static enum verdict fence_and_retry(struct vcpu *v)
{
	bool is_same = v->again.gpa == v->trap.gpa.v && v->again.pc == v->pc &&
		       v->again.cause == v->trap.cause;

	v->again.gpa = v->trap.gpa.v;
	v->again.pc = v->pc;
	v->again.cause = v->trap.cause;
	v->again.n = is_same ? v->again.n + 1 : 1;
	if (v->again.n > MAX_AGAIN)
		return stop(v, STOP_CRASH, "a fault on memory that is there, again and again");
	v->engine->forget(v);
	return VERDICT_RESUME;
}

static enum verdict fill(struct vcpu *v, struct region *r)
{
	int filled = gmap_fill(&v->vm->map, r, v->trap.gpa, v->trap.access);

	if (LIKELY(filled == FILL_NEW)) {
		v->engine->forget_page(v, v->trap.gpa); /* this hart may keep the hole */
		fence_i(); /* and in its instruction cache what the frame held before */
		v->again.n = 0;
		v->n_fills++;
		return VERDICT_RESUME;
	}
	/* Not of each first touch, nor of devices: the trace has their exits. */
	trace(TRACE_FAULT, v->trap.value, v->trap.gpa.v);
	switch (filled) {
	case FILL_PRESENT:
		return fence_and_retry(v);
	case -ENOMEM:
		(void)stop(v, STOP_NO_MEMORY, "the host has no memory left for it");
		return VERDICT_LACK;
	case -EDQUOT:
		return stop(v, STOP_NO_MEMORY, "it has all the memory that it may have");
	default:
		return refuse_access(v, r->stops_guest);
	}
}

enum verdict memory_fault(struct vcpu *v)
{
	if (UNLIKELY(!v->trap.has_gpa) && !find_gpa(v)) {
		/* The tables changed under us: the guest's own next try meets what they are now. */
		return fence_and_retry(v);
	}
	struct region *r = gmap_find(&v->vm->map, v->trap.gpa);

	if (UNLIKELY(!r))
		return refuse_access(v, v->vm->config.hole_stops_guest);
	if (r->kind == REGION_EMULATED)
		return mmio_access(v, r);
	return fill(v, r);
}
