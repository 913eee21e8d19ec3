/* SPDX-License-Identifier: BSD-2-Clause */
/* The hext engine's starts, waits and exits: what no machine shows that has no such trap. */
#include <string.h>

#include "arch/cause.h"
#include "arch/csr.h"
#include "tests/kit/kit.h"
#include "tests/unit/hext_host.h"
#include "vcpu/hext/vector.h"

static struct vcpu *const v = &vcpu;

/* --- a start --- */

/* The device that holds it up does not say so again. */
TEST(hext, reset_keeps_the_level_that_a_device_holds_up)
{
	begin();
	v->lines = LINE_SOFT | LINE_TIMER | LINE_EXT;
	hext_reset(v, GPA(ENTRY), 1, 2);
	EXPECT_EQ(v->lines, LINE_EXT);
	hext_load(v, &flusher);
	EXPECT_EQ(csrs[CSR_HVIP], HVIP_VSEIP);
}

/* Registers, and what we count of it. */
TEST(hext, reset_clears_all_of_its_life_before)
{
	begin();
	memset(v->x, 0xee, sizeof(v->x));
	memset(v->f, 0xee, sizeof(v->f));
	memset(area, 0xee, sizeof(area));
	v->n_vector_loops = v->again.n = v->last_hart = 3;
	v->counters[1].event = 7;
	v->vs.hvip = v->vs.senvcfg = v->vs.scounteren = ~0ull;
	hext_reset(v, GPA(ENTRY), 1, 2);
	for (unsigned i = 0; i < 32; i++) {
		EXPECT_EQ(v->x[i], i == REG_A0 ? 1 : i == REG_A1 ? 2 : 0);
		EXPECT_EQ(v->f[i], 0);
	}
	for (unsigned i = 0; i < ARRAY_LEN(area); i++)
		EXPECT_EQ(area[i], 0);
	EXPECT_EQ(v->v_csrs[VECTOR_VTYPE], BIT(63));
	EXPECT_EQ(v->n_vector_loops | v->again.n | v->last_hart | v->counters[1].event, 0);
	EXPECT_EQ(v->vs.hvip | v->vs.senvcfg | v->vs.scounteren, 0);
	EXPECT_EQ(v->vs.vstimecmp, ~0ull);
}

/* --- waiting --- */

/* Privileged specification, "Wait for Interrupt": what is pending and disabled need not end it. */
TEST(hext, wait_ends_for_what_is_pending_and_enabled_only)
{
	static const struct {
		uint64_t hvip, vsie;
	} pairs[] = { { HVIP_VSSIP, SIE_SSIE },
		      { HVIP_VSTIP, SIE_STIE },
		      { HVIP_VSEIP, SIE_SEIE } };

	begin();
	hext_load(v, &flusher);
	for (unsigned i = 0; i < ARRAY_LEN(pairs); i++) {
		for (unsigned j = 0; j < ARRAY_LEN(pairs); j++) {
			v->lines = pairs[i].hvip == HVIP_VSTIP   ? LINE_TIMER
				   : pairs[i].hvip == HVIP_VSEIP ? LINE_EXT
								 : LINE_SOFT;
			csrs[CSR_HVIP] = 0;
			csrs[CSR_VSIE] = pairs[j].vsie;
			EXPECT_EQ(hext_is_awake(v), i == j);
		}
	}
}

/* Who waits with its timer disabled is not woken by it. */
TEST(hext, timer_that_the_guest_does_not_take_ends_no_wait)
{
	begin();
	v->time_delta = -100ull;
	hext_load(v, &flusher);
	csrs[CSR_VSTIMECMP] = FAR;
	csrs[CSR_VSIE] = SIE_SSIE | SIE_SEIE;
	EXPECT_EQ(hext_wakes_at(v), ~0ull);
	csrs[CSR_VSIE] = SIE_STIE;
	EXPECT_EQ(hext_wakes_at(v), FAR + 100);
	csrs[CSR_VSTIMECMP] = ~0ull;
	EXPECT_EQ(hext_wakes_at(v), ~0ull);
	csrs[CSR_VSTIMECMP] = ~0ull - 50; /* beyond the end of the host's time */
	EXPECT_EQ(hext_wakes_at(v), ~0ull);
	csrs[CSR_VSTIMECMP] = 0; /* past: is_awake says so */
	EXPECT(hext_is_awake(v));
	csrs[CSR_VSIE] = SIE_SSIE;
	EXPECT(!hext_is_awake(v));
}

/* Without Sstc the timer is the line's source, so it is set whether or not the guest takes it. */
TEST(hext, timer_of_ours_is_set_though_the_guest_does_not_take_it)
{
	begin();
	env.sstc = has_sstc = false;
	hext_load(v, &flusher);
	csrs[CSR_VSIE] = 0;
	hext_set_timer(v, FAR);
	REQUIRE(v->timer.is_set);
	EXPECT_EQ(v->timer.when, FAR);
	set->call(set);
	EXPECT_EQ(v->lines, LINE_TIMER);
	hext_set_timer(v, ~0ull);
	EXPECT(!v->timer.is_set);
	EXPECT_EQ(v->lines, 0);
}

/* --- exits --- */

/* A core may have causes of its own; none of them may lead out of a table. */
TEST(hext, cause_that_nobody_knows_ends_the_vm)
{
	static const uint64_t unknown[] = { 24,
					    31,
					    32,
					    32 + CAUSE_VS_ECALL,
					    32 + CAUSE_LOAD_GPF,
					    63,
					    64,
					    64 + CAUSE_LOAD_GPF,
					    ~0ull >> 1 };

	for (unsigned i = 0; i < ARRAY_LEN(unknown); i++) {
		begin();
		hext_load(v, &flusher);
		kit_note("cause %llu", (unsigned long long)unknown[i]);
		hext_exit(v, unknown[i]);
		EXPECT_EQ(v->verdict, VERDICT_STOP);
		EXPECT_EQ(v->stop, STOP_CRASH);
		EXPECT(v->requests & REQUEST_LEAVE);
		EXPECT_EQ(n_faults, 0);
	}
}

/* An access that moves a register which is not saved comes again when all are; what is said of it
 * then counts. */
TEST(hext, access_that_wants_all_registers_is_done_when_they_are_saved)
{
	begin();
	hext_load(v, &flusher);
	EXPECT(!hext_exit(v, CAUSE_STORE_GPF));
	EXPECT_EQ(n_faults, 1);
	fault_verdict = VERDICT_SAVE;
	EXPECT(hext_exit(v, CAUSE_STORE_GPF));
	EXPECT_EQ(n_accesses, 0);
	EXPECT(!(v->requests & REQUEST_LEAVE));
	hext_do_access(v);
	EXPECT_EQ(n_accesses, 1);
	EXPECT(!(v->requests & REQUEST_LEAVE));
	access_verdict = VERDICT_STOP;
	hext_do_access(v);
	EXPECT(v->requests & REQUEST_LEAVE);
	EXPECT_EQ(v->verdict, VERDICT_STOP);
}

TEST(hext, interrupt_of_the_host_comes_to_the_run_loop_whatever_its_number)
{
	for (uint64_t n = 0; n < 70; n++) {
		begin();
		hext_load(v, &flusher);
		hext_exit(v, CAUSE_INTERRUPT | n);
		EXPECT_EQ(v->verdict, VERDICT_POLL);
		EXPECT_EQ(v->n_interrupts, 1);
	}
}
