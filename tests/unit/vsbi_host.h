/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the SBI that guests see stands on, for the host: a VM of four vCPUs that is not there, of
 * which it is written down what was asked of them. Hart ids are the indices; vCPU 0 calls, 1 is
 * loaded on another hart, 2 is known but not loaded, 3 is stopped. Its names are short, for every
 * line of the tests has some.
 */
#ifndef TESTS_UNIT_VSBI_HOST_H
#define TESTS_UNIT_VSBI_HOST_H

#include "gstage/gtable.h"
#include "sbi/guest/vsbi.h"
#include "sbi/host/srst.h"
#include "vcpu/extensions.h"

enum { N = 4, CALLER = 0, ELSEWHERE = 1, NOT_LOADED = 2, STOPPED = 3 };
enum { RAM_AT = 0x80000000, RAM_SIZE = 0x10000, ROM_AT = 0x1000, DATA_AT = 0x2000 };
enum { ECALL_AT = 0x80000100, ALL = -1, LEGACY_MASK_AT = RAM_AT + 0x800 };

extern struct vcpu vcpus[N];
static struct vcpu *const me = &vcpus[CALLER];
extern struct guest_env env;
extern char ram[RAM_SIZE];
extern struct vcpu_translation translation;
extern bool is_ipi_pending;
extern uint64_t now_us;
extern struct vcpu_privilege privileges[N]; /* loaded or not */

extern struct seen {
	unsigned n_fences, n_injected, n_starts, n_resets;
	_Atomic unsigned n_looks, n_kicks;
	struct {
		enum guest_fence kind;
		uint64_t start, size, asid;
	} fence;
	uint64_t cause, value, timer, go_on_at, copied;
	struct {
		uint64_t entry, a0, a1;
	} reset;
	struct vcpu *started;
	size_t console_room, n_out, n_in, at_in;
	char out[4096];
	const char *in;
} seen;

/* All as it was, and nothing was seen. */
void begin(void);

struct arguments {
	uint64_t a[5];
};
#define WITH(...) ((struct arguments){ { __VA_ARGS__ } })

/* As the guest makes it; whatever it is, all registers but a0 and a1 are as before. */
struct sbi_ret call(uint64_t extension, uint64_t function, struct arguments with);

/* The value of a call that must succeed. */
uint64_t value(uint64_t extension, uint64_t function, struct arguments with);

static inline long error(uint64_t extension, uint64_t function, struct arguments with)
{
	return call(extension, function, with).error;
}

/* It was executed here, over this range. */
void expect_fence(enum guest_fence kind, uint64_t start, uint64_t size, uint64_t asid);

/* Who has a software interrupt pending, as bits; then nobody has. */
unsigned take_ipis(void);

#endif
