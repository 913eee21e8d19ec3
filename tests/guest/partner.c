/* SPDX-License-Identifier: BSD-2-Clause */
/* The second VM: it says what it found at its start, and then has a pattern of its own, for ever.
 */
#include "platform/timer.h"
#include "tests/guest/state.h"

enum { MINE = 0x33 };

static unsigned wrong_of_all(uint64_t pattern)
{
	unsigned n = 0;

	for (enum state s = 0; s < N_STATES; s++)
		n += state_wrong(s, pattern);
	return n;
}

_Noreturn void partner_run(void)
{
	uint64_t n_wrong = 0;

	(void)test_call(TEST_TELL, TOLD_TIME, time_now());
	(void)test_call(TEST_TELL, TOLD_WRONG_AT_START, wrong_of_all(0));
	for (enum state s = 0; s < N_STATES; s++)
		state_fill(s, MINE);
	for (uint64_t round = 1;; round++) {
		uint64_t end = time_now() + time_from_us(1000);

		while (!time_is_past(end))
			n_wrong += wrong_of_all(MINE);
		(void)test_call(TEST_TELL, TOLD_WRONG, n_wrong);
		(void)test_call(TEST_TELL, TOLD_ROUNDS, round);
	}
}
