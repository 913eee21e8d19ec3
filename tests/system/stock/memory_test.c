/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory that a guest may not have: what its regions refuse, and what the host has not left. */
#include <inttypes.h>
#include <stdio.h>

#include "platform/frames.h"
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

/* --- what the host has not left --- */

static struct vm *modest, *hungry;

/* Two U-Boots. Each may have 128 MiB, and so much is not there; the modest one has 24 MiB of it. */
static void begin_shortage(void)
{
	modest = guest_start("strict");
	hungry = guest_start("uboot");
	TELL(modest, BOOTS, TYPE("mw.q 81000000 1 300000\n"), PROMPT);
	TELL(hungry, BOOTS);
	REQUIRE(guests_run());
}

/* Let the hungry one touch what is free now, and so much more. */
static void take_more(uint64_t more)
{
	static char command[64];
	struct frames_stats stats;

	frames_stats(&stats);
	snprintf(command, sizeof(command), "mw.q 81000000 1 %" PRIx64 "; echo full\n",
		 (stats.n_free * PAGE_SIZE + more) / 8);
	TALK(hungry, TYPE(command), SEE("echo full"));
}

static void end_shortage(void)
{
	guest_destroy(modest);
	guest_destroy(hungry);
}

/* AS7, AX12: it is paused at the access that met the shortage, goes on there when there is memory,
 * and its neighbour notices nothing. */
TEST(shortage, of_host_memory_pauses_the_vm_that_meets_it_until_another_has_ended)
{
	begin_shortage();
	take_more(12 * MiB);
	REQUIRE(guest_is_paused(hungry));
	EXPECT_STR(vm_state_text(hungry), "is paused until memory is free");
	EXPECT_EQ(vm_resume(hungry), 0); /* it tries again, in vain */
	EXPECT_EQ(hungry->state, VM_IS_RUNNING);
	REQUIRE(guest_is_paused(hungry));
	TALK(modest, TYPE("md.q 827ffff8 1\n"), SEE("\n827ffff8: 0000000000000001"), PROMPT);
	EXPECT_EQ(hungry->state, VM_IS_PAUSED);
	TALK(modest, TYPE("poweroff\n"));
	REQUIRE(guest_ends(modest));
	EXPECT_EQ(modest->last_end, STOP_SHUTDOWN);
	TALK(hungry, SEE("\nfull"), PROMPT, TYPE("poweroff\n"));
	REQUIRE(guest_ends(hungry));
	EXPECT_EQ(hungry->last_end, STOP_SHUTDOWN);
	EXPECT_EQ(hungry->n_starts, 1);
	end_shortage();
}

/* AS7: who met the shortage ends, not who touches some more later. */
TEST(shortage, of_host_memory_ends_the_vm_that_waits_for_some_when_its_neighbour_wants_some_too)
{
	begin_shortage();
	take_more(12 * MiB);
	REQUIRE(guest_is_paused(hungry));
	TALK(modest, TYPE("mw.q 84000000 1 200000; md.q 84fffff8 1\n"),
	     SEE("\n84fffff8: 0000000000000001"), PROMPT);
	REQUIRE(guest_ends(hungry));
	EXPECT_EQ(hungry->last_end, STOP_NO_MEMORY);
	EXPECT_EQ(modest->n_starts, 1);
	TALK(modest, TYPE("poweroff\n"));
	REQUIRE(guest_ends(modest));
	EXPECT_EQ(modest->last_end, STOP_SHUTDOWN);
	end_shortage();
}

/* AS7: nobody is left who could give any. */
TEST(shortage, of_host_memory_ends_the_vm_that_is_alone_and_one_whose_neighbour_ends_too_late)
{
	begin_shortage();
	take_more(48 * MiB);
	REQUIRE(guest_is_paused(hungry));
	TALK(modest, TYPE("poweroff\n"));
	REQUIRE(guest_ends(modest));
	REQUIRE(guest_ends(hungry));
	EXPECT_EQ(hungry->last_end, STOP_NO_MEMORY);
	EXPECT_STR(hungry->vcpus[0]->why, "the host has no memory left for it");
	end_shortage();
}

TEST(shortage, of_host_memory_ends_the_vm_that_meets_it_and_no_other_if_it_says_so)
{
	begin_shortage();
	hungry->config.ends_without_memory = true;
	take_more(12 * MiB);
	REQUIRE(guest_ends(hungry));
	EXPECT_EQ(hungry->last_end, STOP_NO_MEMORY);
	EXPECT_EQ(modest->n_starts, 1);
	TALK(modest, TYPE("mw.q 82800000 1 100000; md.q 82fffff8 1\n"),
	     SEE("\n82fffff8: 0000000000000001"), PROMPT, TYPE("poweroff\n"));
	REQUIRE(guest_ends(modest));
	EXPECT_EQ(modest->last_end, STOP_SHUTDOWN);
	end_shortage();
}
