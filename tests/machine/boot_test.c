/* SPDX-License-Identifier: BSD-2-Clause */
/* What boot leaves behind: the machine, its harts and their features, options, names, random. */
#include "platform/boot.h"

#include <inttypes.h>
#include <libfdt.h>
#include <string.h>

#include "lib/symbols.h"
#include "platform/boot_internal.h"
#include "platform/catch.h"
#include "platform/hart.h"
#include "platform/log.h"
#include "platform/option.h"
#include "platform/probe.h"
#include "platform/random.h"
#include "sbi/host/hsm.h"
#include "tests/kit/kit.h"
#include "tests/machine/harts.h"

extern const char image_start[], image_rodata[], image_end[];
extern const struct symbol_table symbols;

TEST(boot, firmware_knows_every_hart_of_the_machine)
{
	unsigned n_usable = 0;

	for (unsigned i = 0; i < machine.n_harts; i++) {
		if (machine.harts[i].use != HART_USABLE)
			continue;
		n_usable++;
		EXPECT(sbi_hart_status(machine.harts[i].id) >= 0);
	}
	EXPECT(n_harts() <= n_usable);
	EXPECT(sbi_hart_status(0xdeadbeef) < 0);
}

static uint64_t seen_ids[MAX_HARTS];
static _Atomic unsigned n_seen;

static void say_who(void *context)
{
	(void)context;
	seen_ids[hart_index] = hart_id;
	n_seen++;
}

TEST(boot, harts_are_numbered_densely_in_the_order_of_the_tree)
{
	unsigned place = 0;

	n_seen = 0;
	run_on_every_hart(say_who, NULL);
	EXPECT_EQ(n_seen, n_harts());
	EXPECT_EQ(hart_index, 0);
	EXPECT_EQ(hart_id, machine.boot_hart_id);
	for_each_hart (i) {
		EXPECT_EQ(seen_ids[i], hart_id_of(i));
		EXPECT_EQ(sbi_hart_status(hart_id_of(i)), SBI_HART_STARTED);
	}
	for (unsigned i = 1; i < n_harts(); i++, place++) {
		while (place < machine.n_harts && machine.harts[place].id != hart_id_of(i))
			place++;
		EXPECT(place < machine.n_harts);
	}
}

static unsigned n_ones(uint64_t v)
{
	unsigned n = 0;

	for (; v; v &= v - 1)
		n++;
	return n;
}

/* What was found must be what can be set, in these bits, and must not have stayed set. */
#define expect_probed(csr, of, found)                                                              \
	({                                                                                         \
		uint64_t old_ = 0, set_ = 0;                                                       \
		if (csr_try_swap(csr, ~0ull, &old_) == CAUGHT_NOTHING)                             \
			set_ = csr_swap(csr, old_);                                                \
		EXPECT_EQ(found, set_ &(of));                                                      \
		EXPECT(!set_ || old_ != set_);                                                     \
	})

static void expect_h_features_are_true(const struct hart_features *f)
{
	uint64_t guest_files = csr_swap(CSR_HGEIE, ~0ull), old = csr_read(CSR_HGATP);

	EXPECT_EQ(csr_swap(CSR_HGEIE, 0), BIT(f->geilen + 1) - 2);
	EXPECT_EQ(guest_files, 0);
	csr_write(CSR_HGATP, field_put(HGATP_MODE, HGATP_MODE_SV39X4) | HGATP_VMID);
	EXPECT_EQ(n_ones(field_get(HGATP_VMID, csr_read(CSR_HGATP))), f->vmid_bits);
	csr_write(CSR_HGATP, old);
	EXPECT_EQ(old, 0);
	expect_probed(CSR_HENVCFG, ~0ull, f->henvcfg);
	expect_probed(CSR_HEDELEG, ~0ull, f->hedeleg);
	expect_probed(CSR_HIDELEG, ~0ull, f->hideleg);
	expect_probed(CSR_HCOUNTEREN, MASK(31, 0), f->hcounteren);
}

static void expect_features_are_true(void *context)
{
	const struct hart_features *f = this_hart_features();
	const struct machine_hart *tree = machine_hart(&machine, hart_id);
	uint64_t old = csr_read(CSR_SATP);

	(void)context;
	csr_write(CSR_SATP, old | SATP_ASID);
	uint64_t asid = field_get(SATP_ASID, csr_read(CSR_SATP));
	csr_write(CSR_SATP, old);
	__asm__ volatile("sfence.vma" ::: "memory");
	EXPECT_EQ(asid, BIT(f->asid_bits) - 1);
	EXPECT(f->satp_modes & 1);
	EXPECT_EQ(f->satp_modes >> 1 & 1, tree->mmu >= MMU_SV48);
	EXPECT_EQ(f->satp_modes >> 2 & 1, tree->mmu >= MMU_SV57);
	EXPECT_EQ(f->h, csr_exists(CSR_HSTATUS));
	EXPECT_EQ(f->sstc, csr_exists(CSR_STIMECMP));
	EXPECT_EQ(hart_engine(hart_index), f->h ? ENGINE_HEXT : ENGINE_SOFT);
	EXPECT_EQ(f->hgatp_modes != 0, f->h);
	EXPECT(!(f->hgatp_modes & ~f->satp_modes));
	EXPECT_EQ(f->h, isa_has(&tree->isa, ISA_H));
	EXPECT_EQ(csr_read(CSR_SATP), old);
	EXPECT(f == hart_features(hart_index));
	expect_probed(CSR_SENVCFG, ~0ull, f->senvcfg);
	expect_probed(CSR_SCOUNTEREN, MASK(31, 0), f->scounteren);
	EXPECT_EQ(f->stateen, csr_exists(CSR_SSTATEEN0));
	EXPECT_EQ(f->aia, csr_exists(CSR_STOPEI) && csr_exists(CSR_SISELECT));
	if (f->h)
		expect_h_features_are_true(f);
}

TEST(boot, features_of_every_hart_are_what_its_registers_say)
{
	run_on_every_hart(expect_features_are_true, NULL);
}

/* What a boot loader is told: it must keep clear of everything that the image takes. */
TEST(boot, header_of_the_image_says_how_much_memory_it_takes)
{
	uint64_t size;

	memcpy(&size, image_start + 16, sizeof(size));
	EXPECT_EQ(size, (uint64_t)(image_end - image_start));
	EXPECT(!memcmp(image_start + 48, "RISCV\0\0\0RSC\x05", 12));
}

TEST(boot, code_runs_with_interrupts_off)
{
	EXPECT(!(csr_read(CSR_SSTATUS) & SSTATUS_SIE));
}

static const char *needs_seed(void)
{
	return machine.rng_seed_size ? NULL : "the tree has no rng-seed";
}

TEST_IF(boot, seed_is_erased_from_the_tree_and_the_machine, needs_seed)
{
	size_t size;
	const void *tree = boot_tree(&size);
	int length, chosen = fdt_path_offset(tree, "/chosen");
	const uint8_t *seed = fdt_getprop(tree, chosen, "rng-seed", &length);
	uint8_t any = 0;

	REQUIRE(seed != NULL);
	EXPECT_EQ(length, machine.rng_seed_whole);
	for (int i = 0; i < length; i++)
		any |= seed[i];
	for (unsigned i = 0; i < sizeof(machine.rng_seed); i++)
		any |= machine.rng_seed[i];
	EXPECT_EQ(any, 0);
	EXPECT_EQ(fdt_check_full(tree, size), 0);
}

TEST_IF(random, generator_was_fed_with_the_seed, needs_seed)
{
	EXPECT(random_is_seeded());
}

TEST(random, guard_of_the_stack_is_drawn)
{
	EXPECT(__stack_chk_guard != UINT64_C(0x0a0d00ff2a3b4c5d));
	EXPECT(__stack_chk_guard >> 8);
	EXPECT_EQ(__stack_chk_guard & 0xff, 0);
}

/* Each bit of 64 bytes is seen both ways in 64 draws, but once in 2^54 tries. */
TEST(random, every_bit_of_a_draw_varies)
{
	enum { LONG = 77 }; /* no multiple of a block */
	uint8_t all[LONG], any[LONG] = { 0 }, draw[LONG + 1];

	memset(all, 0xff, sizeof(all));
	for (unsigned i = 0; i < 64; i++) {
		draw[LONG] = 0x5a;
		random_bytes(draw, LONG);
		EXPECT_EQ(draw[LONG], 0x5a);
		for (unsigned k = 0; k < LONG; k++) {
			all[k] &= draw[k];
			any[k] |= draw[k];
		}
	}
	for (unsigned k = 0; k < LONG; k++) {
		EXPECT_EQ(all[k], 0);
		EXPECT_EQ(any[k], 0xff);
	}
}

static uint64_t draws[MAX_HARTS][16];

static void draw_some(void *context)
{
	(void)context;
	for (unsigned i = 0; i < ARRAY_LEN(draws[0]); i++)
		draws[hart_index][i] = random_u64();
}

TEST(random, no_two_draws_on_any_harts_are_equal)
{
	const uint64_t *all = &draws[0][0];

	run_on_every_hart(draw_some, NULL);
	for (unsigned i = 0; i < n_harts() * ARRAY_LEN(draws[0]); i++)
		for (unsigned k = 0; k < i; k++)
			EXPECT(all[i] != all[k]);
}

static unsigned number = 5, choice = 1, flag;
OPTION_NUMBER(test-number, test_number, number, 0, UINT32_MAX, "for a test");
OPTION_CHOICE(test-choice, test_choice, choice, "first second third", "for a test");
OPTION_FLAG(test-flag, test_flag, flag, "for a test");

TEST(option, values_are_read_from_the_arguments)
{
	options_read("  test-number=42 console=ttyS0 test-choice=third\ttest-flag  root=/dev/vda ");
	EXPECT_EQ(number, 42);
	EXPECT_EQ(choice, 2);
	EXPECT_EQ(flag, 1);
	options_read("test-flag=off test-number=0x10 test-choice=first");
	EXPECT_EQ(number, 16);
	EXPECT_EQ(choice, 0);
	EXPECT_EQ(flag, 0);
}

static unsigned n_evaluated;

static unsigned evaluated(void)
{
	return ++n_evaluated;
}

TEST(log, level_decides_what_is_evaluated_and_printed)
{
	unsigned before = log_level;

	n_evaluated = 0;
	log_level = LOG_NOTICE;
	log_info("not to be seen: %u", evaluated());
	EXPECT_EQ(n_evaluated, 0);
	options_read("log=info");
	EXPECT_EQ(log_level, LOG_INFO);
	log_info("to be seen: %u", evaluated());
	EXPECT_EQ(n_evaluated, 1);
	log_level = before;
}

/* What does not fit is cut; nothing is written outside the line. */
TEST(log, line_that_is_too_long_is_cut)
{
	static char big[1000];

	memset(big, 'x', sizeof(big) - 1);
	log_notice("%s", big);
	log_notice("%s", "");
}

TEST(symbols, function_is_found_by_every_address_in_it)
{
	uint64_t at = (uint64_t)machine_hart - (uint64_t)image_start;
	struct symbol s = symbol_find(&symbols, at);

	EXPECT_STR(s.name, "machine_hart");
	EXPECT_EQ(s.start, at);
	EXPECT_STR(symbol_find(&symbols, at + 4).name, "machine_hart");
	EXPECT_STR(symbol_find(&symbols, (uint64_t)kit_run - (uint64_t)image_start).name,
		   "kit_run");
	EXPECT(!symbol_find(&symbols, (uint64_t)(image_rodata - image_start)).name[0]);
}
