/* SPDX-License-Identifier: BSD-2-Clause */
/* Causes in words: whatever a core says, there are some. */
#include "arch/cause.h"
#include "tests/kit/kit.h"

TEST(cause, every_cause_has_words)
{
	EXPECT_STR(cause_text(CAUSE_STORE_GPF), "guest page fault on a store");
	EXPECT_STR(cause_text(CAUSE_INTERRUPT | IRQ_S_TIMER), "timer interrupt");
	for (unsigned bit = 0; bit < 63; bit++) {
		for (uint64_t code = BIT(bit) - 1; code <= BIT(bit) + 1; code++) {
			EXPECT(cause_text(code)[0]);
			EXPECT(cause_text(CAUSE_INTERRUPT | code)[0]);
		}
	}
	EXPECT_STR(cause_text(24), "unknown exception");
	EXPECT_STR(cause_text(32 + CAUSE_LOAD_GPF), "unknown exception");
	EXPECT_STR(cause_text(64), "unknown exception");
	EXPECT_STR(cause_text(~CAUSE_INTERRUPT), "unknown exception");
	EXPECT_STR(cause_text(CAUSE_INTERRUPT | 33), "unknown interrupt");
	EXPECT_STR(cause_text(~0ull), "unknown interrupt");
}
