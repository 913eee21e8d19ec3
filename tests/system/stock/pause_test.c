/* SPDX-License-Identifier: BSD-2-Clause */
/* A VM stands still, and goes on as if nothing had been (AX17). */
#include <string.h>

#include "hyp/run.h"
#include "hyp/vconsole.h"
#include "platform/timer.h"
#include "tests/system/stock/stock.h"

#define PROMPT SEE("\n=> ")
#define BOOTS  SEE("Hit any key to stop autoboot"), TYPE("\n"), PROMPT
#define SHELL  SEE("# ")

enum { STILL_US = 200000 };

/* --- a U-Boot, which looks for its input and never waits --- */

static struct vm *uboot_paused(void)
{
	struct vm *uboot = guest_start("uboot");

	TALK(uboot, BOOTS);
	EXPECT_EQ(vm_pause(uboot), 0);
	REQUIRE(guest_is_paused(uboot));
	return uboot;
}

TEST(pause, keeps_what_is_typed_and_what_can_be_looked_at)
{
	static const char line[] = "setenv a 7; echo kept ${a}\n";
	static char printed[4096];
	struct vm *uboot = uboot_paused();
	uint64_t at = 0;

	while (vconsole_watch(uboot->console, &at, printed, sizeof(printed)))
		continue;
	REQUIRE_EQ(vconsole_type(uboot->console, line, strlen(line)), strlen(line));
	guests_run_for(STILL_US);
	EXPECT_EQ(vconsole_watch(uboot->console, &at, printed, sizeof(printed)), 0);
	EXPECT(at > 0);
	run_show(uboot->vcpus[0]);
	EXPECT_EQ(uboot->state, VM_IS_PAUSED);
	EXPECT_EQ(vm_resume(uboot), 0);
	TALK(uboot, SEE("\nkept 7"), PROMPT);
	guest_destroy(uboot);
}

TEST(pause, may_be_followed_by_a_stop_or_a_restart_at_once_or_later)
{
	struct vm *uboot = uboot_paused();

	EXPECT_EQ(vm_restart(uboot), 0);
	TALK(uboot, BOOTS);
	EXPECT_EQ(uboot->n_starts, 2);
	EXPECT_EQ(vm_pause(uboot), 0);
	EXPECT_EQ(vm_restart(uboot), 0);
	TALK(uboot, BOOTS);
	EXPECT_EQ(uboot->n_starts, 3);
	EXPECT_EQ(vm_pause(uboot), 0);
	REQUIRE(guest_is_paused(uboot));
	EXPECT_EQ(vm_stop(uboot), 0);
	REQUIRE(guest_ends(uboot));
	EXPECT_EQ(uboot->last_end, STOP_ORDERED);
	EXPECT_EQ(vm_start(uboot), 0);
	TALK(uboot, BOOTS);
	EXPECT_EQ(vm_pause(uboot), 0);
	EXPECT_EQ(vm_resume(uboot), 0);
	EXPECT_EQ(vm_pause(uboot), 0);
	EXPECT_EQ(vm_stop(uboot), 0);
	REQUIRE(guest_ends(uboot));
	EXPECT_EQ(uboot->last_end, STOP_ORDERED);
	guest_destroy(uboot);
}

/* --- a Linux, again and again --- */

static struct timer turn;
static struct vm *turned;
static unsigned n_turns;

/* While it pauses the order may be taken back, and while it goes on another may come. */
static void on_turn(struct timer *timer)
{
	unsigned way = n_turns++ % 4;

	if (turned->state == VM_IS_RUNNING) {
		EXPECT_EQ(vm_pause(turned), 0);
		if (way & 1)
			EXPECT_EQ(vm_resume(turned), 0);
	} else if (turned->state == VM_IS_PAUSED) {
		EXPECT_EQ(vm_resume(turned), 0);
		if (way & 2)
			EXPECT_EQ(vm_pause(turned), 0);
	}
	timer_set(timer, time_now() + time_from_us(500 + n_turns * 37 % 5000));
}

/* Each CPU sums up numbers of its own, by processes that it starts for them; and one waits. */
#define WORK                                                                                       \
	"for c in 1 2; do taskset $c sh -c 's=0; for i in $(seq 40); do s=$((s + $(echo $i))); "   \
	"done; echo $s' >/tmp/$c & done; sleep 2; wait; sort /tmp/? | uniq -c | "                  \
	"awk '{print $1 \" of \" $2}'\n"
#define COMPLAINTS "dmesg | grep -ciE 'stall|lockup|hung|backwards|skew|BUG|WARN'\n"

TEST(pause, of_a_linux_with_two_vcpus_again_and_again_is_not_noticed_by_it)
{
	struct vm *linux = guest_start("smp2");

	TALK(linux, SHELL);
	turned = linux;
	n_turns = 0;
	turn.call = on_turn;
	timer_set(&turn, time_now());
	TALK(linux, TYPE(WORK), SEE("\n2 of 820\r\n"), SHELL);
	timer_cancel(&turn);
	kit_note("%u turns", n_turns);
	EXPECT(n_turns > 200);
	if (linux->state != VM_IS_RUNNING)
		EXPECT_EQ(vm_resume(linux), 0);
	TALK(linux, TYPE(COMPLAINTS), SEE("\n0\r\n"), SHELL, TYPE("poweroff -f\n"));
	REQUIRE(guest_ends(linux));
	EXPECT_EQ(linux->last_end, STOP_SHUTDOWN);
	guest_destroy(linux);
}
