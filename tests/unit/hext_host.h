/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the hext engine stands on, for the host: a hart that is a file of registers and a list of
 * what was done to it, in order. Its names are short, for every line of the engine's tests has
 * some.
 */
#ifndef TESTS_UNIT_HEXT_HOST_H
#define TESTS_UNIT_HEXT_HOST_H

#include "arch/csr.h"
#include "gstage/gtable.h"
#include "platform/probe.h"
#include "vcpu/extensions.h"
#include "vcpu/hext/hext.h"

enum { ENTRY = 0x80200000, FAR = 1000000, NEVER = 9999 };
#define ALL_STATES                                                                                 \
	(STATE_F | STATE_V | STATE_SENVCFG | STATE_SSTATEEN | STATE_SCONTEXT | STATE_VSISELECT)
#define VSATP_OF_GUEST (field_put(SATP_MODE, SATP_MODE_SV39) | 0x80001)

/* --- the hart --- */

extern uint64_t csrs[4096];
extern bool has_sstc;
extern struct hart_features features;
extern struct timer *set; /* the last one that was */

struct deed {
	const char *what; /* NULL: the write of `csr` */
	unsigned csr;
	uint64_t value;
};
extern struct deed done[256];
extern unsigned n_done;

/* The place of the first such deed from `from` on; NEVER if there is none. */
unsigned find_write(unsigned from, unsigned csr, uint64_t value);
unsigned find(unsigned from, const char *what);

/* Registers of which a guest has none of its own: a hart's one is whose state it has loaded. Some
 * harts lack one group or another. */
enum group { ALWAYS, SENVCFG, STATEEN, STATEEN_N, SCONTEXT, SISELECT, N_GROUPS };
enum { N_SHARED = 8 };
struct shared_register {
	const char *name;
	unsigned csr;
	enum group group;
};
extern const struct shared_register shared[N_SHARED];
extern unsigned groups; /* that the hart has, as bits */

/* What stood in henvcfg, and in the note of who ran the VM, when translations could begin. */
extern struct flusher flusher;
extern uint64_t henvcfg_at_vsatp, noted_at_hgatp;

/* --- the vCPU on it --- */

enum { AREA_WORDS = 32 * 16 / 8 };
extern struct vcpu vcpu;
extern struct guest_env env;
extern struct gtable table;
extern uint64_t area[AREA_WORDS];                  /* of its vector registers */
extern unsigned n_faults, n_accesses;              /* that came to its VM */
extern enum verdict fault_verdict, access_verdict; /* what that says of them */

/* It has been reset, and is not loaded; nothing was done. */
void begin(void);

#endif
