/* SPDX-License-Identifier: BSD-2-Clause */
/* A machine as text, for people and for golden files: every fact, and nothing that varies from boot
 * to boot (of the seed only its size). */
#ifndef TESTS_UNIT_MACHINE_DUMP_H
#define TESTS_UNIT_MACHINE_DUMP_H

#include <stdio.h>

#include "lib/machine.h"

void machine_dump(FILE *out, const struct machine *m);

#endif
