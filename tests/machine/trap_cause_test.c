/* SPDX-License-Identifier: BSD-2-Clause */
/* Causes that no machine here has: the handler is given frames as the vector would make them. */
#include "platform/catch.h"
#include "platform/trap.h"
#include "tests/kit/kit.h"
#include "tests/machine/access.h"

extern const struct catch_entry catch_table[];

/* The lowest bits of most are those of a page fault, at an address that our tables allow. */
TEST(trap, cause_that_nobody_knows_is_caught_like_any_other)
{
	static const uint64_t unknown[] = {
		24, 31, 32 + CAUSE_LOAD_PAGE, 63, 64 + CAUSE_LOAD_PAGE, ~CAUSE_INTERRUPT
	};

	for (unsigned i = 0; i < ARRAY_LEN(unknown); i++) {
		struct trap_frame frame = { .pc = catch_table->from,
					    .cause = unknown[i],
					    .value = (uint64_t)&frame };

		(void)try_load(0); /* of what no frame holds: this was no guest's */
		trap_handle(&frame);
		EXPECT_EQ(frame.pc, catch_table->to);
		EXPECT_EQ(frame.x[5], unknown[i]);
	}
}
