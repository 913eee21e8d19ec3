/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The monitor's line: typed, mended, recalled, and taken apart into words for a command. What is
 * echoed is offered to the console, so that a log line between two keys begins on a fresh line.
 */
#include "hyp/monitor.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "hyp/vconsole.h"
#include "lib/component.h"
#include "platform/console.h"
#include "platform/timer.h"

#define PROMPT "hartwood> "

enum { LINE = 80, HISTORY = 4, MAX_WORDS = 6 };
enum { PAUSE_MS = 30 }; /* what breaks the line may have more to say */
enum { CTRL_C = 3, CTRL_N = 14, CTRL_P = 16, CTRL_U = 21, ESC = 27, DEL = 127 };

extern const struct monitor_command __start_monitor_commands[], __stop_monitor_commands[];

/* What came before the byte that comes now. */
enum typed { ANYTHING, AFTER_RETURN, AFTER_ESC, IN_SEQUENCE };

static struct {
	char text[LINE];
	unsigned n;
	enum typed typed;
} line;

static char history[HISTORY][LINE];
static unsigned n_history; /* lines ever entered */
static unsigned back;      /* so many lines back is the one shown; 0: a new one */

void monitor_say(const char *format, ...)
{
	static char text[160];
	va_list arguments;
	size_t n;

	va_start(arguments, format);
	int length = vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	n = length < 0 ? 0 : (size_t)length;
	if (n > sizeof(text) - 1)
		n = sizeof(text) - 1;
	text[n++] = '\n';
	console_write(text, n);
}

static void echo(const char *text)
{
	(void)console_offer(text, strlen(text));
}

static void draw(void)
{
	echo(PROMPT);
	(void)console_offer(line.text, line.n);
}

static void prompt(void)
{
	line.n = back = 0;
	draw();
}

static bool is_open, is_over;

bool monitor_has_keyboard(void)
{
	return is_open && !vconsole_attached();
}

bool monitor_is_over(void)
{
	return is_over;
}

void monitor_open(void)
{
	is_open = true;
	is_over = false;
	vconsole_attach(NULL);
	monitor_say("[monitor; `help` lists what it does]");
	prompt();
}

void monitor_close(void)
{
	is_open = false;
	is_over = true;
}

static void mend(struct timer *unused)
{
	(void)unused;
	if (monitor_has_keyboard() && console_is_broken())
		draw();
}

void monitor_poll(void)
{
	static struct timer pause;

	pause.call = mend;
	if (monitor_has_keyboard() && console_is_broken() && !pause.is_set)
		timer_set(&pause, time_now() + time_from_us(PAUSE_MS * 1000));
}

static void add(char c)
{
	if (line.n == LINE - 1) {
		echo("\a");
		return;
	}
	line.text[line.n] = c;
	(void)console_offer(line.text + line.n++, 1);
}

static void rub_out(unsigned n)
{
	for (; n && line.n; n--, line.n--)
		echo("\b \b");
}

/* Show the line that was entered so many steps earlier, or later, than the one that is shown. */
static void recall(int steps)
{
	unsigned to = back + (unsigned)steps;

	if (to > HISTORY || to > n_history) /* below 0 too */
		return;
	back = to;
	rub_out(line.n);
	for (const char *c = history[(n_history - back) % HISTORY]; back && *c; c++)
		add(*c);
}

static unsigned split(char *text, char **words)
{
	unsigned n = 0;

	while (n < MAX_WORDS && *(text += strspn(text, " "))) {
		words[n++] = text;
		text += strcspn(text, " ");
		if (*text)
			*text++ = '\0';
	}
	return n;
}

static void obey(char *text)
{
	static char *words[MAX_WORDS];
	unsigned n = split(text, words);

	if (!n)
		return;
	for (const struct monitor_command *c = __start_monitor_commands;
	     c < __stop_monitor_commands; c++) {
		if (strcmp(c->name, words[0]))
			continue;
		if (!c->run(n - 1, words + 1))
			monitor_say("expected: %s %s", c->name, c->usage);
		return;
	}
	monitor_say("'%s' is unknown; `help` lists the commands", words[0]);
}

static void enter(void)
{
	echo("\n");
	line.text[line.n] = '\0';
	if (line.n)
		memcpy(history[n_history++ % HISTORY], line.text, line.n + 1);
	obey(line.text);
	if (monitor_has_keyboard())
		prompt();
}

/* Arrow keys come as ESC [ A and ESC [ B; what else comes in that form does nothing. */
static bool is_in_sequence(enum typed was, char c)
{
	if (was == AFTER_ESC && c == '[') {
		line.typed = IN_SEQUENCE;
		return true;
	}
	if (was != IN_SEQUENCE || c < ' ')
		return false;
	if (c < '@')
		line.typed = IN_SEQUENCE;
	else if (c == 'A' || c == 'B')
		recall(c == 'A' ? 1 : -1);
	return true;
}

static void take(char c)
{
	enum typed was = line.typed;

	line.typed = c == '\r' ? AFTER_RETURN : c == ESC ? AFTER_ESC : ANYTHING;
	if (is_in_sequence(was, c))
		return;
	if (c == '\r' || (c == '\n' && was != AFTER_RETURN))
		enter();
	else if (c == '\b' || c == DEL)
		rub_out(1);
	else if (c == CTRL_U)
		rub_out(line.n);
	else if (c == CTRL_P || c == CTRL_N)
		recall(c == CTRL_P ? 1 : -1);
	else if (c >= ' ' && c < DEL)
		add(c);
	else if (c == CTRL_C) {
		echo("\n");
		prompt();
	}
}

size_t monitor_type(const char *bytes, size_t n)
{
	size_t used = 0;

	while (used < n && monitor_has_keyboard()) {
		mend(NULL); /* the key goes to where its line is */
		take(bytes[used++]);
	}
	return vconsole_attached() ? used : n;
}

COMPONENT(monitor, PHASE_NONE, NULL, NULL, "the monitor on the console");
