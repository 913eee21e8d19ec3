/* SPDX-License-Identifier: BSD-2-Clause */
/* U-Boot, a raw image with a load address; and what becomes of a guest that crashes. */
#include "tests/system/stock/stock.h"

#define PROMPT SEE("\n=> ")
#define BOOTS  SEE("Hit any key to stop autoboot"), TYPE("\n"), PROMPT

TEST(uboot, has_a_prompt_says_its_version_resets_and_switches_off)
{
	struct vm *uboot = guest_start("uboot");

	TALK(uboot, SEE("U-Boot 20"), BOOTS, TYPE("version\n"), SEE("\r\nU-Boot 20"), PROMPT,
	     TYPE("reset\n"), SEE("resetting"), SEE("U-Boot 20"), BOOTS);
	EXPECT_EQ(uboot->n_starts, 2);
	TALK(uboot, TYPE("poweroff\n"));
	REQUIRE(guest_ends(uboot));
	EXPECT_EQ(uboot->last_end, STOP_SHUTDOWN);
	guest_destroy(uboot);
}

TEST(crash, is_answered_as_the_description_says)
{
	struct vm *strict = guest_start("strict");

	TALK(strict, BOOTS, TYPE("md.l 50000000 1\n"), SEE("U-Boot 20"), BOOTS);
	EXPECT_EQ(strict->n_starts, 2);
	EXPECT_EQ(strict->last_end, STOP_CRASH);
	strict->config.on_crash = VM_KEEP;
	TALK(strict, TYPE("md.l 50000000 1\n"));
	REQUIRE(guest_ends(strict));
	EXPECT_EQ(strict->state, VM_IS_KEPT);
	REQUIRE(vm_start(strict) == 0);
	TALK(strict, BOOTS);
	strict->config.on_crash = VM_STOP;
	TALK(strict, TYPE("md.l 50000000 1\n"));
	REQUIRE(guest_ends(strict));
	EXPECT_EQ(strict->state, VM_IS_STOPPED);
	guest_destroy(strict);
}

TEST(elf, unikernel_boots_by_its_physical_addresses)
{
	struct vm *elf = guest_start("elf");

	TALK(elf, SEE("hello from hart 0 of 1 on "));
	REQUIRE(guest_ends(elf));
	EXPECT_EQ(elf->last_end, STOP_SHUTDOWN);
	guest_destroy(elf);
}

/* U-Boot sleeps by looking at the time, and so never waits; what is typed it finds by itself, too.
 * Nothing interrupts it, where a tick every 10 ms would some hundred times. The boot hart, where
 * the test has a tick of its own, is the first VM's. */
TEST(alone, on_its_hart_a_busy_guest_has_no_tick)
{
	struct vm *first = guest_make("strict");
	struct vm *alone = guest_start("uboot");

	REQUIRE(first != NULL);
	REQUIRE_EQ(alone->vcpus[0]->hart, 1);
	TALK(alone, BOOTS);
	uint64_t before = alone->vcpus[0]->n_interrupts;

	TALK(alone, TYPE("sleep 1\n"), PROMPT);
	EXPECT_EQ(alone->vcpus[0]->n_interrupts, before);
	guest_destroy(alone);
	guest_destroy(first);
}
