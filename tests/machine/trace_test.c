/* SPDX-License-Identifier: BSD-2-Clause */
/* The trace of a hart, as the crash report shows it. Nothing polls while a test looks at it. */
#include "platform/trace.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/timer.h"
#include "tests/kit/kit.h"
#include "tests/machine/harts.h"

enum { OVER = 7 };

static PER_HART unsigned n_shown;
static struct {
	uint64_t time, a, b;
	char text[120]; /* without a and b */
} shown[TRACE_RECORDS];

/* Cut the last word off and return it as a number. */
static uint64_t cut_number(char *text)
{
	char *word = strrchr(text, ' ');
	uint64_t value = word ? strtoull(word, NULL, 16) : 0;

	while (word && word > text && word[-1] == ' ')
		word--;
	if (word)
		*word = '\0';
	return value;
}

static void collect(const char *format, ...) PRINTF(1, 2);
static void collect(const char *format, ...)
{
	va_list arguments;

	if (n_shown++ >= TRACE_RECORDS)
		return;
	char *text = shown[n_shown - 1].text;

	va_start(arguments, format);
	vsnprintf(text, sizeof(shown[0].text), format, arguments);
	va_end(arguments);
	shown[n_shown - 1].time = strtoull(text, NULL, 10);
	shown[n_shown - 1].b = cut_number(text);
	shown[n_shown - 1].a = cut_number(text);
}

static void show(unsigned n)
{
	n_shown = 0;
	trace_show(n, collect);
}

static uint64_t b_of(uint64_t a)
{
	return ~a << 20;
}

TEST(trace, keeps_its_last_records_and_shows_them_oldest_first)
{
	uint64_t before = time_now();

	for (uint64_t i = 0; i < TRACE_RECORDS + OVER; i++)
		trace_write(TRACE_TRAP, i, b_of(i));
	uint64_t after = time_now();

	show(1000);
	REQUIRE_EQ(n_shown, TRACE_RECORDS);
	for (unsigned i = 0; i < TRACE_RECORDS; i++) {
		EXPECT_EQ(shown[i].a, i + OVER);
		EXPECT_EQ(shown[i].b, b_of(i + OVER));
		EXPECT(shown[i].time >= (i ? shown[i - 1].time : before));
		EXPECT(shown[i].time <= after);
		EXPECT(strstr(shown[i].text, "trap (cause, value)") != NULL);
	}
}

TEST(trace, shows_as_many_of_the_last_records_as_it_is_asked_for)
{
	for (uint64_t i = 0; i < TRACE_RECORDS; i++)
		trace_write(TRACE_IRQ, i, b_of(i));
	for (unsigned n = 0; n <= TRACE_RECORDS; n += n < 3 ? 1 : TRACE_RECORDS - 3) {
		show(n);
		REQUIRE_EQ(n_shown, n);
		for (unsigned i = 0; i < n; i++)
			EXPECT_EQ(shown[i].a, TRACE_RECORDS - n + i);
	}
}

TEST(trace, component_that_booted_is_shown_by_its_name)
{
	trace_write(TRACE_BOOT, (uint64_t) "a component's name", 0);
	n_shown = 0;
	trace_show(1, collect);
	EXPECT_EQ(n_shown, 1);
	EXPECT(strstr(shown[0].text, "boot a") != NULL); /* the rest was taken for numbers */
}

TEST(trace, writes_nothing_when_it_is_off)
{
	unsigned before = trace_on;

	trace_on = 1;
	trace(TRACE_TRAP, 1, 2);
	trace_on = 0;
	trace(TRACE_TRAP, 3, 4);
	trace_on = before;
	show(1);
	EXPECT_EQ(shown[0].a, 1);
	EXPECT_EQ(shown[0].b, 2);
}

static void expect_own(const char *format, ...) PRINTF(1, 2);
static void expect_own(const char *format, ...)
{
	char text[120];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	EXPECT_EQ(cut_number(text), n_shown);
	EXPECT_EQ(cut_number(text), hart_index);
	n_shown++;
}

static _Atomic unsigned n_written;

static void use_own_trace(void *context)
{
	(void)context;
	for (unsigned i = 0; i < TRACE_RECORDS; i++)
		trace_write(TRACE_HART, hart_index, i);
	n_written++;
	while (n_written < n_harts())
		;
	n_shown = 0;
	trace_show(TRACE_RECORDS, expect_own);
	EXPECT_EQ(n_shown, TRACE_RECORDS);
}

TEST(trace, every_hart_has_its_own)
{
	n_written = 0;
	run_on_every_hart(use_own_trace, NULL);
}
