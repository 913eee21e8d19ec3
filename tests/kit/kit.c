/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs the registered tests and writes what they prove as TAP, line by line, through kit_sink.
 *
 *	TAP version 13
 *	1..2
 *	# start buddy.gives_back_whole_blocks
 *	ok 1 - buddy.gives_back_whole_blocks
 *	# start hext.vtw_traps_wfi
 *	ok 2 - hext.vtw_traps_wfi # SKIP this hart has no H extension
 *	# 1 passed, 0 failed, 1 skipped
 *
 * Always true: the plan comes before the first test; what a test says stands between its "start"
 * and its result, so that a program which dies or hangs has told where; the last line is the sum.
 * Expectations and notes may come from any hart or thread; one lock keeps their lines whole.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "tests/kit/kit.h"

enum {
	LINE_SIZE = 512,     /* a longer line is cut */
	REPORTS_A_TEST = 20, /* failures after these are counted, not shown */
};

/* Bounds that the linker gives to the section "tests"; weak, since a program may have no test. */
extern const struct test first_test[] __asm__("__start_tests") __attribute__((weak));
extern const struct test end_of_tests[] __asm__("__stop_tests") __attribute__((weak));

static struct {
	unsigned passed, failed, skipped;
} sum;

/* The running test. */
static atomic_uint n_failures;
static jmp_buf way_out;
static const char *home; /* &here of the hart or thread that runs the test */
static _Thread_local char here;

/* Lines are made in `text` and leave from `line`; both belong to the holder of the lock. */
static atomic_flag lines_locked = ATOMIC_FLAG_INIT;
static char text[LINE_SIZE];
static char line[LINE_SIZE];

static void lock_lines(void)
{
	while (atomic_flag_test_and_set_explicit(&lines_locked, memory_order_acquire))
		;
}

static void unlock_lines(void)
{
	atomic_flag_clear_explicit(&lines_locked, memory_order_release);
}

/* Send `text` as one line, whatever bytes are in it. */
static void send_text(void)
{
	static const char hex[] = "0123456789abcdef";
	size_t n = 0;

	for (const char *p = text; *p && n + 5 < sizeof(line); p++) {
		unsigned char c = (unsigned char)*p;

		if (c >= ' ' && c < 0x7f) {
			line[n++] = *p;
		} else {
			line[n++] = '\\';
			line[n++] = 'x';
			line[n++] = hex[c >> 4];
			line[n++] = hex[c & 15];
		}
	}
	line[n] = '\0';
	kit_sink(line);
}

static void say_locked(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void say_locked(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	send_text();
}

#define say(...)                                                                                   \
	do {                                                                                       \
		lock_lines();                                                                      \
		say_locked(__VA_ARGS__);                                                           \
		unlock_lines();                                                                    \
	} while (0)

void kit_note(const char *format, ...)
{
	va_list args;

	lock_lines();
	text[0] = '#';
	text[1] = ' ';
	va_start(args, format);
	(void)vsnprintf(text + 2, sizeof(text) - 2, format, args);
	va_end(args);
	send_text();
	unlock_lines();
}

/* Count a failure; returns true, with the lock held, if there is room to report it. */
static bool begin_report(const char *what, const char *file, int line_number)
{
	unsigned before = atomic_fetch_add_explicit(&n_failures, 1, memory_order_relaxed);

	if (before >= REPORTS_A_TEST)
		return false;
	lock_lines();
	say_locked("# %s:%d: expected %s", file, line_number, what);
	if (before + 1 == REPORTS_A_TEST)
		say_locked("# (this test's further failures are not shown)");
	return true;
}

bool kit_expect(bool ok, const char *what, const char *file, int line_number)
{
	if (!ok && begin_report(what, file, line_number))
		unlock_lines();
	return ok;
}

bool kit_expect_eq(uint64_t a, uint64_t b, const char *what, const char *file, int line_number)
{
	if (a == b)
		return true;
	if (begin_report(what, file, line_number)) {
		say_locked("#   left:  %" PRIu64 " (0x%" PRIx64 ")", a, a);
		say_locked("#   right: %" PRIu64 " (0x%" PRIx64 ")", b, b);
		unlock_lines();
	}
	return false;
}

static void say_string(const char *side, const char *s)
{
	if (s)
		say_locked("#   %s \"%s\"", side, s);
	else
		say_locked("#   %s NULL", side);
}

bool kit_expect_str(const char *a, const char *b, const char *what, const char *file,
		    int line_number)
{
	if (a == b || (a && b && strcmp(a, b) == 0))
		return true;
	if (begin_report(what, file, line_number)) {
		say_string("left: ", a);
		say_string("right:", b);
		unlock_lines();
	}
	return false;
}

/* Only the test's own hart or thread can end it: nobody can jump to another's stack. */
_Noreturn void kit_leave(void)
{
	if (home != &here) {
		say("Bail out! a REQUIRE failed on a hart or thread other than the test's own");
		for (;;)
			;
	}
	longjmp(way_out, 1);
}

static bool is_wanted(const struct test *t, const char *only)
{
	char name[128];

	(void)snprintf(name, sizeof(name), "%s.%s", t->suite, t->name);
	return !only || strstr(name, only);
}

static void run_one(const struct test *t, unsigned number)
{
	const char *reason = t->skip ? t->skip() : NULL;

	if (reason) {
		sum.skipped++;
		say("ok %u - %s.%s # SKIP %s", number, t->suite, t->name, reason);
		return;
	}
	say("# start %s.%s", t->suite, t->name);
	atomic_store_explicit(&n_failures, 0, memory_order_relaxed);
	if (!setjmp(way_out))
		t->run();
	if (atomic_load_explicit(&n_failures, memory_order_relaxed) == 0) {
		sum.passed++;
		say("ok %u - %s.%s", number, t->suite, t->name);
	} else {
		sum.failed++;
		say("not ok %u - %s.%s", number, t->suite, t->name);
	}
}

static unsigned n_wanted(const char *only)
{
	unsigned n = 0;

	for (const struct test *t = first_test; t < end_of_tests; t++)
		n += is_wanted(t, only);
	return n;
}

int kit_run(const char *only)
{
	unsigned number = 0;

	home = &here;
	say("TAP version 13");
	say("1..%u", n_wanted(only));
	for (const struct test *t = first_test; t < end_of_tests; t++)
		if (is_wanted(t, only))
			run_one(t, ++number);
	say("# %u passed, %u failed, %u skipped", sum.passed, sum.failed, sum.skipped);
	return (int)sum.failed;
}
