/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hypervisor's own options, given as `name=value` words in the boot arguments. Each component
 * declares its own; together they are the table that reads the arguments, answers `help`, and makes
 * docs/options.md.
 *
 *	static unsigned hart_limit = MAX_HARTS;
 *	OPTION_NUMBER(harts, harts, hart_limit, "use at most so many harts");
 */
#ifndef PLATFORM_OPTION_H
#define PLATFORM_OPTION_H

#include "arch/bits.h"

enum option_kind { OPTION_IS_NUMBER, OPTION_IS_CHOICE, OPTION_IS_FLAG };

struct option {
	const char *name;
	enum option_kind kind;
	unsigned *value;     /* what the variable holds at boot is the default */
	const char *choices; /* of a choice: words with one space between; the value is the place */
	const char *help;
};

#define OPTION_(id_, name_, kind_, var_, choices_, help_)                                          \
	static const struct option option_of_##id_                                                 \
		__attribute__((section(".options." #name_), used)) = {                             \
			.name = #name_,                                                            \
			.kind = (kind_),                                                           \
			.value = &(var_),                                                          \
			.choices = (choices_),                                                     \
			.help = (help_),                                                           \
		}
/* `name` is what the user types, `id` the same as an identifier. */
#define OPTION_NUMBER(name, id, var, help) OPTION_(id, name, OPTION_IS_NUMBER, var, NULL, help)
#define OPTION_CHOICE(name, id, var, choices, help)                                                \
	OPTION_(id, name, OPTION_IS_CHOICE, var, choices, help)
#define OPTION_FLAG(name, id, var, help) OPTION_(id, name, OPTION_IS_FLAG, var, NULL, help)

#endif
