/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * LR and SC where there is no memory. An SC that holds no reservation may fail before it looks at
 * its address, or fault there; one that holds its reservation must fault: the page under it becomes
 * another one between the two. A trap in between may end a reservation, so the code does all of it.
 */
#include "tests/guest/fault.h"
#include "tests/kit/kit.h"

enum { SLOT = 21, ATTEMPTS = 1000, UNTOUCHED = 7 };
#define VA      (SLOT * BIT(30))
#define RIGHTS  (PTE_V | PTE_RWX | PTE_A | PTE_D)
#define SCRATCH (MAP_UART + 7)
#define ENABLES (MAP_PLIC + 0x2000 + 0x80) /* context 1: two words */

/* Of the address in a3, so that the other one can be in a1 as for all. */
#define OF_A3(insn) (((insn) & ~INSN_R(0, 0, 0, 0, 31, 0)) | INSN_R(0, 0, 0, 0, A3, 0))

static const struct {
	uint32_t load, store;
} pairs[] = { { INSN_LR_W, INSN_SC_W }, { INSN_LR_D, INSN_SC_D } };

/* A page of lowest-level tables in the slot, whose first entry translates VA. */
static pte_t *one_page(uint64_t gpa)
{
	pte_t *middle = table_page(0), *lowest = table_page(1);

	lowest[0] = pte_make(HPA(gpa), RIGHTS);
	middle[0] = pte_make(HPA(gpa_of(lowest)), PTE_V);
	root[SLOT] = pte_make(HPA(gpa_of(middle)), PTE_V);
	__asm__ volatile("sfence.vma" ::: "memory");
	return lowest;
}

/*
 * Reserve at VA + offset, whose page is RAM; let that page be the one of `gpa`; store there. False:
 * an interrupt of the host took the reservation each time.
 */
static bool store_reserved(unsigned pair, uint64_t gpa)
{
	uint64_t memory = gpa_of(table_page(2)), offset = gpa % PAGE_SIZE;

	for (unsigned i = 0; i < ATTEMPTS; i++) {
		pte_t *entry = one_page(memory);

		trial_begin(PAGED_S);
		trial.x[A1] = VA + offset;
		trial.x[A2] = 0x5a5a5a5a5a5a5a5a;
		trial.x[A3] = at_in(PAGED_S, gpa_of(entry));
		trial.x[A4] = pte_make(HPA(gpa - offset), RIGHTS);
		RUN(pairs[pair].load, STORE_AS(AS_D, A4, A3), INSN_SFENCE_VMA, pairs[pair].store);
		root[SLOT] = 0;
		__asm__ volatile("sfence.vma" ::: "memory");
		if (trial.cause != CAUSE_BREAKPOINT || !trial.x[A0])
			return true;
	}
	return false;
}

static void expect_refused(uint64_t gpa)
{
	for (unsigned i = 0; i < ARRAY_LEN(pairs); i++) {
		uint64_t seen = test_count(COUNT_MMIO);

		REQUIRE(store_reserved(i, gpa));
		EXPECT_EQ(trial.cause, CAUSE_STORE_ACCESS);
		EXPECT_EQ(trial.value, VA + gpa % PAGE_SIZE);
		EXPECT_EQ(trial.pc, code_at(PAGED_S) + 12);
		EXPECT_EQ(trial.x[A0], 0); /* of the LR */
		EXPECT_EQ(test_count(COUNT_MMIO), seen);
	}
}

/* AX1, RV3 */
TEST(lrsc, store_that_holds_its_reservation_faults_at_a_device)
{
	trial_access(BARE_S, INSN_SB, SCRATCH, 0x11);
	trial_access(BARE_S, INSN_SW, ENABLES + 4, 0x22);
	expect_refused(SCRATCH - 7); /* aligned for both */
	expect_refused(ENABLES);
	expect_refused(MAP_SCRATCH); /* where a store of either width succeeds */
	trial_access(BARE_S, INSN_LBU, SCRATCH, 0);
	EXPECT_EQ(trial.x[A0], 0x11);
	trial_access(BARE_S, INSN_LWU, ENABLES + 4, 0);
	EXPECT_EQ(trial.x[A0], 0x22);
}

/* AX1, AX3 */
TEST(lrsc, store_that_holds_its_reservation_faults_where_memory_may_not_be_written)
{
	expect_refused(MAP_HOLE + 0x10);
	expect_refused(MAP_RESERVED + 0x10);
	expect_refused(MAP_ROM + 0x10);
}

/* AX1, AX2: the exit may end the reservation, and a guest tries again. */
TEST(lrsc, store_that_holds_its_reservation_makes_memory_appear)
{
	for (unsigned i = 0; i < ARRAY_LEN(pairs); i++) {
		uint64_t gpa = fresh_page() + 8, fills = test_count(COUNT_FILLS);

		REQUIRE(store_reserved(i, gpa));
		EXPECT_EQ(test_count(COUNT_FILLS) - fills, 1);
		EXPECT_EQ(trial.cause, CAUSE_BREAKPOINT);
		EXPECT_EQ(trial.x[A0], 0);
		EXPECT_EQ(*(volatile uint32_t *)gpa, 0x5a5a5a5a);
	}
}

static bool is_refused_or_fails(enum world w, uint64_t gpa, uint64_t pc)
{
	if (trial.cause == CAUSE_BREAKPOINT)
		return trial.x[A0] == 1;
	return trial.cause == CAUSE_STORE_ACCESS && trial.value == at_in(w, gpa) && trial.pc == pc;
}

/* RV3: with no reservation, and with that of another address. */
TEST(lrsc, store_without_its_reservation_fails_or_faults_and_no_device_sees_it)
{
	static const uint64_t places[] = { SCRATCH - 7, ENABLES, MAP_HOLE, MAP_RESERVED, MAP_ROM };
	unsigned n_faults = 0;

	for (unsigned i = 0; i < ARRAY_LEN(pairs) * ARRAY_LEN(places) * N_WORLDS; i++) {
		enum world w = i % N_WORLDS;
		uint64_t gpa = places[i / N_WORLDS % ARRAY_LEN(places)];
		unsigned pair = i / N_WORLDS / ARRAY_LEN(places);
		uint64_t seen = test_count(COUNT_MMIO);

		trial_access(w, pairs[pair].store, gpa, 0);
		n_faults += trial.cause == CAUSE_STORE_ACCESS;
		EXPECT(is_refused_or_fails(w, gpa, code_at(w)));
		trial_begin(w);
		trial.x[A1] = at_in(w, gpa);
		trial.x[A3] = at_in(w, gpa_of(table_page(2)));
		RUN(OF_A3(pairs[pair].load), pairs[pair].store);
		n_faults += trial.cause == CAUSE_STORE_ACCESS;
		EXPECT(is_refused_or_fails(w, gpa, code_at(w) + 4));
		EXPECT_EQ(test_count(COUNT_MMIO), seen);
	}
	kit_note("%u faults", n_faults);
}

/* RV3: what a refused LR leaves behind is no reservation. */
TEST(lrsc, load_that_is_refused_reserves_nothing)
{
	static const uint64_t places[] = { SCRATCH - 7, ENABLES, MAP_HOLE, MAP_RESERVED };

	for (unsigned i = 0; i < ARRAY_LEN(pairs) * ARRAY_LEN(places) * N_WORLDS; i++) {
		enum world w = i % N_WORLDS;
		uint64_t gpa = places[i / N_WORLDS % ARRAY_LEN(places)];
		unsigned pair = i / N_WORLDS / ARRAY_LEN(places);
		uint64_t seen = test_count(COUNT_MMIO);

		/* Behind one in memory. */
		trial_begin(w);
		trial.x[A0] = UNTOUCHED;
		trial.x[A1] = at_in(w, gpa);
		trial.x[A3] = at_in(w, gpa_of(table_page(2)));
		RUN((OF_A3(pairs[pair].load) & ~0xf80u) | A4 << 7, pairs[pair].load,
		    pairs[pair].store);
		expect_fault(w, CAUSE_LOAD_ACCESS, at_in(w, gpa), code_at(w) + 4);
		EXPECT_EQ(trial.x[A0], UNTOUCHED);
		trial.pc += 4;
		trial_run();
		EXPECT(is_refused_or_fails(w, gpa, code_at(w) + 8));
		EXPECT_EQ(test_count(COUNT_MMIO), seen);
	}
}
