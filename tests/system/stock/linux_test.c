/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Debian's kernel, as it is, with a busybox shell. What a step waits for is computed by the shell,
 * so that the echo of what was typed is not taken for its answer.
 */
#define _GNU_SOURCE /* memmem */
#include "lib/component.h"
#include "platform/frames.h"
#include "platform/mmu.h"
#include "platform/option.h"
#include "tests/system/stock/stock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROMPT       SEE("# ")
#define ANSWER(text) SEE("\n" text "\r\n")

static const struct step off[] = { PROMPT, TYPE("poweroff -f\n") };

static void switch_off(struct vm *linux)
{
	guest_tell(linux, off, ARRAY_LEN(off));
	REQUIRE(guests_run());
	REQUIRE(guest_ends(linux));
	EXPECT_EQ(linux->last_end, STOP_SHUTDOWN);
	guest_destroy(linux);
}

/* What stands in /proc/interrupts for lines that match, as a sum, in the shell's words. */
#define COUNT(pattern) "$(awk '/" pattern "/ {n += $2} END {print n}' /proc/interrupts)"

TEST(linux, boots_to_a_shell_works_and_switches_off)
{
	struct vm *linux = guest_start("linux");

	TALK(linux, PROMPT, TYPE("uname -s\n"), ANSWER("Linux"), PROMPT,
	     TYPE("grep -c '^isa.*rv64imafdc' /proc/cpuinfo\n"), ANSWER("1"), PROMPT,
	     TYPE("dd if=/dev/zero bs=64k count=16 2>/dev/null | md5sum\n"),
	     ANSWER("b6d81b360a5672d80c27430f39153e2c  -"), PROMPT,
	     TYPE("n=0; for i in $(seq 40); do n=$((n + $(echo $i))); done; echo sum $n\n"),
	     ANSWER("sum 820"), PROMPT,
	     TYPE("for i in 1 2 3; do (sleep 1; echo $i >>/tmp/jobs) & done; wait; wc -l "
		  "</tmp/jobs\n"),
	     ANSWER("3"));
	switch_off(linux);
}

TEST(linux, sleeps_by_its_timer_and_is_interrupted_by_its_serial_port)
{
	struct vm *linux = guest_start("linux");

	TALK(linux, PROMPT, TYPE("t=" COUNT("timer") " u=" COUNT("ttyS0") " s=$(date +%s)\n"),
	     PROMPT, TYPE("sleep 2; t=$((" COUNT("timer") " - t)) u=$((" COUNT("ttyS0") " - u))\n"),
	     PROMPT, TYPE("[ $(($(date +%s) - s)) -ge 2 ] && echo slept $((1 + 1))\n"),
	     ANSWER("slept 2"), PROMPT, TYPE("[ $t -gt 0 -a $u -gt 0 ] && echo moved $((1 + 1))\n"),
	     ANSWER("moved 2"));
	switch_off(linux);
}

TEST(linux, leaves_off_at_ctrl_c)
{
	struct vm *linux = guest_start("linux");

	TALK(linux, PROMPT, TYPE("echo run $((1 + 1)); while :; do :; done\n"), ANSWER("run 2"),
	     TYPE("\003"), PROMPT, TYPE("echo sleep $((1 + 1)); sleep 1000\n"), ANSWER("sleep 2"),
	     TYPE("\003"), PROMPT, TYPE("echo back $((1 + 1))\n"), ANSWER("back 2"));
	switch_off(linux);
}

/* The console takes 128 KiB at once, and the guest at its pace. */
TEST(linux, takes_a_paste_of_64_kib_whole)
{
	enum { FIRST = 10000, LAST = 20922, LINE = 6 };
	struct vm *linux = guest_start("linux");
	char *paste = malloc((LAST - FIRST + 1) * LINE + 2);

	REQUIRE(paste != NULL);
	for (unsigned i = FIRST; i <= LAST; i++)
		snprintf(paste + (i - FIRST) * LINE, LINE + 1, "%u\n", i);
	strcat(paste, "\004");
	TALK(linux, PROMPT, TYPE("stty -echo; echo ready $((1 + 1)); cat >/tmp/x\n"),
	     SEE("ready 2\r\n"), TYPE(paste), PROMPT, TYPE("wc -c /tmp/x\n"), PROMPT,
	     TYPE("seq 10000 20922 | cmp - /tmp/x && echo same $((1 + 1))\n"), SEE("same 2\r\n"));
	free(paste);
	switch_off(linux);
}

static unsigned n_restarts = 10;
OPTION_NUMBER(restarts, restarts, n_restarts, 0, UINT32_MAX, "how often a Linux is restarted");

#define FOOTPRINT "footprint\nfootprint\nfootprint"

static unsigned n_pages_in(const char *block, uint64_t size)
{
	unsigned n = 0;

	for (uint64_t i = 0; i < size; i += PAGE_SIZE)
		n += memmem(block + i, 64, FOOTPRINT, strlen(FOOTPRINT)) != NULL;
	return n;
}

/* How many pages of the VM's memory hold footprints from their beginning on. */
static unsigned n_footprints(struct vm *vm)
{
	struct gpa at = { 0 }, end = GPA(gtable_end(&vm->map.table));
	unsigned level, n = 0;
	pte_t leaf;

	while ((leaf = gtable_next_leaf(&vm->map.table, &at, end, &level))) {
		uint64_t size = gtable_leaf_size(level), part = size < MEGA_SIZE ? size : MEGA_SIZE;

		for (uint64_t i = 0; i < size; i += part) {
			char *block = window_open(HPA(pte_hpa(leaf).v + i), part);

			n += n_pages_in(block, part);
			window_close(block);
		}
		at.v = (at.v & ~(size - 1)) + size;
	}
	return n;
}

static uint64_t n_free_frames(void)
{
	struct frames_stats stats;

	frames_stats(&stats);
	return stats.n_free;
}

static void write_and_reboot(unsigned n_times)
{
	struct vm *linux = guest_start("reboots");

	for (unsigned i = 0; i < n_times; i++) {
		/* The word is put together by the guest: it never was on its way there. */
		TALK(linux, PROMPT, TYPE("w=foot; w=${w}print; echo $w >/dev/kmsg; echo $w >/x\n"),
		     PROMPT, TYPE("for i in $(seq 20); do cat /x /x >/y; mv /y /x; done\n"), PROMPT,
		     TYPE("dmesg | grep -c $w\n"), ANSWER("1"));
		EXPECT(n_footprints(linux) > 2000);
		TALK(linux, PROMPT, TYPE("reboot -f\n"), PROMPT,
		     TYPE("w=foot; dmesg | grep -c ${w}print\n"), ANSWER("0"));
		EXPECT_EQ(n_footprints(linux), 0);
		EXPECT_EQ(linux->n_starts, i + 2);
	}
	switch_off(linux);
}

/* The first time sets up what stays: own memory, heap, the frames' table. */
TEST(restart, begins_anew_with_zeroed_memory_and_not_a_frame_is_lost)
{
	write_and_reboot(1);
	uint64_t n_free = n_free_frames(), n_own = own_n_pages();

	write_and_reboot(n_restarts);
	EXPECT_EQ(n_free_frames(), n_free);
	EXPECT_EQ(own_n_pages(), n_own);
}

TEST(linux, that_panics_with_panic_1_arrives_as_a_reboot)
{
	struct vm *linux = guest_start("panics");

	TALK(linux, SEE("Kernel panic - not syncing"));
	REQUIRE(guest_ends(linux));
	EXPECT_EQ(linux->last_end, STOP_REBOOT);
	guest_destroy(linux);
	linux = guest_start("linux"); /* panic=-1 */
	TALK(linux, PROMPT, TYPE("echo c >/proc/sysrq-trigger\n"));
	REQUIRE(guest_ends(linux));
	EXPECT_EQ(linux->last_end, STOP_REBOOT);
	guest_destroy(linux);
}

TEST(linux, boots_from_a_kernel_in_gzip)
{
	struct vm *linux = guest_start("gzip");

	TALK(linux, PROMPT, TYPE("uname -s\n"), ANSWER("Linux"));
	switch_off(linux);
}

COMPONENT(stock_tests, PHASE_NONE, NULL, NULL, "tests of stock guests");
