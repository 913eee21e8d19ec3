/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rights in our own address space: text can be run and not written, nothing that can be
 * written can be run, what guards a stack is not there, and neither is RAM that nobody owns.
 */
#include <stdlib.h>
#include <string.h>

#include "arch/pte.h"
#include "platform/boot.h"
#include "platform/frames.h"
#include "platform/hart.h"
#include "platform/layout.h"
#include "platform/mmu.h"
#include "platform/mmu_internal.h"
#include "platform/trap.h"
#include "tests/kit/kit.h"
#include "tests/machine/access.h"
#include "tests/machine/harts.h"

extern const char image_start[], image_rodata[], image_data[], image_end[];
extern const char boot_stack_guard[], boot_stack_top[], boot_trap_guard[], boot_trap_top[];

#define STRING_(x) #x
#define STRING(x)  STRING_(x)

/* `ret`, in places from which nothing may run. */
#define RET 0x8082

extern const uint16_t code_in_rodata[];
extern uint16_t code_in_data[], code_in_bss[];
const uint16_t code_in_rodata[] = { RET };
uint16_t code_in_data[] = { RET };
uint16_t code_in_bss[1];

TEST(memory, text_can_be_run_and_read)
{
	EXPECT_EQ(try_load((uint64_t)image_start), CAUGHT_NOTHING);
	EXPECT_EQ(try_load((uint64_t)image_rodata - 1), CAUGHT_NOTHING);
	EXPECT_EQ(try_call("time_to_us"), CAUGHT_NOTHING);
}

TEST(memory, text_cannot_be_written)
{
	EXPECT_EQ(try_store((uint64_t)image_start), CAUSE_STORE_PAGE);
	EXPECT_EQ(try_store((uint64_t)kit_run), CAUSE_STORE_PAGE);
	EXPECT_EQ(try_store((uint64_t)image_rodata - 1), CAUSE_STORE_PAGE);
}

TEST(memory, rodata_cannot_be_written_or_run)
{
	EXPECT_EQ(try_store((uint64_t)code_in_rodata), CAUSE_STORE_PAGE);
	EXPECT_EQ(try_store((uint64_t)image_rodata), CAUSE_STORE_PAGE);
	EXPECT_EQ(try_store((uint64_t)image_data - 1), CAUSE_STORE_PAGE);
	EXPECT_EQ(try_call("code_in_rodata"), CAUSE_FETCH_PAGE);
}

TEST(memory, data_and_bss_cannot_be_run)
{
	code_in_bss[0] = RET;
	EXPECT_EQ(try_call("code_in_data"), CAUSE_FETCH_PAGE);
	EXPECT_EQ(try_call("code_in_bss"), CAUSE_FETCH_PAGE);
}

TEST(memory, stack_cannot_be_run)
{
	EXPECT_EQ(try_update((uint64_t)boot_stack_top - 16), CAUGHT_NOTHING);
	EXPECT_EQ(try_call("boot_stack_top - 16"), CAUSE_FETCH_PAGE);
	EXPECT_EQ(try_call("boot_trap_top - 16"), CAUSE_FETCH_PAGE);
}

TEST_IF(memory, stack_of_another_hart_cannot_be_run, needs_another_hart)
{
	EXPECT_EQ(try_update(LAYOUT_HARTS + LAYOUT_MEGA + HART_STACK), CAUGHT_NOTHING);
	EXPECT_EQ(try_call(STRING(LAYOUT_HARTS) "+" STRING(LAYOUT_MEGA) "+" STRING(HART_STACK)),
		  CAUSE_FETCH_PAGE);
}

TEST(memory, heap_cannot_be_run)
{
	void *p = malloc(100);

	REQUIRE(p);
	EXPECT(!mmu_allows((uint64_t)p, PTE_X));
	EXPECT_EQ(try_update(LAYOUT_HEAP), CAUGHT_NOTHING);
	EXPECT_EQ(try_call(STRING(LAYOUT_HEAP)), CAUSE_FETCH_PAGE);
	free(p);
}

TEST(memory, own_memory_cannot_be_run)
{
	void *p = own_alloc(0);

	REQUIRE(p);
	EXPECT(!mmu_allows((uint64_t)p, PTE_X));
	EXPECT_EQ(try_update(LAYOUT_OWN), CAUGHT_NOTHING);
	EXPECT_EQ(try_call(STRING(LAYOUT_OWN)), CAUSE_FETCH_PAGE);
	own_free(p, 0);
}

TEST(memory, device_tree_cannot_be_written_or_run)
{
	size_t size;
	uint64_t tree = (uint64_t)boot_tree(&size);

	EXPECT_EQ(try_load(tree), CAUGHT_NOTHING);
	EXPECT_EQ(try_store(tree), CAUSE_STORE_PAGE);
	EXPECT_EQ(try_store(tree + size - 1), CAUSE_STORE_PAGE);
	EXPECT_EQ(try_call(STRING(LAYOUT_BLOBS)), CAUSE_FETCH_PAGE);
}

/* Every page of our space, by its entry: so none is forgotten. */
TEST(memory, no_page_can_be_written_and_run)
{
	for (uint64_t va = LAYOUT_BASE; va < LAYOUT_END; va += PAGE_SIZE) {
		bool is_text = va >= (uint64_t)image_start && va < (uint64_t)image_rodata;

		if (mmu_allows(va, PTE_X) != is_text || (is_text && mmu_allows(va, PTE_W)) ||
		    mmu_allows(va, PTE_U)) {
			kit_note("%llx", (unsigned long long)va);
			REQUIRE(!"a page with these rights");
		}
	}
}

TEST(memory, null_page_is_not_mapped)
{
	EXPECT_EQ(try_load(0), CAUSE_LOAD_PAGE);
	EXPECT_EQ(try_store(0), CAUSE_STORE_PAGE);
	EXPECT_EQ(try_load(PAGE_SIZE - 1), CAUSE_LOAD_PAGE);
	EXPECT_EQ(try_call("0"), CAUSE_FETCH_PAGE);
	EXPECT_EQ(try_load(-1ull), CAUSE_LOAD_PAGE);
}

static void expect_guarded(uint64_t bottom, uint64_t size)
{
	EXPECT_EQ(try_update(bottom), CAUGHT_NOTHING);
	EXPECT_EQ(try_update(bottom + size - 8), CAUGHT_NOTHING);
	for (uint64_t va = bottom - PAGE_SIZE; va < bottom; va += PAGE_SIZE - 8) {
		EXPECT_EQ(try_load(va), CAUSE_LOAD_PAGE);
		EXPECT_EQ(try_store(va), CAUSE_STORE_PAGE);
	}
}

TEST(memory, stacks_of_the_boot_hart_are_guarded)
{
	expect_guarded((uint64_t)boot_stack_guard + PAGE_SIZE, HART_STACK_SIZE);
	expect_guarded((uint64_t)boot_trap_guard + PAGE_SIZE, HART_TRAP_SIZE);
}

TEST_IF(memory, stacks_of_every_other_hart_are_guarded, needs_another_hart)
{
	for (uint64_t i = 1; i < n_harts(); i++) {
		expect_guarded(LAYOUT_HARTS + i * LAYOUT_MEGA + HART_STACK, HART_STACK_SIZE);
		expect_guarded(LAYOUT_HARTS + i * LAYOUT_MEGA + HART_TRAP_STACK, HART_TRAP_SIZE);
	}
}

/* Is this hart on the stack, and are its locals and its trap stack where it owns them? */
static void expect_own_place(void *context)
{
	uint64_t sp, tp, trap_sp = trap_stack;
	unsigned *slot_is_used = context;

	__asm__("mv %0, sp" : "=r"(sp));
	__asm__("mv %0, tp" : "=r"(tp));
	if (hart_index == 0) {
		EXPECT(sp > (uint64_t)boot_stack_guard && sp < (uint64_t)boot_stack_top);
		EXPECT_EQ(trap_sp, boot_trap_top);
		return;
	}
	/* Harts that did not come keep their slots: a hart's slot may be above its number. */
	uint64_t base = tp - HART_LOCALS, slot = (base - LAYOUT_HARTS) / LAYOUT_MEGA;

	EXPECT(slot >= hart_index && slot < MAX_HARTS);
	EXPECT_EQ(base, LAYOUT_HARTS + slot * LAYOUT_MEGA);
	if (slot < MAX_HARTS)
		EXPECT(!__atomic_exchange_n(&slot_is_used[slot], 1, __ATOMIC_RELAXED));
	EXPECT(sp > base + HART_STACK && sp < base + HART_STACK + HART_STACK_SIZE);
	EXPECT_EQ(trap_sp, base + HART_TRAP_STACK + HART_TRAP_SIZE);
}

TEST(memory, every_hart_is_on_its_own_stacks)
{
	static unsigned slot_is_used[MAX_HARTS];

	memset(slot_is_used, 0, sizeof(slot_is_used));
	run_on_every_hart(expect_own_place, slot_is_used);
}

static struct frame_owner taker = { .name = "test", .quota = 1 };

/* Where that page lies, of a space that is mapped by 2 MiB in two areas and by 4 KiB elsewhere. */
static struct hpa place_of(uint64_t va)
{
	bool by_megas = (va >= LAYOUT_OWN && va < LAYOUT_FRAMES) ||
			(va >= LAYOUT_WINDOWS && va < LAYOUT_HEAP);

	return by_megas ? HPA(mmu_mega_hpa(va).v + va % MEGA_SIZE) : pte_hpa(mmu_entry(va));
}

TEST(memory, ram_that_nobody_owns_is_not_mapped)
{
	unsigned n_mapped = 0;

	for (uint64_t va = LAYOUT_BASE; va < LAYOUT_END; va += PAGE_SIZE) {
		if (!mmu_allows(va, 0))
			continue;
		struct hpa at = place_of(va);

		n_mapped++;
		if (frames_alloc_at(&taker, at, ORDER_PAGE, FRAMES_DIRTY) == 0) {
			kit_note("%llx", (unsigned long long)va);
			frame_put(at);
			REQUIRE(!"a page of ours lies in a free frame");
		}
	}
	kit_note("%u pages are mapped", n_mapped);
	EXPECT(n_mapped > 100);
}

TEST(memory, physical_addresses_are_not_mapped)
{
	EXPECT_EQ(try_load(image_hpa(image_start).v), CAUSE_LOAD_PAGE);
	EXPECT_EQ(try_load(machine.banks[0].at.v), CAUSE_LOAD_PAGE);
	EXPECT_EQ(try_load(LAYOUT_BASE - 1), CAUSE_LOAD_PAGE);
	EXPECT_EQ(try_load((uint64_t)image_end), CAUSE_LOAD_PAGE);
}
