/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest's instruction that trapped: what it is, and what a privileged one does. stval cannot be
 * trusted to hold it, and htinst may be 0; then it is fetched again as the guest would, with a
 * catcher for what the fetch may meet.
 */
#include "arch/cause.h"
#include "arch/csr.h"
#include "platform/trace.h"
#include "vcpu/decode.h"
#include "vcpu/hext/fetch.h"
#include "vcpu/hext/hext.h"

#define INSN_WFI     0x10500073
#define INSN_WRS_NTO 0x00d00073 /* with hstatus.VTW it traps as wfi does */

/* It goes on so often, where our fetch meets a hole that its own does not. */
enum { MAX_HOLES = 16 };

/*
 * The guest takes what its own fetch would have met. Where the fetch of ours met a hole in the
 * G-stage it goes on instead: its next fetch meets the same, and that exit is answered. Unless it
 * executes where nothing is: QEMU 7.2 lets it run at addresses that the G-stage does not reach, if
 * their upper bits are all ones.
 */
static void reflect(struct vcpu *v, uint64_t caught, uint64_t address)
{
	uint64_t cause = CAUSE_FETCH_ACCESS;

	switch (caught) {
	case CAUSE_FETCH_PAGE:
	case CAUSE_LOAD_PAGE:
	case CAUSE_STORE_PAGE:
		cause = CAUSE_FETCH_PAGE;
		break;
	case CAUSE_FETCH_GPF:
	case CAUSE_LOAD_GPF:
	case CAUSE_STORE_GPF:
		if (v->again.n++ < MAX_HOLES)
			return;
		v->again.n = 0;
		break;
	}
	hext_inject(v, cause, address);
}

/* The instruction at *address; what the fetch was caught at, and then where. */
static inline uint64_t try_fetch(uint64_t *address, uint32_t *insn)
{
	uint64_t at = *address, low = 0, high = 0, caught;

	if (LIKELY(!(at & 3))) {
		/* It lies in one page; what stands behind a 16-bit one is not looked at. */
		caught = fetch_by(HLVX_WU, at, &low);
	} else {
		caught = fetch_by(HLVX_HU, at, &low);
		if (caught == CAUGHT_NOTHING && (low & 3) == 3) {
			at += 2;
			caught = fetch_by(HLVX_HU, at, &high);
		}
	}
	*address = at;
	*insn = (uint32_t)(low | high << 16);
	if ((low & 3) != 3)
		*insn &= 0xffff;
	return caught;
}

/* False: the fetch itself trapped, and the guest has its trap. */
static bool fetch(struct vcpu *v, uint32_t *insn)
{
	uint64_t at = v->pc, caught = try_fetch(&at, insn);

	if (LIKELY(caught == CAUGHT_NOTHING))
		return true;
	reflect(v, caught, at);
	return false;
}

static __attribute__((noinline)) bool find_other_access(struct vcpu *v, struct access *a)
{
	unsigned offset = access_from_htinst(v->trap.insn, a);
	uint32_t insn;

	if (a->kind != ACCESS_NONE) {
		/* One that crosses into this page: no device has such a register. */
		if (offset)
			a->width = 0;
		return true;
	}
	if (!fetch(v, &insn))
		return false;
	access_decode(insn, a);
	return true;
}

bool hext_find_access(struct vcpu *v, struct access *a)
{
	return LIKELY(access_from_plain_htinst(v->trap.insn, a)) || find_other_access(v, a);
}

/* Who waits often waits little: for what is pending already, neither lines nor other registers need
 * be looked at. It is not traced either, or it would fill the trace. */
bool hext_wait_is_over(struct vcpu *v)
{
	uint64_t at = v->pc;
	uint32_t insn;

	/* Not vsip, as in hext_is_awake. */
	if (!(csr_read(CSR_HIP) >> 1 & csr_read(CSR_VSIE)) ||
	    !(csr_read(CSR_HSTATUS) & HSTATUS_SPVP))
		return false;
	if (try_fetch(&at, &insn) != CAUGHT_NOTHING || insn != INSN_WFI)
		return false;
	v->n_exits[CAUSE_VIRTUAL_INSN]++;
	v->n_waits++;
	v->pc += 4;
	return true;
}

enum verdict hext_privileged_insn(struct vcpu *v)
{
	uint32_t insn;

	if (!fetch(v, &insn))
		return VERDICT_RESUME;
	if (insn == INSN_WFI && csr_read(CSR_HSTATUS) & HSTATUS_SPVP) {
		v->pc += 4;
		v->n_waits++;
		return LIKELY(hext_is_awake(v)) ? VERDICT_RESUME : VERDICT_WAIT;
	}
	if (insn == INSN_WRS_NTO) {
		v->pc += 4; /* its wait may end at any time, and does */
		return VERDICT_RESUME;
	}
	trace(TRACE_INJECT, CAUSE_ILLEGAL_INSN, insn);
	hext_inject(v, CAUSE_ILLEGAL_INSN, insn);
	return VERDICT_RESUME;
}
