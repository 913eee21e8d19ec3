/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Instructions that a guest may not execute by itself. stval cannot be trusted to hold them, so
 * each is fetched again, as the guest would, with a catcher for what the fetch may meet.
 */
#include "arch/cause.h"
#include "arch/csr.h"
#include "platform/catch.h"
#include "vcpu/engine.h"
#include "vcpu/hext/hext.h"

#define INSN_WFI 0x10500073

/* Two bytes of guest text, by the guest's own translation and rights. */
static uint64_t fetch_half(uint64_t address, uint16_t *half)
{
	uint64_t caught, value;

	__asm__ volatile(CATCH(".insn r 0x73, 4, 0x32, %[v], %[a], x3") /* hlvx.hu */
			 : [caught] "=&r"(caught), [v] "=&r"(value)
			 : [a] "r"(address)
			 : "t0", "memory");
	*half = (uint16_t)value;
	return caught;
}

/* False: the fetch itself trapped, and the guest takes that trap instead. */
static bool fetch(struct vcpu *v, uint32_t *insn)
{
	uint16_t low, high = 0;
	uint64_t at = v->pc, caught = fetch_half(at, &low);

	if (caught == CAUGHT_NOTHING && (low & 3) == 3) {
		at += 2;
		caught = fetch_half(at, &high);
	}
	*insn = low | (uint32_t)high << 16;
	if (caught == CAUGHT_NOTHING)
		return true;
	hext_inject(v, CAUSE_FETCH_PAGE, at);
	return false;
}

enum verdict hext_privileged_insn(struct vcpu *v)
{
	uint32_t insn;

	if (!fetch(v, &insn))
		return VERDICT_RESUME;
	if (insn == INSN_WFI) {
		v->pc += 4;
		return VERDICT_WAIT;
	}
	hext_inject(v, CAUSE_ILLEGAL_INSN, insn);
	return VERDICT_RESUME;
}
