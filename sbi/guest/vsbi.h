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
#define SBI_EXT_PMU           0x504d55l
#define SBI_EXT_SSE           0x535345l
#define SBI_EXT_SUSP          0x53555350l
#define SBI_EXT_STA           0x535441l
#define SBI_ERR_NO_SHMEM      (-9l)
#define SBI_ERR_INVALID_STATE (-10l)
#define SBI_ERR_BAD_RANGE     (-11l)
#define SBI_ERR_DENIED_LOCKED (-14l)

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

extern const struct vsbi_extension vsbi_base, vsbi_dbcn, vsbi_fwft, vsbi_hsm, vsbi_ipi, vsbi_pmu,
	vsbi_rfence, vsbi_srst, vsbi_sta, vsbi_susp, vsbi_time;
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

/* Arguments (low, high, flags) by which shared memory is set, as large as it is aligned, or given
 * up: *at is 0 then, else its address with bit 0 set. SBI_SUCCESS, or what is wrong. */
long vsbi_find_shmem(struct vcpu *v, uint64_t size, uint64_t *at);

/* A VM begins, of which this is the first vCPU: what its vCPUs have in common is as new. */
void vsbi_reset_system(struct vcpu *first);

/* By the run loop, as ORDER_EVENT says, its state loaded: true if the vCPU took an event and goes
 * on in its handler. */
bool vsbi_take_event(struct vcpu *v);
/* The caller stops: events are no longer its affair. Its HSM state says so already. */
void vsbi_leave_events(struct vcpu *v);

/* By the run loop: the vCPU's turn begins, with its state loaded, and ends although it could go on.
 */
void vsbi_turn_begins(struct vcpu *v);
void vsbi_turn_ends(struct vcpu *v);

/* May a hart of this guest begin there? */
bool vsbi_is_code(struct vcpu *v, uint64_t at);
/* The caller sleeps until an interrupt, and then begins there as a started hart does. */
struct sbi_ret vsbi_wait_and_go_on_at(struct vcpu *v, uint64_t at, uint64_t opaque);

/* By somebody outside: it goes on if its system is suspended. Was it? Any hart. */
bool vsbi_wake(struct vcpu *v);

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
