/* SPDX-License-Identifier: BSD-2-Clause */
/* What becomes of a guest page fault whose address the platform says. */
#include <errno.h>

#include "arch/cause.h"
#include "hyp/fault.h"
#include "tests/kit/kit.h"
#include "tests/unit/fault_host.h"

/* --- memory that appears --- */

/* AX1: resolved. This hart may keep the hole, and the frame's last code. */
TEST(fault, memory_that_is_new_is_fenced_by_its_page_and_as_code)
{
	static const uint64_t causes[] = { CAUSE_FETCH_GPF, CAUSE_LOAD_GPF, CAUSE_STORE_GPF };

	for (unsigned i = 0; i < ARRAY_LEN(causes); i++) {
		begin();
		EXPECT_EQ(fault_at(causes[i], RAM + 0x5678), VERDICT_RESUME);
		EXPECT(did(0, FILL, RAM + 0x5678, right_of(causes[i])));
		EXPECT(did(1, FORGET_PAGE, RAM + 0x5678, 0));
		EXPECT(did(2, FENCE_I, 0, 0));
		EXPECT_EQ(n_done, 3);
		EXPECT_EQ(v->n_fills, 1);
		EXPECT_EQ(v->again.n, 0);
		EXPECT_EQ(v->stop, STOP_NONE);
	}
}

/* A fence of a page reaches leaves only, and it may have been a table that was new. */
TEST(fault, memory_that_another_hart_made_is_fenced_as_a_whole)
{
	begin();
	filled = FILL_PRESENT;
	EXPECT_EQ(fault_at(CAUSE_LOAD_GPF, RAM), VERDICT_RESUME);
	EXPECT(did(0, FILL, RAM, GTABLE_R) && did(1, FORGET_ALL, 0, 0));
	EXPECT_EQ(n_done, 2);
	EXPECT_EQ(v->n_fills, 0);
}

/* AS7. */
TEST(fault, without_memory_the_vm_stops_or_tries_again_and_says_whose_lack_it_was)
{
	static const struct {
		int error;
		enum verdict verdict; /* what the host lacks may come back */
		const char *why;
	} cases[] = {
		{ -ENOMEM, VERDICT_LACK, "the host has no memory left for it" },
		{ -EDQUOT, VERDICT_STOP, "it has all the memory that it may have" },
	};

	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		begin();
		filled = cases[i].error;
		EXPECT_EQ(fault_at(CAUSE_STORE_GPF, RAM), cases[i].verdict);
		EXPECT_EQ(v->pc, TEXT);
		EXPECT_EQ(v->stop, STOP_NO_MEMORY);
		EXPECT_STR(v->why, cases[i].why);
		EXPECT_EQ(n_done, 1); /* the guest takes no fault for it */
	}
}

/* --- the same fault again (AX13) --- */

static enum verdict fault_in_ram(uint64_t cause)
{
	return fault_at(cause, RAM);
}

TEST(fault, that_comes_again_and_again_stops_the_vm)
{
	begin();
	filled = FILL_PRESENT;
	fault_until_it_is_enough(fault_in_ram, CAUSE_LOAD_GPF);
	expect_stop(fault_in_ram(CAUSE_LOAD_GPF));
}

/* Pages that other harts map under it are no loop, however many they are. */
TEST(fault, after_memory_appeared_is_counted_anew)
{
	begin();
	for (unsigned round = 0; round < 3; round++) {
		filled = FILL_PRESENT;
		fault_until_it_is_enough(fault_in_ram, CAUSE_LOAD_GPF);
		filled = FILL_NEW;
		EXPECT_EQ(fault_in_ram(CAUSE_LOAD_GPF), VERDICT_RESUME);
	}
	filled = FILL_PRESENT;
	fault_until_it_is_enough(fault_in_ram, CAUSE_LOAD_GPF);
	expect_stop(fault_in_ram(CAUSE_LOAD_GPF));
}

/* One fault of another address, instruction or cause: something moved. */
TEST(fault, after_one_that_differs_is_counted_anew)
{
	static const struct {
		uint64_t cause, gpa, pc;
	} others[] = {
		{ CAUSE_LOAD_GPF, RAM + 8, TEXT },
		{ CAUSE_LOAD_GPF, RAM, TEXT + 4 },
		{ CAUSE_STORE_GPF, RAM, TEXT },
	};

	for (unsigned i = 0; i < ARRAY_LEN(others); i++) {
		begin();
		filled = FILL_PRESENT;
		fault_until_it_is_enough(fault_in_ram, CAUSE_LOAD_GPF);
		v->pc = others[i].pc;
		v->trap.gpa = GPA(others[i].gpa);
		v->trap.cause = others[i].cause;
		EXPECT_EQ(memory_fault(v), VERDICT_RESUME);
		fault_until_it_is_enough(fault_in_ram, CAUSE_LOAD_GPF);
		expect_stop(fault_in_ram(CAUSE_LOAD_GPF));
	}
}

/* --- nothing there, or no right (AX3) --- */

/* Where nothing is, and where something refuses. */
static const struct place {
	uint64_t gpa;
	int filled;
} refusing[] = { { HOLE, 0 }, { RAM + 0x123, -EACCES }, { RAM + 0x123, -EFAULT } };

/* What is reported as a load is what the instruction, or the place of the address, says. */
static const struct refusal {
	uint64_t cause;
	bool is_walk;
	uint64_t value;
	uint8_t kind;      /* of the instruction's access */
	bool is_looked_at; /* the instruction */
	uint64_t injected;
} refusals[] = {
	{ CAUSE_FETCH_GPF, false, TEXT, 0, false, CAUSE_FETCH_ACCESS },
	{ CAUSE_FETCH_GPF, false, TEXT + 2, 0, false, CAUSE_FETCH_ACCESS },
	{ CAUSE_FETCH_GPF, true, TEXT, 0, false, CAUSE_FETCH_ACCESS },
	{ CAUSE_STORE_GPF, false, DATA, 0, false, CAUSE_STORE_ACCESS },
	{ CAUSE_STORE_GPF, false, TEXT, 0, false, CAUSE_STORE_ACCESS },
	{ CAUSE_STORE_GPF, true, TEXT, 0, false, CAUSE_STORE_ACCESS },
	{ CAUSE_LOAD_GPF, false, DATA, ACCESS_LOAD, true, CAUSE_LOAD_ACCESS },
	{ CAUSE_LOAD_GPF, false, DATA, ACCESS_LR, true, CAUSE_LOAD_ACCESS },
	{ CAUSE_LOAD_GPF, false, DATA, ACCESS_VECTOR, true, CAUSE_LOAD_ACCESS },
	{ CAUSE_LOAD_GPF, false, DATA, ACCESS_NONE, true, CAUSE_LOAD_ACCESS },
	{ CAUSE_LOAD_GPF, false, DATA, ACCESS_STORE, true, CAUSE_STORE_ACCESS },
	{ CAUSE_LOAD_GPF, false, DATA, ACCESS_AMO, true, CAUSE_STORE_ACCESS },
	{ CAUSE_LOAD_GPF, false, DATA, ACCESS_SC, true, CAUSE_STORE_ACCESS },
	{ CAUSE_LOAD_GPF, false, DATA, ACCESS_CBO, true, CAUSE_STORE_ACCESS },
	/* It reads its own page, in which it was fetched. */
	{ CAUSE_LOAD_GPF, false, TEXT, ACCESS_LOAD, true, CAUSE_LOAD_ACCESS },
	/* QEMU 7.2 says of each walk that it was a load's. */
	{ CAUSE_LOAD_GPF, true, DATA, ACCESS_LOAD, true, CAUSE_LOAD_ACCESS },
	{ CAUSE_LOAD_GPF, true, DATA, ACCESS_STORE, true, CAUSE_STORE_ACCESS },
	{ CAUSE_LOAD_GPF, true, DATA, ACCESS_AMO, true, CAUSE_STORE_ACCESS },
	{ CAUSE_LOAD_GPF, true, TEXT, 0, false, CAUSE_FETCH_ACCESS },
	{ CAUSE_LOAD_GPF, true, TEXT + 2, 0, false, CAUSE_FETCH_ACCESS },
};

static enum verdict refused(const struct refusal *r, const struct place *where, uint64_t pc)
{
	v->pc = pc;
	v->trap = (struct trap_info){
		.cause = r->cause,
		.value = r->value,
		.gpa = GPA(where->gpa),
		.has_gpa = true,
		.is_walk = r->is_walk,
		.access = right_of(r->cause),
	};
	filled = where->filled;
	access.kind = r->kind;
	n_done = 0;
	return memory_fault(v);
}

TEST(fault, that_is_refused_is_the_access_fault_of_its_kind_at_the_address_that_the_guest_named)
{
	for (unsigned i = 0; i < ARRAY_LEN(refusals); i++) {
		for (unsigned k = 0; k < ARRAY_LEN(refusing); k++) {
			const struct refusal *r = &refusals[i];
			unsigned n = refusing[k].filled ? 1 : 0;

			begin();
			EXPECT_EQ(refused(r, &refusing[k], TEXT), VERDICT_RESUME);
			EXPECT_EQ(n_done, n + r->is_looked_at + 1);
			EXPECT(!r->is_looked_at || did(n, FIND_ACCESS, 0, 0));
			if (!did(n + r->is_looked_at, INJECT, r->injected, r->value)) {
				kit_note("refusal %u at place %u", i, k);
				EXPECT(!"injected as it should be");
			}
			EXPECT_EQ(v->stop, STOP_NONE);
			EXPECT_EQ(v->n_fills, 0);
		}
	}
}

/* The second half of an instruction lies in a page of its own. */
TEST(fault, of_a_walk_in_the_page_of_either_half_is_a_fetch)
{
	static const struct {
		uint64_t pc, value, injected;
	} cases[] = {
		{ TEXT + 0xffe, TEXT + 0xffe, CAUSE_FETCH_ACCESS },
		{ TEXT + 0xffe, TEXT + 0x1000, CAUSE_FETCH_ACCESS },
		{ TEXT + 0xffc, TEXT + 0x1000, CAUSE_LOAD_ACCESS },
		{ TEXT, TEXT - 2, CAUSE_LOAD_ACCESS },
	};

	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		struct refusal r = { CAUSE_LOAD_GPF, true, cases[i].value, ACCESS_LOAD, 0, 0 };

		begin();
		EXPECT_EQ(refused(&r, &refusing[0], cases[i].pc), VERDICT_RESUME);
		REQUIRE(n_done);
		EXPECT(did(n_done - 1, INJECT, cases[i].injected, cases[i].value));
	}
}

/* Its fetch gave the guest a trap already: one is enough. */
TEST(fault, whose_instruction_could_not_be_fetched_injects_no_other)
{
	begin();
	is_found = false;
	EXPECT_EQ(refused(&refusals[6], &refusing[0], TEXT), VERDICT_RESUME);
	EXPECT(did(0, FIND_ACCESS, 0, 0));
	EXPECT_EQ(n_done, 1);
}

/* AX3, AX12: of a hole the VM's description says so, of a refused right its region's. */
TEST(fault, stops_the_vm_where_the_policy_of_that_place_says_so)
{
	for (unsigned policy = 0; policy < 4; policy++) {
		for (unsigned k = 0; k < ARRAY_LEN(refusing); k++) {
			bool is_hole = refusing[k].gpa == HOLE;
			bool stops = policy & (is_hole ? 1 : 2);

			begin();
			vm.config.hole_stops_guest = policy & 1;
			ram.stops_guest = policy & 2;
			device.stops_guest = true;
			enum verdict verdict = refused(&refusals[0], &refusing[k], TEXT);

			EXPECT_EQ(verdict, stops ? VERDICT_STOP : VERDICT_RESUME);
			EXPECT_EQ(v->stop, stops ? STOP_CRASH : STOP_NONE);
			EXPECT_EQ(n_done, !is_hole + !stops);
			if (stops)
				EXPECT_STR(v->why, "an access that its description does not allow");
		}
	}
}

/* --- devices --- */

/* AX1: MMIO; what it comes to is the verdict. */
TEST(fault, of_a_device_is_its_own_and_nothing_is_filled)
{
	static const enum verdict verdicts[] = { VERDICT_RESUME, VERDICT_WAIT, VERDICT_STOP };

	for (unsigned i = 0; i < ARRAY_LEN(verdicts); i++) {
		begin();
		of_mmio = verdicts[i];
		EXPECT_EQ(fault_at(CAUSE_STORE_GPF, DEVICE + 5), verdicts[i]);
		EXPECT(did(0, MMIO, DEVICE + 5, false));
		EXPECT_EQ(n_done, 1);
	}
}
