/* SPDX-License-Identifier: BSD-2-Clause */
/* SSE: software events, their states, attributes and ways to harts. */
#include <pthread.h>
#include <string.h>

#include "arch/csr.h"
#include "platform/hart.h"
#include "tests/kit/kit.h"
#include "tests/unit/vsbi_host.h"

enum { READ, WRITE, REGISTER, UNREGISTER, ENABLE, DISABLE, COMPLETE, INJECT, UNMASK, MASK };
enum { STATUS, PRIORITY, CONFIG, HART, ENTRY_PC, ENTRY_ARG, SEPC, FLAGS, A6, A7, N_ATTRIBUTES };
enum { UNUSED, REGISTERED, ENABLED, RUNNING, PENDING = 4, CAN_INJECT = 8, STATE = 3 };
enum { VALUES_AT = RAM_AT + 0x200, HANDLER = 0xffff8000, ARGUMENT = 0xa49 };
#define LOCAL  0xffff0000u
#define GLOBAL 0xffff8000u

static const uint32_t events[] = { LOCAL, GLOBAL };
static uint64_t *const values = (uint64_t *)(ram + (VALUES_AT - RAM_AT));

static long sse(unsigned function, uint64_t a0, uint64_t a1, uint64_t a2)
{
	return error(SBI_EXT_SSE, function, WITH(a0, a1, a2, VALUES_AT, 0));
}

static uint64_t read_one(uint64_t event, unsigned attribute)
{
	EXPECT_EQ(sse(READ, event, attribute, 1), SBI_SUCCESS);
	return values[0];
}

static long write_one(uint64_t event, unsigned attribute, uint64_t to)
{
	values[0] = to;
	return sse(WRITE, event, attribute, 1);
}

static unsigned state_of(uint32_t event)
{
	return read_one(event, STATUS) & STATE;
}

static bool is_pending(uint32_t event)
{
	return read_one(event, STATUS) & PENDING;
}

/* Is that vCPU told to look at its events? It is so once. */
static bool is_told(unsigned who)
{
	return atomic_exchange(&vcpus[who].orders, 0) & ORDER_EVENT;
}

static void set_up(uint32_t event)
{
	EXPECT_EQ(sse(REGISTER, event, HANDLER + (event & 0xff00), ARGUMENT), SBI_SUCCESS);
	EXPECT_EQ(sse(ENABLE, event, 0, 0), SBI_SUCCESS);
}

/* As the run loop does where it is told to. */
static bool take(unsigned who)
{
	return is_told(who) && vsbi_take_event(&vcpus[who]);
}

static void begin_unmasked(void)
{
	begin();
	EXPECT_EQ(sse(UNMASK, 0, 0, 0), SBI_SUCCESS);
}

/* --- states --- */

TEST(sse, event_goes_from_state_to_state_as_it_is_drawn)
{
	static const struct {
		unsigned function, from, to;
	} moves[] = { { REGISTER, UNUSED, REGISTERED },
		      { UNREGISTER, REGISTERED, UNUSED },
		      { ENABLE, REGISTERED, ENABLED },
		      { DISABLE, ENABLED, REGISTERED } };
	for (unsigned e = 0; e < 2; e++) {
		for (unsigned i = 0; i < ARRAY_LEN(moves); i++) {
			for (unsigned from = UNUSED; from <= RUNNING; from++) {
				begin();
				vcpus[0].sbi.event.attributes[STATUS] = from;
				vcpus[0].global_event.attributes[STATUS] = from;
				EXPECT_EQ(sse(moves[i].function, events[e], 0, 0),
					  from == moves[i].from ? SBI_SUCCESS
								: SBI_ERR_INVALID_STATE);
				EXPECT_EQ(state_of(events[e]),
					  from == moves[i].from ? moves[i].to : from);
			}
		}
	}
}

TEST(sse, ids_are_known_or_absent_or_wrong)
{
	static const uint64_t absent[] = { 0, 1, 0x8000, 0x10000, 0x100000, 0x108000 };
	static const uint64_t wrong[] = { 2,          0x4000,     0xc000,     0x10001,
					  0x18000,    0x100001,   0xffff0001, 0xffff4000,
					  0xffff8001, 0xffffc000, 0xffffffff, 0x7fffffff };
	static const unsigned functions[] = { READ,   WRITE,   REGISTER, UNREGISTER,
					      ENABLE, DISABLE, INJECT };

	begin();
	for (unsigned f = 0; f < ARRAY_LEN(functions); f++) {
		for (unsigned i = 0; i < ARRAY_LEN(absent); i++)
			EXPECT_EQ(sse(functions[f], absent[i], 0, 2), SBI_ERR_NOT_SUPPORTED);
		for (unsigned i = 0; i < ARRAY_LEN(wrong); i++)
			EXPECT_EQ(sse(functions[f], wrong[i], 0, 2), SBI_ERR_INVALID_PARAM);
	}
	EXPECT_EQ(sse(REGISTER, BIT(32) | LOCAL, 0, 0), SBI_SUCCESS); /* 32 bits wide */
	EXPECT_EQ(state_of(LOCAL), REGISTERED);
	EXPECT_EQ(sse(10, LOCAL, 0, 0), SBI_ERR_NOT_SUPPORTED);
}

TEST(sse, handler_is_at_an_even_address)
{
	begin();
	EXPECT_EQ(sse(REGISTER, LOCAL, HANDLER + 1, 0), SBI_ERR_INVALID_PARAM);
	EXPECT_EQ(state_of(LOCAL), UNUSED);
	EXPECT_EQ(sse(REGISTER, LOCAL, HANDLER + 2, ARGUMENT), SBI_SUCCESS);
	EXPECT_EQ(read_one(LOCAL, ENTRY_PC), HANDLER + 2);
	EXPECT_EQ(read_one(LOCAL, ENTRY_ARG), ARGUMENT);
}

TEST(sse, hart_takes_events_when_it_says_so_and_once)
{
	begin();
	EXPECT_EQ(sse(MASK, 0, 0, 0), SBI_ERR_ALREADY_STOPPED);
	EXPECT_EQ(sse(UNMASK, 0, 0, 0), SBI_SUCCESS);
	EXPECT_EQ(sse(UNMASK, 0, 0, 0), SBI_ERR_ALREADY_STARTED);
	EXPECT_EQ(sse(MASK, 0, 0, 0), SBI_SUCCESS);
	EXPECT_EQ(sse(MASK, 0, 0, 0), SBI_ERR_ALREADY_STOPPED);
}

/* --- attributes --- */

TEST(sse, attributes_are_as_a_reset_leaves_them)
{
	begin();
	for (unsigned e = 0; e < 2; e++) {
		memset(values, 0xff, sizeof(*values) * 11);
		EXPECT_EQ(sse(READ, events[e], 0, N_ATTRIBUTES), SBI_SUCCESS);
		for (unsigned a = 0; a < N_ATTRIBUTES; a++)
			EXPECT_EQ(values[a], a == STATUS ? CAN_INJECT : a == HART ? CALLER : 0);
		EXPECT_EQ(values[N_ATTRIBUTES], ~0ull);
	}
}

TEST(sse, some_attributes_are_not_to_be_written)
{
	static const unsigned fixed[] = { STATUS, ENTRY_PC, ENTRY_ARG };

	begin();
	for (unsigned e = 0; e < 2; e++)
		for (unsigned i = 0; i < ARRAY_LEN(fixed); i++)
			EXPECT_EQ(write_one(events[e], fixed[i], 0), SBI_ERR_DENIED);
	EXPECT_EQ(write_one(LOCAL, HART, CALLER), SBI_ERR_DENIED);
	EXPECT_EQ(write_one(GLOBAL, HART, ELSEWHERE), SBI_SUCCESS);
	EXPECT_EQ(read_one(GLOBAL, HART), ELSEWHERE);
}

TEST(sse, values_are_checked)
{
	begin();
	EXPECT_EQ(write_one(LOCAL, PRIORITY, BIT(32)), SBI_ERR_INVALID_PARAM);
	EXPECT_EQ(write_one(LOCAL, PRIORITY, BIT(32) - 1), SBI_SUCCESS);
	EXPECT_EQ(write_one(LOCAL, CONFIG, 2), SBI_ERR_INVALID_PARAM);
	EXPECT_EQ(write_one(LOCAL, CONFIG, 1), SBI_SUCCESS);
	EXPECT_EQ(write_one(GLOBAL, HART, N), SBI_ERR_INVALID_PARAM);
	EXPECT_EQ(write_one(GLOBAL, HART, ~0ull), SBI_ERR_INVALID_PARAM);
	EXPECT_EQ(read_one(LOCAL, PRIORITY), BIT(32) - 1);
	EXPECT_EQ(read_one(LOCAL, CONFIG), 1);
	EXPECT_EQ(read_one(GLOBAL, HART), CALLER);
}

TEST(sse, nothing_is_written_if_one_of_all_is_wrong)
{
	begin();
	values[0] = 7;
	values[1] = 1;
	values[2] = N;
	EXPECT_EQ(sse(WRITE, GLOBAL, PRIORITY, 3), SBI_ERR_INVALID_PARAM);
	values[2] = ELSEWHERE;
	values[3] = 0;
	EXPECT_EQ(sse(WRITE, GLOBAL, PRIORITY, 4), SBI_ERR_DENIED);
	EXPECT_EQ(read_one(GLOBAL, PRIORITY), 0);
	values[0] = 7;
	values[1] = 1;
	values[2] = ELSEWHERE;
	EXPECT_EQ(sse(WRITE, GLOBAL, PRIORITY, 3), SBI_SUCCESS);
	EXPECT_EQ(read_one(GLOBAL, PRIORITY), 7);
	EXPECT_EQ(read_one(GLOBAL, CONFIG), 1);
	EXPECT_EQ(read_one(GLOBAL, HART), ELSEWHERE);
}

TEST(sse, ranges_and_memory_are_checked)
{
	static const struct {
		uint64_t first, n;
		long error;
	} ranges[] = { { 0, 0, SBI_ERR_INVALID_PARAM },     { 0, BIT(32), SBI_ERR_INVALID_PARAM },
		       { 0, 11, SBI_ERR_BAD_RANGE },        { 9, 2, SBI_ERR_BAD_RANGE },
		       { 10, 1, SBI_ERR_BAD_RANGE },        { 1, 0xffffffff, SBI_ERR_BAD_RANGE },
		       { 0xffffffff, 1, SBI_ERR_BAD_RANGE } };
	static const uint64_t wrong[][2] = { { VALUES_AT + 1, 0 }, { VALUES_AT + 4, 0 },
					     { VALUES_AT, 1 },     { 0, 0 },
					     { ~7ull, 0 },         { RAM_AT + RAM_SIZE, 0 },
					     { VALUES_AT, ~0ull }, { ~0ull, ~0ull } };

	begin();
	for (unsigned f = READ; f <= WRITE; f++) {
		for (unsigned i = 0; i < ARRAY_LEN(ranges); i++)
			EXPECT_EQ(sse(f, LOCAL, ranges[i].first, ranges[i].n), ranges[i].error);
		for (unsigned i = 0; i < ARRAY_LEN(wrong); i++)
			EXPECT_EQ(error(SBI_EXT_SSE, f,
					WITH(LOCAL, PRIORITY, 1, wrong[i][0], wrong[i][1])),
				  SBI_ERR_INVALID_ADDRESS);
		EXPECT_EQ(error(SBI_EXT_SSE, f, WITH(LOCAL, PRIORITY, 1, DATA_AT, 0)),
			  SBI_ERR_FAILED);
	}
	EXPECT_EQ(error(SBI_EXT_SSE, READ, WITH(LOCAL, 0, 1, ROM_AT, 0)), SBI_ERR_INVALID_ADDRESS);
	/* Both of these are 32 bits wide. */
	EXPECT_EQ(sse(READ, LOCAL, BIT(32) | PRIORITY, BIT(32) | 1), SBI_SUCCESS);
}

TEST(sse, attributes_stay_while_the_event_is_enabled_or_runs)
{
	for (unsigned state = UNUSED; state <= RUNNING; state++) {
		begin();
		me->global_event.attributes[STATUS] = state;
		me->global_event.runs_on = CALLER;
		for (unsigned a = PRIORITY; a <= HART; a++)
			EXPECT_EQ(write_one(GLOBAL, a, 1),
				  state < ENABLED ? SBI_SUCCESS : SBI_ERR_INVALID_STATE);
		for (unsigned a = SEPC; a <= A7; a++)
			EXPECT_EQ(write_one(GLOBAL, a, 1),
				  state == RUNNING ? SBI_SUCCESS : SBI_ERR_INVALID_STATE);
		me->global_event.runs_on = ELSEWHERE;
		EXPECT_EQ(write_one(GLOBAL, A7, 1), SBI_ERR_INVALID_STATE);
	}
}

/* --- into a handler and back --- */

/* What the handler left in a0 and a1 is the interrupted code's. */
static void complete(void)
{
	me->x[REG_A0] = 11;
	me->x[REG_A1] = 12;
	me->x[REG_A6] = COMPLETE;
	me->x[REG_A7] = SBI_EXT_SSE;
	me->pc = ECALL_AT + 4;
	vsbi_handle_call(me);
	EXPECT_EQ(me->x[REG_A0], 11);
	EXPECT_EQ(me->x[REG_A1], 12);
}

static void interrupt_at(uint64_t pc, bool is_user, uint64_t status)
{
	me->pc = pc;
	me->x[REG_A6] = 66;
	me->x[REG_A7] = 77;
	privileges[CALLER] =
		(struct vcpu_privilege){ .sepc = 0x5e9c, .status = status, .is_user = is_user };
}

TEST(sse, handler_is_entered_and_left_by_the_letter)
{
	for (unsigned bits = 0; bits < 16; bits++) {
		bool is_user = bits & 1, sie = bits & 2, spie = bits & 4, spp = bits & 8;
		uint64_t status = (sie ? SSTATUS_SIE : 0) | (spie ? SSTATUS_SPIE : 0) |
				  (spp ? SSTATUS_SPP : 0);

		begin_unmasked();
		set_up(LOCAL);
		EXPECT_EQ(sse(INJECT, LOCAL, CALLER, 0), SBI_SUCCESS);
		EXPECT(is_told(CALLER));
		interrupt_at(0x1234, is_user, status);
		EXPECT(vsbi_take_event(me));
		EXPECT_EQ(me->pc, HANDLER);
		EXPECT_EQ(me->x[REG_A6], CALLER);
		EXPECT_EQ(me->x[REG_A7], ARGUMENT);
		EXPECT_EQ(privileges[CALLER].sepc, 0x1234);
		EXPECT_EQ(privileges[CALLER].status,
			  (is_user ? 0 : SSTATUS_SPP) | (sie ? SSTATUS_SPIE : 0));
		EXPECT(!privileges[CALLER].is_user);
		EXPECT_EQ(state_of(LOCAL), RUNNING);
		EXPECT(!is_pending(LOCAL));
		EXPECT_EQ(read_one(LOCAL, SEPC), 0x5e9c);
		EXPECT_EQ(read_one(LOCAL, FLAGS), (spp ? 1 : 0) | (spie ? 2 : 0));
		EXPECT_EQ(read_one(LOCAL, A6), 66);
		EXPECT_EQ(read_one(LOCAL, A7), 77);

		complete();
		EXPECT_EQ(me->pc, 0x1234);
		EXPECT_EQ(me->x[REG_A6], 66);
		EXPECT_EQ(me->x[REG_A7], 77);
		EXPECT_EQ(privileges[CALLER].sepc, 0x5e9c);
		EXPECT_EQ(privileges[CALLER].status, status);
		EXPECT_EQ(privileges[CALLER].is_user, is_user);
		EXPECT_EQ(state_of(LOCAL), ENABLED);
	}
}

TEST(sse, handler_may_let_its_hart_go_on_elsewhere_and_otherwise)
{
	begin_unmasked();
	set_up(LOCAL);
	sse(INJECT, LOCAL, CALLER, 0);
	interrupt_at(0x1234, false, SSTATUS_SIE);
	EXPECT(take(CALLER));
	EXPECT_EQ(write_one(LOCAL, FLAGS, 0x40), SBI_ERR_INVALID_PARAM);
	EXPECT_EQ(write_one(LOCAL, FLAGS, BIT(32)), SBI_ERR_INVALID_PARAM);
	values[0] = 0xabc0;
	values[1] = 0x3f; /* what it has not is kept all the same */
	values[2] = 6;
	values[3] = 7;
	EXPECT_EQ(sse(WRITE, LOCAL, SEPC, 4), SBI_SUCCESS);
	EXPECT_EQ(read_one(LOCAL, FLAGS), 0x3f);
	privileges[CALLER].sepc = 0x4320;
	privileges[CALLER].status = 0;
	complete();
	EXPECT_EQ(me->pc, 0x4320);
	EXPECT_EQ(privileges[CALLER].sepc, 0xabc0);
	EXPECT(privileges[CALLER].is_user);
	EXPECT_EQ(privileges[CALLER].status, SSTATUS_SPP | SSTATUS_SPIE);
	EXPECT_EQ(me->x[REG_A6], 6);
	EXPECT_EQ(me->x[REG_A7], 7);
}

TEST(sse, complete_without_an_event_that_runs_does_nothing)
{
	begin_unmasked();
	set_up(LOCAL);
	set_up(GLOBAL);
	me->global_event.attributes[STATUS] = RUNNING;
	me->global_event.runs_on = ELSEWHERE;
	EXPECT_EQ(sse(COMPLETE, 0, 0, 0), SBI_SUCCESS);
	EXPECT_EQ(me->pc, ECALL_AT + 4);
	EXPECT_EQ(state_of(GLOBAL), RUNNING);
	EXPECT_EQ(state_of(LOCAL), ENABLED);
}

TEST(sse, event_of_one_shot_is_disabled_when_it_is_complete)
{
	for (unsigned e = 0; e < 2; e++) {
		begin_unmasked();
		EXPECT_EQ(write_one(events[e], CONFIG, 1), SBI_SUCCESS);
		set_up(events[e]);
		sse(INJECT, events[e], CALLER, 0);
		EXPECT(take(CALLER));
		sse(INJECT, events[e], CALLER, 0); /* again, while it runs */
		EXPECT(is_pending(events[e]));
		complete();
		EXPECT_EQ(state_of(events[e]), REGISTERED);
		EXPECT(!take(CALLER));
		EXPECT_EQ(sse(ENABLE, events[e], 0, 0), SBI_SUCCESS);
		EXPECT(take(CALLER));
	}
}

/* --- when it is taken --- */

TEST(sse, event_waits_until_it_is_enabled_and_its_hart_takes_events)
{
	for (unsigned e = 0; e < 2; e++) {
		begin();
		EXPECT_EQ(sse(INJECT, events[e], CALLER, 0), SBI_SUCCESS);
		EXPECT(is_pending(events[e]));
		EXPECT_EQ(sse(REGISTER, events[e], HANDLER, 0), SBI_SUCCESS);
		EXPECT_EQ(sse(ENABLE, events[e], 0, 0), SBI_SUCCESS);
		EXPECT(!is_told(CALLER));
		EXPECT(!vsbi_take_event(me));
		EXPECT_EQ(sse(UNMASK, 0, 0, 0), SBI_SUCCESS);
		EXPECT(take(CALLER));
		EXPECT(!vsbi_take_event(me));
		complete();
		EXPECT(!is_told(CALLER));

		sse(DISABLE, events[e], 0, 0);
		sse(INJECT, events[e], CALLER, 0);
		EXPECT(!is_told(CALLER));
		EXPECT_EQ(sse(ENABLE, events[e], 0, 0), SBI_SUCCESS);
		EXPECT(take(CALLER));
		EXPECT_EQ(sse(DISABLE, events[e], 0, 0), SBI_ERR_INVALID_STATE);
	}
}

TEST(sse, order_that_came_too_late_takes_nothing)
{
	begin_unmasked();
	set_up(LOCAL);
	sse(INJECT, LOCAL, CALLER, 0);
	EXPECT(is_told(CALLER));
	sse(MASK, 0, 0, 0);
	me->pc = 0x1234;
	EXPECT(!vsbi_take_event(me));
	EXPECT_EQ(me->pc, 0x1234);
	EXPECT(is_pending(LOCAL));
}

TEST(sse, event_with_priority_preempts_and_another_waits)
{
	static const struct {
		uint64_t local, global;
		bool is_local_first;
	} rows[] = { { 0, 0, true }, /* the lower id */
		     { 5, 5, true },         { 1, 0, false },
		     { 0, 1, true },         { 0xffffffff, 0xfffffffe, false },
		     { 0, 0xffffffff, true } };

	for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
		uint32_t high = rows[i].is_local_first ? LOCAL : GLOBAL;
		uint32_t low = rows[i].is_local_first ? GLOBAL : LOCAL;

		begin_unmasked();
		EXPECT_EQ(write_one(LOCAL, PRIORITY, rows[i].local), SBI_SUCCESS);
		EXPECT_EQ(write_one(GLOBAL, PRIORITY, rows[i].global), SBI_SUCCESS);
		set_up(LOCAL);
		set_up(GLOBAL);
		/* The high one in the low one's handler. */
		sse(INJECT, low, CALLER, 0);
		interrupt_at(0x1000, true, 0);
		EXPECT(take(CALLER));
		sse(INJECT, high, CALLER, 0);
		me->pc = 0x2000;
		EXPECT(take(CALLER));
		EXPECT_EQ(state_of(high), RUNNING);
		EXPECT_EQ(state_of(low), RUNNING);
		/* The low one again has to wait for both. */
		sse(INJECT, low, CALLER, 0);
		EXPECT(!is_told(CALLER));
		complete();
		EXPECT_EQ(me->pc, 0x2000);
		EXPECT_EQ(state_of(high), ENABLED);
		EXPECT_EQ(state_of(low), RUNNING);
		EXPECT(!is_told(CALLER));
		complete();
		EXPECT(take(CALLER));
		EXPECT_EQ(state_of(low), RUNNING);
		complete();
		EXPECT_EQ(me->pc, 0x1000);
		/* The low one in the high one's handler. */
		sse(INJECT, high, CALLER, 0);
		EXPECT(take(CALLER));
		sse(INJECT, low, CALLER, 0);
		EXPECT(!is_told(CALLER) && !vsbi_take_event(me));
		complete();
		EXPECT(take(CALLER));
		complete();
		/* Both at once. */
		sse(MASK, 0, 0, 0);
		sse(INJECT, low, CALLER, 0);
		sse(INJECT, high, CALLER, 0);
		sse(UNMASK, 0, 0, 0);
		EXPECT(take(CALLER));
		EXPECT_EQ(state_of(high), RUNNING);
		EXPECT_EQ(state_of(low), ENABLED);
	}
}

/* --- other harts --- */

/* That vCPU takes events, of which its local one is enabled. */
static void let_take(unsigned who)
{
	vcpus[who].sbi.takes_events = true;
	vcpus[who].sbi.event.attributes[STATUS] = ENABLED;
}

TEST(sse, local_event_goes_to_the_hart_that_is_named)
{
	begin_unmasked();
	set_up(LOCAL);
	let_take(ELSEWHERE);
	EXPECT_EQ(sse(INJECT, LOCAL, N, 0), SBI_ERR_INVALID_PARAM);
	EXPECT_EQ(sse(INJECT, LOCAL, ~0ull, 0), SBI_ERR_INVALID_PARAM);
	EXPECT_EQ(sse(INJECT, LOCAL, ELSEWHERE, 0), SBI_SUCCESS);
	EXPECT_EQ(seen.n_kicks, 1);
	EXPECT(!is_pending(LOCAL)); /* its own */
	EXPECT(!is_told(CALLER));
	EXPECT(take(ELSEWHERE));
	EXPECT_EQ(vcpus[ELSEWHERE].x[REG_A6], ELSEWHERE);
}

TEST(sse, hart_that_is_stopped_loses_it_and_one_that_sleeps_does_not)
{
	for (unsigned state = HSM_STARTED; state <= HSM_RESUME_PENDING; state++) {
		bool is_there = state == HSM_STARTED || state >= HSM_SUSPENDED;

		begin_unmasked();
		let_take(ELSEWHERE);
		vcpus[ELSEWHERE].hsm = state;
		EXPECT_EQ(sse(INJECT, LOCAL, ELSEWHERE, 0), SBI_SUCCESS);
		EXPECT_EQ(is_told(ELSEWHERE), is_there);
		EXPECT_EQ(vcpus[ELSEWHERE].sbi.event.attributes[STATUS],
			  is_there ? ENABLED | PENDING : ENABLED);
	}
}

TEST(sse, global_event_goes_to_the_preferred_hart_or_to_one_that_takes_it)
{
	begin_unmasked();
	set_up(GLOBAL);
	let_take(ELSEWHERE);
	EXPECT_EQ(sse(INJECT, GLOBAL, ~0ull, 0), SBI_SUCCESS); /* that id does not count */
	EXPECT(!is_told(ELSEWHERE));
	EXPECT(take(CALLER));
	complete();
	sse(DISABLE, GLOBAL, 0, 0);
	EXPECT_EQ(write_one(GLOBAL, HART, ELSEWHERE), SBI_SUCCESS);
	sse(ENABLE, GLOBAL, 0, 0);
	sse(INJECT, GLOBAL, 0, 0);
	EXPECT(!is_told(CALLER));
	EXPECT(take(ELSEWHERE));
	EXPECT_EQ(state_of(GLOBAL), RUNNING);
	/* On one hart at a time. */
	sse(INJECT, GLOBAL, 0, 0);
	EXPECT(!is_told(CALLER) && !vsbi_take_event(me));
	me->global_event.attributes[STATUS] = ENABLED;
	vcpus[ELSEWHERE].sbi.takes_events = false;
	sse(INJECT, GLOBAL, 0, 0);
	EXPECT(take(CALLER)); /* the other one takes none */
	complete();
	sse(MASK, 0, 0, 0);
	let_take(NOT_LOADED);
	sse(INJECT, GLOBAL, 0, 0);
	EXPECT(take(NOT_LOADED));
}

TEST(sse, global_event_passes_on_from_a_hart_that_no_longer_takes_it)
{
	for (unsigned stops = 0; stops < 2; stops++) {
		begin_unmasked();
		set_up(GLOBAL);
		let_take(NOT_LOADED);
		sse(INJECT, GLOBAL, 0, 0);
		EXPECT(is_told(CALLER));
		call(stops ? SBI_EXT_HSM : SBI_EXT_SSE, stops ? 1 : MASK, WITH(0));
		EXPECT(take(NOT_LOADED));
	}
}

TEST(sse, global_event_whose_hart_stops_in_its_handler_can_come_again)
{
	begin_unmasked();
	set_up(GLOBAL);
	sse(INJECT, GLOBAL, 0, 0);
	EXPECT(take(CALLER));
	call(SBI_EXT_HSM, 1, WITH(0));
	EXPECT_EQ(me->global_event.attributes[STATUS], ENABLED);
	EXPECT(!me->sbi.takes_events);
}

TEST(sse, system_begins_with_its_global_event_as_new)
{
	begin_unmasked();
	write_one(GLOBAL, PRIORITY, 7);
	set_up(GLOBAL);
	sse(INJECT, GLOBAL, 0, 0);
	vsbi_reset_system(me);
	memset(values, 0xff, N_ATTRIBUTES * sizeof(*values));
	EXPECT_EQ(sse(READ, GLOBAL, 0, N_ATTRIBUTES), SBI_SUCCESS);
	for (unsigned a = 0; a < N_ATTRIBUTES; a++)
		EXPECT_EQ(values[a], a == STATUS ? CAN_INJECT : 0);
}

/* --- all at once --- */

enum { ROUNDS = 2000 };

/* As the run loop of this vCPU: it takes what it is told to take, and ends it. */
static void take_and_complete(struct vcpu *v, uint64_t *taken)
{
	if (!(atomic_exchange(&v->orders, 0) & ORDER_EVENT) || !vsbi_take_event(v))
		return;
	++*taken;
	v->x[REG_A6] = COMPLETE;
	v->x[REG_A7] = SBI_EXT_SSE;
	vsbi_handle_call(v);
}

static void *inject_and_take(void *of)
{
	struct vcpu *v = of;
	uint64_t taken = 0;

	hart_index = v->hart;
	for (unsigned i = 0; i < ROUNDS; i++) {
		v->x[REG_A0] = i & 1 ? LOCAL : GLOBAL;
		v->x[REG_A1] = i / 2 % 2;
		v->x[REG_A6] = i % 64 == 63 ? MASK : i % 64 == 0 ? UNMASK : INJECT;
		v->x[REG_A7] = SBI_EXT_SSE;
		vsbi_handle_call(v);
		take_and_complete(v, &taken);
	}
	return (void *)taken;
}

/* Nothing that pends is forgotten when all is quiet and both harts take events. */
TEST(sse, two_harts_that_inject_into_each_other_take_all)
{
	pthread_t threads[2];
	uint64_t taken[2];

	begin_unmasked();
	sse(MASK, 0, 0, 0);
	set_up(GLOBAL);
	for (unsigned i = 0; i < 2; i++)
		vcpus[i].sbi.event.attributes[STATUS] = ENABLED;
	for (unsigned i = 0; i < 2; i++)
		REQUIRE(!pthread_create(&threads[i], NULL, inject_and_take, &vcpus[i]));
	for (unsigned i = 0; i < 2; i++) {
		void *n;

		REQUIRE(!pthread_join(threads[i], &n));
		taken[i] = (uint64_t)n;
		EXPECT(taken[i] > ROUNDS / 16);
	}
	for (unsigned i = 0; i < 2; i++) {
		hart_index = i;
		vcpus[i].x[REG_A6] = UNMASK;
		vcpus[i].x[REG_A7] = SBI_EXT_SSE;
		vsbi_handle_call(&vcpus[i]);
	}
	for (unsigned i = 0; i < 8; i++) {
		hart_index = i % 2;
		take_and_complete(&vcpus[i % 2], &taken[i % 2]);
	}
	hart_index = CALLER;
	for (unsigned i = 0; i < 2; i++)
		EXPECT_EQ(vcpus[i].sbi.event.attributes[STATUS], ENABLED);
	EXPECT_EQ(me->global_event.attributes[STATUS], ENABLED);
}
