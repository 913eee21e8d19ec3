/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's own stage in each of its modes: what appears, what a device answers and what is
 * refused, by leaves of every size and through tables of every level. The root of the deeper modes
 * leads to the smaller one's by its first entry, so that all lies where it always is, and to the
 * tests' tables by one of its upper half.
 */
#include "platform/boot.h"
#include "tests/guest/fault.h"
#include "tests/kit/kit.h"

enum { SLOT = 280, N_DEEPER = 2, FIRST = 3 /* levels of the smallest mode */ };

#define PAGES   __attribute__((aligned(PAGE_SIZE)))
#define SCRATCH (MAP_UART + 7)
#define ENABLES (MAP_PLIC + 0x2000 + 0x80 + 4) /* context 1, sources 32 to 63 */

static PAGES pte_t roots[N_DEEPER][PTES_PER_PAGE];
static PAGES pte_t tables[FIRST + N_DEEPER - 1][PTES_PER_PAGE]; /* one for each level */

static const char *needs_sv48(void)
{
	return machine.harts[0].mmu >= MMU_SV48 ? NULL : "the guest's tree offers no Sv48";
}

static const char *needs_sv57(void)
{
	return machine.harts[0].mmu >= MMU_SV57 ? NULL : "the guest's tree offers no Sv57";
}

/* Three tests, one for each mode; what follows is the body, which is given the mode's `levels`. */
#define TEST_IN_EACH_MODE(name)                                                                    \
	static void name(unsigned levels);                                                         \
	TEST(stage, name##_of_sv39)                                                                \
	{                                                                                          \
		name(3);                                                                           \
	}                                                                                          \
	TEST_IF(stage, name##_of_sv48, needs_sv48)                                                 \
	{                                                                                          \
		name(4);                                                                           \
	}                                                                                          \
	TEST_IF(stage, name##_of_sv57, needs_sv57)                                                 \
	{                                                                                          \
		name(5);                                                                           \
	}                                                                                          \
	static void name(unsigned levels)

static pte_t table_at(uint64_t gpa)
{
	return pte_make(HPA(gpa), PTE_V);
}

static pte_t *root_of(unsigned levels)
{
	return levels == FIRST ? root : roots[levels - FIRST - 1];
}

static uint64_t satp_of(unsigned levels)
{
	for (unsigned i = FIRST + 1; i <= levels; i++)
		root_of(i)[0] = table_at(gpa_of(root_of(i - 1)));
	return field_put(SATP_MODE, SATP_MODE_SV39 + levels - FIRST) |
	       gpa_of(root_of(levels)) >> PAGE_SHIFT;
}

static uint64_t size_at(unsigned level)
{
	return (uint64_t)PAGE_SIZE << (PTE_INDEX_BITS * level);
}

/* Which entry of the tests' table of a level leads on. */
static unsigned index_at(unsigned level)
{
	return 3 + level;
}

/*
 * Tables lead to this entry at `level`, and to an address there: the first one that the entry
 * translates. Level 0 is that of pages, levels - 1 the root's own.
 */
static uint64_t lead_to(unsigned levels, unsigned level, pte_t entry)
{
	unsigned at = levels - 1;
	uint64_t high = ~(size_at(at) * PTES_PER_PAGE - 1), va = high | SLOT * size_at(at);
	pte_t *slot = &root_of(levels)[SLOT];

	for (; at > level; at--) {
		*slot = table_at(gpa_of(tables[at - 1]));
		slot = &tables[at - 1][index_at(at - 1)];
		va += index_at(at - 1) * size_at(at - 1);
	}
	*slot = entry;
	__asm__ volatile("sfence.vma" ::: "memory");
	return va;
}

/* The same to a leaf of that level, and the address of what lies at `gpa`. */
static uint64_t lead_to_leaf(enum world w, unsigned levels, unsigned level, uint64_t gpa)
{
	uint64_t rights = PTE_V | PTE_RWX | PTE_A | PTE_D | (is_user(w) ? PTE_U : 0);
	uint64_t start = align_down(gpa, size_at(level));

	return lead_to(levels, level, pte_make(HPA(start), rights)) + (gpa - start);
}

static void begin(enum world w, unsigned levels)
{
	trial_begin(w);
	trial.satp = satp_of(levels);
}

static void access_va(enum world w, unsigned levels, uint32_t insn, uint64_t va, uint64_t a2)
{
	begin(w, levels);
	trial.x[A1] = va;
	trial.x[A2] = a2;
	trial_run_insn(insn);
}

static void run_va(enum world w, unsigned levels, uint64_t va)
{
	begin(w, levels);
	trial.pc = va;
	trial_run();
}

static uint64_t n_fills(void)
{
	return test_count(COUNT_FILLS);
}

static void expect_value(enum world w, unsigned levels, uint32_t insn, uint64_t va, uint64_t value)
{
	access_va(w, levels, insn, va, 0);
	EXPECT_EQ(trial.cause, CAUSE_BREAKPOINT);
	EXPECT_EQ(trial.x[A0], value);
}

/* What holds through leaves of every size, in S-mode and in U-mode. */
static void for_each_leaf(unsigned levels, void (*f)(enum world, unsigned levels, unsigned level))
{
	for (enum world w = PAGED_S; w <= PAGED_U; w++)
		for (unsigned level = 0; level < levels; level++)
			f(w, levels, level);
}

/* --- what appears --- */

static void expect_first_touches(enum world w, unsigned levels, unsigned level)
{
	for (unsigned i = 0; i < N_ACCESSES; i++) {
		uint64_t gpa = fresh_page() + 8, fills = n_fills();

		access_va(w, levels, accesses[i].insn, lead_to_leaf(w, levels, level, gpa), 0x5a);
		EXPECT_EQ(trial.cause, CAUSE_BREAKPOINT);
		EXPECT_EQ(n_fills() - fills, 1);
		/* It is this page, as another translation sees it. */
		EXPECT_EQ(*(volatile uint8_t *)gpa,
			  accesses[i].cause == CAUSE_STORE_ACCESS ? 0x5a : 0);
	}
	uint64_t gpa = fresh_page(), fills = n_fills(), va = lead_to_leaf(w, levels, level, gpa);

	run_va(w, levels, va);
	expect_fault(w, CAUSE_ILLEGAL_INSN, 0, va);
	EXPECT_EQ(n_fills() - fills, 1);
}

/* AX1, AX2 */
TEST_IN_EACH_MODE(memory_appears_through_leaves_of_every_size)
{
	for_each_leaf(levels, expect_first_touches);
}

/* --- devices --- */

static void expect_devices(enum world w, unsigned levels, unsigned level)
{
	uint64_t va = lead_to_leaf(w, levels, level, SCRATCH), n = test_count(COUNT_MMIO);

	access_va(w, levels, INSN_SB, va, 0x40 + level);
	expect_value(w, levels, INSN_LBU, va, 0x40 + level);
	access_va(w, levels, INSN_LD, va - 7, 0); /* the UART has no such register */
	expect_fault(w, CAUSE_LOAD_ACCESS, va - 7, code_at(w));
	va = lead_to_leaf(w, levels, level, ENABLES);
	access_va(w, levels, INSN_SW, va, 0x80000000 + level);
	expect_value(w, levels, INSN_LWU, va, 0x80000000 + level);
	access_va(w, levels, INSN_AMOADD_W, va, 1);
	expect_value(w, levels, INSN_LWU, va, 0x80000001 + level);
	EXPECT_EQ(test_count(COUNT_MMIO) - n, 6);
	run_va(w, levels, va);
	expect_fault(w, CAUSE_FETCH_ACCESS, va, va);
}

/* RV3 */
TEST_IN_EACH_MODE(devices_answer_through_leaves_of_every_size)
{
	for_each_leaf(levels, expect_devices);
}

/* --- tables --- */

/* The entry at `level` names a table there. */
static uint64_t lead_to_table(unsigned levels, unsigned level, uint64_t gpa)
{
	return lead_to(levels, level, table_at(gpa)) + 0x238;
}

static void expect_refused(unsigned levels, uint64_t va)
{
	for (enum world w = PAGED_S; w <= PAGED_U; w++) {
		for (unsigned i = 0; i < N_ACCESSES; i++) {
			access_va(w, levels, accesses[i].insn, va, 0);
			expect_fault(w, accesses[i].cause, va, code_at(w));
		}
		run_va(w, levels, va);
		expect_fault(w, CAUSE_FETCH_ACCESS, va, va);
	}
}

enum { TO_PAGE_FAULT = CAUSE_LOAD_PAGE - CAUSE_LOAD_ACCESS };

/* The walk makes the table appear, by hardware's fault or by ours, and finds nothing in it. */
static void expect_table_appears(unsigned levels, unsigned level)
{
	for (unsigned i = 0; i <= N_ACCESSES; i++) {
		uint64_t va = lead_to_table(levels, level, fresh_page()),
			 frames = test_count(COUNT_FRAMES);

		if (i < N_ACCESSES) {
			access_va(PAGED_S, levels, accesses[i].insn, va, 0);
			expect_fault(PAGED_S, accesses[i].cause + TO_PAGE_FAULT, va,
				     code_at(PAGED_S));
		} else {
			run_va(PAGED_S, levels, va);
			expect_fault(PAGED_S, CAUSE_FETCH_PAGE, va, va);
		}
		EXPECT_EQ(test_count(COUNT_FRAMES) - frames, 1);
	}
}

/* RV1, AX3: tables below the root; without it there would be no code. */
TEST_IN_EACH_MODE(walks_meet_untouched_memory_and_none_at_every_level)
{
	static const uint64_t nowhere[] = { MAP_HOLE, MAP_RESERVED, MAP_UART, MAP_PLIC };

	for (unsigned level = 1; level < levels; level++) {
		for (unsigned i = 0; i < ARRAY_LEN(nowhere); i++)
			expect_refused(levels, lead_to_table(levels, level, nowhere[i]));
		expect_table_appears(levels, level);
	}
}

/* RV4: its own business, which never leaves the guest. */
TEST_IN_EACH_MODE(malformed_entries_never_leave_the_guest_at_any_level)
{
	uint64_t exits = test_count(COUNT_ALL_EXITS), reach = size_at(levels - 1) * PTES_PER_PAGE;
	const pte_t good = pte_make(HPA(0), PTE_V | PTE_RWX | PTE_A | PTE_D);

	for (unsigned level = 0; level < levels; level++) {
		pte_t bad = level ? good | pte_make(HPA(size_at(level - 1)), 0) : table_at(0);
		uint64_t va = lead_to(levels, level, bad);

		access_va(PAGED_S, levels, INSN_LD, va, 0);
		expect_fault(PAGED_S, CAUSE_LOAD_PAGE, va, code_at(PAGED_S));
		(void)lead_to(levels, level, 0);
		access_va(PAGED_S, levels, INSN_SD, va, 0);
		expect_fault(PAGED_S, CAUSE_STORE_PAGE, va, code_at(PAGED_S));
	}
	/* Not canonical: the upper half without its sign, and the first address beyond. */
	for (unsigned i = 0; i < 2; i++) {
		access_va(PAGED_S, levels, INSN_LD, reach >> !i, 0);
		expect_fault(PAGED_S, CAUSE_LOAD_PAGE, reach >> !i, code_at(PAGED_S));
	}
	EXPECT_EQ(test_count(COUNT_ALL_EXITS), exits);
}
