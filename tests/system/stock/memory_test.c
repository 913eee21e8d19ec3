/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory that a guest may not have: what its regions refuse, and what the host has not left. */
#include "tests/system/stock/stock.h"

#define PROMPT SEE("\n=> ")
#define BOOTS  SEE("Hit any key to stop autoboot"), TYPE("\n"), PROMPT

/* In the region that lets the guest go on, and in the one that does not. */
static void refuse_writes(const char *name)
{
	struct vm *vm = guest_start(name);

	TALK(vm, BOOTS, TYPE("md.l 90000000 1; md.l a0000000 1\n"), SEE("\n90000000: 00000000"),
	     SEE("\na0000000: 00000000"), PROMPT, TYPE("mw.l 90000000 1\n"),
	     SEE("Store/AMO access fault"), SEE("TVAL: 0000000090000000"), SEE("U-Boot 20"), BOOTS);
	EXPECT_EQ(vm->last_end, STOP_REBOOT);
	EXPECT_EQ(vm->n_starts, 2);
	TALK(vm, TYPE("mw.l a0000000 1\n"));
	REQUIRE(guest_ends(vm));
	EXPECT_EQ(vm->last_end, STOP_CRASH);
	EXPECT_EQ(vm->vcpus[0]->trap.gpa.v, 0xa0000000);
	guest_destroy(vm);
}

/* AX3: what the region says, whatever the root says. */
TEST(rights, of_a_region_are_kept_by_a_fault_or_an_end_as_it_says)
{
	refuse_writes("rights");
	refuse_writes("lenient");
}

/* AS7. Each of the two may have 128 MiB, and so much is not there. */
TEST(shortage, of_host_memory_ends_the_vm_that_meets_it_and_no_other)
{
	struct vm *modest = guest_start("strict"), *hungry = guest_start("uboot");

	TELL(modest, BOOTS);
	TELL(hungry, BOOTS);
	REQUIRE(guests_run());
	TALK(hungry, TYPE("mw.q 81000000 1 c00000\n"));
	REQUIRE(guest_ends(hungry));
	EXPECT_EQ(hungry->last_end, STOP_NO_MEMORY);
	EXPECT_STR(hungry->vcpus[0]->why, "the host has no memory left for it");
	EXPECT_EQ(modest->n_starts, 1);
	TALK(modest, TYPE("mw.q 81000000 1 100000; md.q 817ffff8 1\n"),
	     SEE("\n817ffff8: 0000000000000001"), PROMPT, TYPE("poweroff\n"));
	REQUIRE(guest_ends(modest));
	EXPECT_EQ(modest->last_end, STOP_SHUTDOWN);
	guest_destroy(modest);
	guest_destroy(hungry);
}
