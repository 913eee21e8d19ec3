/* SPDX-License-Identifier: BSD-2-Clause */
/* The monitor's line and its commands, over VMs that remember what was asked of them. */
#include "hyp/monitor.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "hyp/vconsole.h"
#include "hyp/vms.h"
#include "platform/console.h"
#include "tests/kit/kit.h"
#include "tests/unit/console_host.h"
#include "tests/unit/time_host.h"

#define RUB_OUT "\b \b"

static void begin(void)
{
	host_begin();
	host_make_vms();
	monitor_open();
	EXPECT_STR(host_said(), "[monitor; `help` lists what it does]\r\nhartwood> ");
	host_error = 0;
	(void)host_done();
}

static void type(const char *text)
{
	size_t n = strlen(text);

	EXPECT_EQ(monitor_type(text, n), n);
}

/* What the monitor answers to a line, between its echo and the next prompt. */
static const char *answer(const char *text)
{
	static char line[300];
	const char *said;
	char *end;

	type(text);
	type("\r");
	said = host_said();
	if (strncmp(said, text, strlen(text)) || strncmp(said + strlen(text), "\r\n", 2))
		return "(not echoed)";
	snprintf(line, sizeof(line), "%s", said + strlen(text) + 2);
	end = strstr(line, "hartwood> ");
	if (!end || end[10])
		return "(no prompt)";
	*end = '\0';
	return line;
}

TEST(monitor, help_lists_every_command_with_its_arguments)
{
	static const char *const names[] = { "help",  "list",    "console", "start",
					     "stop",  "restart", "pause",   "resume",
					     "stats", "xlate",   "trace",   "quit" };
	const char *said;

	begin();
	type("help\r");
	said = host_said();
	for (unsigned i = 0; i < ARRAY_LEN(names); i++) {
		char line[32];

		snprintf(line, sizeof(line), "\r\n%-8s ", names[i]);
		EXPECT(strstr(said, line) != NULL);
	}
	EXPECT(strstr(said, "NAME ADDRESS [gpa]") != NULL);
	host_drop_vms();
}

TEST(monitor, an_unknown_command_is_told_where_to_look)
{
	begin();
	EXPECT_STR(answer("halp"), "'halp' is unknown; `help` lists the commands\r\n");
	EXPECT_STR(answer("hel"), "'hel' is unknown; `help` lists the commands\r\n");
	EXPECT_STR(answer(""), "");
	EXPECT_STR(answer("   "), "");
	host_drop_vms();
}

TEST(monitor, bad_arguments_are_answered_with_what_was_expected)
{
	static const char *const bad[] = {
		"help me",         "list all",
		"console",         "console one x",
		"console 1 2 3",   "start",
		"start one two",   "stop",
		"restart",         "stats one two",
		"pause",           "resume one 2",
		"xlate one",       "xlate one x",
		"xlate one 12z",   "xlate one -1",
		"xlate one 1 gva", "xlate one 1 gpa 2",
		"trace x",         "trace 1 2",
		"quit now",        "xlate one 0x10000000000000000",
	};
	char expected[32];

	begin();
	for (unsigned i = 0; i < ARRAY_LEN(bad); i++) {
		size_t length = strcspn(bad[i], " ");

		snprintf(expected, sizeof(expected), "expected: %.*s ", (int)length, bad[i]);
		EXPECT(strncmp(answer(bad[i]), expected, strlen(expected)) == 0);
	}
	EXPECT_STR(answer("xlate one"), "expected: xlate NAME ADDRESS [gpa]\r\n");
	EXPECT_STR(host_done(), "");
	host_drop_vms();
}

TEST(monitor, a_vm_goes_by_its_name_or_its_number)
{
	begin();
	EXPECT_STR(answer("list"), "1  one             running\r\n"
				   "2  two             stopped\r\n"
				   "3  three           stopped\r\n");
	EXPECT_STR(answer("start three"), "three: starts\r\n");
	EXPECT_STR(answer("start 2"), "two: starts\r\n");
	EXPECT_STR(host_done(), "start three; start two; ");
	EXPECT_STR(answer("start 4"), "there is no VM '4'; `list` shows those that there are\r\n");
	EXPECT_STR(answer("stop 0"), "there is no VM '0'; `list` shows those that there are\r\n");
	EXPECT_STR(answer("stats x"), "there is no VM 'x'; `list` shows those that there are\r\n");
	EXPECT_STR(answer("xlate x 1"),
		   "there is no VM 'x'; `list` shows those that there are\r\n");
	EXPECT_STR(answer("console x"),
		   "there is no VM 'x'; `list` shows those that there are\r\n");
	EXPECT_STR(host_done(), "");
	host_drop_vms();
}

TEST(monitor, each_command_does_what_it_says)
{
	begin();
	EXPECT_STR(answer("start one"), "one: starts\r\n");
	EXPECT_STR(answer("stop  one "), "one: stops\r\n");
	EXPECT_STR(answer("   restart   one"), "one: starts again\r\n");
	EXPECT_STR(answer("pause one"), "one: pauses\r\n");
	EXPECT_STR(answer("resume one"), "one: goes on\r\n");
	EXPECT_STR(host_done(), "start one; stop one; restart one; pause one; resume one; ");
	EXPECT_STR(answer("stats two"), "stats of two\r\n");
	EXPECT_STR(answer("stats"), "stats of one\r\nstats of two\r\nstats of three\r\n");
	EXPECT_STR(answer("xlate one 0x80200000"), "one gva 80200000\r\n");
	EXPECT_STR(answer("xlate 3 1000 gpa"), "three gpa 1000\r\n");
	EXPECT_STR(answer("trace"), "the last 16\r\n");
	EXPECT_STR(answer("trace 5"), "the last 5\r\n");
	EXPECT_STR(answer("trace 99999999999"), "the last 64\r\n");
	host_drop_vms();
}

TEST(monitor, what_is_not_done_is_told_why_and_what_to_do_instead)
{
	begin();
	host_error = -EBUSY;
	EXPECT_STR(answer("start one"), "one: running; `restart` starts it anew\r\n");
	EXPECT_STR(answer("pause two"), "two: stopped; `restart` starts it anew\r\n");
	EXPECT_STR(answer("resume two"), "two: stopped; `restart` starts it anew\r\n");
	host_error = -EALREADY;
	EXPECT_STR(answer("stop two"), "two: stopped; `start` starts it anew\r\n");
	EXPECT_STR(answer("pause one"), "one: running; `resume` lets it go on\r\n");
	EXPECT_STR(answer("resume one"), "one: running; `pause` lets it stand still\r\n");
	host_error = -ENOMEM; /* which the log has told */
	EXPECT_STR(answer("start two"), "");
	EXPECT_STR(answer("restart two"), "");
	host_drop_vms();
}

TEST(monitor, console_gives_the_keyboard_away_and_shows_as_much_as_asked)
{
	static const char line[] = "console one 6\rtyped for the guest";

	begin();
	vconsole_attach(vm_console(vm_at(0)));
	EXPECT_EQ(vconsole_put(vm_console(vm_at(0)), "first\nlast\n", 11), 11);
	monitor_open();
	(void)host_said();
	EXPECT_EQ(monitor_type(line, sizeof(line) - 1), 14);
	EXPECT(vconsole_attached() == vm_console(vm_at(0)));
	EXPECT_STR(host_said(), "console one 6\r\none: running\r\n[one]\r\n\r\nlast\r\n");
	host_drop_vms();
}

/* Then nobody has the keyboard, and main ends when the VMs have. */
TEST(monitor, quit_stops_every_vm_and_leaves_the_monitor)
{
	begin();
	EXPECT(monitor_has_keyboard());
	type("quit\rstop one\r");
	EXPECT(!monitor_has_keyboard());
	EXPECT_STR(host_done(), "stop one; stop two; stop three; ");
	EXPECT_STR(host_said(), "quit\r\n");
	host_drop_vms();
}

TEST(monitor, a_line_may_end_as_scripts_and_terminals_end_it)
{
	begin();
	type("stop one\rstop two\nstop three\r\n");
	EXPECT_STR(host_done(), "stop one; stop two; stop three; ");
	EXPECT_STR(host_said(),
		   "stop one\r\none: stops\r\nhartwood> stop two\r\ntwo: stops\r\nhartwood> "
		   "stop three\r\nthree: stops\r\nhartwood> ");
	type("\n\n");
	EXPECT_STR(host_said(), "\r\nhartwood> \r\nhartwood> ");
	host_drop_vms();
}

TEST(monitor, a_line_can_be_mended)
{
	begin();
	type("stop x\bo\x7fone\r");
	EXPECT_STR(host_done(), "stop one; ");
	EXPECT_STR(host_said(), "stop x" RUB_OUT "o" RUB_OUT "one\r\none: stops\r\nhartwood> ");
	type("ab\b\b\b\b");
	EXPECT_STR(host_said(), "ab" RUB_OUT RUB_OUT);
	type("stop one\x15start two\r");
	EXPECT_STR(host_done(), "start two; ");
	type("stop one\x03");
	EXPECT_STR(host_done(), "");
	type("start three\r");
	EXPECT_STR(host_done(), "start three; ");
	host_drop_vms();
}

TEST(monitor, a_line_that_is_too_long_ends_at_its_limit_with_a_bell)
{
	begin();
	for (unsigned i = 0; i < 200; i++)
		type("z");
	type("\r");
	EXPECT(strstr(host_said(), "z\a\a\a") != NULL);
	EXPECT_STR(answer("stop one"), "one: stops\r\n");
	host_drop_vms();
}

/* Arrows come as three bytes; what else a terminal sends that way is no input. */
TEST(monitor, the_last_lines_can_be_recalled)
{
	begin();
	type("stop one\rstop two\rstop three\r");
	(void)host_done();
	type("\x1b[A\r");
	EXPECT_STR(host_done(), "stop three; ");
	type("\x1b[A\x1b[A\x1b[A\r");
	EXPECT_STR(host_done(), "stop two; ");
	type("\x10\x10\x10\x0e\r");
	EXPECT_STR(host_done(), "stop three; ");
	(void)host_said();
	type("typed\x1b[A\x1b[B\x1b[Bstop o\x1b[1;5C\x1b[3~ne\r");
	EXPECT_STR(host_done(), "stop one; ");
	type("list [A]\r");
	EXPECT(strstr(host_said(), "list [A]\r\n") != NULL);
	for (unsigned i = 0; i < 10; i++)
		type("\x10"); /* it stops at the oldest */
	(void)host_said();
	type("\r");
	EXPECT_STR(host_done(), "stop two; ");
	host_drop_vms();
}

static void notice(const char *text)
{
	console_write(text, strlen(text));
}

/* What breaks in may be long: only when it has had its time is the line drawn again. */
TEST(monitor, a_notice_while_somebody_types_has_its_own_line_and_the_typed_one_is_drawn_again)
{
	begin();
	type("sto");
	notice("one ended\n");
	monitor_poll();
	notice("in this way\n");
	monitor_poll();
	EXPECT_STR(host_said(), "sto\r\none ended\r\nin this way\r\n");
	EXPECT(host_let_time_pass());
	EXPECT_STR(host_said(), "hartwood> sto");
	monitor_poll();
	EXPECT(!host_let_time_pass());
	type("p one\r");
	EXPECT_STR(host_said(), "p one\r\none: stops\r\nhartwood> ");
	EXPECT_STR(host_done(), "stop one; ");
	notice("one ended\n");
	monitor_poll();
	EXPECT(host_let_time_pass());
	EXPECT_STR(host_said(), "\r\none ended\r\nhartwood> ");
	host_drop_vms();
}

TEST(monitor, a_key_behind_a_notice_draws_the_line_at_once)
{
	begin();
	type("sto");
	notice("one ended\n");
	monitor_poll();
	type("p");
	EXPECT_STR(host_said(), "sto\r\none ended\r\nhartwood> stop");
	EXPECT(host_let_time_pass());
	EXPECT_STR(host_said(), "");
	host_drop_vms();
}

TEST(monitor, a_guest_whose_line_was_broken_gets_no_prompt)
{
	begin();
	vconsole_attach(vm_console(vm_at(0)));
	EXPECT_EQ(vconsole_put(vm_console(vm_at(0)), "$ ", 2), 2);
	notice("two ended\n");
	monitor_poll();
	(void)host_let_time_pass();
	EXPECT_STR(host_said(), "\r\n[one]\r\n$ \r\ntwo ended\r\n");
	monitor_poll();
	EXPECT(!host_let_time_pass()); /* nor does anybody look for one again and again */
	host_drop_vms();
}

/* The boot hart may sleep when another hart writes: the device wakes it. */
TEST(monitor, a_notice_in_the_line_asks_for_an_interrupt)
{
	begin();
	EXPECT(!host.wants_write_irq);
	notice("one ended\n");
	EXPECT(host.wants_write_irq);
	host_poll();
	EXPECT(!host.wants_write_irq);
	host_drop_vms();
}

TEST(monitor, bytes_that_are_no_text_are_passed_over)
{
	char byte;

	begin();
	for (unsigned i = 0; i < 256; i++) {
		byte = (char)i;
		if (!strchr("\r\n", byte) && (i < 32 || i > 126))
			EXPECT_EQ(monitor_type(&byte, 1), 1);
	}
	(void)host_said();
	type("\x03");
	(void)host_said();
	EXPECT_STR(answer("stop one"), "one: stops\r\n");
	host_drop_vms();
}
