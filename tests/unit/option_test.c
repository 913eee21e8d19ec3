/* SPDX-License-Identifier: BSD-2-Clause */
/* Boot arguments become options; what is unknown or wrong is told and changes nothing. */
#include "platform/option.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "platform/boot_internal.h"
#include "platform/log.h"
#include "tests/kit/kit.h"

static unsigned number, choice, flag, other;

/* What the linker gathers in an image. */
extern const struct option options[4];
const struct option options[4] = {
	{ "count", OPTION_IS_NUMBER, &number, .most = UINT32_MAX, .help = "a number" },
	{ "kind", OPTION_IS_CHOICE, &choice, .choices = "red green blue", .help = "a choice" },
	{ "loud", OPTION_IS_CHOICE, &flag, .choices = "off on", .help = "a flag" },
	{ "counter", OPTION_IS_NUMBER, &other, .least = 3, .most = 64,
	  .help = "begins like another" },
};
_Static_assert(sizeof(options) == 160, "as the next line says");
__asm__(".globl options_end\n.set options_end, options + 160");

unsigned log_level = LOG_NOTICE;
static char said[2000];

void log_line(enum log_level level, const char *format, ...)
{
	size_t n = strlen(said);
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(said + n, sizeof(said) - n, format, arguments);
	va_end(arguments);
	EXPECT_EQ(level, LOG_NOTICE);
}

static void read(const char *arguments)
{
	number = other = 7;
	choice = flag = 1;
	said[0] = '\0';
	options_read(arguments);
}

TEST(option, values_of_every_kind_are_read)
{
	read("count=42 kind=blue loud=on");
	EXPECT_EQ(number, 42);
	EXPECT_EQ(choice, 2);
	EXPECT_EQ(flag, 1);
	EXPECT_EQ(other, 7);
	EXPECT_STR(said, "");
}

TEST(option, words_may_stand_apart_by_any_blanks)
{
	read(" \t count=1\n\tloud=off   kind=red\n");
	EXPECT_EQ(number, 1);
	EXPECT_EQ(flag, 0);
	EXPECT_EQ(choice, 0);
	EXPECT_STR(said, "");
	read("");
	read("   ");
	EXPECT_EQ(number, 7);
	EXPECT_STR(said, "");
}

TEST(option, numbers_may_be_hexadecimal_and_reach_32_bits)
{
	read("count=0x1F");
	EXPECT_EQ(number, 31);
	read("count=4294967295");
	EXPECT_EQ(number, 0xffffffff);
	read("count=0");
	EXPECT_EQ(number, 0);
}

TEST(option, numbers_with_leading_zeros_are_decimal)
{
	read("count=010");
	EXPECT_EQ(number, 10);
	read("count=08");
	EXPECT_EQ(number, 8);
}

TEST(option, wrong_numbers_change_nothing)
{
	static const char *const wrong[] = {
		"count=",
		"count=x",
		"count=-1",
		"count=+1",
		"count=1x",
		"count=0x",
		"count",
		"count=4294967296",
		"count=0x100000000",
		"count==1",
		"count=99999999999999999999",
		"count=1,2",
	};

	for (unsigned i = 0; i < ARRAY_LEN(wrong); i++) {
		read(wrong[i]);
		EXPECT_EQ(number, 7);
		EXPECT(strstr(said, "is refused; expected a number from 0 to 4294967295; now 7"));
	}
}

TEST(option, a_number_outside_its_range_is_told_and_changes_nothing)
{
	read("counter=3");
	EXPECT_EQ(other, 3);
	read("counter=64");
	EXPECT_EQ(other, 64);
	EXPECT_STR(said, "");
	read("counter=2");
	EXPECT_EQ(other, 7);
	EXPECT_STR(said, "options: 'counter=2' is refused; expected a number from 3 to 64; now 7");
	read("counter=0x41");
	EXPECT_EQ(other, 7);
	EXPECT_STR(said,
		   "options: 'counter=0x41' is refused; expected a number from 3 to 64; now 7");
}

TEST(option, wrong_choices_change_nothing)
{
	static const char *const wrong[] = { "kind=", "kind=gre", "kind=greens", "kind=red green",
					     "kind" };

	for (unsigned i = 0; i < ARRAY_LEN(wrong); i++) {
		read(wrong[i]);
		EXPECT_EQ(choice, i == 3 ? 0 : 1);
		EXPECT(strstr(said, i == 3 ? "'green' is unknown"
					   : "expected one of red green blue; now green"));
	}
}

TEST(option, flag_alone_means_on)
{
	read("loud");
	EXPECT_EQ(flag, 1);
	read("loud=off loud=maybe");
	EXPECT_EQ(flag, 0);
	EXPECT_STR(said, "options: 'loud=maybe' is refused; expected one of off on; now off");
	read("loud=off loud");
	EXPECT_EQ(flag, 1);
}

TEST(option, names_are_whole_words)
{
	read("counter=5");
	EXPECT_EQ(number, 7);
	EXPECT_EQ(other, 5);
	read("coun=5 countx=6 Count=8 =9");
	EXPECT_EQ(number, 7);
	EXPECT_EQ(other, 7);
	EXPECT(strstr(said, "'coun' is unknown"));
	EXPECT(strstr(said, "'countx' is unknown"));
}

TEST(option, last_of_two_counts)
{
	read("count=1 count=2");
	EXPECT_EQ(number, 2);
}

TEST(option, help_lists_every_option_with_its_values_and_changes_nothing)
{
	read("help");
	for (const struct option *o = options; o < options + 4; o++) {
		EXPECT(strstr(said, o->name));
		EXPECT(strstr(said, o->help));
		EXPECT_EQ(*o->value, o->kind == OPTION_IS_NUMBER ? 7 : 1);
	}
	EXPECT(strstr(said, "  counter      begins like another (a number from 3 to 64; now 7)"));
	EXPECT(strstr(said, "  kind         a choice (one of red green blue; now green)"));
	EXPECT(strstr(said, "  loud         a flag (one of off on; now on)"));
}
