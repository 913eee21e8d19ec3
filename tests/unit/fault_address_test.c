/* SPDX-License-Identifier: BSD-2-Clause */
/* What becomes of a guest page fault whose address the platform does not say (AX1). */
#include "arch/cause.h"
#include "arch/csr.h"
#include "hyp/fault.h"
#include "tests/kit/kit.h"
#include "tests/unit/fault_host.h"

/* The instruction at TEXT faults, and the platform does not say on what. */
static enum verdict fault_of_unknown_address(uint64_t cause)
{
	v->pc = TEXT;
	v->trap = (struct trap_info){
		.cause = cause, .value = DATA, .gpa = GPA(DATA & 3), .access = right_of(cause)
	};
	n_done = 0;
	return memory_fault(v);
}

/* Sv39, by a page of 2 MiB: what DATA lies in is at `base`. The root is at RAM, the next table at
 * `next`. */
static void lay_tables(uint64_t next, uint64_t base)
{
	translation.satp = field_put(SATP_MODE, SATP_MODE_SV39) | RAM >> PAGE_SHIFT;
	tables[0][pte_index(DATA, 2)] = pte_make(HPA(next), PTE_V);
	tables[1][pte_index(DATA, 1)] = pte_make(HPA(base), PTE_V | PTE_RWX | PTE_U | PTE_A);
}

TEST(fault, finds_its_address_by_the_guests_tables)
{
	begin();
	lay_tables(RAM + PAGE_SIZE, RAM);
	EXPECT_EQ(fault_of_unknown_address(CAUSE_STORE_GPF), VERDICT_RESUME);
	EXPECT(did(0, FILL, RAM + DATA, GTABLE_W) && did(1, FORGET_PAGE, RAM + DATA, 0));
	EXPECT(!v->trap.is_walk);
}

TEST(fault, finds_its_address_where_translation_is_off)
{
	begin();
	device.at = GPA(DATA & ~0xfffull);
	EXPECT_EQ(fault_of_unknown_address(CAUSE_LOAD_GPF), VERDICT_RESUME);
	EXPECT(did(0, MMIO, DATA, false));
	EXPECT_EQ(n_done, 1);
}

/* RV1: then it is the walk that found nothing. The fault is about the address that was walked for.
 */
TEST(fault, finds_the_table_that_lies_nowhere)
{
	begin();
	lay_tables(HOLE & ~0xfffull, RAM);
	access.kind = ACCESS_STORE;
	EXPECT_EQ(fault_of_unknown_address(CAUSE_LOAD_GPF), VERDICT_RESUME);
	EXPECT_EQ(v->trap.gpa.v, (HOLE & ~0xfffull) + 8 * pte_index(DATA, 1));
	EXPECT(v->trap.is_walk);
	EXPECT(did(n_done - 1, INJECT, CAUSE_STORE_ACCESS, DATA));
	/* In registers, which are no memory that could be read. */
	begin();
	lay_tables(DEVICE, RAM);
	EXPECT_EQ(fault_of_unknown_address(CAUSE_LOAD_GPF), VERDICT_RESUME);
	EXPECT(did(0, MMIO, DEVICE + 8 * pte_index(DATA, 1), true));
}

/* What the trap said before of a walk is not kept. */
TEST(fault, that_reached_its_page_was_no_walks)
{
	begin();
	lay_tables(RAM + PAGE_SIZE, RAM);
	v->pc = TEXT;
	v->trap = (struct trap_info){
		.cause = CAUSE_LOAD_GPF, .value = DATA, .is_walk = true, .access = GTABLE_R
	};
	EXPECT_EQ(memory_fault(v), VERDICT_RESUME);
	EXPECT(!v->trap.is_walk);
}

/* RV4: the tables changed under us, or the fault was false; its next try meets what they are now.
 */
TEST(fault, whose_walk_ends_at_no_address_is_fenced_and_tried_again_but_not_for_ever)
{
	static const pte_t entries[] = { 0, PTE_V | PTE_W, PTE_V | PTE_D };

	for (unsigned i = 0; i < ARRAY_LEN(entries); i++) {
		begin();
		lay_tables(RAM + PAGE_SIZE, RAM);
		tables[1][pte_index(DATA, 1)] = entries[i];
		EXPECT_EQ(fault_of_unknown_address(CAUSE_STORE_GPF), VERDICT_RESUME);
		EXPECT(did(0, FORGET_ALL, 0, 0));
		EXPECT_EQ(n_done, 1);
		begin();
		lay_tables(RAM + PAGE_SIZE, RAM);
		tables[1][pte_index(DATA, 1)] = entries[i];
		fault_until_it_is_enough(fault_of_unknown_address, CAUSE_STORE_GPF);
		expect_stop(fault_of_unknown_address(CAUSE_STORE_GPF));
	}
}
