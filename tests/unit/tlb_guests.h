/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guests that use their memory at random, and fence as correct guests do: what each may reach is
 * written down beside its tables, and compared with what the harts of tlb_model.h reach.
 */
#ifndef TESTS_UNIT_TLB_GUESTS_H
#define TESTS_UNIT_TLB_GUESTS_H

#include "tests/unit/tlb_host.h"

/* A VM's regions. */
#define LOW    0x80000000ull /* pages; the guest's tables, and some for its data */
#define TOGGLE 0x80040000ull /* comes and goes, in the same table */
#define WIDE   0x80200000ull /* comes and goes with a table of its own */
#define BIG    0x80400000ull /* leaves of 2 MiB */
enum { LOW_PAGES = 64, TOGGLE_PAGES = 8 };

extern uint64_t chance;
unsigned any(unsigned n);

extern const char *wrong; /* the first thing that was; NULL */
extern uint64_t wrong_at;
extern bool harts_forget; /* now and then one thing of itself, without a fence */

void be(unsigned hart);
void load(unsigned hart, struct vcpu *v);
void save(unsigned hart);
bool is_loaded(const struct vcpu *v);

/* Its memory is empty: its tables are written, and its vCPUs are reset. */
void begin_guest(struct vm *vm);
/* Whatever is loaded on that hart does something. */
void guest_step(unsigned hart);
/* One access, tried again as an instruction is. `gpa`: what the guest's own table says, 0: nothing.
 */
void touch_at(unsigned hart, struct vcpu *v, struct tlb_access *a, uint64_t gpa);

#endif
