/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/symbols.h"

#include <stdlib.h>
#include <string.h>

#include "tests/kit/kit.h"

/* A table as tools/symbols.py lays it out, in memory that ends where it does. */
static struct symbol_table *table_with(uint32_t n, uint32_t text_size, const char *functions,
				       size_t size)
{
	struct symbol_table *t = calloc(1, sizeof(*t) + size);

	REQUIRE(t);
	*t = (struct symbol_table){ .n_functions = n, .text_size = text_size };
	for (unsigned letter = 1; letter < 0x80; letter++)
		t->pairs[letter][1] = (uint8_t)letter;
	memcpy(t->functions, functions, size);
	return t;
}

static void pair_add(struct symbol_table *t, char code, const char *two)
{
	memcpy(t->pairs[(uint8_t)code], two, 2);
}

static void expect_symbol(const struct symbol_table *t, uint64_t offset, const char *name,
			  uint32_t start)
{
	struct symbol s = symbol_find(t, offset);

	EXPECT_STR(s.name, name);
	EXPECT_EQ(s.start, start);
}

#define TABLE(n, text_size, functions) table_with(n, text_size, functions, sizeof(functions) - 1)

TEST(symbols, address_belongs_to_the_function_that_starts_last_before_it)
{
	struct symbol_table *t = TABLE(3, 0x100, "\x08one\0\x08two\0\x30three\0");

	expect_symbol(t, 0x10, "one", 0x10);
	expect_symbol(t, 0x1f, "one", 0x10);
	expect_symbol(t, 0x20, "two", 0x20);
	expect_symbol(t, 0x7f, "two", 0x20);
	expect_symbol(t, 0x80, "three", 0x80);
	expect_symbol(t, 0xff, "three", 0x80);
	free(t);
}

TEST(symbols, address_outside_of_the_text_has_no_name)
{
	struct symbol_table *t = TABLE(1, 0x100, "\x08one\0");

	expect_symbol(t, 0, "", 0);
	expect_symbol(t, 0xf, "", 0);
	expect_symbol(t, 0x100, "", 0);
	expect_symbol(t, UINT64_MAX, "", 0);
	expect_symbol(t, 0x100000020, "", 0);
	free(t);
}

TEST(symbols, empty_table_knows_nothing)
{
	struct symbol_table *t = TABLE(0, 100, "");

	expect_symbol(t, 0, "", 0);
	expect_symbol(t, 50, "", 0);
	free(t);
}

/* 0x80 is the least that takes two bytes, 0x4000 the least that takes three. */
TEST(symbols, function_may_be_longer_than_one_byte_says)
{
	struct symbol_table *t = TABLE(4, 0x20000,
				       "\x7f"
				       "a\0\x80\x01"
				       "b\0\xff\x7f"
				       "c\0\x80\x80\x01"
				       "d\0");

	expect_symbol(t, 0xfe, "a", 0xfe);
	expect_symbol(t, 0x1fd, "a", 0xfe);
	expect_symbol(t, 0x1fe, "b", 0x1fe);
	expect_symbol(t, 0x81fc, "c", 0x81fc);
	expect_symbol(t, 0x101fc, "d", 0x101fc);
	free(t);
}

TEST(symbols, code_stands_for_two_others_and_may_end_the_name)
{
	struct symbol_table *t = TABLE(4, 8, "\0\x81\x01\x82\x01\x83\x83\0\x01x\0");

	pair_add(t, '\x80', "vm");
	pair_add(t, '\x81', "r\x82");
	pair_add(t, '\x82', "\x83\x84");
	pair_add(t, '\x83', "\x80_");
	pair_add(t, '\x84', "n\x85");
	pair_add(t, '\x85', "1\x86");
	expect_symbol(t, 0, "rvm_n1", 0);
	expect_symbol(t, 2, "vm_n1", 2);
	expect_symbol(t, 4, "vm_vm_", 4);
	expect_symbol(t, 6, "x", 6);
	free(t);
}

TEST(symbols, name_that_is_too_long_is_cut_off_and_the_next_is_found)
{
	char functions[203] = "", expected[sizeof(((struct symbol *)0)->name)] = "";
	struct symbol_table *t;

	memset(functions + 1, 'x', 198);
	memcpy(functions + 200, "\x01y", 2);
	memset(expected, 'x', sizeof(expected) - 1);
	t = table_with(2, 8, functions, sizeof(functions));
	expect_symbol(t, 1, expected, 0);
	expect_symbol(t, 3, "y", 2);
	free(t);
}

/* As deep as tools/symbols.py may nest them, to either side. */
TEST(symbols, pairs_nest_deep)
{
	enum { DEPTH = 15 };
	struct symbol_table *t = TABLE(2, 4, "\0\x8e\0\x01\xae\0");

	for (unsigned i = 0; i < DEPTH; i++) {
		t->pairs[0x80 + i][0] = (uint8_t)(i ? 0x80 + i - 1 : 'a');
		t->pairs[0x80 + i][1] = 'b';
		t->pairs[0xa0 + i][0] = 'b';
		t->pairs[0xa0 + i][1] = (uint8_t)(i ? 0xa0 + i - 1 : 'a');
	}
	expect_symbol(t, 0, "abbbbbbbbbbbbbbb", 0);
	expect_symbol(t, 2, "bbbbbbbbbbbbbbba", 2);
	free(t);
}
