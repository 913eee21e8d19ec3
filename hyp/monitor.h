/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The monitor: a prompt on the host's console while no guest's console is attached. It needs no
 * terminal: a script may type. A command is a function that ends in its own description:
 *
 *	static bool stop(unsigned n, char **words) { ... }
 *	MONITOR_COMMAND(stop, "NAME", "stop a VM", stop);
 *
 * All of it runs on the boot hart, in poll points; a command must not wait.
 */
#ifndef HYP_MONITOR_H
#define HYP_MONITOR_H

#include "arch/bits.h"

struct monitor_command {
	const char *name;
	const char *usage; /* its arguments, as help shows them */
	const char *help;
	/* The n words behind the name. False: they are not what `usage` says, which is then shown.
	 */
	bool (*run)(unsigned n, char **words);
};

/* Commands stand in `help` in the order of the source; gcc would turn it round. */
#ifdef __clang__
#define MONITOR_RECORD __attribute__((section("monitor_commands"), used, aligned(8)))
#else
#define MONITOR_RECORD __attribute__((section("monitor_commands"), used, aligned(8), no_reorder))
#endif

#define MONITOR_COMMAND(name_, usage_, help_, function_)                                           \
	static const struct monitor_command command_of_##name_ MONITOR_RECORD = {                  \
		.name = #name_, .usage = (usage_), .help = (help_), .run = (function_)             \
	}

/* Take the host's console from whoever has it, and prompt. */
void monitor_open(void);

/* Nobody is in it any more, and nobody comes: what is typed to it is lost. */
void monitor_close(void);

/* Has somebody closed it for good? */
bool monitor_is_over(void);

/* Somebody opened it, and has not closed it or gone to a guest's console since. */
bool monitor_has_keyboard(void);

/* Draw the line anew, if something else was printed in the midst of it. From the boot hart's loop.
 */
void monitor_poll(void);

/* What was typed while the monitor had the keyboard. Returns how many of the n bytes it used: fewer
 * if a command gave the keyboard away, and the rest is then the next owner's. */
size_t monitor_type(const char *bytes, size_t n);

/* Answer with a line; its newline is added. */
void monitor_say(const char *format, ...) PRINTF(1, 2);

#endif
