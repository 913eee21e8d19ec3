/* SPDX-License-Identifier: BSD-2-Clause */
/* Two Linuxes at once: on one hart where the machine has one, else each on its own. */
#include "tests/system/stock/stock.h"

#include <stdlib.h>
#include <string.h>

#include "hyp/vconsole.h"

#define PROMPT SEE("# ")
/* Both work at the same time: the sum takes a while. */
#define WORK "for i in 1 2 3; do dd if=/dev/zero bs=64k count=64 2>/dev/null; done | md5sum\n"
#define SUM  "\nefeebdda98ec1d7fb2ad83d23f0713bf  -\r\n"

static bool has_printed(struct vm *vm, const char *text)
{
	enum { KEPT = 16384 };
	char *bytes = malloc(KEPT + 1);
	uint64_t at = 0;

	REQUIRE(bytes != NULL);
	bytes[vconsole_watch(vm->console, &at, bytes, KEPT)] = '\0';
	bool is_there = strstr(bytes, text) != NULL;

	free(bytes);
	return is_there;
}

TEST(pair, of_linuxes_work_side_by_side_each_with_its_own_console)
{
	struct vm *one = guest_start("linux"), *other = guest_start("other");

	TELL(one, PROMPT, TYPE("echo one $((1 + 1))\n"), SEE("one 2\r\n"), PROMPT, TYPE(WORK),
	     SEE(SUM), PROMPT);
	TELL(other, PROMPT, TYPE("echo other $((1 + 1))\n"), SEE("other 2\r\n"), PROMPT, TYPE(WORK),
	     SEE(SUM), PROMPT);
	REQUIRE(guests_run());
	EXPECT(has_printed(one, "one 2") && !has_printed(one, "other"));
	EXPECT(has_printed(other, "other 2") && !has_printed(other, "one 2"));
	EXPECT((one->vcpus[0]->hart == other->vcpus[0]->hart) == (n_harts() == 1));

	/* One goes; the other works on. */
	TELL(one, TYPE("poweroff -f\n"));
	TELL(other, TYPE("sleep 1; echo still $((1 + 1))\n"), SEE("still 2\r\n"), PROMPT);
	REQUIRE(guests_run());
	REQUIRE(guest_ends(one));
	TALK(other, TYPE("poweroff -f\n"));
	REQUIRE(guest_ends(other));
	guest_destroy(other);
	guest_destroy(one);
}
