/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What guest tests share: the four worlds that an instruction can run in, trials of instructions
 * there, and what the hypervisor says of itself.
 *
 * A trial runs a piece of code with registers, translation and privilege of its own until the first
 * trap, which is its end and its outcome; code that is to come to an end does so by ebreak. While
 * tests run, the root of the guest's tables has besides the runtime's own slot, in slots of 1 GiB
 * (the first 4 GiB of guest-physical memory are meant where there are four):
 *
 *	0 to 3    S-mode, where they are		4 to 7    U-mode
 *	12 to 15  S-mode, elsewhere			8 to 11   the quarters of the G-stage's root
 *	16 to 31  free for tests			280       the same, of the upper half
 */
#ifndef TESTS_GUEST_WORLD_H
#define TESTS_GUEST_WORLD_H

#define TRIAL_X(n)   (8 * (n))
#define TRIAL_PC     256
#define TRIAL_SATP   264
#define TRIAL_STATUS 272
#define TRIAL_CAUSE  280
#define TRIAL_VALUE  288
#define TRIAL_SAVED  296

#ifndef __ASSEMBLER__

#include "arch/cause.h"
#include "arch/csr.h"
#include "arch/pte.h"
#include "lib/isa.h"
#include "sbi/host/sbi.h"
#include "tests/guest/calls.h"

enum world { BARE_S, BARE_U, PAGED_S, PAGED_U, N_WORLDS };

static inline bool is_user(enum world w)
{
	return w & 1;
}

/* Where this guest-physical address is, in that world. */
uint64_t at_in(enum world w, uint64_t gpa);

enum {
	RA = 1,
	SP = 2,
	T0 = 5,
	S0 = 8,
	S1 = 9,
	A0 = 10,
	A1 = 11,
	A2 = 12,
	A3 = 13,
	A4 = 14,
	A5 = 15
};

struct trial {
	uint64_t x[32];
	uint64_t pc; /* where it begins; then where it trapped */
	uint64_t satp;
	uint64_t status; /* sstatus, its SPP and SPIE included: before, then at the trap */
	uint64_t cause, value;
	uint64_t saved[20];
};
/* The one trial: registers are to be set between begin and run, and are then what they have become.
 * F and V are on where the guest has them; interrupts are off. */
extern struct trial trial;
/* One of that address, by code where it lies in memory, less its address there. */
void trial_enter(struct trial *t, uint64_t at, uint64_t to_physical);

void trial_begin(enum world w);
/* Code that lies at `gpa`, as trial.pc; or these instructions, behind which comes an ebreak. */
void trial_run(void);
void trial_run_code(const void *code, size_t size);
static inline void trial_run_insn(uint32_t insn)
{
	trial_run_code(&insn, (insn & 3) == 3 ? 4 : 2);
}
/* The same in one: with a1 = address in that world of `gpa`, and a2. */
void trial_access(enum world w, uint32_t insn, uint64_t gpa, uint64_t a2);
/* Where the code of the last two began, in that world. */
uint64_t code_at(enum world w);
/* Its first instruction, for notes. */
uint32_t code_word(void);

/* A root as above, into which tests may write; trials use it, and so does all code of tests. */
extern pte_t root[];
extern uint64_t root_satp;
/* A page for tables of tests, zeroed, by number. */
enum { N_TABLES = 4 };
pte_t *table_page(unsigned n);
uint64_t gpa_of(const void *p);

/* 2 MiB of RAM at that address is the caller's from now on; untouched if nobody called it before.
 */
void claim(uint64_t gpa);
/* 2 MiB that nobody has touched. */
uint64_t claim_fresh(void);

/* --- the hypervisor --- */
uint64_t test_call(enum test_call call, uint64_t a0, uint64_t a1);
static inline uint64_t test_fact(enum test_fact fact)
{
	return test_call(TEST_ASK, fact, 0);
}
static inline uint64_t test_count(unsigned what)
{
	return test_call(TEST_COUNT, what, 0);
}

/* What the guest's own tree says. */
bool has(enum isa_extension e);
const char *needs_f(void);
const char *needs_v(void);

void world_init(void);
_Noreturn void partner_run(void);
/* Let the second VM do this and shut itself down. */
void partner_obey(enum partner_order order);
/* The first instruction of the guest without counters. */
extern const char timeless_entry[];

#endif
#endif
