/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the handler of guest page faults stands on, for the host: a map of two regions, two pages of
 * guest memory for the guest's own tables, and an engine that writes down what was asked of it, in
 * order. Its names are short, for every line of the tests has some.
 */
#ifndef TESTS_UNIT_FAULT_HOST_H
#define TESTS_UNIT_FAULT_HOST_H

#include "gstage/gtable.h"
#include "hyp/vm.h"
#include "vcpu/decode.h"
#include "vcpu/engine.h"

enum {
	RAM = 0x80000000,
	RAM_SIZE = 0x200000,
	DEVICE = 0x10000000,
	HOLE = 0x40000123,
	TEXT = 0x1000, /* where the guest's instruction lies: its address, not the map's */
	DATA = 0x7abc,
	MAX_AGAIN = 16,
};

enum deed { FILL, FORGET_PAGE, FORGET_ALL, FENCE_I, INJECT, FIND_ACCESS, MMIO };
extern unsigned n_done;

/* The n-th thing done was this; and n_done says that there was no other. */
bool did(unsigned n, enum deed deed, uint64_t a, uint64_t b);

extern struct vm vm;
extern struct vcpu vcpu;
static struct vcpu *const v = &vcpu;
extern struct region ram, device;
extern int filled;           /* what gmap_fill answers */
extern struct access access; /* what the engine finds that the instruction wants */
extern bool is_found;        /* false: it could not be fetched */
extern enum verdict of_mmio; /* what mmio_access answers */
extern struct vcpu_translation translation;
extern pte_t tables[2][PTES_PER_PAGE]; /* at RAM; all other guest memory cannot be read */

void begin(void);

uint8_t right_of(uint64_t cause);

/* The instruction at TEXT faults on that address; what was done before is forgotten. */
enum verdict fault_at(uint64_t cause, uint64_t gpa);

/* So often it goes on, each time with all fenced. */
void fault_until_it_is_enough(enum verdict (*fault)(uint64_t), uint64_t cause);
void expect_stop(enum verdict verdict);

#endif
