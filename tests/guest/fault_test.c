/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory that appears, and faults where there is none or where the rights are not given. */
#include "tests/guest/fault.h"
#include "tests/kit/kit.h"

/* --- what is refused --- */

static void expect_refused(uint64_t gpa, bool reads, bool runs)
{
	for (enum world w = 0; w < N_WORLDS; w++) {
		uint64_t gva = at_in(w, gpa);

		for (unsigned i = 0; i < N_ACCESSES; i++) {
			if (reads && accesses[i].cause == CAUSE_LOAD_ACCESS)
				continue;
			trial_access(w, accesses[i].insn, gpa, 0);
			expect_fault(w, accesses[i].cause, gva, code_at(w));
		}
		if (runs)
			continue;
		run_at(w, gpa);
		expect_fault(w, CAUSE_FETCH_ACCESS, gva, gva);
	}
}

/* AX3, AS6 */
TEST(fault, access_of_a_hole_is_an_access_fault)
{
	expect_refused(MAP_HOLE, false, false);
	expect_refused(MAP_RAM + MAP_RAM_SIZE, false, false); /* the first byte behind */
	expect_refused(MAP_RAM - 8, false, false);
}

/* AX3, AX5, AS6 */
TEST(fault, access_of_reserved_addresses_is_an_access_fault)
{
	expect_refused(MAP_RESERVED, false, false);
	expect_refused(MAP_RESERVED + MAP_SIZE - 8, false, false);
}

/* AX3, AX5, AX6 */
TEST(fault, rom_is_read_and_run_and_not_written)
{
	expect_refused(MAP_ROM + 0x1000, true, true);
	for (enum world w = 0; w < N_WORLDS; w++) {
		trial_access(w, INSN_LD, MAP_ROM + 0x1000, 0);
		EXPECT_EQ(trial.cause, CAUSE_BREAKPOINT);
		EXPECT_EQ(trial.x[A0], 0);
		run_at(w, MAP_ROM);
		expect_fault(w, CAUSE_ILLEGAL_INSN, 0, at_in(w, MAP_ROM));
	}
}

/* AS6: SPIE is what SIE was, and SIE is 0. */
TEST(fault, injected_trap_keeps_the_interrupt_enable)
{
	for (enum world w = 0; w < N_WORLDS; w++) {
		for (unsigned on = 0; on < 2; on++) {
			uint64_t sie = csr_swap(CSR_SIE, 0);

			trial_begin(w);
			trial.x[A1] = at_in(w, MAP_HOLE);
			trial.status |= field_put(SSTATUS_SPIE, on);
			trial_run_insn(INSN_LD);
			csr_write(CSR_SIE, sie);
			EXPECT_EQ(trial.cause, CAUSE_LOAD_ACCESS);
			EXPECT_EQ(field_get(SSTATUS_SPIE, trial.status), on);
			EXPECT_EQ(field_get(SSTATUS_SIE, trial.status), 0);
			EXPECT_EQ(field_get(SSTATUS_SPP, trial.status), !is_user(w));
		}
	}
}

/* AX13: no fault comes twice, and each is told once. */
TEST(fault, refused_access_is_one_exit_and_one_trap)
{
	uint64_t exits = test_count(COUNT_ALL_EXITS);
	uint64_t traps = test_count(COUNT_INJECTED + CAUSE_STORE_ACCESS);

	trial_access(PAGED_U, INSN_SD, MAP_HOLE, 0);
	EXPECT_EQ(test_count(COUNT_ALL_EXITS) - exits, 1);
	EXPECT_EQ(test_count(COUNT_INJECTED + CAUSE_STORE_ACCESS) - traps, 1);
}

/* RV3: a misaligned access whose second half is in a hole. */
TEST(fault, access_that_runs_into_a_hole_is_an_access_fault)
{
	uint64_t gpa = MAP_EAGER + MAP_SIZE - 4;

	for (enum world w = 0; w < N_WORLDS; w++) {
		trial_access(w, INSN_LD, gpa, 0);
		EXPECT_EQ(trial.cause, CAUSE_LOAD_ACCESS);
		EXPECT(trial.value == at_in(w, gpa) || trial.value == at_in(w, gpa + 4));
		trial_access(w, INSN_SD, gpa, 0);
		EXPECT_EQ(trial.cause, CAUSE_STORE_ACCESS);
	}
}

/* --- what appears --- */

/* AX2, AX8, AX9: in each quarter of the root. */
static void expect_zero(const volatile uint64_t *at, uint64_t size)
{
	for (uint64_t i = 0; i < size / 8; i++) {
		if (!at[i])
			continue;
		EXPECT_EQ(at[i], 0);
		kit_note("at word %llu", (unsigned long long)i);
		return;
	}
}

/* AX2, AX8 */
TEST(fault, memory_reads_as_zero_when_it_is_first_touched)
{
	uint64_t gpa = claim_fresh(), fills = test_count(COUNT_FILLS);

	expect_zero((const volatile uint64_t *)gpa, MEGA_SIZE);
	EXPECT_EQ(test_count(COUNT_FILLS) - fills, 1);
}

/* AX2, AX5 */
TEST(fault, small_pages_appear_one_by_one)
{
	uint64_t gpa = fresh_page(), fills = test_count(COUNT_FILLS);

	expect_zero((const volatile uint64_t *)gpa, PAGE_SIZE);
	EXPECT_EQ(test_count(COUNT_FILLS) - fills, 1);
	expect_zero((const volatile uint64_t *)(gpa - PAGE_SIZE), PAGE_SIZE);
	EXPECT_EQ(test_count(COUNT_FILLS) - fills, 2);
}

/* AX1, AX2: in every world. */
TEST(fault, each_kind_of_access_makes_memory_appear)
{
	for (enum world w = 0; w < N_WORLDS; w++) {
		for (unsigned i = 0; i < N_ACCESSES; i++) {
			uint64_t gpa = fresh_page(), fills = test_count(COUNT_FILLS);

			trial_access(w, accesses[i].insn, gpa + 8, 1);
			EXPECT_EQ(trial.cause, CAUSE_BREAKPOINT);
			EXPECT_EQ(test_count(COUNT_FILLS) - fills, 1);
		}
		uint64_t gpa = fresh_page(), fills = test_count(COUNT_FILLS);

		run_at(w, gpa);
		expect_fault(w, CAUSE_ILLEGAL_INSN, 0, at_in(w, gpa));
		EXPECT_EQ(test_count(COUNT_FILLS) - fills, 1);
	}
}

/* AX2 */
TEST(fault, access_across_two_pages_makes_both_appear)
{
	uint64_t gpa = fresh_page() + PAGE_SIZE - 4, fills = test_count(COUNT_FILLS);

	trial_access(PAGED_S, INSN_SD, gpa, 0x1122334455667788);
	EXPECT_EQ(trial.cause, CAUSE_BREAKPOINT);
	trial_access(BARE_S, INSN_LD, gpa, 0);
	EXPECT_EQ(trial.x[A0], 0x1122334455667788);
	EXPECT_EQ(test_count(COUNT_FILLS) - fills, 2);
}

/* AX2: the second half of the instruction lies in memory that is not there: it is `addi a0, x0, 0`.
 */
TEST(fault, fetch_across_two_pages_makes_the_second_appear)
{
	for (enum world w = 0; w < N_WORLDS; w++) {
		uint64_t gpa = fresh_page() + PAGE_SIZE - 2;

		*(volatile uint16_t *)gpa = 0x0513;
		trial_begin(w);
		trial.pc = at_in(w, gpa);
		trial.x[A0] = 7;
		trial_run();
		expect_fault(w, CAUSE_ILLEGAL_INSN, 0, at_in(w, gpa + 4));
		EXPECT_EQ(trial.x[A0], 0);
	}
}

/* AX5: no exit at all. */
TEST(fault, eager_memory_is_there)
{
	uint64_t exits;

	claim(MAP_EAGER);
	claim(MAP_EAGER + MEGA_SIZE);
	exits = test_count(COUNT_ALL_EXITS);
	expect_zero((const volatile uint64_t *)MAP_EAGER, MAP_SIZE);
	EXPECT_EQ(test_count(COUNT_ALL_EXITS), exits);
}

/* Where the quarters are, as the test's root maps them. */
static uint64_t quarter_va(unsigned n)
{
	return (8 + n) * BIT(30) +
	       (map_quarter((unsigned)test_fact(FACT_LEVELS), n) & (BIT(30) - 1));
}

/* AX9: they are four memories. */
TEST(fault, every_quarter_of_the_root_has_its_memory)
{
	unsigned levels = (unsigned)test_fact(FACT_LEVELS), n = (unsigned)test_fact(FACT_QUARTERS);
	uint64_t gpa[4] = { claim_fresh() }, va[4] = { gpa[0] };

	for (unsigned i = 1; i < n; i++) {
		gpa[i] = map_quarter(levels, i);
		va[i] = quarter_va(i);
		claim(gpa[i]);
		claim(gpa[i] + MEGA_SIZE);
		expect_zero((const volatile uint64_t *)va[i], MAP_SIZE);
	}
	for (unsigned i = 0; i < n; i++)
		*(volatile uint64_t *)va[i] = 0x1234567800000000 + i;
	for (unsigned i = 0; i < n; i++) {
		EXPECT_EQ(*(volatile uint64_t *)va[i], 0x1234567800000000 + i);
		trial_access(BARE_S, INSN_LD, gpa[i], 0);
		EXPECT_EQ(trial.x[A0], 0x1234567800000000 + i);
	}
}

/* AX9: the first address beyond what the root reaches, and all above. */
TEST(fault, address_beyond_the_root_is_an_access_fault)
{
	unsigned bits = 14 + 9 * (unsigned)test_fact(FACT_LEVELS);

	for (; bits < 64; bits++) {
		trial_access(BARE_S, INSN_LD, BIT(bits) + 8, 0);
		expect_fault(BARE_S, CAUSE_LOAD_ACCESS, BIT(bits) + 8, code_at(BARE_S));
	}
}

/* --- code --- */

static void write_li(uint64_t at, unsigned value)
{
	volatile uint32_t *code = (volatile uint32_t *)at;

	code[0] = value << 20 | INSN_I(0x13, 0, A0, 0);
	code[1] = INSN_EBREAK;
	__asm__ volatile("fence.i" ::: "memory");
}

/* AX2 */
TEST(fault, code_that_was_just_written_runs)
{
	for (enum world w = 0; w < N_WORLDS; w++) {
		uint64_t gpa = w & 2 ? fresh_page() : claim_fresh();

		for (unsigned i = 0; i < 3; i++) {
			write_li(gpa, 40 + i);
			run_at(w, gpa);
			EXPECT_EQ(trial.cause, CAUSE_BREAKPOINT);
			EXPECT_EQ(trial.x[A0], 40 + i);
		}
	}
}
