/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Harts as forgetful as the specification allows, which is not at all: each keeps every entry of
 * every table that it ever read, invalid ones and those that lead to tables included, and every
 * instruction that it ever fetched, until a fence names it. (Privileged specification, "Supervisor
 * Memory-Management Fence Instruction", "Hypervisor Memory-Management Fence Instructions".)
 *
 * tlb_walk and tlb_forget know one stage of translation by any table in the format of RISC-V; a
 * hart with two stages is made of two, of which one reads by the other. A hart whose one stage is a
 * shadow is made of one.
 */
#ifndef TESTS_UNIT_TLB_MODEL_H
#define TESTS_UNIT_TLB_MODEL_H

#include "arch/pte.h"

enum { TLB_HARTS = 3 };
#define TLB_ANY ~0ull

/* --- what a hart keeps --- */

enum tlb_stage { TLB_GUEST, TLB_MEMORY };

struct tlb_table {
	enum tlb_stage stage;
	uint64_t id, space; /* VMID, ASID */
	uint64_t root;
	unsigned levels, more_root_bits;
	/* The entry there, false if it cannot be read; `context` may say why. */
	bool (*read)(void *context, uint64_t at, pte_t *entry);
	void *context;
};

enum tlb_end { TLB_FOUND, TLB_HOLE, TLB_UNREADABLE };

/* By what the hart keeps, else by what it reads, which it keeps. Found: *entry is the leaf, *to
 * where `address` is. */
enum tlb_end tlb_walk(unsigned hart, const struct tlb_table *t, uint64_t address, pte_t *entry,
		      uint64_t *to);

/* TLB_ANY: of all. With an address only leaves go, and holes where the smallest leaf would be. */
void tlb_forget(unsigned hart, enum tlb_stage stage, uint64_t id, uint64_t space, uint64_t address);

/* What is executed there, where memory now holds `word`. */
uint64_t tlb_fetch(unsigned hart, struct hpa at, uint64_t word);
void tlb_forget_code(unsigned hart);
/* That one alone, if it is this word. */
void tlb_unfetch(unsigned hart, struct hpa at, uint64_t word);

/* A hart may forget one thing of itself, whichever that is. */
void tlb_forget_one(unsigned hart, uint64_t which);
void tlb_forget_everything(void);

/* --- harts with two stages, which csr_read, csr_write and fences of the sources under test reach:
 * the one that is hart_index --- */

struct tlb_access {
	uint64_t gva;
	pte_t right; /* one of PTE_R, PTE_W, PTE_X */
	enum { ACCESS_DONE, ACCESS_GUEST_FAULT, ACCESS_MEMORY_FAULT } end;
	struct gpa gpa;
	struct hpa to;
	bool is_walk; /* the fault was on a walk of the guest's own tables */
};

void tlb_access(unsigned hart, struct tlb_access *a);
uint64_t tlb_csr(unsigned hart, unsigned csr);

/* Given by the program. Something is wrong; only the first is kept. */
void tlb_wrong(const char *what, uint64_t where);
/* The word of memory there, NULL where nobody holds any. */
uint64_t *tlb_word(struct hpa at);
/* Between any two steps of a hart any of them may look ahead. */
void tlb_look_ahead(void);
/* Is this fence left out? */
bool tlb_is_left_out(const char *fence, uint64_t address, uint64_t id);
/* Where a write comes later than it should: after the next one of another register. */
bool tlb_is_late(unsigned csr, uint64_t value);

#endif
