/* SPDX-License-Identifier: BSD-2-Clause */
/* Software events, as a hart meets them. Each test leaves events unused and masked. */
#include "tests/guest/sse.h"

#include "platform/timer.h"
#include "tests/guest/insn.h"
#include "tests/guest/pair.h"
#include "tests/kit/kit.h"

enum { SBI_EXT_SSE = 0x535345, SBI_ERR_INVALID_STATE = -10 };
enum { READ, WRITE, REGISTER, UNREGISTER, ENABLE, DISABLE, COMPLETE, INJECT, UNMASK, MASK };
enum { STATUS, PRIORITY, CONFIG, HART, ENTRY_PC, ENTRY_ARG, SEPC, FLAGS, A6, A7 };
enum { UNUSED, REGISTERED, ENABLED, RUNNING, PENDING = 4, STATE = 3 };
enum { SUSPEND = 3, PATIENCE_US = 10000000 };
#define LOCAL  0xffff0000u
#define GLOBAL 0xffff8000u
#define PROBE  3

static const char *needs_sse(void)
{
	return sbi_call(SBI_EXT_BASE, PROBE, SBI_EXT_SSE, 0, 0, 0, 0).value ? NULL : "no SSE";
}

static const char *needs_two_and_sse(void)
{
	return needs_two() ? needs_two() : needs_sse();
}

static long sse(long function, uint64_t a0, uint64_t a1, uint64_t a2)
{
	return error_of(SBI_EXT_SSE, function, a0, a1, a2);
}

static uint64_t read_one(uint32_t event, unsigned attribute)
{
	uint64_t value = ~0ull;

	EXPECT_EQ(sbi_call(SBI_EXT_SSE, READ, event, attribute, 1, gpa_of(&value), 0).error,
		  SBI_SUCCESS);
	return *(volatile uint64_t *)&value;
}

static long write_one(uint32_t event, unsigned attribute, uint64_t value)
{
	return sbi_call(SBI_EXT_SSE, WRITE, event, attribute, 1, gpa_of(&value), 0).error;
}

/* --- a handler, and what it saw --- */

static struct {
	_Atomic unsigned n;
	uint64_t hart, sepc, sstatus, status, flags, a6, a7;
} saw;

static void note(struct handler *h, uint64_t hart)
{
	saw.hart = hart;
	saw.sepc = csr_read(CSR_SEPC);
	saw.sstatus = csr_read(CSR_SSTATUS);
	saw.status = read_one(h->event, STATUS);
	saw.flags = read_one(h->event, FLAGS);
	saw.a6 = read_one(h->event, A6);
	saw.a7 = read_one(h->event, A7);
	atomic_fetch_add(&saw.n, 1);
}

static char stacks[3][4096] __attribute__((aligned(16)));
static struct handler local = { note, stacks[0] + sizeof(stacks[0]), 0, LOCAL };
static struct handler global = { note, stacks[1] + sizeof(stacks[1]), 0, GLOBAL };
static struct handler second_local = { note, stacks[2] + sizeof(stacks[2]), 0, LOCAL };

static void set_up(struct handler *h)
{
	atomic_store(&saw.n, 0);
	EXPECT_EQ(sse(REGISTER, h->event, (uint64_t)sse_begins, (uint64_t)h), SBI_SUCCESS);
	EXPECT_EQ(sse(ENABLE, h->event, 0, 0), SBI_SUCCESS);
}

static void tear_down(struct handler *h)
{
	EXPECT_EQ(sse(DISABLE, h->event, 0, 0), SBI_SUCCESS);
	EXPECT_EQ(sse(UNREGISTER, h->event, 0, 0), SBI_SUCCESS);
	h->call = note;
}

static uint64_t own_hart(void)
{
	return hart_id_of(hart_index);
}

TEST_IF(sse, event_is_taken_before_the_call_that_injects_it_returns, needs_sse)
{
	static struct handler *const both[] = { &local, &global };

	EXPECT_EQ(sse(UNMASK, 0, 0, 0), SBI_SUCCESS);
	for (unsigned i = 0; i < 2; i++) {
		uint64_t cause = csr_swap(CSR_SCAUSE, 5), value = csr_swap(CSR_STVAL, 0x5a5a);

		set_up(both[i]);
		csr_clear(CSR_SSTATUS, SSTATUS_SPP);
		csr_set(CSR_SSTATUS, SSTATUS_SPIE);
		csr_write(CSR_SEPC, 0x123450);
		EXPECT_EQ(sse(INJECT, both[i]->event, own_hart(), 0), SBI_SUCCESS);
		EXPECT_EQ(csr_read(CSR_SEPC), 0x123450);
		EXPECT_EQ(csr_read(CSR_SSTATUS) & (SSTATUS_SPP | SSTATUS_SPIE | SSTATUS_SIE),
			  SSTATUS_SPIE);
		EXPECT_EQ(csr_swap(CSR_SCAUSE, cause), 5);
		EXPECT_EQ(csr_swap(CSR_STVAL, value), 0x5a5a);
		EXPECT_EQ(saw.n, 1);
		EXPECT_EQ(saw.hart, own_hart());
		EXPECT_EQ(saw.sstatus & (SSTATUS_SPP | SSTATUS_SPIE | SSTATUS_SIE), SSTATUS_SPP);
		EXPECT_EQ(saw.status & (STATE | PENDING), RUNNING);
		EXPECT_EQ(saw.flags, 2); /* SPIE */
		EXPECT_EQ(saw.a6, INJECT);
		EXPECT_EQ(saw.a7, SBI_EXT_SSE);
		EXPECT_EQ(read_one(both[i]->event, STATUS) & (STATE | PENDING), ENABLED);
		EXPECT_EQ(sse(INJECT, both[i]->event, own_hart(), 0), SBI_SUCCESS);
		EXPECT_EQ(saw.n, 2);
		tear_down(both[i]);
	}
	EXPECT_EQ(sse(MASK, 0, 0, 0), SBI_SUCCESS);
}

TEST_IF(sse, event_that_is_masked_or_disabled_is_taken_later, needs_sse)
{
	set_up(&local);
	EXPECT_EQ(sse(INJECT, LOCAL, own_hart(), 0), SBI_SUCCESS);
	EXPECT_EQ(saw.n, 0);
	EXPECT_EQ(read_one(LOCAL, STATUS) & (STATE | PENDING), ENABLED | PENDING);
	EXPECT_EQ(sse(UNMASK, 0, 0, 0), SBI_SUCCESS);
	EXPECT_EQ(saw.n, 1);
	EXPECT_EQ(saw.a6, UNMASK);
	EXPECT_EQ(sse(MASK, 0, 0, 0), SBI_SUCCESS);
	EXPECT_EQ(sse(INJECT, LOCAL, own_hart(), 0), SBI_SUCCESS);
	EXPECT_EQ(sse(DISABLE, LOCAL, 0, 0), SBI_SUCCESS);
	EXPECT_EQ(sse(UNMASK, 0, 0, 0), SBI_SUCCESS);
	EXPECT_EQ(saw.n, 1);
	EXPECT_EQ(sse(ENABLE, LOCAL, 0, 0), SBI_SUCCESS);
	EXPECT_EQ(saw.n, 2);
	EXPECT_EQ(saw.a6, ENABLE);
	EXPECT_EQ(sse(MASK, 0, 0, 0), SBI_SUCCESS);
	tear_down(&local);
}

/* --- one in the other's handler --- */

static unsigned n_inside, n_after;

static void inject_other(struct handler *h, uint64_t hart)
{
	struct handler *other = h == &local ? &global : &local;

	EXPECT_EQ(sse(INJECT, other->event, hart, 0), SBI_SUCCESS);
	n_inside = saw.n;
	n_after = (unsigned)(read_one(other->event, STATUS) & PENDING);
}

TEST_IF(sse, event_with_priority_preempts_and_another_waits, needs_sse)
{
	static const struct {
		uint64_t local, global;
		struct handler *first;
		bool preempts;
	} rows[] = { { 0, 0, &global, true },
		     { 0, 0, &local, false },
		     { 2, 1, &local, true },
		     { 2, 1, &global, false } };

	EXPECT_EQ(sse(UNMASK, 0, 0, 0), SBI_SUCCESS);
	for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
		EXPECT_EQ(write_one(LOCAL, PRIORITY, rows[i].local), SBI_SUCCESS);
		EXPECT_EQ(write_one(GLOBAL, PRIORITY, rows[i].global), SBI_SUCCESS);
		set_up(&local);
		set_up(&global);
		rows[i].first->call = inject_other;
		EXPECT_EQ(sse(INJECT, rows[i].first->event, own_hart(), 0), SBI_SUCCESS);
		EXPECT_EQ(n_inside, rows[i].preempts);
		EXPECT_EQ(n_after, rows[i].preempts ? 0 : PENDING);
		EXPECT_EQ(saw.n, 1);
		tear_down(&local);
		tear_down(&global);
	}
	EXPECT_EQ(write_one(LOCAL, PRIORITY, 0), SBI_SUCCESS);
	EXPECT_EQ(write_one(GLOBAL, PRIORITY, 0), SBI_SUCCESS);
	EXPECT_EQ(sse(MASK, 0, 0, 0), SBI_SUCCESS);
}

/* --- arguments --- */

TEST_IF(sse, calls_with_bad_arguments_change_nothing, needs_sse)
{
	static const uint64_t absent[] = { 0, 1, 0x8000, 0x100000, 0x108000 };
	static const uint64_t wrong[] = { 2, 0xffff0001, 0xffff8001, 0xffffffff };
	static const uint64_t nowhere[] = { MAP_HOLE, MAP_RESERVED, MAP_UART, MAP_RAM - 8 };

	for (unsigned i = 0; i < ARRAY_LEN(absent); i++)
		EXPECT_EQ(sse(REGISTER, absent[i], 0, 0), SBI_ERR_NOT_SUPPORTED);
	for (unsigned i = 0; i < ARRAY_LEN(wrong); i++)
		EXPECT_EQ(sse(REGISTER, wrong[i], 0, 0), SBI_ERR_INVALID_PARAM);
	EXPECT_EQ(sse(REGISTER, LOCAL, (uint64_t)sse_begins + 1, 0), SBI_ERR_INVALID_PARAM);
	EXPECT_EQ(sse(UNREGISTER, LOCAL, 0, 0), SBI_ERR_INVALID_STATE);
	EXPECT_EQ(sse(ENABLE, LOCAL, 0, 0), SBI_ERR_INVALID_STATE);
	EXPECT_EQ(sse(DISABLE, LOCAL, 0, 0), SBI_ERR_INVALID_STATE);
	EXPECT_EQ(sse(INJECT, LOCAL, n_harts(), 0), SBI_ERR_INVALID_PARAM);
	EXPECT_EQ(sse(MASK, 0, 0, 0), SBI_ERR_ALREADY_STOPPED);
	EXPECT_EQ(sse(COMPLETE, 0, 0, 0), SBI_SUCCESS);
	for (unsigned i = 0; i < ARRAY_LEN(nowhere); i++)
		for (long f = READ; f <= WRITE; f++)
			EXPECT_EQ(sbi_call(SBI_EXT_SSE, f, LOCAL, PRIORITY, 1, nowhere[i], 0).error,
				  SBI_ERR_INVALID_ADDRESS);
	EXPECT_EQ(sbi_call(SBI_EXT_SSE, READ, LOCAL, PRIORITY, 1, MAP_ROM, 0).error,
		  SBI_ERR_INVALID_ADDRESS);
	EXPECT_EQ(read_one(LOCAL, STATUS) & (STATE | PENDING), UNUSED);
	EXPECT_EQ(read_one(LOCAL, HART), own_hart());
}

/* --- two harts --- */

static bool comes_to(_Atomic unsigned *n, unsigned to)
{
	uint64_t end = time_now() + time_from_us(PATIENCE_US);

	while (atomic_load(n) != to)
		if (time_is_past(end))
			return false;
	return true;
}

/* The second hart has its local event; then it spins, waits or sleeps until it has taken it. */
enum rest { SPINS, WAITS, SLEEPS, N_RESTS };
static enum rest rest;

static void take_one(void)
{
	uint64_t sie = csr_swap(CSR_SIE, 0);

	set_up(&second_local);
	EXPECT_EQ(sse(UNMASK, 0, 0, 0), SBI_SUCCESS);
	atomic_store(&step, 1);
	while (!atomic_load(&saw.n)) {
		if (rest == WAITS)
			__asm__ volatile("wfi" ::: "memory");
		else if (rest == SLEEPS)
			(void)sbi_call(SBI_EXT_HSM, SUSPEND, 0, 0, 0, 0, 0);
	}
	EXPECT_EQ(sse(MASK, 0, 0, 0), SBI_SUCCESS);
	tear_down(&second_local);
	csr_write(CSR_SIE, sie);
}

TEST_IF(sse, local_event_comes_to_another_hart_whatever_it_does, needs_two_and_sse)
{
	for (rest = SPINS; rest < N_RESTS; rest++) {
		let_second(take_one);
		REQUIRE(await_step(1));
		pause_ms(3);
		EXPECT_EQ(saw.n, 0);
		EXPECT_EQ(sse(INJECT, LOCAL, SECOND, 0), SBI_SUCCESS);
		REQUIRE(await_done());
		EXPECT_EQ(saw.n, 1);
		EXPECT_EQ(saw.hart, SECOND);
		EXPECT_EQ(read_one(LOCAL, STATUS) & (STATE | PENDING), UNUSED); /* this hart's */
	}
}

static void unmask_and_spin(void)
{
	EXPECT_EQ(sse(UNMASK, 0, 0, 0), SBI_SUCCESS);
	atomic_store(&step, 1);
	while (atomic_load(&step) < 2)
		;
	EXPECT_EQ(sse(MASK, 0, 0, 0), SBI_SUCCESS);
}

TEST_IF(sse, global_event_goes_to_the_preferred_hart_or_to_one_that_takes_it, needs_two_and_sse)
{
	let_second(unmask_and_spin);
	REQUIRE(await_step(1));
	EXPECT_EQ(write_one(GLOBAL, HART, NOBODY), SBI_ERR_INVALID_PARAM);
	EXPECT_EQ(sse(UNMASK, 0, 0, 0), SBI_SUCCESS);
	for (uint64_t hart = 0; hart < 2; hart++) {
		EXPECT_EQ(write_one(GLOBAL, HART, hart), SBI_SUCCESS);
		set_up(&global);
		EXPECT_EQ(sse(INJECT, GLOBAL, ~0ull, 0), SBI_SUCCESS);
		EXPECT(comes_to(&saw.n, 1));
		EXPECT_EQ(saw.hart, hart);
		while ((read_one(GLOBAL, STATUS) & STATE) == RUNNING)
			;
		tear_down(&global);
	}
	/* This one is still preferred no more, and the other takes none. */
	atomic_store(&step, 2);
	EXPECT(await_done());
	set_up(&global);
	EXPECT_EQ(sse(INJECT, GLOBAL, 0, 0), SBI_SUCCESS);
	EXPECT_EQ(saw.n, 1);
	EXPECT_EQ(saw.hart, 0);
	tear_down(&global);
	EXPECT_EQ(sse(MASK, 0, 0, 0), SBI_SUCCESS);
	EXPECT_EQ(write_one(GLOBAL, HART, 0), SBI_SUCCESS);
}

/* --- U-mode --- */

static void end_loop(struct handler *h, uint64_t hart)
{
	note(h, hart);
	if (saw.sepc == code_at(PAGED_U))
		csr_write(CSR_SEPC, saw.sepc + 4);
}

static void inject_until_done(void)
{
	while (atomic_load(&step) == 0) {
		(void)sse(INJECT, LOCAL, 0, 0);
		pause_ms(1);
	}
}

TEST_IF(sse, event_interrupts_u_mode_and_goes_back_there_where_it_is_told, needs_two_and_sse)
{
	static const uint32_t code[] = { 0x0000006f /* j . */, 0x00100073 /* ebreak */ };

	set_up(&local);
	local.call = end_loop;
	EXPECT_EQ(sse(UNMASK, 0, 0, 0), SBI_SUCCESS);
	let_second(inject_until_done);
	trial_begin(PAGED_U);
	trial.x[16] = 0x66;
	trial.x[17] = 0x77;
	trial_run_code(code, sizeof(code));
	atomic_store(&step, 1);
	EXPECT(await_done());
	EXPECT_EQ(trial.cause, CAUSE_BREAKPOINT);
	EXPECT_EQ(trial.pc, code_at(PAGED_U) + 4);
	EXPECT_EQ(trial.status & SSTATUS_SPP, 0);
	EXPECT_EQ(trial.x[16], 0x66);
	EXPECT_EQ(trial.x[17], 0x77);
	EXPECT_EQ(sse(MASK, 0, 0, 0), SBI_SUCCESS);
	tear_down(&local);
}
