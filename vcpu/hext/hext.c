/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The engine for harts with the H extension: what an exit means. The way in and out is enter.S, the
 * guest's state in CSRs is state.c, its interrupts are irq.c, its instructions insn.c.
 */
#include "vcpu/hext/hext.h"
#include "arch/cause.h"
#include "arch/csr.h"
#include "arch/fence.h"
#include "arch/hfence.h"
#include "gstage/gtable.h"
#include "platform/option.h"
#include "platform/panic.h"
#include "platform/probe.h"
#include "platform/trace.h"

enum { MAX_PAGES_FENCED = 64 }; /* one by one; beyond that all at once */

static unsigned hide_htval;
OPTION_FLAG(hide-htval, hide_htval, hide_htval,
	    "pretend that harts do not say which guest-physical address faulted");

enum exit_kind {
	EXIT_UNEXPECTED,
	EXIT_OF_GUEST, /* its own affair, which this hart cannot delegate */
	EXIT_MEMORY_FAULT,
	EXIT_PRIVILEGED_INSN,
};

/* clang-format off */
static const uint8_t kind_of[32] = {
	[CAUSE_FETCH_MISALIGNED] = EXIT_OF_GUEST,
	[CAUSE_FETCH_ACCESS] = EXIT_OF_GUEST,
	[CAUSE_ILLEGAL_INSN] = EXIT_OF_GUEST,
	[CAUSE_BREAKPOINT] = EXIT_OF_GUEST,
	[CAUSE_LOAD_MISALIGNED] = EXIT_OF_GUEST,
	[CAUSE_LOAD_ACCESS] = EXIT_OF_GUEST,
	[CAUSE_STORE_MISALIGNED] = EXIT_OF_GUEST,
	[CAUSE_STORE_ACCESS] = EXIT_OF_GUEST,
	[CAUSE_U_ECALL] = EXIT_OF_GUEST,
	[CAUSE_FETCH_PAGE] = EXIT_OF_GUEST,
	[CAUSE_LOAD_PAGE] = EXIT_OF_GUEST,
	[CAUSE_STORE_PAGE] = EXIT_OF_GUEST,
	[CAUSE_FETCH_GPF] = EXIT_MEMORY_FAULT,
	[CAUSE_LOAD_GPF] = EXIT_MEMORY_FAULT,
	[CAUSE_STORE_GPF] = EXIT_MEMORY_FAULT,
	[CAUSE_VIRTUAL_INSN] = EXIT_PRIVILEGED_INSN,
};
/* clang-format on */

/* What the trap says of a fault on a walk of the guest's own tables (privileged specification,
 * "Transformed Instruction or Pseudoinstruction for mtinst or htinst"). */
static bool is_walk(uint64_t htinst)
{
	return (htinst & ~UINT64_C(0x1020)) == 0x2000;
}

static inline enum verdict memory_fault(struct vcpu *v)
{
	static const uint8_t access_of[] = { GTABLE_X, GTABLE_R, 0, GTABLE_W };
	uint64_t insn = csr_read(CSR_HTINST), page = csr_read(CSR_HTVAL) << 2;
	struct trap_info *t = &v->trap;

	if (UNLIKELY(hide_htval))
		page = insn = 0; /* who has no htval has no pseudoinstructions either */
	t->insn = insn;
	if (UNLIKELY(is_walk(insn))) {
		t->is_walk = true;
		t->access = insn & 0x20 ? GTABLE_W : GTABLE_R;
		t->gpa = GPA(page);
	} else {
		t->is_walk = false;
		t->access = access_of[t->cause - CAUSE_FETCH_GPF];
		/* Only of an explicit access are the low bits those of its address. */
		t->gpa = GPA(page | (t->value & 3));
	}
	t->has_gpa = page;
	return vcpu_ops->memory_fault(v);
}

static enum verdict hand_on(struct vcpu *v)
{
	hext_inject(v, v->trap.cause, v->trap.value);
	return VERDICT_RESUME;
}

static enum verdict refuse(struct vcpu *v)
{
	v->stop = STOP_CRASH;
	v->why = "a trap that is not its own";
	return VERDICT_STOP;
}

static enum verdict (*const handler_of[])(struct vcpu *v) = {
	[EXIT_UNEXPECTED] = refuse,
	[EXIT_OF_GUEST] = hand_on,
	[EXIT_MEMORY_FAULT] = memory_fault,
	[EXIT_PRIVILEGED_INSN] = hext_privileged_insn,
};

/* The usual kind not through the table, which would cost it a dozen instructions. */
static inline enum verdict handle(struct vcpu *v, enum exit_kind kind)
{
	return LIKELY(kind == EXIT_MEMORY_FAULT) ? memory_fault(v) : handler_of[kind](v);
}

void hext_sbi_call(struct vcpu *v)
{
	v->n_calls++;
	vcpu_ops->sbi_call(v);
}

static inline bool settle(struct vcpu *v, enum verdict verdict)
{
	if (LIKELY(verdict == VERDICT_RESUME))
		return false;
	if (verdict == VERDICT_SAVE)
		return true;
	vcpu_leave(v, verdict);
	return false;
}

bool hext_exit(struct vcpu *v, uint64_t cause)
{
	trace(TRACE_EXIT, cause, v->pc);
	if (cause & CAUSE_INTERRUPT) {
		v->n_interrupts++;
		vcpu_leave(v, VERDICT_POLL);
		return false;
	}
	/* A core may have causes of its own, which nobody here knows. */
	enum exit_kind kind = LIKELY(cause < ARRAY_LEN(kind_of)) ? kind_of[cause] : EXIT_UNEXPECTED;

	v->n_exits[cause % ARRAY_LEN(kind_of)]++;
	v->trap.cause = cause;
	v->trap.value = csr_read(CSR_STVAL);
	return settle(v, handle(v, kind));
}

void hext_do_access(struct vcpu *v)
{
	(void)settle(v, vcpu_ops->do_access(v));
}

/* The next sret leads into the guest, in the mode that it came from. */
static void aim_at_guest(void)
{
	csr_set(CSR_HSTATUS, HSTATUS_SPV);
	if (csr_read(CSR_HSTATUS) & HSTATUS_SPVP)
		csr_set(CSR_SSTATUS, SSTATUS_SPP);
	else
		csr_clear(CSR_SSTATUS, SSTATUS_SPP);
}

enum verdict hext_verdict(struct vcpu *v)
{
	enum verdict verdict = v->verdict;

	v->verdict = VERDICT_RESUME;
	atomic_store_explicit(&v->requests, 0, memory_order_relaxed);
	aim_at_guest(); /* as a trap of our own may have been the reason */
	return verdict;
}

static enum verdict hext_run(struct vcpu *v)
{
	aim_at_guest();
	return hext_enter(v);
}

/* The trap led to where it came from: a vector whose own first instruction traps is entered for
 * ever, by way of us. Its VM ends when it has done so often enough. */
static __attribute__((noinline)) void note_loop_at_vector(struct vcpu *v)
{
	enum { MAX_LOOPS = 8 };

	if (++v->n_vector_loops <= MAX_LOOPS)
		return;
	v->stop = STOP_CRASH;
	v->why = "its trap vector traps, again and again";
	vcpu_leave(v, VERDICT_STOP);
}

/* Priority and state of a trap into VS-mode: privileged specification, "Trap Entry". */
void hext_inject(struct vcpu *v, uint64_t cause, uint64_t value)
{
	uint64_t vector = csr_read(CSR_VSTVEC) & ~3ull;
	uint64_t status = csr_read(CSR_VSSTATUS);
	uint64_t spp = csr_read(CSR_HSTATUS) & HSTATUS_SPVP ? SSTATUS_SPP : 0;
	uint64_t spie = status & SSTATUS_SIE ? SSTATUS_SPIE : 0;

	v->n_injected[cause % ARRAY_LEN(v->n_injected)]++;
	csr_write(CSR_VSEPC, v->pc);
	csr_write(CSR_VSCAUSE, cause);
	csr_write(CSR_VSTVAL, value);
	csr_write(CSR_VSSTATUS,
		  (status & ~(SSTATUS_SPP | SSTATUS_SPIE | SSTATUS_SIE)) | spp | spie);
	if (UNLIKELY(v->pc == vector))
		note_loop_at_vector(v);
	else
		v->n_vector_loops = 0;
	v->pc = vector;
	csr_set(CSR_HSTATUS, HSTATUS_SPVP);
	csr_set(CSR_SSTATUS, SSTATUS_SPP);
}

static struct vcpu_translation hext_translation(const struct vcpu *v)
{
	uint64_t status = csr_read(CSR_VSSTATUS);

	(void)v;
	return (struct vcpu_translation){
		.satp = csr_read(CSR_VSATP),
		.is_user = !(csr_read(CSR_HSTATUS) & HSTATUS_SPVP),
		.sum = status & SSTATUS_SUM,
		.mxr = status & SSTATUS_MXR,
	};
}

static void hext_forget_page(struct vcpu *v, struct gpa gpa)
{
	hfence_gvma_page(gpa, field_get(HGATP_VMID, v->hgatp));
}

static void hext_forget(struct vcpu *v)
{
	hfence_gvma_vmid(field_get(HGATP_VMID, v->hgatp));
}

static void hext_guest_fence(struct vcpu *v, enum guest_fence kind, uint64_t start, uint64_t size,
			     uint64_t asid)
{
	uint64_t at = align_down(start, PAGE_SIZE);
	uint64_t n = (start - at + size + PAGE_SIZE - 1) / PAGE_SIZE;

	(void)v;
	if (kind == FENCE_CODE) {
		fence_i();
		return;
	}
	if (size > MAX_PAGES_FENCED * PAGE_SIZE) {
		if (kind == FENCE_ASID)
			hfence_vvma_asid(asid);
		else
			hfence_vvma_all();
		return;
	}
	for (; n; n--, at += PAGE_SIZE) {
		if (kind == FENCE_ASID)
			hfence_vvma_page_asid(at, asid);
		else
			hfence_vvma_page(at);
	}
}

/* Off and on again at once: translations of an address space are no other's (privileged
 * specification, "Supervisor Address Translation and Protection Register"). */
static void hext_go_on_at(struct vcpu *v, struct gpa entry)
{
	csr_write(CSR_VSATP, 0);
	csr_clear(CSR_VSSTATUS, SSTATUS_SIE);
	v->pc = entry.v;
}

const struct vcpu_engine hext_engine = {
	.name = "hext",
	.reset = hext_reset,
	.reach = hext_reach,
	.set_table = hext_set_table,
	.load = hext_load,
	.save = hext_save,
	.run = hext_run,
	.take_lines = hext_take_lines,
	.set_timer = hext_set_timer,
	.inject = hext_inject,
	.find_access = hext_find_access,
	.float_get = hext_float_get,
	.float_set = hext_float_set,
	.translation = hext_translation,
	.forget_page = hext_forget_page,
	.forget = hext_forget,
	.guest_fence = hext_guest_fence,
	.go_on_at = hext_go_on_at,
	.set_env = hext_set_env,
	.privilege_get = hext_privilege_get,
	.privilege_set = hext_privilege_set,
	.clear_ipi = hext_clear_ipi,
	.is_awake = hext_is_awake,
	.wakes_at = hext_wakes_at,
};

const struct vcpu_engine *vcpu_engine_of(unsigned hart)
{
	return hart_engine(hart) == ENGINE_HEXT ? &hext_engine : NULL;
}
