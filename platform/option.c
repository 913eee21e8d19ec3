/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/boot_internal.h"
#include "platform/log.h"
#include "platform/option.h"

extern const struct option options[], options_end[];

struct word {
	const char *at;
	size_t length;
};

static bool word_is(struct word w, const char *text)
{
	return strlen(text) == w.length && !memcmp(w.at, text, w.length);
}

static const struct option *find(struct word name)
{
	for (const struct option *o = options; o < options_end; o++)
		if (word_is(name, o->name))
			return o;
	return NULL;
}

static bool read_number(struct word w, const struct option *o)
{
	char text[12], *end;

	if (!w.length || w.length >= sizeof(text) || w.at[0] < '0' || w.at[0] > '9')
		return false;
	memcpy(text, w.at, w.length);
	text[w.length] = 0;
	bool is_hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	unsigned long v = strtoul(text, &end, is_hex ? 16 : 10);
	if (*end || v < o->least || v > o->most)
		return false;
	*o->value = (unsigned)v;
	return true;
}

/* The place of the word among the words of `choices`. */
static bool read_choice(struct word w, const char *choices, unsigned *value)
{
	unsigned place = 0;

	for (const char *c = choices; *c; place++) {
		size_t length = strcspn(c, " ");

		if (length == w.length && !memcmp(c, w.at, length)) {
			*value = place;
			return true;
		}
		c += length + (c[length] == ' ');
	}
	return false;
}

static struct word choice_at(const char *choices, unsigned place)
{
	for (; place && *choices; place--) {
		choices += strcspn(choices, " ");
		choices += *choices == ' ';
	}
	return (struct word){ choices, strcspn(choices, " ") };
}

static bool read_value(const struct option *o, struct word value)
{
	if (o->kind == OPTION_IS_NUMBER)
		return read_number(value, o);
	return read_choice(value, o->choices, o->value);
}

/* What it takes, and what it has. */
static const char *values_text(const struct option *o)
{
	static char text[96]; /* the boot hart's */

	if (o->kind == OPTION_IS_NUMBER) {
		snprintf(text, sizeof(text), "a number from %u to %u; now %u", o->least, o->most,
			 *o->value);
	} else {
		struct word now = choice_at(o->choices, *o->value);

		snprintf(text, sizeof(text), "one of %s; now %.*s", o->choices, (int)now.length,
			 now.at);
	}
	return text;
}

/* Who typed something is answered, whatever the log's level: log_line does not look at it. */
static void show_help(void)
{
	log_line(LOG_NOTICE, "options, as name=value in the boot arguments:");
	for (const struct option *o = options; o < options_end; o++)
		log_line(LOG_NOTICE, "  %-12s %s (%s)", o->name, o->help, values_text(o));
}

static void read_word(struct word w)
{
	const char *equals = memchr(w.at, '=', w.length);
	struct word name = { w.at, equals ? (size_t)(equals - w.at) : w.length };
	/* A flag alone means on. */
	struct word value = equals ? (struct word){ equals + 1, w.length - name.length - 1 }
				   : (struct word){ "on", 2 };
	const struct option *o = find(name);

	if (word_is(w, "help"))
		show_help();
	else if (!o)
		log_line(LOG_NOTICE,
			 "options: '%.*s' is unknown; `help` lists those that there are",
			 (int)name.length, name.at);
	else if (!read_value(o, value))
		log_line(LOG_NOTICE, "options: '%.*s' is refused; expected %s", (int)w.length, w.at,
			 values_text(o));
}

void options_read(const char *arguments)
{
	for (const char *at = arguments; *(at += strspn(at, " \t\n"));) {
		struct word w = { at, strcspn(at, " \t\n") };

		read_word(w);
		at += w.length;
	}
}
