/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest's S-mode state: in the CSRs of the hart that has it loaded, else in its vCPU. It moves
 * only when another vCPU is switched in.
 *
 * senvcfg, scounteren, sstateen and scontext have no copy of their own for a guest: what the guest
 * left there stays while we run, which they do not touch, and is switched like the rest. Which of
 * them, and of F and V, a guest has is said by the table of extensions (guest_env.states).
 */
#include "arch/cause.h"
#include "arch/csr.h"
#include "arch/fence.h"
#include "arch/hfence.h"
#include "gstage/flush.h"
#include "gstage/gtable.h"
#include "platform/mmu.h"
#include "platform/option.h"
#include "platform/probe.h"
#include "platform/trap.h"
#include "vcpu/extensions.h"
#include "vcpu/hext/float.h"
#include "vcpu/hext/hext.h"
#include "vcpu/hext/vector.h"

/* A guest handles these itself. */
#define DELEGATED_EXCEPTIONS                                                                       \
	(BIT(CAUSE_FETCH_MISALIGNED) | BIT(CAUSE_BREAKPOINT) | BIT(CAUSE_LOAD_MISALIGNED) |        \
	 BIT(CAUSE_STORE_MISALIGNED) | BIT(CAUSE_U_ECALL) | BIT(CAUSE_FETCH_PAGE) |                \
	 BIT(CAUSE_LOAD_PAGE) | BIT(CAUSE_STORE_PAGE) | BIT(CAUSE_ILLEGAL_INSN) |                  \
	 BIT(CAUSE_FETCH_ACCESS) | BIT(CAUSE_LOAD_ACCESS) | BIT(CAUSE_STORE_ACCESS))
#define DELEGATED_INTERRUPTS (HVIP_VSSIP | HVIP_VSTIP | HVIP_VSEIP)

/* These do not come to us by medeleg on QEMU: the firmware redirects them. OpenSBI 1.6 was seen to
 * enter our vector in VS-mode when hedeleg did not name one of them. */
#define FIRMWARE_REDIRECTS                                                                         \
	(BIT(CAUSE_ILLEGAL_INSN) | BIT(CAUSE_FETCH_ACCESS) | BIT(CAUSE_LOAD_ACCESS) |              \
	 BIT(CAUSE_STORE_ACCESS))

static unsigned no_hedeleg;
OPTION_FLAG(no-hedeleg, no_hedeleg, no_hedeleg,
	    "pretend that harts delegate to guests only what firmware redirects");

enum { UNIT_CLEAN = 2, UNIT_DIRTY = 3 }; /* sstatus.FS, VS */

COLD void hext_reset(struct vcpu *v, struct gpa entry, uint64_t a0, uint64_t a1)
{
	for (unsigned i = 0; i < ARRAY_LEN(v->x); i++)
		v->x[i] = v->f[i] = 0;
	for (unsigned i = 0; i < ARRAY_LEN(v->v_csrs); i++)
		v->v_csrs[i] = i == VECTOR_VTYPE ? BIT(63) : 0;
	if (v->v_area)
		for (unsigned i = 0; i < 32 * this_hart_features()->vlenb / 8; i++)
			((uint64_t *)v->v_area)[i] = 0;
	v->fcsr = 0;
	v->vs = (struct vs_state){
		.vstimecmp = ~0ull,
		.hstatus = field_put(HSTATUS_VSXL, 2) | HSTATUS_VTW | HSTATUS_SPV | HSTATUS_SPVP,
		.sstatus = SSTATUS_SPP,
		.henvcfg = v->env->henvcfg,
	};
	v->sbi = (struct vcpu_sbi){ 0 };
	v->pc = entry.v;
	v->x[REG_A0] = a0;
	v->x[REG_A1] = a1;
	v->stop = STOP_NONE;
	v->awaits = 0;
	for (unsigned i = 0; i < N_FW_COUNTERS; i++)
		v->counters[i] = (struct fw_counter){ 0 };
	v->last_hart = 0; /* whatever a hart still keeps is of another life */
	v->n_vector_loops = v->again.n = 0;
	/* LINE_EXT is a level: its device knows that it holds it up. */
	atomic_fetch_and_explicit(&v->lines, ~(LINE_SOFT | LINE_TIMER), memory_order_relaxed);
}

static void forget(uint64_t vmid, struct gpa from, uint64_t n_pages)
{
	if (!n_pages)
		hfence_gvma_vmid(vmid);
	for (; n_pages; n_pages--, from.v += PAGE_SIZE)
		hfence_gvma_page(from, vmid);
}

uint64_t hext_hgatp(const struct gtable *table, uint64_t vmid)
{
	uint64_t mode = HGATP_MODE_SV39X4 + table->levels - GTABLE_SV39X4;

	return field_put(HGATP_MODE, mode) | field_put(HGATP_VMID, vmid) |
	       own_hpa(table->root).v >> PAGE_SHIFT;
}

void hext_set_table(struct vcpu *v, const struct gtable *table, struct flusher *flusher)
{
	flusher->forget = forget;
	v->hgatp = hext_hgatp(table, 0);
}

/* In this order no walk mixes one guest's tables with another's (privileged specification,
 * "Two-Stage Address Translation"), nor begins by what is stale. A fence of the G-stage need not
 * reach what is kept of a guest's own tables, and one of those is of the VMID in hgatp. */
static void load_tables(struct vcpu *v, struct flusher *flusher)
{
	uint64_t vmid;
	unsigned owed =
		flush_note_load(flusher, v, &v->last_hart, this_hart_features()->vmid_bits, &vmid);

	v->hgatp = (v->hgatp & ~HGATP_VMID) | field_put(HGATP_VMID, vmid);
	csr_write(CSR_VSATP, 0);
	if (owed & OWES_ALL)
		hfence_gvma_all();
	else if (owed & OWES_MEMORY)
		hfence_gvma_vmid(vmid);
	csr_write(CSR_HGATP, v->hgatp);
	if (owed & OWES_STAGE)
		hfence_vvma_all();
	if (owed & OWES_CODE)
		fence_i();
	csr_write(CSR_VSATP, v->vs.vsatp);
}

static void load_units(struct vcpu *v)
{
	uint64_t status = v->vs.sstatus | SSTATUS_SPIE;

	if (v->env->states & STATE_F) {
		csr_set(CSR_SSTATUS, SSTATUS_FS);
		float_restore(v->f, &v->fcsr);
		status |= field_put(SSTATUS_FS, UNIT_CLEAN);
	}
	if (v->env->states & STATE_V && v->v_area) {
		csr_set(CSR_SSTATUS, SSTATUS_VS);
		vector_restore(v->v_area, v->v_csrs);
		status |= field_put(SSTATUS_VS, UNIT_CLEAN);
	}
	csr_write(CSR_SSTATUS, status);
}

/* What a guest dirtied is seen in the HS-level sstatus: vsstatus is the guest's to clear. */
static void save_units(struct vcpu *v)
{
	uint64_t status = csr_read(CSR_SSTATUS);

	if (field_get(SSTATUS_FS, status) == UNIT_DIRTY)
		float_save(v->f, &v->fcsr);
	if (field_get(SSTATUS_VS, status) == UNIT_DIRTY && v->v_area)
		vector_save(v->v_area, v->v_csrs);
	csr_clear(CSR_SSTATUS, SSTATUS_FS | SSTATUS_VS);
}

/* Registers that not every hart has. */
static void load_optional(const struct vcpu *v, const struct hart_features *f)
{
	const struct vs_state *s = &v->vs;
	const struct guest_env *env = v->env;

	if (f->hstateen)
		csr_write(CSR_HSTATEEN0, env->hstateen0);
	if (f->hstateen_n) {
		csr_write(CSR_HSTATEEN1, env->hstateen_n);
		csr_write(CSR_HSTATEEN2, env->hstateen_n);
		csr_write(CSR_HSTATEEN3, env->hstateen_n);
	}
	if (f->stateen)
		csr_write(CSR_SSTATEEN0, s->sstateen[0]);
	if (f->stateen_n) {
		csr_write(CSR_SSTATEEN1, s->sstateen[1]);
		csr_write(CSR_SSTATEEN2, s->sstateen[2]);
		csr_write(CSR_SSTATEEN3, s->sstateen[3]);
	}
	if (f->scontext)
		csr_write(CSR_SCONTEXT, s->scontext);
	if (f->siselect)
		csr_write(CSR_VSISELECT, s->vsiselect);
	if (f->senvcfg)
		csr_write(CSR_SENVCFG, s->senvcfg);
	if (f->henvcfg)
		csr_write(CSR_HENVCFG, s->henvcfg);
	/* QEMU's vstimecmp drives the interrupt even where the guest cannot reach it. */
	if (f->sstc)
		csr_write(CSR_VSTIMECMP, env->sstc ? s->vstimecmp : ~0ull);
}

/* What the guest can reach; the rest of vs_state stays as its reset left it. */
static void save_optional(struct vs_state *s, const struct guest_env *env,
			  const struct hart_features *f)
{
	if (f->stateen && env->states & STATE_SSTATEEN)
		s->sstateen[0] = csr_read(CSR_SSTATEEN0);
	if (f->stateen_n && env->states & STATE_SSTATEEN) {
		s->sstateen[1] = csr_read(CSR_SSTATEEN1);
		s->sstateen[2] = csr_read(CSR_SSTATEEN2);
		s->sstateen[3] = csr_read(CSR_SSTATEEN3);
	}
	if (f->scontext && env->states & STATE_SCONTEXT)
		s->scontext = csr_read(CSR_SCONTEXT);
	if (f->siselect && env->states & STATE_VSISELECT)
		s->vsiselect = csr_read(CSR_VSISELECT);
	if (f->senvcfg && env->states & STATE_SENVCFG)
		s->senvcfg = csr_read(CSR_SENVCFG);
	if (env->sstc)
		s->vstimecmp = csr_read(CSR_VSTIMECMP);
}

static PER_HART struct vcpu *loaded;

/*
 * A trap of our own code, and the sret that ends it, leave hstatus.SPV and sstatus.SPP as they must
 * not be when the guest goes on; they cannot be put right here, before that sret. So the exit code
 * is told to look.
 */
static void after_own_trap(void)
{
	atomic_store_explicit(&loaded->requests, REQUEST_LEAVE, memory_order_relaxed);
}

void hext_load(struct vcpu *v, struct flusher *flusher)
{
	const struct hart_features *f = this_hart_features();
	const struct vs_state *s = &v->vs;

	csr_write(CSR_HEDELEG, no_hedeleg ? FIRMWARE_REDIRECTS : DELEGATED_EXCEPTIONS);
	csr_write(CSR_HIDELEG, DELEGATED_INTERRUPTS);
	csr_write(CSR_HCOUNTEREN, v->env->hcounteren);
	csr_write(CSR_HTIMEDELTA, v->time_delta);
	csr_write(CSR_SCOUNTEREN, s->scounteren);
	csr_write(CSR_VSSTATUS, s->vsstatus);
	csr_write(CSR_VSIE, s->vsie);
	csr_write(CSR_VSTVEC, s->vstvec);
	csr_write(CSR_VSSCRATCH, s->vsscratch);
	csr_write(CSR_VSEPC, s->vsepc);
	csr_write(CSR_VSCAUSE, s->vscause);
	csr_write(CSR_VSTVAL, s->vstval);
	csr_write(CSR_HVIP, s->hvip);
	load_optional(v, f);
	load_tables(v, flusher); /* henvcfg says how they are walked */
	load_units(v);
	csr_write(CSR_HSTATUS, s->hstatus);
	loaded = v;
	trap_on_return = after_own_trap;
	hext_take_lines(v);
}

/* Afterwards the hart holds nothing of the guest that another one could see, and walks no table of
 * it. */
void hext_save(struct vcpu *v)
{
	const struct hart_features *f = this_hart_features();
	struct vs_state *s = &v->vs;

	trap_on_return = NULL;
	s->vsstatus = csr_read(CSR_VSSTATUS);
	s->vsie = csr_read(CSR_VSIE);
	s->vstvec = csr_read(CSR_VSTVEC);
	s->vsscratch = csr_read(CSR_VSSCRATCH);
	s->vsepc = csr_read(CSR_VSEPC);
	s->vscause = csr_read(CSR_VSCAUSE);
	s->vstval = csr_read(CSR_VSTVAL);
	s->vsatp = csr_read(CSR_VSATP);
	s->scounteren = csr_read(CSR_SCOUNTEREN);
	s->hvip = csr_read(CSR_HVIP);
	s->hstatus = csr_read(CSR_HSTATUS) | HSTATUS_SPV;
	s->sstatus = csr_read(CSR_HSTATUS) & HSTATUS_SPVP ? SSTATUS_SPP : 0;
	save_optional(s, v->env, f);
	save_units(v);
	reservation_break(&v->trap.value); /* that of the guest is not the next one's */
	csr_write(CSR_VSATP, 0);
	csr_write(CSR_HGATP, 0);
	flush_note_save();
	csr_write(CSR_HSTATUS, field_put(HSTATUS_VSXL, 2));
	if (f->sstc)
		csr_write(CSR_VSTIMECMP, ~0ull);
	csr_write(CSR_HVIP, 0);
}

/* Translations that the hart keeps may depend on it (privileged specification, "Hypervisor
 * Environment Configuration Register"). */
bool hext_set_env(struct vcpu *v, uint64_t henvcfg)
{
	uint64_t changes = v->vs.henvcfg ^ henvcfg;

	csr_write(CSR_HENVCFG, henvcfg);
	if ((csr_read(CSR_HENVCFG) ^ henvcfg) & changes) {
		csr_write(CSR_HENVCFG, v->vs.henvcfg);
		return false;
	}
	v->vs.henvcfg = henvcfg;
	hfence_vvma_all();
	return true;
}

/* --- traps and returns that are made by us --- */

struct vcpu_privilege hext_privilege_get(const struct vcpu *v)
{
	(void)v;
	return (struct vcpu_privilege){
		.sepc = csr_read(CSR_VSEPC),
		.status = csr_read(CSR_VSSTATUS) & PRIVILEGE_STATUS,
		.is_user = !(csr_read(CSR_HSTATUS) & HSTATUS_SPVP),
	};
}

void hext_privilege_set(struct vcpu *v, const struct vcpu_privilege *p)
{
	(void)v;
	csr_write(CSR_VSEPC, p->sepc);
	csr_write(CSR_VSSTATUS, (csr_read(CSR_VSSTATUS) & ~PRIVILEGE_STATUS) | p->status);
	if (p->is_user) {
		csr_clear(CSR_HSTATUS, HSTATUS_SPVP);
		csr_clear(CSR_SSTATUS, SSTATUS_SPP);
	} else {
		csr_set(CSR_HSTATUS, HSTATUS_SPVP);
		csr_set(CSR_SSTATUS, SSTATUS_SPP);
	}
}

/* --- f registers, for loads and stores of devices --- */

uint64_t hext_float_get(struct vcpu *v, unsigned reg)
{
	float_save(v->f, &v->fcsr);
	return v->f[reg];
}

void hext_float_set(struct vcpu *v, unsigned reg, uint64_t value)
{
	float_save(v->f, &v->fcsr);
	v->f[reg] = value;
	float_restore(v->f, &v->fcsr);
	csr_set(CSR_SSTATUS, SSTATUS_FS);
	csr_set(CSR_VSSTATUS, SSTATUS_FS);
}
