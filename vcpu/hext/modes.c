/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which G-stage modes a hart has, by the only proof there is: a guest's load through a table of that
 * mode, of an address that no smaller mode reaches. hgatp itself proves nothing, since some
 * platforms read back modes that they do not have.
 */
#include "arch/csr.h"
#include "arch/hfence.h"
#include "gstage/gtable.h"
#include "lib/component.h"
#include "platform/catch.h"
#include "platform/mmu.h"
#include "platform/probe.h"
#include "vcpu/hext/hext.h"

static uint8_t modes[MAX_HARTS]; /* bit n: tables of GTABLE_SV39X4 + n levels */

/* hlv.d, as S-mode of a guest without tables of its own. False: it trapped. */
static bool load_as_guest(struct gpa at, uint64_t *value)
{
	uint64_t caught;

	csr_write(CSR_VSATP, 0);
	csr_set(CSR_HSTATUS, HSTATUS_SPVP);
	__asm__ volatile(CATCH(".insn r 0x73, 4, 0x36, %[v], %[a], x0")
			 : [caught] "=&r"(caught), [v] "=&r"(*value)
			 : [a] "r"(at.v)
			 : "t0", "memory");
	return caught == CAUGHT_NOTHING;
}

static bool translates(unsigned levels, uint64_t *page)
{
	const uint64_t mark = 0x68617274776f6f64;
	struct gtable t;
	uint64_t value = 0;

	if (gtable_init(&t, levels))
		return false;
	struct gpa last = GPA(gtable_end(&t) - PAGE_SIZE);
	bool is_there = !gtable_map(&t, last, own_hpa(page), PAGE_SIZE, GTABLE_R);

	page[0] = mark;
	csr_write(CSR_HGATP, hext_hgatp(&t, 0));
	hfence_gvma_all();
	is_there = is_there && load_as_guest(last, &value) && value == mark;
	csr_write(CSR_HGATP, 0);
	hfence_gvma_all();
	gtable_destroy(&t);
	return is_there;
}

static void modes_init_hart(void)
{
	uint64_t *page = this_hart_features()->h ? own_alloc(0) : NULL;

	for (unsigned i = 0; page && i < 3; i++)
		if (this_hart_features()->hgatp_modes & BIT(i) &&
		    translates(GTABLE_SV39X4 + i, page))
			modes[hart_index] |= BIT(i);
	if (page)
		own_free(page, 0);
}

bool hext_has_levels(unsigned hart, unsigned levels)
{
	return modes[hart] >> (levels - GTABLE_SV39X4) & 1;
}

COMPONENT(hext, PHASE_IRQ, NULL, modes_init_hart, "guests on the H extension");
