/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests that end in every way a test can. */
#include "lib/component.h"
#include "tests/kit/kit.h"

static const char *needs_the_impossible(void)
{
	return "nothing can do that";
}

TEST(planted, passes)
{
	kit_note("a note that %s", "nobody needs");
	EXPECT(true);
}

TEST(planted, fails_and_goes_on)
{
	EXPECT_EQ(1 + 1, 3);
	EXPECT_STR("this", "that");
}

TEST(planted, fails_and_leaves)
{
	REQUIRE(false);
	kit_note("this is not reached");
}

TEST_IF(planted, is_skipped, needs_the_impossible)
{
	EXPECT(false);
}

COMPONENT(harness_fail, PHASE_SERVICE, NULL, NULL, "tests that fail");
