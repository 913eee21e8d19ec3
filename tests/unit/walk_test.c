/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Walks in software. The guest's memory is 16 pages somewhere above 2 GiB; its tables are written
 * entry by entry, and each way in which one can be wrong is tried.
 */
#include "gstage/walk.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/cause.h"
#include "arch/csr.h"
#include "platform/mmu.h"
#include "tests/kit/kit.h"
#include "tests/unit/own_host.h"

enum { N_PAGES = 16, NONE = 0 };
static const uint64_t ram_at = 0x80000000;
static const pte_t leaf_rwx = PTE_V | PTE_RWX | PTE_U | PTE_A | PTE_D;
static pte_t ram[N_PAGES][PTES_PER_PAGE];
static unsigned n_reads;

static bool read_ram(void *context, struct gpa at, uint64_t *entry)
{
	n_reads++;
	EXPECT(is_aligned(at.v, 8));
	EXPECT(context == ram);
	if (at.v < ram_at || at.v - ram_at >= sizeof(ram))
		return false;
	*entry = ((const pte_t *)ram)[(at.v - ram_at) / 8];
	return true;
}

static struct gpa page_at(unsigned n)
{
	return GPA(ram_at + n * PAGE_SIZE);
}

static pte_t to_page(unsigned n, pte_t bits)
{
	return pte_make(HPA(page_at(n).v), bits);
}

static uint64_t vsatp_of(unsigned levels)
{
	return field_put(SATP_MODE, SATP_MODE_SV39 + levels - 3) |
	       field_put(SATP_PPN, ram_at >> PAGE_SHIFT);
}

/* Tables in pages 0, 1, ... lead `gva` down to `level`, where `entry` stands. */
static void lay(unsigned levels, uint64_t gva, unsigned level, pte_t entry)
{
	memset(ram, 0, sizeof(ram));
	for (unsigned l = levels - 1, page = 0;; l--, page++) {
		bool last = l == level;

		ram[page][pte_index(gva, l)] = last ? entry : to_page(page + 1, PTE_V);
		if (last)
			break;
	}
}

static struct walk walked(unsigned levels, uint64_t gva, pte_t allowed)
{
	struct walk w;

	n_reads = 0;
	walk_guest(&w, vsatp_of(levels), GVA(gva), allowed, read_ram, ram);
	EXPECT(n_reads <= levels);
	EXPECT((w.end == WALK_FOUND) == !w.why);
	return w;
}

/* A GVA with the same low bits in every mode, in the upper half. */
static uint64_t high(unsigned levels, uint64_t low)
{
	return (UINT64_MAX << (PAGE_SHIFT + 9 * levels - 1)) | low;
}

TEST(walk, bare_leads_every_address_to_itself_and_allows_everything)
{
	struct walk_access store = { .kind = GTABLE_W, .user = true };
	struct walk w;

	walk_guest(&w, 0, GVA(0x123456789), NONE, read_ram, ram);
	EXPECT_EQ(w.end, WALK_FOUND);
	EXPECT_EQ(w.to, 0x123456789);
	EXPECT_EQ(w.n_steps, 0);
	EXPECT_EQ(walk_guest_fault(&w, store), 0);
}

TEST(walk, finds_leaves_of_every_level_in_every_mode)
{
	for (unsigned levels = 3; levels <= 5; levels++) {
		for (unsigned level = 0; level < levels; level++) {
			uint64_t gva = high(levels, 0x1234567890), size = gtable_leaf_size(level);
			uint64_t to = size * 3;

			lay(levels, gva, level, pte_make(HPA(to), leaf_rwx));
			struct walk w = walked(levels, gva, NONE);

			EXPECT_EQ(w.end, WALK_FOUND);
			EXPECT_EQ(w.size, size);
			EXPECT_EQ(w.to, to + gva % size);
			EXPECT_EQ(w.leaf, pte_make(HPA(to), leaf_rwx));
			EXPECT_EQ(w.n_steps, levels - level);
			for (unsigned i = 0; i < w.n_steps; i++) {
				unsigned l = levels - 1 - i;

				EXPECT_EQ(w.steps[i].level, l);
				EXPECT_EQ(w.steps[i].at, page_at(i).v + 8 * pte_index(gva, l));
				EXPECT_EQ(w.steps[i].entry, ram[i][pte_index(gva, l)]);
			}
		}
	}
}

TEST(walk, refuses_addresses_that_are_not_canonical_and_modes_that_there_are_not)
{
	struct walk w;

	for (unsigned levels = 3; levels <= 5; levels++) {
		uint64_t half = BIT(PAGE_SHIFT + 9 * levels - 1);

		memset(ram, 0, sizeof(ram));
		EXPECT_EQ(walked(levels, half - 1, NONE).end, WALK_ABSENT);
		EXPECT_EQ(walked(levels, -half, NONE).end, WALK_ABSENT);
		EXPECT_EQ(walked(levels, half, NONE).end, WALK_MALFORMED);
		EXPECT_EQ(walked(levels, -half - 1, NONE).end, WALK_MALFORMED);
		EXPECT_EQ(walked(levels, BIT(63), NONE).end, WALK_MALFORMED);
	}
	for (uint64_t mode = 1; mode < 16; mode++) {
		if (mode >= SATP_MODE_SV39 && mode <= SATP_MODE_SV57)
			continue;
		walk_guest(&w, field_put(SATP_MODE, mode), GVA(0), NONE, read_ram, ram);
		EXPECT_EQ(w.end, WALK_MALFORMED);
	}
}

static enum walk_end end_with(unsigned level, pte_t entry, pte_t allowed)
{
	lay(4, MEGA_SIZE, level, entry);
	return walked(4, MEGA_SIZE, allowed).end;
}

/* RV4: each bit and encoding that the specification reserves. */
TEST(walk, refuses_malformed_entries)
{
	for (unsigned level = 0; level < 4; level++) {
		pte_t good = pte_make(HPA(0), leaf_rwx);

		EXPECT_EQ(end_with(level, good, NONE), WALK_FOUND);
		EXPECT_EQ(end_with(level, good & ~PTE_V, NONE), WALK_ABSENT);
		EXPECT_EQ(end_with(level, good & ~PTE_R, NONE), WALK_MALFORMED);
		EXPECT_EQ(end_with(level, good & ~(PTE_R | PTE_X), NONE), WALK_MALFORMED);
		EXPECT_EQ(end_with(level, good | BIT(8) | BIT(9) | PTE_G, NONE), WALK_FOUND);
		for (unsigned bit = 54; bit < 64; bit++)
			EXPECT_EQ(end_with(level, good | BIT(bit), NONE), WALK_MALFORMED);
		for (unsigned bit = 54; bit < 61; bit++)
			EXPECT_EQ(end_with(level, good | BIT(bit), PTE_N | PTE_PBMT),
				  WALK_MALFORMED);
		EXPECT_EQ(end_with(level, good | BIT(61), PTE_PBMT), WALK_FOUND);
		EXPECT_EQ(end_with(level, good | BIT(62), PTE_PBMT), WALK_FOUND);
		EXPECT_EQ(end_with(level, good | PTE_PBMT, PTE_PBMT), WALK_MALFORMED);
		for (unsigned l = 0; l < level; l++)
			EXPECT_EQ(end_with(level, good | BIT(10 + 9 * l), NONE), WALK_MALFORMED);
	}
	for (unsigned level = 1; level < 4; level++) {
		pte_t table = to_page(8, PTE_V);

		EXPECT_EQ(end_with(level, table | PTE_G, NONE), WALK_ABSENT);
		EXPECT_EQ(end_with(level, table | PTE_U, NONE), WALK_MALFORMED);
		EXPECT_EQ(end_with(level, table | PTE_A, NONE), WALK_MALFORMED);
		EXPECT_EQ(end_with(level, table | PTE_D, NONE), WALK_MALFORMED);
		EXPECT_EQ(end_with(level, table | BIT(61), PTE_PBMT), WALK_MALFORMED);
		EXPECT_EQ(end_with(level, table | PTE_N, PTE_N), WALK_MALFORMED);
	}
	EXPECT_EQ(end_with(0, to_page(8, PTE_V), NONE), WALK_MALFORMED);
}

TEST(walk, knows_runs_of_16_pages_where_they_are_allowed)
{
	uint64_t gva = 0x12345678;
	pte_t run = pte_make(HPA(0x40080000 + 8 * PAGE_SIZE), leaf_rwx | PTE_N);

	lay(3, gva, 0, run);
	EXPECT_EQ(walked(3, gva, NONE).end, WALK_MALFORMED);
	struct walk w = walked(3, gva, PTE_N);

	EXPECT_EQ(w.end, WALK_FOUND);
	EXPECT_EQ(w.size, 64 * KiB);
	EXPECT_EQ(w.to, 0x40080000 + gva % (64 * KiB));
	for (unsigned code = 0; code < 16; code++) {
		lay(3, gva, 0, pte_make(HPA(0x40080000 + code * PAGE_SIZE), leaf_rwx | PTE_N));
		EXPECT_EQ(walked(3, gva, PTE_N).end, code == 8 ? WALK_FOUND : WALK_MALFORMED);
	}
	lay(3, gva, 1, pte_make(HPA(0x40000000 + 8 * MEGA_SIZE), leaf_rwx | PTE_N));
	EXPECT_EQ(walked(3, gva, PTE_N).end, WALK_MALFORMED);
}

/* RV1: which address it was that had no memory, at whichever level. */
TEST(walk, says_where_a_table_is_missing)
{
	uint64_t gva = 0x3fffff123, nowhere = 0x1000;

	for (unsigned level = 1; level < 5; level++) {
		lay(5, gva, level, pte_make(HPA(nowhere), PTE_V));
		struct walk w = walked(5, gva, NONE);

		EXPECT_EQ(w.end, WALK_TABLE_NOWHERE);
		EXPECT_EQ(w.to, nowhere + 8 * pte_index(gva, level - 1));
		EXPECT_EQ(w.n_steps, 5 - level);
		EXPECT_EQ(walk_guest_fault(&w, (struct walk_access){ .kind = GTABLE_R }),
			  CAUSE_LOAD_GPF);
		EXPECT_EQ(walk_guest_fault(&w, (struct walk_access){ .kind = GTABLE_W }),
			  CAUSE_STORE_GPF);
		EXPECT_EQ(walk_guest_fault(&w, (struct walk_access){ .kind = GTABLE_X }),
			  CAUSE_FETCH_GPF);
	}
}

/* A table whose entries all lead to itself ends where the levels do. */
TEST(walk, ends_in_a_table_that_leads_to_itself)
{
	for (unsigned i = 0; i < PTES_PER_PAGE; i++)
		ram[0][i] = to_page(0, PTE_V);
	for (unsigned levels = 3; levels <= 5; levels++) {
		struct walk w = walked(levels, 0x1234567890, NONE);

		EXPECT_EQ(w.end, WALK_MALFORMED);
		EXPECT_EQ(w.n_steps, levels);
	}
}

/* Whatever stands in the tables, nothing but the root and what it leads to is read. */
TEST(walk, survives_tables_full_of_anything)
{
	unsigned n_of[4] = {};

	srand(1);
	for (unsigned round = 0; round < 20000; round++) {
		unsigned levels = 3 + (unsigned)rand() % 3;
		uint64_t gva = high(levels, 0);

		for (unsigned page = 0; page < N_PAGES; page++) {
			pte_t entry =
				to_page((unsigned)rand() % 24, (unsigned)rand() % 4 ? PTE_V : 0);

			if (rand() % 3 == 0)
				entry |= (unsigned)rand() % 256;
			if (rand() % 8 == 0)
				entry |= (uint64_t)rand() << rand() % 64;
			for (unsigned l = 0; l < 5; l++)
				ram[page][pte_index(gva, l)] = entry;
		}
		struct walk w = walked(levels, gva, rand() % 2 ? PTE_N | PTE_PBMT : 0);

		n_of[w.end]++;
		if (w.end == WALK_FOUND)
			EXPECT(is_aligned(w.to, w.size));
	}
	for (unsigned i = 0; i < 4; i++)
		EXPECT(n_of[i] > 100);
}

/* ---- Rights ---- */

static unsigned fault_of(pte_t leaf, struct walk_access access)
{
	lay(3, 0x1000, 0, pte_make(HPA(0), leaf));
	struct walk w = walked(3, 0x1000, NONE);

	return walk_guest_fault(&w, access);
}

static pte_t with(pte_t bits)
{
	return PTE_V | PTE_A | PTE_D | bits;
}

/* The whole table of the specification, worked out in another way: by who may do what. */
TEST(walk, gives_the_fault_that_hardware_gives_for_every_leaf_and_access)
{
	static const enum gtable_rights kinds[] = { GTABLE_R, GTABLE_W, GTABLE_X };
	static const unsigned faults[] = { CAUSE_LOAD_PAGE, CAUSE_STORE_PAGE, CAUSE_FETCH_PAGE };
	static const pte_t leaves[] = { PTE_R, PTE_X, PTE_R | PTE_W, PTE_R | PTE_X, PTE_RWX };

	for (unsigned i = 0; i < ARRAY_LEN(leaves) * 3 * 16; i++) {
		unsigned kind = i / 16 % 3;
		bool of_user = i & 1, user = i & 2, sum = i & 4, mxr = i & 8;
		pte_t leaf = leaves[i / 48];
		struct walk_access access = { kinds[kind], user, sum, mxr, false };
		bool reaches = of_user == user || (of_user && sum && kind != 2);
		bool right = kind == 0   ? leaf & PTE_R || (mxr && leaf & PTE_X)
			     : kind == 1 ? leaf & PTE_W
					 : leaf & PTE_X;

		EXPECT_EQ(fault_of(with(leaf | (of_user ? PTE_U : 0)), access),
			  reaches && right ? 0 : faults[kind]);
	}
}

TEST(walk, wants_accessed_and_dirty_unless_hardware_sets_them)
{
	pte_t bare = PTE_V | PTE_RWX;

	for (unsigned by_hardware = 0; by_hardware < 2; by_hardware++) {
		struct walk_access load = { .kind = GTABLE_R, .sets_ad = by_hardware };
		struct walk_access store = { .kind = GTABLE_W, .sets_ad = by_hardware };

		EXPECT_EQ(fault_of(bare, load), by_hardware ? 0 : CAUSE_LOAD_PAGE);
		EXPECT_EQ(fault_of(bare | PTE_D, load), by_hardware ? 0 : CAUSE_LOAD_PAGE);
		EXPECT_EQ(fault_of(bare | PTE_A, load), 0);
		EXPECT_EQ(fault_of(bare | PTE_A, store), by_hardware ? 0 : CAUSE_STORE_PAGE);
		EXPECT_EQ(fault_of(bare | PTE_A | PTE_D, store), 0);
	}
}

/* ---- The G-stage ---- */

static struct gtable table;

TEST(walk, agrees_with_the_table_about_the_g_stage)
{
	struct walk w;

	for (unsigned levels = GTABLE_SV39X4; levels <= GTABLE_SV57X4; levels++) {
		uint64_t top = BIT(PAGE_SHIFT + 9 * levels + 2) - GIGA_SIZE;

		REQUIRE_EQ(gtable_init(&table, levels), 0);
		REQUIRE_EQ(gtable_map(&table, GPA(top), HPA(GIGA_SIZE), MEGA_SIZE, GTABLE_R), 0);
		walk_gstage(&w, &table, GPA(top + 0x1234));
		EXPECT_EQ(w.end, WALK_FOUND);
		EXPECT_EQ(w.to, GIGA_SIZE + 0x1234);
		EXPECT_EQ(w.size, MEGA_SIZE);
		EXPECT_EQ(w.n_steps, levels - 1);
		EXPECT_EQ(w.steps[0].at, own_hpa(table.root).v + 8 * 2047);
		EXPECT_EQ(walk_gstage_fault(&w, (struct walk_access){ .kind = GTABLE_R }), 0);
		EXPECT_EQ(walk_gstage_fault(&w, (struct walk_access){ .kind = GTABLE_W }),
			  CAUSE_STORE_GPF);
		EXPECT_EQ(walk_gstage_fault(&w, (struct walk_access){ .kind = GTABLE_X }),
			  CAUSE_FETCH_GPF);
		walk_gstage(&w, &table, GPA(top + MEGA_SIZE));
		EXPECT_EQ(w.end, WALK_ABSENT);
		EXPECT_EQ(walk_gstage_fault(&w, (struct walk_access){ .kind = GTABLE_R }),
			  CAUSE_LOAD_GPF);
		walk_gstage(&w, &table, GPA(gtable_end(&table)));
		EXPECT_EQ(w.end, WALK_MALFORMED);
		gtable_destroy(&table);
	}
}

/* AS7: a table that something has written over is reported, not followed. */
TEST(walk, does_not_follow_an_entry_of_ours_that_leads_out_of_own_memory)
{
	struct walk w;

	REQUIRE_EQ(gtable_init(&table, GTABLE_SV39X4), 0);
	table.root[0] = pte_make(HPA(0x1000), PTE_V);
	walk_gstage(&w, &table, GPA(0x8000));
	EXPECT_EQ(w.end, WALK_TABLE_NOWHERE);
	EXPECT_EQ(w.to, 0x1000 + 8 * 0);
	table.root[0] = 0;
	gtable_destroy(&table);
}

/* ---- For people (AX11) ---- */

static char shown[2048];

static void show(const char *format, ...)
{
	size_t n = strlen(shown);
	va_list args;

	va_start(args, format);
	n += (size_t)vsnprintf(shown + n, sizeof(shown) - n, format, args);
	va_end(args);
	REQUIRE(n + 2 < sizeof(shown));
	strcpy(shown + n, "\n");
}

static const char *shown_both(uint64_t vsatp, uint64_t gva)
{
	shown[0] = '\0';
	walk_show_both(&table, vsatp, GVA(gva), NONE, read_ram, ram, show);
	return shown;
}

TEST(walk, shows_every_level_of_both_stages)
{
	REQUIRE_EQ(gtable_init(&table, GTABLE_SV39X4), 0);
	REQUIRE_EQ(gtable_map(&table, GPA(ram_at), HPA(GIGA_SIZE), MEGA_SIZE, GTABLE_RWX), 0);
	lay(3, 0x1000, 0, to_page(9, PTE_V | PTE_R | PTE_A));
	EXPECT_STR(shown_both(vsatp_of(3), 0x1234),
		   "guest virtual 0x1234:\n"
		   "  level 2, entry at 0x80000000: 0x0000000020000401 v-------\n"
		   "  level 1, entry at 0x80001000: 0x0000000020000801 v-------\n"
		   "  level 0, entry at 0x80002008: 0x0000000020002443 vr----a-\n"
		   "  guest physical 0x80009234, page of 4 KiB\n"
		   "guest physical 0x80009234:\n"
		   "  level 2, entry at 0x40000010: 0x0000000010001001 v-------\n"
		   "  level 1, entry at 0x40004000: 0x00000000100000df vrwxu-ad\n"
		   "  host physical 0x40009234, page of 2048 KiB\n");
	ram[1][0] = pte_make(HPA(0x1000), PTE_V);
	EXPECT_STR(shown_both(vsatp_of(3), 0x1234),
		   "guest virtual 0x1234:\n"
		   "  level 2, entry at 0x80000000: 0x0000000020000401 v-------\n"
		   "  level 1, entry at 0x80001000: 0x0000000000000401 v-------\n"
		   "  a table in no memory: 0x1008\n"
		   "guest physical 0x1008:\n"
		   "  level 2, entry at 0x40000000: 0x0000000000000000 --------\n"
		   "  nothing mapped\n");
	ram[1][0] = 0;
	EXPECT_STR(shown_both(vsatp_of(3), 0x1234),
		   "guest virtual 0x1234:\n"
		   "  level 2, entry at 0x80000000: 0x0000000020000401 v-------\n"
		   "  level 1, entry at 0x80001000: 0x0000000000000000 --------\n"
		   "  nothing mapped\n");
	EXPECT_STR(shown_both(0, gtable_end(&table)),
		   "guest virtual 0x20000000000:\n"
		   "  guest physical 0x20000000000, not translated\n"
		   "guest physical 0x20000000000:\n"
		   "  an address that the table does not reach\n");
	gtable_destroy(&table);
}
