/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The SBI that guests see. An extension is one file that ends in its description, a `struct
 * vsbi_extension`, and one line in the list in vsbi.c. A function reads its arguments from the
 * vCPU's registers once, and what it returns goes to a0 and a1.
 */
#ifndef SBI_GUEST_VSBI_H
#define SBI_GUEST_VSBI_H

#include "sbi/host/sbi.h"
#include "vcpu/engine.h"

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

extern const struct vsbi_extension vsbi_base, vsbi_dbcn, vsbi_srst, vsbi_time;

/* An ecall from VS-mode, pc already behind it. */
void vsbi_handle_call(struct vcpu *v);

/* Does a guest have this extension? */
bool vsbi_has(uint64_t id);

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

#endif
