/* SPDX-License-Identifier: BSD-2-Clause */
/* What hyp/config.h promises of every description that was read: for the fuzzer and the tests. */
#ifndef TESTS_UNIT_VM_CONFIG_CHECK_H
#define TESTS_UNIT_VM_CONFIG_CHECK_H

#include "hyp/config.h"

/* The promise that `c` breaks, or NULL. */
const char *vm_config_broken_promise(const struct vm_config *c);

#endif
