/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hypervisor's own options, given as `name=value` words in the boot arguments. Each component
 * declares its own; together they are the table that reads the arguments, answers `help`, and makes
 * docs/options.md. A value that an option does not take is told, and changes nothing.
 *
 *	static unsigned hart_limit = MAX_HARTS;
 *	OPTION_NUMBER(harts, harts, hart_limit, 1, MAX_HARTS, "use at most so many harts");
 */
#ifndef PLATFORM_OPTION_H
#define PLATFORM_OPTION_H

#include "arch/bits.h"

enum option_kind { OPTION_IS_NUMBER, OPTION_IS_CHOICE }; /* a flag is a choice of off and on */

struct option {
	const char *name;
	enum option_kind kind;
	unsigned *value; /* what the variable holds at boot is the default */
	union {
		const char *choices; /* words with one space between; the value is the place */
		struct {
			unsigned least, most;
		};
	};
	const char *help;
};

#define OPTION_(id_, name_, kind_, var_, help_, ...)                                               \
	static const struct option option_of_##id_ __attribute__((section(".options." #name_),     \
								  used)) = {                       \
		.name = #name_, .kind = (kind_), .value = &(var_), .help = (help_), __VA_ARGS__    \
	}
/* `name` is what the user types, `id` the same as an identifier. */
#define OPTION_NUMBER(name, id, var, least_, most_, help)                                          \
	OPTION_(id, name, OPTION_IS_NUMBER, var, help, .least = (least_), .most = (most_))
#define OPTION_CHOICE(name, id, var, choices_, help)                                               \
	OPTION_(id, name, OPTION_IS_CHOICE, var, help, .choices = (choices_))
#define OPTION_FLAG(name, id, var, help)                                                           \
	OPTION_(id, name, OPTION_IS_CHOICE, var, help, .choices = "off on")

#endif
