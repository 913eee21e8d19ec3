/* SPDX-License-Identifier: BSD-2-Clause */
/* Faults of accesses that are made for a guest: their addresses are the guest's. */
#include "arch/csr.h"
#include "arch/hfence.h"
#include "platform/mmu.h"
#include "platform/probe.h"
#include "platform/trap.h"
#include "tests/kit/kit.h"
#include "tests/machine/access.h"
#include "tests/machine/harts.h"

static const char *needs_h(void)
{
	return this_hart_features()->h ? NULL : "the harts have no H extension";
}

#define TRY_AS_GUEST(insn, at)                                                                     \
	({                                                                                         \
		uint64_t caught_, value_ = 0;                                                      \
		__asm__ volatile(CATCH(".insn r 0x73, 4, " insn)                                   \
				 : [caught] "=&r"(caught_), [v] "+&r"(value_)                      \
				 : [a] "r"(at)                                                     \
				 : "t0", "memory");                                                \
		caught_;                                                                           \
	})
#define HLV_BU  "0x30, %[v], %[a], x1"
#define HLVX_HU "0x32, %[v], %[a], x3"
#define HSV_B   "0x31, x0, %[a], %[v]"

static PER_HART volatile unsigned n_traps;

static void count_trap(void)
{
	n_traps++;
}

/* What our own tables allow at an address says nothing of it in a guest that maps nothing: neither
 * is the fault spurious, nor does it hide one of our own there. */
static void touch_as_guest_without_memory(void *table)
{
	static uint8_t byte = 7;
	uint64_t at = (uint64_t)&byte, text = (uint64_t)touch_as_guest_without_memory;

	csr_write(CSR_HGATP, 0);
	csr_write(CSR_VSATP, field_put(SATP_MODE, SATP_MODE_SV39) | own_hpa(table).v >> PAGE_SHIFT);
	hfence_gvma_all();
	hfence_vvma_all();
	csr_set(CSR_HSTATUS, HSTATUS_SPVP);
	n_traps = 0;
	trap_on_return = count_trap;
	EXPECT_EQ(TRY_AS_GUEST(HLV_BU, at), CAUSE_LOAD_PAGE);
	EXPECT_EQ(n_traps, 1);
	EXPECT_EQ(TRY_AS_GUEST(HSV_B, at), CAUSE_STORE_PAGE);
	EXPECT_EQ(n_traps, 2);
	uint64_t cause = TRY_AS_GUEST(HLVX_HU, text);
	/* A load's by the specification; QEMU has it as a fetch's. */
	EXPECT(cause == CAUSE_LOAD_PAGE || cause == CAUSE_FETCH_PAGE);
	EXPECT_EQ(n_traps, 3);
	EXPECT_EQ(try_load(at), CAUGHT_NOTHING);
	EXPECT_EQ(n_traps, 3);
	trap_on_return = NULL;
	csr_clear(CSR_HSTATUS, HSTATUS_SPVP);
	csr_write(CSR_VSATP, 0);
	hfence_vvma_all();
}

TEST_IF(trap, fault_at_a_guest_address_is_never_looked_up_in_our_own_tables, needs_h)
{
	void *table = own_alloc(0);

	REQUIRE(table);
	run_on_every_hart(touch_as_guest_without_memory, table);
	own_free(table, 0);
}
