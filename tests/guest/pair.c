/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/guest/pair.h"

#include "platform/timer.h"
#include "platform/work.h"
#include "tests/guest/world.h"

enum { PATIENCE_US = 10000000 };

const char *needs_two(void)
{
	return n_harts() == 2 ? NULL : "the guest has not two vCPUs";
}

static void (*work_function)(void);
static _Atomic bool is_called;
_Atomic bool is_done;
_Atomic uint64_t step;

void pause_ms(unsigned ms)
{
	uint64_t end = time_now() + time_from_us(ms * 1000);

	while (!time_is_past(end))
		;
}

bool take_soft(void)
{
	bool is_pending = csr_read(CSR_SIP) & SIE_SSIE;

	if (is_pending)
		csr_clear(CSR_SIP, SIE_SSIE);
	return is_pending;
}

/* A hart that was awake may find its work before it is told of it: by an interrupt, which is not to
 * be taken for one of the test's. */
static void do_work(struct work *work)
{
	(void)work;
	while (!atomic_load(&is_called))
		;
	pause_ms(1);
	(void)take_soft();
	work_function();
	atomic_store(&is_done, true);
}

void let_second(void (*function)(void))
{
	static struct work work = { .call = do_work };

	work_function = function;
	atomic_store(&is_called, false);
	atomic_store(&is_done, false);
	atomic_store(&step, 0);
	work_queue(&work, SECOND);
	atomic_store(&is_called, true);
}

bool await_step(uint64_t n)
{
	uint64_t end = time_now() + time_from_us(PATIENCE_US);

	while (atomic_load(&step) < n)
		if (time_is_past(end))
			return false;
	return true;
}

bool await_done(void)
{
	uint64_t end = time_now() + time_from_us(PATIENCE_US);

	while (!atomic_load(&is_done))
		if (time_is_past(end))
			return false;
	return true;
}
