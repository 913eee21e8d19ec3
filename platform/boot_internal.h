/* SPDX-License-Identifier: BSD-2-Clause */
/* Boot's own helpers, for the files that bring harts up. */
#ifndef PLATFORM_BOOT_INTERNAL_H
#define PLATFORM_BOOT_INTERNAL_H

#include "arch/bits.h"

/* Called from entry.S: on the boot hart with translation off, then on; on another hart. */
struct hart_start;
uint64_t boot_map(uint64_t at);
_Noreturn void boot_main(uint64_t id, uint64_t tree_at, uint64_t instret);
_Noreturn void hart_main(uint64_t id, struct hart_start *start);

/* Copy the initial values of PER_HART variables to a block that is zero. */
void locals_init(void *locals);

/* Every component's part of bringing up this hart. */
void components_init_hart(void);

/* Read the boot arguments; names what is unknown. */
void options_read(const char *arguments);

/* One line, then the machine is switched off as failed. */
_Noreturn void boot_stop(const char *what, const char *why);

/* Names that the compiler gives: the stack guard, and what is called when one was overwritten. */
extern uint64_t __stack_chk_guard;
_Noreturn void __stack_chk_fail(void);

#endif
