/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which G-stage modes a hart has, by the only proof there is: a guest's load through a table of
 * that mode, of an address that no smaller mode reaches. hgatp itself proves nothing, since some
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

enum { N_MODES = 3 };

/* Of Sv39x4, Sv48x4, Sv57x4: how far guest addresses reach; 0: there is no such mode. */
static uint64_t reach[MAX_HARTS][N_MODES];

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

/* Does a load of a page at `at`, by that table, find what is in the page? */
static bool translates(struct gtable *t, struct gpa at, uint64_t *page)
{
	const uint64_t mark = 0x68617274776f6f64;
	uint64_t value = 0;

	if (gtable_map(t, at, own_hpa(page), PAGE_SIZE, GTABLE_R))
		return false;
	page[0] = mark;
	csr_write(CSR_HGATP, hext_hgatp(t, 0));
	hfence_gvma_all();
	bool is_there = load_as_guest(at, &value) && value == mark;

	csr_write(CSR_HGATP, 0);
	hfence_gvma_all();
	return is_there;
}

/*
 * The second quarter of a mode lies beyond the mode below it. The last page is tried by itself:
 * QEMU 7.2 takes the topmost bit of a guest-physical address for a sign, so it has half of what
 * the specification promises.
 */
static uint64_t reach_of(unsigned levels, uint64_t *page)
{
	struct gtable t;

	if (gtable_init(&t, levels))
		return 0;
	uint64_t end = gtable_end(&t);
	uint64_t found = !translates(&t, GPA(end / 4), page)           ? 0
			 : !translates(&t, GPA(end - PAGE_SIZE), page) ? end / 2
								       : end;

	gtable_destroy(&t);
	return found;
}

static void modes_init_hart(void)
{
	uint64_t *page = this_hart_features()->h ? own_alloc(0) : NULL;

	for (unsigned i = 0; page && i < N_MODES; i++)
		if (this_hart_features()->hgatp_modes & BIT(i))
			reach[hart_index][i] = reach_of(GTABLE_SV39X4 + i, page);
	if (page)
		own_free(page, 0);
}

uint64_t hext_reach(unsigned hart, unsigned levels)
{
	return reach[hart][levels - GTABLE_SV39X4];
}

COMPONENT(hext, PHASE_IRQ, NULL, modes_init_hart, "guests on the H extension");
