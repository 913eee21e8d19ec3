/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The engine for harts with the H extension: what a guest's S-mode state is in CSRs, and what an
 * exit means. The way in and out is enter.S.
 */
#include "vcpu/hext/hext.h"
#include "arch/cause.h"
#include "arch/csr.h"
#include "arch/hfence.h"
#include "lib/component.h"
#include "platform/panic.h"
#include "platform/probe.h"
#include "platform/trap.h"
#include "vcpu/engine.h"

/* A guest handles these itself. */
#define DELEGATED_EXCEPTIONS                                                                       \
	(BIT(CAUSE_FETCH_MISALIGNED) | BIT(CAUSE_BREAKPOINT) | BIT(CAUSE_LOAD_MISALIGNED) |        \
	 BIT(CAUSE_STORE_MISALIGNED) | BIT(CAUSE_U_ECALL) | BIT(CAUSE_FETCH_PAGE) |                \
	 BIT(CAUSE_LOAD_PAGE) | BIT(CAUSE_STORE_PAGE) | BIT(CAUSE_ILLEGAL_INSN) |                  \
	 BIT(CAUSE_FETCH_ACCESS) | BIT(CAUSE_LOAD_ACCESS) | BIT(CAUSE_STORE_ACCESS))
#define DELEGATED_INTERRUPTS (HVIP_VSSIP | HVIP_VSTIP | HVIP_VSEIP)

enum exit_kind { EXIT_UNEXPECTED, EXIT_MEMORY_FAULT, EXIT_PRIVILEGED_INSN, N_EXIT_KINDS };

static const uint8_t kind_of[32] = {
	[CAUSE_FETCH_GPF] = EXIT_MEMORY_FAULT,
	[CAUSE_LOAD_GPF] = EXIT_MEMORY_FAULT,
	[CAUSE_STORE_GPF] = EXIT_MEMORY_FAULT,
	[CAUSE_VIRTUAL_INSN] = EXIT_PRIVILEGED_INSN,
};

static enum verdict unexpected(struct vcpu *v)
{
	v->stop = STOP_CRASH;
	return VERDICT_STOP;
}

static enum verdict memory_fault(struct vcpu *v)
{
	v->trap.gpa = csr_read(CSR_HTVAL) << 2 | (v->trap.value & 3);
	v->trap.insn = csr_read(CSR_HTINST);
	return vcpu_ops->memory_fault(v);
}

static enum verdict (*const handler_of[N_EXIT_KINDS])(struct vcpu *v) = {
	[EXIT_UNEXPECTED] = unexpected,
	[EXIT_MEMORY_FAULT] = memory_fault,
	[EXIT_PRIVILEGED_INSN] = hext_privileged_insn,
};

void hext_sbi_call(struct vcpu *v)
{
	v->n_calls++;
	vcpu_ops->sbi_call(v);
}

void hext_exit(struct vcpu *v, uint64_t cause)
{
	if (cause & CAUSE_INTERRUPT) {
		v->n_interrupts++;
		v->verdict = VERDICT_POLL;
		return;
	}
	CHECK(cause < ARRAY_LEN(kind_of));
	v->n_exits[cause]++;
	v->trap.cause = cause;
	v->trap.value = csr_read(CSR_STVAL);
	v->verdict = handler_of[kind_of[cause]](v);
}

enum verdict hext_verdict(struct vcpu *v)
{
	enum verdict verdict = v->verdict;

	v->verdict = VERDICT_RESUME;
	atomic_store_explicit(&v->requests, 0, memory_order_relaxed);
	return verdict;
}

/* Own traps while a guest is loaded clear what sret needs; the privilege it trapped from is still
 * known. */
static void after_own_trap(void)
{
	uint64_t spp = csr_read(CSR_HSTATUS) & HSTATUS_SPVP ? SSTATUS_SPP : 0;

	csr_set(CSR_HSTATUS, HSTATUS_SPV);
	csr_write(CSR_SSTATUS, (csr_read(CSR_SSTATUS) & ~SSTATUS_SPP) | spp);
}

/* The trap that the guest would have taken: to its vector in VS-mode, from where it was. */
void hext_inject(struct vcpu *v, uint64_t cause, uint64_t value)
{
	uint64_t status = csr_read(CSR_VSSTATUS);
	uint64_t spp = csr_read(CSR_HSTATUS) & HSTATUS_SPVP ? SSTATUS_SPP : 0;
	uint64_t spie = status & SSTATUS_SIE ? SSTATUS_SPIE : 0;

	csr_write(CSR_VSEPC, v->pc);
	csr_write(CSR_VSCAUSE, cause);
	csr_write(CSR_VSTVAL, value);
	csr_write(CSR_VSSTATUS,
		  (status & ~(SSTATUS_SPP | SSTATUS_SPIE | SSTATUS_SIE)) | spp | spie);
	v->pc = csr_read(CSR_VSTVEC) & ~3ull;
	csr_set(CSR_HSTATUS, HSTATUS_SPVP);
	csr_set(CSR_SSTATUS, SSTATUS_SPP);
}

static void hext_reset(struct vcpu *v, struct gpa entry, uint64_t a0, uint64_t a1)
{
	for (unsigned i = 0; i < ARRAY_LEN(v->x); i++)
		v->x[i] = 0;
	v->vs = (struct vs_state){ .vstimecmp = ~0ull };
	v->pc = entry.v;
	v->x[REG_A0] = a0;
	v->x[REG_A1] = a1;
	v->stop = STOP_NONE;
}

enum { VMID = 1 }; /* one VM at a time, until VMIDs are managed */

static void hext_set_table(struct vcpu *v, struct hpa root)
{
	v->hgatp = field_put(HGATP_MODE, HGATP_MODE_SV39X4) | field_put(HGATP_VMID, VMID) |
		   root.v >> PAGE_SHIFT;
}

static void hext_load(struct vcpu *v)
{
	const struct hart_features *f = this_hart_features();
	const struct vs_state *s = &v->vs;

	/* In this order no walk mixes one guest's tables with another's (privileged specification,
	 * "Two-Stage Address Translation"). */
	csr_write(CSR_VSATP, 0);
	csr_write(CSR_HGATP, v->hgatp);
	csr_write(CSR_VSATP, s->vsatp);
	csr_write(CSR_HEDELEG, DELEGATED_EXCEPTIONS);
	csr_write(CSR_HIDELEG, DELEGATED_INTERRUPTS);
	csr_write(CSR_HCOUNTEREN, BIT(0) | BIT(1) | BIT(2));
	csr_write(CSR_HENVCFG,
		  f->henvcfg & (ENVCFG_STCE | ENVCFG_CBIE | ENVCFG_CBCFE | ENVCFG_CBZE));
	csr_write(CSR_HTIMEDELTA, 0);
	csr_write(CSR_VSSTATUS, s->vsstatus);
	csr_write(CSR_VSIE, s->vsie);
	csr_write(CSR_VSTVEC, s->vstvec);
	csr_write(CSR_VSSCRATCH, s->vsscratch);
	csr_write(CSR_VSEPC, s->vsepc);
	csr_write(CSR_VSCAUSE, s->vscause);
	csr_write(CSR_VSTVAL, s->vstval);
	csr_write(CSR_HVIP, s->hvip);
	if (f->sstc)
		csr_write(CSR_VSTIMECMP, s->vstimecmp);
	csr_write(CSR_HSTATUS,
		  field_put(HSTATUS_VSXL, 2) | HSTATUS_VTW | HSTATUS_SPV | HSTATUS_SPVP);
	/* FS is initial: the guest may use F, and whether it did is seen here. */
	csr_write(CSR_SSTATUS, SSTATUS_SPP | SSTATUS_SPIE | field_put(SSTATUS_FS, 1));
	hfence_gvma_all();
	trap_on_return = after_own_trap;
}

static void hext_save(struct vcpu *v)
{
	const struct hart_features *f = this_hart_features();

	trap_on_return = NULL;
	v->vs = (struct vs_state){
		.vsstatus = csr_read(CSR_VSSTATUS),
		.vsie = csr_read(CSR_VSIE),
		.vstvec = csr_read(CSR_VSTVEC),
		.vsscratch = csr_read(CSR_VSSCRATCH),
		.vsepc = csr_read(CSR_VSEPC),
		.vscause = csr_read(CSR_VSCAUSE),
		.vstval = csr_read(CSR_VSTVAL),
		.vsatp = csr_read(CSR_VSATP),
		.vstimecmp = f->sstc ? csr_read(CSR_VSTIMECMP) : v->vs.vstimecmp,
		.hvip = csr_read(CSR_HVIP),
	};
	csr_write(CSR_HSTATUS, field_put(HSTATUS_VSXL, 2));
	csr_write(CSR_HGATP, 0);
}

/* Without Sstc the moment is only kept: nobody raises VSTIP yet (docs/roadmap.md). */
static void hext_set_timer(struct vcpu *v, uint64_t when)
{
	if (this_hart_features()->sstc) {
		csr_write(CSR_VSTIMECMP, when);
		return;
	}
	v->vs.vstimecmp = when;
	csr_clear(CSR_HVIP, HVIP_VSTIP);
	vcpu_leave(v, VERDICT_POLL);
}

static void hext_forget(struct vcpu *v, struct gpa gpa)
{
	(void)v;
	hfence_gvma_gpa(gpa);
}

static bool hext_is_awake(struct vcpu *v)
{
	(void)v;
	return csr_read(CSR_HIP) & csr_read(CSR_HIE) & DELEGATED_INTERRUPTS;
}

static uint64_t hext_wakes_at(struct vcpu *v)
{
	(void)v;
	return this_hart_features()->sstc ? csr_read(CSR_VSTIMECMP) : v->vs.vstimecmp;
}

const struct vcpu_engine hext_engine = {
	.name = "hext",
	.reset = hext_reset,
	.set_table = hext_set_table,
	.load = hext_load,
	.save = hext_save,
	.run = hext_enter,
	.set_timer = hext_set_timer,
	.forget = hext_forget,
	.forget_all = hfence_gvma_all,
	.is_awake = hext_is_awake,
	.wakes_at = hext_wakes_at,
};

COMPONENT(hext, PHASE_NONE, NULL, NULL, "guests on the H extension");
