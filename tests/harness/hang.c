/* SPDX-License-Identifier: BSD-2-Clause */
/* A test that never ends, after one that does. */
#include "lib/component.h"
#include "tests/kit/kit.h"

TEST(planted, ends)
{
	EXPECT(true);
}

TEST(planted, never_ends)
{
	kit_note("on its way to nowhere");
	for (;;)
		__asm__ volatile("");
}

COMPONENT(harness_hang, PHASE_SERVICE, NULL, NULL, "a test that never ends");
