/* SPDX-License-Identifier: BSD-2-Clause */
/* A test that takes the whole machine down, after one that does not. */
#include "platform/panic.h"
#include "lib/component.h"
#include "tests/kit/kit.h"

TEST(planted, holds)
{
	EXPECT(true);
}

TEST(planted, breaks_an_invariant)
{
	CHECK(1 == 2);
}

COMPONENT(harness_panic, PHASE_SERVICE, NULL, NULL, "a test that panics");
