/* SPDX-License-Identifier: BSD-2-Clause */
/* Linux on several vCPUs, with fewer harts than vCPUs, as many, or more. */
#include "tests/system/stock/stock.h"

#define PROMPT SEE("# ")

/* Each CPU sums up numbers of its own, kept there by its mask; all at the same time. */
#define WORK                                                                                       \
	"for c in $(seq 0 $((n - 1))); do taskset $(printf %x $((1 << c))) sh -c "                 \
	"'s=0; for i in $(seq 300); do s=$((s + i)); done; echo $s' >/tmp/$c & done; wait; "       \
	"cat /tmp/? | sort | uniq -c | awk '{print $1 \" of \" $2}'\n"

/* Each one was interrupted by its own timer, and by the others. */
#define INTERRUPTED                                                                                \
	"for k in timer IPI; do awk -v k=$k -v n=$n '$0 ~ k {for (i = 2; i < n + 2; i++) "         \
	"t[i] += $i} END {for (i in t) m += t[i] > 0; print k, m}' /proc/interrupts; done\n"

static void boot(const char *name, const char *n, const char *sums, const char *timers,
		 const char *ipis)
{
	struct vm *linux = guest_start(name);

	TALK(linux, PROMPT, TYPE("nproc\n"), SEE(n), PROMPT, TYPE("n=$(nproc)\n"), PROMPT,
	     TYPE("grep -c ^processor /proc/cpuinfo\n"), SEE(n), PROMPT);
	TALK(linux, TYPE(WORK), SEE(sums), PROMPT, TYPE(INTERRUPTED), SEE(timers), SEE(ipis),
	     PROMPT, TYPE("poweroff -f\n"));
	REQUIRE(guest_ends(linux));
	EXPECT_EQ(linux->last_end, STOP_SHUTDOWN);
	for (unsigned i = 0; i < linux->n_vcpus; i++)
		EXPECT(linux->vcpus[i]->n_waits > 0);
	guest_destroy(linux);
}

TEST(smp, two_vcpus_of_a_linux_work_and_it_switches_off)
{
	boot("smp2", "\n2\r\n", "\n2 of 45150\r\n", "\ntimer 2\r\n", "IPI 2\r\n");
}

TEST(smp, four_vcpus_of_a_linux_work_and_it_switches_off)
{
	boot("smp4", "\n4\r\n", "\n4 of 45150\r\n", "\ntimer 4\r\n", "IPI 4\r\n");
}
