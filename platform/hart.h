/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A hart's own things. A variable marked PER_HART has one copy in every hart, reached from `tp` in
 * one instruction; on the host it has one copy a thread. Harts are numbered densely from 0 (the
 * boot hart) in the order in which the tree names them; their ids are the firmware's business.
 */
#ifndef PLATFORM_HART_H
#define PLATFORM_HART_H

#include "arch/bits.h"

#define PER_HART  _Thread_local
#define MAX_HARTS 64

extern PER_HART unsigned hart_index; /* this hart's number, fixed from its first C function on */
extern PER_HART uint64_t hart_id;    /* its id at the SBI */

/* Harts that run our code; the number only grows, while the machine comes up. */
unsigned n_harts(void);
uint64_t hart_id_of(unsigned index);

#define for_each_hart(i) for (unsigned i = 0; i < n_harts(); i++)

#endif
