/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the engine, the map and the handler of faults stand on when the harts are those of
 * tlb_model.h; and fences that are left out, by the linker and by the model, to see it noticed.
 */
#ifndef TESTS_UNIT_TLB_HOST_H
#define TESTS_UNIT_TLB_HOST_H

#include "hyp/vm.h"
#include "tests/unit/tlb_model.h"

enum { TLB_VMS = 4, TLB_VCPUS = 2 };

/* What the boot hart does to a map. */
enum doing { DOING_NOTHING, DOING_REMOVE, DOING_PROTECT, DOING_SPLIT, DOING_MERGE, DOING_RESET };

enum plant {
	NONE,
	UNMAP,
	RIGHT_REMOVED,
	SPLIT,
	MERGE,
	TABLE_PAGE_FREED,
	VMID_REUSED,
	VMID_REUSED_OWN_STAGE,
	FRAME_REUSED,
	CHANGED_WHILE_AWAY,
	VCPU_ON_NEW_HART,
	SIBLING_ON_HART,
	CODE_FROM_ELSEWHERE,
	CODE_IN_FREED_FRAME,
	VSATP_LEFT_ON,
	VSATP_ON_TOO_SOON,
	INVALID_TO_VALID,
	CODE_AFTER_FILL,
	FENCE_OF_SIBLING,
	FENCE_OF_SIBLING_AT_LOAD,
	RANGE_TOO_SMALL,
	N_PLANTS,
};

extern enum plant plant;
extern enum doing doing;
extern bool is_in_fault, is_in_load;
extern unsigned vmid_bits;

extern struct vm vms[TLB_VMS];
extern struct vcpu vcpus[TLB_VMS][TLB_VCPUS];
extern struct vcpu *loaded_on[TLB_HARTS];

/* While somebody waits, others go on. */
void tlb_others_go_on(void);

#endif
