/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The SBI that guests see. An extension is one file that ends in its description, a `struct
 * vsbi_extension`, and one line in the list in vsbi.c. A function reads its arguments from the
 * vCPU's registers once, checks all of them before it changes anything, and what it returns goes to
 * a0 and a1. It never waits: what must be waited for is asked again, or is the run loop's.
 */
#ifndef SBI_GUEST_VSBI_H
#define SBI_GUEST_VSBI_H

#include "sbi/host/sbi.h"
#include "vcpu/engine.h"

/* Beyond what the hypervisor itself asks of its firmware. */
#define SBI_EXT_PMU      0x504d55l
#define SBI_ERR_NO_SHMEM (-9l)

typedef struct sbi_ret vsbi_function(struct vcpu *v);

struct vsbi_extension {
	uint64_t id;
	const char *name;
	unsigned n_functions;
	vsbi_function *const *functions; /* by function id; NULL: not supported */
};

#define VSBI_EXTENSION(var, id_, name_, functions_)                                                \
	const struct vsbi_extension var = { .id = (uint64_t)(id_),                                 \
					    .name = (name_),                                       \
					    .n_functions = ARRAY_LEN(functions_),                  \
					    .functions = (functions_) }

extern const struct vsbi_extension vsbi_base, vsbi_dbcn, vsbi_hsm, vsbi_ipi, vsbi_pmu, vsbi_rfence,
	vsbi_srst, vsbi_time;
/* SBI 0.1: its functions are those of the extensions 0 to 8, whatever a6 holds. */
extern const struct vsbi_extension vsbi_legacy;

/* An ecall from VS-mode, pc already behind it. */
void vsbi_handle_call(struct vcpu *v);

/* Does a guest have this extension? */
bool vsbi_has(uint64_t id);

/* The hart ids of a hart list ("Binary Encoding", "Hart list parameter"), as bits; do all of them
 * exist? */
struct hart_list {
	uint64_t ids;
	bool exist;
};
struct hart_list vsbi_harts(const struct vcpu *v, uint64_t mask, uint64_t base);

/* What legacy functions share with those that replaced them. */
void vsbi_send_ipi(struct vcpu *v, uint64_t ids);
void vsbi_set_timer(struct vcpu *v, uint64_t when);
void vsbi_stop_vm(struct vcpu *v, enum stop_reason reason);
/* SBI_SUCCESS, or what is wrong. `kind` is executed on those harts before the caller goes on. */
long vsbi_fence(struct vcpu *v, uint64_t ids, enum guest_fence kind, uint64_t start, uint64_t size,
		uint64_t asid);

static inline uint64_t vsbi_arg(const struct vcpu *v, unsigned n)
{
	return v->x[REG_A0 + n];
}

static inline struct sbi_ret vsbi_value(uint64_t value)
{
	return (struct sbi_ret){ .error = SBI_SUCCESS, .value = (long)value };
}

static inline struct sbi_ret vsbi_error(long error)
{
	return (struct sbi_ret){ .error = error };
}

/* a0 and a1 as they are. */
static inline struct sbi_ret vsbi_unchanged(const struct vcpu *v)
{
	return (struct sbi_ret){ .error = (long)v->x[REG_A0], .value = (long)v->x[REG_A1] };
}

/* The guest makes this call again, after others had a chance to run. */
static inline struct sbi_ret vsbi_again(struct vcpu *v)
{
	v->pc -= 4;
	vcpu_leave(v, VERDICT_POLL);
	return vsbi_unchanged(v);
}

#endif
