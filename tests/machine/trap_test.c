/* SPDX-License-Identifier: BSD-2-Clause */
/* Traps of our own code: what is caught, what that leaves alone, and faults that a fence answers.
 */
#include "arch/fence.h"
#include "arch/pte.h"
#include "platform/boot.h"
#include "platform/hart.h"
#include "platform/layout.h"
#include "platform/mmu_internal.h"
#include "platform/trap.h"
#include "tests/kit/kit.h"
#include "tests/machine/access.h"
#include "tests/machine/harts.h"

enum { MANY = 1000 };

extern const char image_start[];

TEST(trap, missing_csr_is_caught)
{
	uint64_t value = 17;

	EXPECT_EQ(csr_try_read(0x5ff, &value), CAUSE_ILLEGAL_INSN);
	EXPECT_EQ(value, 17);
	EXPECT(!csr_exists(0x5ff));
	EXPECT_EQ(csr_try_swap(CSR_TIME, 0, &value), CAUSE_ILLEGAL_INSN);
	EXPECT_EQ(value, 17);
}

TEST(trap, nothing_is_caught_where_nothing_traps)
{
	uint64_t value = 0;
	uint8_t byte = 7;

	EXPECT_EQ(csr_try_read(CSR_SATP, &value), CAUGHT_NOTHING);
	EXPECT_EQ(value, mmu_satp());
	EXPECT_EQ(try_load((uint64_t)&byte), CAUGHT_NOTHING);
	EXPECT_EQ(try_store((uint64_t)&byte), CAUGHT_NOTHING);
	EXPECT_EQ(byte, 0);
}

TEST(trap, load_store_and_fetch_of_unmapped_addresses_are_caught)
{
	EXPECT_EQ(try_load(LAYOUT_END), CAUSE_LOAD_PAGE);
	EXPECT_EQ(try_store(LAYOUT_END), CAUSE_STORE_PAGE);
	EXPECT_EQ(try_call("0xffffffc040000000"), CAUSE_FETCH_PAGE);
}

TEST(trap, breakpoint_is_caught)
{
	uint64_t caught;

	__asm__ volatile(".balign 16\n" CATCH("ebreak") : [caught] "=&r"(caught)::"t0", "memory");
	EXPECT_EQ(caught, CAUSE_BREAKPOINT);
}

/*
 * Give every register but sp, gp, tp and t0 a value of its own, trap, and gather what changed. a0
 * points to where the result goes; t0 must be the cause, here 2.
 */
uint64_t registers_changed_by_trap(void);
__asm__("	.pushsection .text.registers_changed_by_trap, \"ax\"\n"
	"	.globl	registers_changed_by_trap\n"
	"	.type	registers_changed_by_trap, @function\n"
	"registers_changed_by_trap:\n"
	"	addi	sp, sp, -112\n"
	"	sd	ra, 104(sp)\n"
	"	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11\n"
	"	sd	s\\n, 8*\\n(sp)\n"
	"	.endr\n"
	"	sd	sp, 96(sp)\n"
	"	.irp n, "
	"1,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n"
	"	li	x\\n, 0x1234567800000000 + \\n * 0x10001\n"
	"	.endr\n"
	"7:	csrr	x0, 0x5ff\n"
	"	.pushsection .catch, \"a\"\n"
	"	.dword	7b, 7b + 4\n"
	"	.popsection\n"
	"	addi	t0, t0, -2\n"
	"	.irp n, "
	"1,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n"
	"	sd	x\\n, -8(sp)\n"
	"	sd	t0, -16(sp)\n"
	"	li	t0, 0x1234567800000000 + \\n * 0x10001\n"
	"	sub	x\\n, x\\n, t0\n"
	"	ld	t0, -16(sp)\n"
	"	or	t0, t0, x\\n\n"
	"	.endr\n"
	"	ld	a0, 96(sp)\n"
	"	xor	a0, a0, sp\n"
	"	or	a0, a0, t0\n"
	"	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11\n"
	"	ld	s\\n, 8*\\n(sp)\n"
	"	.endr\n"
	"	ld	ra, 104(sp)\n"
	"	addi	sp, sp, 112\n"
	"	ret\n"
	"	.size	registers_changed_by_trap, . - registers_changed_by_trap\n"
	"	.popsection\n");

TEST(trap, caught_trap_changes_t0_alone)
{
	EXPECT_EQ(registers_changed_by_trap(), 0);
}

/* Volatile: the compiler does not know that an instruction may call. */
static PER_HART volatile unsigned n_traps;

static void count_trap(void)
{
	n_traps++;
}

/* How many traps came of it? A fence that cannot help would show as more than one. */
#define n_traps_of(access)                                                                         \
	({                                                                                         \
		n_traps = 0;                                                                       \
		trap_on_return = count_trap;                                                       \
		(void)(access);                                                                    \
		trap_on_return = NULL;                                                             \
		n_traps;                                                                           \
	})

/* `ret`, called by this test only: a place stands in the table of catches once. */
extern const uint16_t ret_to_read[];
extern uint16_t ret_to_write[];
const uint16_t ret_to_read[] = { 0x8082 };
uint16_t ret_to_write[] = { 0x8082 };

/* A page that allows one thing does not make a fault of another kind look spurious. */
TEST(trap, access_that_the_tables_refuse_faults_at_once)
{
	EXPECT_EQ(n_traps_of(try_load((uint64_t)ret_to_read)), 0);
	EXPECT_EQ(n_traps_of(try_call("ret_to_read")), 1);
	EXPECT_EQ(n_traps_of(try_call("ret_to_write")), 1);
	EXPECT_EQ(n_traps_of(try_store((uint64_t)ret_to_read)), 1);
	EXPECT_EQ(n_traps_of(try_store((uint64_t)image_start)), 1);
	EXPECT_EQ(n_traps_of(try_load(0)), 1);
}

static void trap_many_times(void *context)
{
	uint64_t status = csr_read(CSR_SSTATUS), stack = trap_stack, n = 0;

	(void)context;
	for (unsigned i = 0; i < MANY; i++)
		n += try_load(0) == CAUSE_LOAD_PAGE;
	EXPECT_EQ(n, MANY);
	EXPECT_EQ(csr_read(CSR_SSTATUS) & (SSTATUS_SIE | SSTATUS_SUM | SSTATUS_MXR),
		  status & (SSTATUS_SIE | SSTATUS_SUM | SSTATUS_MXR));
	EXPECT_EQ(trap_stack, stack);
}

TEST(trap, every_hart_catches_many_traps_at_once)
{
	run_on_every_hart(trap_many_times, NULL);
}

/* Where a hart keeps invalid translations, this needs the fence in the trap handler. */
static void touch_before_and_after_mapping(void *context)
{
	uint64_t va = LAYOUT_HARTS + hart_index * MEGA_SIZE + HART_WINDOW;

	(void)context;
	sfence_vma_page(va); /* a window that was closed may linger */
	EXPECT_EQ(try_load(va), CAUSE_LOAD_PAGE);
	mmu_set_window(va, image_hpa(image_start), false);
	EXPECT_EQ(*(const volatile uint64_t *)va, *(const uint64_t *)image_start);
	mmu_clear_window(va, false);
	sfence_vma_page(va);
	EXPECT_EQ(try_load(va), CAUSE_LOAD_PAGE);
}

TEST(trap, mapping_is_seen_without_a_fence)
{
	run_on_every_hart(touch_before_and_after_mapping, NULL);
}
