/* SPDX-License-Identifier: BSD-2-Clause */
/* How a hart is started: the record that its first instructions read with translation off. */
#ifndef PLATFORM_START_H
#define PLATFORM_START_H

/* The life of a start. Whoever moves it first from STARTING decides whether the hart takes part. */
#define HART_STARTING 1 /* asked for at the firmware */
#define HART_ARRIVED  2 /* the hart is here, and waits for its number */
#define HART_GIVEN_UP 3 /* it did not come in time: it may touch nothing */
#define HART_RELEASED 4 /* numbered: it may go on */

#define HART_START_STATE 0
#define HART_START_SATP  8
#define HART_START_SP    16
#define HART_START_TP    24
#define HART_START_SELF  32

#ifndef __ASSEMBLER__

#include <assert.h>
#include <stdatomic.h>

#include "arch/bits.h"

struct hart_start {
	_Atomic uint32_t state;
	uint32_t index; /* valid once released */
	uint64_t satp;
	uint64_t sp;
	uint64_t tp;
	struct hart_start *self; /* this record's virtual address */
	uint64_t trap_stack;     /* its top */
	uint64_t hart_id;
};

static_assert(offsetof(struct hart_start, state) == HART_START_STATE);
static_assert(offsetof(struct hart_start, satp) == HART_START_SATP);
static_assert(offsetof(struct hart_start, sp) == HART_START_SP);
static_assert(offsetof(struct hart_start, tp) == HART_START_TP);
static_assert(offsetof(struct hart_start, self) == HART_START_SELF);

/* In entry.S; started with translation off. */
extern const char start_hart[];

#endif
#endif
