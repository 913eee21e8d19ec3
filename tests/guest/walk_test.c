/* SPDX-License-Identifier: BSD-2-Clause */
/* Faults on the way through the guest's own tables: theirs, and the G-stage's below them. */
#include "tests/guest/fault.h"
#include "tests/kit/kit.h"

enum { FREE_SLOT = 16 };
#define FREE_VA    (FREE_SLOT * BIT(30))
#define TABLE(gpa) pte_make(HPA(gpa), PTE_V)
#define LEAF       (PTE_V | PTE_RWX | PTE_A | PTE_D)

static void set_slot(pte_t pte)
{
	root[FREE_SLOT] = pte;
	__asm__ volatile("sfence.vma" ::: "memory");
}

/* The same as trial_access and run_at, by an address of the free slot. */
static void access_va(uint32_t insn, uint64_t va)
{
	trial_begin(PAGED_S);
	trial.x[A1] = va;
	trial_run_insn(insn);
}

static void run_va(uint64_t va)
{
	trial_begin(PAGED_S);
	trial.pc = va;
	trial_run();
}

/* Every access of the free slot ends so; `page` is 0 or what turns access faults to page faults. */
static void expect_slot_faults(uint64_t va, unsigned page)
{
	for (unsigned i = 0; i < N_ACCESSES; i++) {
		access_va(accesses[i].insn, va);
		expect_fault(PAGED_S, accesses[i].cause + page, va, code_at(PAGED_S));
	}
	run_va(va);
	expect_fault(PAGED_S, page ? CAUSE_FETCH_PAGE : CAUSE_FETCH_ACCESS, va, va);
}
enum { TO_PAGE_FAULT = CAUSE_LOAD_PAGE - CAUSE_LOAD_ACCESS };

/* RV1: the walk makes them appear; they are empty. */
TEST(walk, tables_in_untouched_memory_are_empty_tables)
{
	uint64_t gpa = claim_fresh(), frames = test_count(COUNT_FRAMES);
	pte_t *middle = table_page(0);

	set_slot(TABLE(gpa));
	expect_slot_faults(FREE_VA + 0x1238, TO_PAGE_FAULT);
	EXPECT_EQ(test_count(COUNT_FRAMES) - frames, MEGA_SIZE / PAGE_SIZE);
	/* One level further down, a page of its own for each kind of access. */
	set_slot(TABLE(gpa_of(middle)));
	for (unsigned i = 0; i <= N_ACCESSES; i++)
		middle[i] = TABLE(fresh_page());
	__asm__ volatile("sfence.vma" ::: "memory");
	frames = test_count(COUNT_FRAMES);
	for (unsigned i = 0; i < N_ACCESSES; i++) {
		access_va(accesses[i].insn, FREE_VA + i * MEGA_SIZE);
		expect_fault(PAGED_S, accesses[i].cause + TO_PAGE_FAULT, FREE_VA + i * MEGA_SIZE,
			     code_at(PAGED_S));
	}
	run_va(FREE_VA + N_ACCESSES * MEGA_SIZE);
	EXPECT_EQ(trial.cause, CAUSE_FETCH_PAGE);
	EXPECT_EQ(test_count(COUNT_FRAMES) - frames, N_ACCESSES + 1);
	set_slot(0);
}

/* RV1: tables and what they lead to, all of it in memory that appears on the way. */
TEST(walk, walk_and_access_may_both_meet_untouched_memory)
{
	for (unsigned i = 0; i < N_ACCESSES; i++) {
		uint64_t table = fresh_page(), data = fresh_page(), fills;

		*(volatile pte_t *)table = pte_make(HPA(data), LEAF);
		pte_t *middle = table_page(0);

		middle[0] = TABLE(table);
		set_slot(TABLE(gpa_of(middle)));
		fills = test_count(COUNT_FILLS);
		access_va(accesses[i].insn, FREE_VA + 8);
		EXPECT_EQ(trial.cause, CAUSE_BREAKPOINT);
		EXPECT_EQ(test_count(COUNT_FILLS) - fills, 1);
	}
	set_slot(0);
}

/* RV1, AX3: the access fault is that of the access, not of the walk's read. */
TEST(walk, tables_where_no_memory_is_are_access_faults_of_the_access)
{
	static const uint64_t places[] = { MAP_HOLE, MAP_RESERVED, MAP_UART, MAP_PLIC };
	pte_t *middle = table_page(0);

	for (unsigned i = 0; i < ARRAY_LEN(places); i++) {
		set_slot(TABLE(places[i]));
		expect_slot_faults(FREE_VA + 0x5678, 0);
		middle[3] = TABLE(places[i] + PAGE_SIZE * (i < 2));
		set_slot(TABLE(gpa_of(middle)));
		expect_slot_faults(FREE_VA + 3 * MEGA_SIZE + 0x5678, 0);
	}
	set_slot(0);
}

/* RV1 */
TEST(walk, tables_in_rom_are_read)
{
	set_slot(TABLE(MAP_ROM + 0x2000));
	expect_slot_faults(FREE_VA + 0x5678, TO_PAGE_FAULT);
	set_slot(0);
}

/* RV4, and delegation: what the guest's own tables refuse is its own business. */
TEST(walk, malformed_entries_are_the_guest_page_faults_and_never_exits)
{
	const pte_t good = pte_make(HPA(MAP_RAM & ~(BIT(30) - 1)), LEAF);
	const struct {
		const char *what;
		pte_t pte;
	} bad[] = {
		{ "not valid", good & ~PTE_V },
		{ "writable and not readable", good & ~PTE_R },
		{ "a misaligned large page", good | BIT(10) },
		{ "reserved bit 54", good | BIT(54) },
		{ "reserved bit 60", good | BIT(60) },
		{ "all of PBMT", good | PTE_PBMT },
		{ "NAPOT at a large page", good | PTE_N },
		{ "a user's page", good | PTE_U },
		{ "a pointer with U", TABLE(gpa_of(table_page(0))) | PTE_U },
		{ "a pointer with A", TABLE(gpa_of(table_page(0))) | PTE_A },
		{ "a pointer with D", TABLE(gpa_of(table_page(0))) | PTE_D },
		{ "a pointer with PBMT", TABLE(gpa_of(table_page(0))) | BIT(61) },
		{ "a pointer with N", TABLE(gpa_of(table_page(0))) | PTE_N },
	};
	uint64_t exits = test_count(COUNT_ALL_EXITS), va = FREE_VA + 0x201238;

	for (unsigned i = 0; i < ARRAY_LEN(bad); i++) {
		kit_note("%s", bad[i].what);
		set_slot(bad[i].pte);
		expect_slot_faults(va, TO_PAGE_FAULT);
	}
	/* A pointer in the lowest level. */
	pte_t *middle = table_page(0), *lowest = table_page(1);

	middle[1] = TABLE(gpa_of(lowest));
	lowest[1] = TABLE(gpa_of(table_page(2)));
	set_slot(TABLE(gpa_of(middle)));
	expect_slot_faults(va, TO_PAGE_FAULT);
	set_slot(0);
	expect_slot_faults(BIT(45), TO_PAGE_FAULT); /* not canonical */
	EXPECT_EQ(test_count(COUNT_ALL_EXITS), exits);
}

/* Rights of the guest's own pages. */
TEST(walk, rights_of_the_guest_pages_are_its_own_business)
{
	const pte_t good = pte_make(HPA(MAP_RAM & ~(BIT(30) - 1)), LEAF);
	uint64_t va = FREE_VA + (gpa_of(table_page(0)) & (BIT(30) - 1));
	uint64_t exits = test_count(COUNT_ALL_EXITS);

	set_slot(good & ~(PTE_W | PTE_X));
	access_va(INSN_LD, va);
	EXPECT_EQ(trial.cause, CAUSE_BREAKPOINT);
	access_va(INSN_SD, va);
	expect_fault(PAGED_S, CAUSE_STORE_PAGE, va, code_at(PAGED_S));
	run_va(va);
	expect_fault(PAGED_S, CAUSE_FETCH_PAGE, va, va);
	set_slot(good & ~(PTE_R | PTE_W));
	access_va(INSN_LD, va);
	expect_fault(PAGED_S, CAUSE_LOAD_PAGE, va, code_at(PAGED_S));
	set_slot(good | PTE_U);
	trial_begin(PAGED_S);
	trial.status |= SSTATUS_SUM;
	trial.x[A1] = va;
	trial_run_insn(INSN_LD);
	EXPECT_EQ(trial.cause, CAUSE_BREAKPOINT);
	EXPECT_EQ(test_count(COUNT_ALL_EXITS), exits);
	set_slot(0);
}

static const char *needs_word_of_a_and_d(void)
{
	return has(ISA_SVADU) || has(ISA_SVADE) ? NULL : "the tree says nothing of A and D";
}

/* A and D: set where the guest has Svadu, else its own page fault. */
TEST_IF(walk, a_and_d_are_set_or_fault_as_the_tree_says, needs_word_of_a_and_d)
{
	const pte_t good = pte_make(HPA(MAP_RAM & ~(BIT(30) - 1)), LEAF & ~(PTE_A | PTE_D));
	uint64_t va = FREE_VA + (gpa_of(table_page(0)) & (BIT(30) - 1));
	bool sets = has(ISA_SVADU);

	set_slot(good);
	access_va(INSN_LD, va);
	EXPECT_EQ(trial.cause, sets ? CAUSE_BREAKPOINT : CAUSE_LOAD_PAGE);
	EXPECT_EQ(root[FREE_SLOT], sets ? good | PTE_A : good);
	set_slot(good | PTE_A);
	access_va(INSN_SD, va);
	EXPECT_EQ(trial.cause, sets ? CAUSE_BREAKPOINT : CAUSE_STORE_PAGE);
	EXPECT_EQ(root[FREE_SLOT], sets ? good | PTE_A | PTE_D : good | PTE_A);
	set_slot(0);
}
