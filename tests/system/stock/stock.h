/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stock guests, driven from inside: the image has the hypervisor in it, makes VMs from descriptions
 * in its initrd, types into their consoles and reads what they print. A test gives each guest a
 * script and runs the machine until all scripts are through:
 *
 *	struct vm *linux = guest_start("linux");
 *	TALK(linux, SEE("# "), TYPE("uname\n"), SEE("\nLinux\r\n"));
 *
 * Always true: a test goes on however busy a guest keeps its hart; what one step has seen no later
 * step sees again; when time is up, the step that was not reached is told with what came in its
 * place, and all guests are stopped.
 */
#ifndef TESTS_SYSTEM_STOCK_STOCK_H
#define TESTS_SYSTEM_STOCK_STOCK_H

#include "hyp/vm.h"
#include "tests/kit/kit.h"

/* Wait until it prints a text, or type one. */
struct step {
	const char *see, *type; /* one of them is NULL */
};
#define SEE(text)                                                                                  \
	{                                                                                          \
		.see = (text)                                                                      \
	}
#define TYPE(text)                                                                                 \
	{                                                                                          \
		.type = (text)                                                                     \
	}

/* The VM of NAME.dtb; if it cannot be made, the reason is in guest_error(). Started: and runs. */
MUST_CHECK struct vm *guest_make(const char *name);
struct vm *guest_start(const char *name); /* the test ends if it does not start */
const char *guest_error(void);

/* Stop it, and give back all that it took. */
void guest_destroy(struct vm *vm);

/* Give it this script, of n steps that stay the caller's, from what it prints from now on. */
void guest_tell(struct vm *vm, const struct step *steps, size_t n);

/* Run the machine until all scripts are through; false, with notes, when that took too long. */
MUST_CHECK bool guests_run(void);

/* Run the machine until the VM is paused; for so long. The same. */
MUST_CHECK bool guest_is_paused(struct vm *vm);
void guests_run_for(uint64_t us);

/* Run the machine until the VM has come to rest; false, with a note, when that took too long. */
MUST_CHECK bool guest_ends(struct vm *vm);

#define TELL(vm, ...)                                                                              \
	guest_tell(vm, (const struct step[]){ __VA_ARGS__ },                                       \
		   sizeof((const struct step[]){ __VA_ARGS__ }) / sizeof(struct step))
#define TALK(vm, ...)                                                                              \
	do {                                                                                       \
		TELL(vm, __VA_ARGS__);                                                             \
		REQUIRE(guests_run());                                                             \
	} while (0)

#endif
