/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether what the guests' tables lead to is theirs. */
#ifndef TESTS_HOSTILE_ISOLATION_H
#define TESTS_HOSTILE_ISOLATION_H

#include "arch/bits.h"

struct vm;

/*
 * NULL if every leaf of the VM's table is RAM that it holds, of its regions none is a window on the
 * host's devices, and nothing of the report's bus is in its map, by neither address; else what is
 * wrong. On the boot hart, while guests may run.
 */
const char *isolation_broken(struct vm *vm);

extern uint64_t isolation_n_leaves; /* that were looked at */

#endif
