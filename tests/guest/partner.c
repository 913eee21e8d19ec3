/* SPDX-License-Identifier: BSD-2-Clause */
/* The second VM: it says what it found at its start, and then has a pattern of its own, for ever;
 * or it does what it was ordered, and shuts down. */
#include "platform/catch.h"
#include "platform/timer.h"
#include "tests/guest/state.h"
#include "tests/kit/kit.h"

enum { MINE = 0x33, LEGACY_SHUTDOWN = 8, PATIENCE_US = 5000000 };

static unsigned wrong_of_all(uint64_t pattern)
{
	unsigned n = 0;

	for (enum state s = 0; s < N_STATES; s++)
		n += state_wrong(s, pattern);
	return n;
}

static void try_senvcfg(void)
{
	uint64_t old, held = ~0ull;

	if (csr_try_swap(CSR_SENVCFG, field_put(ENVCFG_PMM, 2), &old) == CAUGHT_NOTHING)
		held = field_get(ENVCFG_PMM, csr_read(CSR_SENVCFG));
	(void)test_call(TEST_TELL, TOLD_PMM, held);
}

_Noreturn void partner_run(void)
{
	uint64_t n_wrong = 0;

	switch (test_fact(FACT_TOLD + TOLD_ORDER)) {
	case ORDER_TRY_SENVCFG:
		try_senvcfg();
		[[fallthrough]];
	case ORDER_SHUT_DOWN:
		(void)sbi_call(LEGACY_SHUTDOWN, 0, 0, 0, 0, 0, 0);
		break;
	default:
		break;
	}
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

static bool partner_becomes(bool running)
{
	uint64_t end = time_now() + time_from_us(PATIENCE_US);

	while (test_fact(FACT_PARTNER_RUNS) != running)
		if (time_is_past(end))
			return false;
	return true;
}

void partner_obey(enum partner_order order)
{
	uint64_t sie = csr_swap(CSR_SIE, 0);

	EXPECT(!test_fact(FACT_PARTNER_RUNS));
	(void)test_call(TEST_TELL, TOLD_ORDER, order);
	(void)test_call(TEST_PARTNER, true, 0);
	EXPECT(partner_becomes(true));
	EXPECT(partner_becomes(false));
	(void)test_call(TEST_TELL, TOLD_ORDER, ORDER_KEEP_STATE);
	(void)test_call(TEST_PARTNER, false, 0); /* had it not */
	csr_write(CSR_SIE, sie);
}
