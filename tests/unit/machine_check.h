/* SPDX-License-Identifier: BSD-2-Clause */
/* What lib/machine.h promises of every machine that was read: for the fuzzer and all other tests.
 */
#ifndef TESTS_UNIT_MACHINE_CHECK_H
#define TESTS_UNIT_MACHINE_CHECK_H

#include "lib/machine.h"

/* The promise that `m`, read from a tree of `size` bytes, breaks, or NULL. */
const char *machine_broken_promise(const struct machine *m, size_t size);

#endif
