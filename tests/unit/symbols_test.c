/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/symbols.h"

#include <stdlib.h>
#include <string.h>

#include "tests/kit/kit.h"

/* As tools/symbols.py lays it out: the names stand right behind the entries. */
static const struct {
	uint32_t n_entries, text_size;
	struct symbol_entry entries[3];
	char names[16];
} three = { 3, 0x100, { { 0x10, 0 }, { 0x20, 4 }, { 0x80, 8 } }, "one\0two\0three" };

static const struct symbol_table *const table = (const struct symbol_table *)&three;

static void expect_symbol(uint64_t offset, const char *name, uint32_t start)
{
	struct symbol s = symbol_find(table, offset);

	EXPECT_STR(s.name, name);
	EXPECT_EQ(s.start, start);
}

TEST(symbols, address_belongs_to_the_function_that_starts_last_before_it)
{
	expect_symbol(0x10, "one", 0x10);
	expect_symbol(0x1f, "one", 0x10);
	expect_symbol(0x20, "two", 0x20);
	expect_symbol(0x7f, "two", 0x20);
	expect_symbol(0x80, "three", 0x80);
	expect_symbol(0xff, "three", 0x80);
}

TEST(symbols, address_outside_of_the_text_has_no_name)
{
	expect_symbol(0, NULL, 0);
	expect_symbol(0xf, NULL, 0);
	expect_symbol(0x100, NULL, 0);
	expect_symbol(UINT64_MAX, NULL, 0);
	expect_symbol(0x100000020, NULL, 0);
}

TEST(symbols, empty_table_knows_nothing)
{
	static const struct symbol_table empty = { .n_entries = 0, .text_size = 100 };

	EXPECT(!symbol_find(&empty, 0).name);
	EXPECT(!symbol_find(&empty, 50).name);
}

/* Tables of every size from 1 on, looked up at and around each start. */
TEST(symbols, search_finds_every_entry_of_tables_of_any_size)
{
	enum { MAX = 40, STEP = 8 };

	for (uint32_t n = 1; n <= MAX; n++) {
		size_t entries = sizeof(struct symbol_table) + n * sizeof(struct symbol_entry);
		struct symbol_table *t = malloc(entries + 2 * n);

		REQUIRE(t);
		*t = (struct symbol_table){ .n_entries = n, .text_size = n * STEP };
		for (uint32_t i = 0; i < n; i++) {
			t->entries[i] = (struct symbol_entry){ i * STEP, 2 * i };
			((char *)t + entries)[2 * i] = (char)('0' + i);
			((char *)t + entries)[2 * i + 1] = '\0';
		}
		for (uint32_t offset = 0; offset < n * STEP; offset++) {
			struct symbol s = symbol_find(t, offset);

			REQUIRE(s.name && s.name[0] == (char)('0' + offset / STEP));
			EXPECT_EQ(s.start, offset / STEP * STEP);
		}
		EXPECT(!symbol_find(t, n * STEP).name);
		free(t);
	}
}
