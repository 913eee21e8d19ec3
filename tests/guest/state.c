/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/guest/state.h"

#include <string.h>

#include "platform/catch.h"
#include "platform/probe.h"
#include "tests/kit/kit.h"

enum { VECTOR_BYTES = 32 * 64 }; /* of what is compared; longer registers are not QEMU's default */

static uint64_t nth(uint64_t pattern, unsigned n)
{
	return pattern * 0x0101010101010101 ^ n * 0x9e3779b97f4a7c15;
}

/* --- F and D --- */

static void floats_write(const uint64_t f[33])
{
	csr_set(CSR_SSTATUS, SSTATUS_FS);
	__asm__ volatile(".option push\n"
			 ".option arch, +d\n"
			 ".irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,"
			 "25,26,27,28,29,30,31\n"
			 "fld f\\n, 8*\\n(%0)\n"
			 ".endr\n"
			 "ld t0, 256(%0)\n"
			 "csrw fcsr, t0\n"
			 ".option pop" ::"r"(f)
			 : "t0", "memory");
}

static void floats_read(uint64_t f[33])
{
	csr_set(CSR_SSTATUS, SSTATUS_FS);
	__asm__ volatile(".option push\n"
			 ".option arch, +d\n"
			 ".irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,"
			 "25,26,27,28,29,30,31\n"
			 "fsd f\\n, 8*\\n(%0)\n"
			 ".endr\n"
			 "csrr t0, fcsr\n"
			 "sd t0, 256(%0)\n"
			 ".option pop" ::"r"(f)
			 : "t0", "memory");
}

static uint64_t float_of(uint64_t pattern, unsigned n)
{
	if (!pattern)
		return 0;
	return n < 32 ? nth(pattern, n) : pattern & 0x7f;
}

static void floats_fill(uint64_t pattern)
{
	uint64_t f[33];

	for (unsigned n = 0; n < ARRAY_LEN(f); n++)
		f[n] = float_of(pattern, n);
	floats_write(f);
}

static unsigned floats_wrong(uint64_t pattern)
{
	uint64_t f[33];
	unsigned n_wrong = 0;

	floats_read(f);
	for (unsigned n = 0; n < ARRAY_LEN(f); n++)
		n_wrong += f[n] != float_of(pattern, n);
	return n_wrong;
}

/* --- V --- */

static uint64_t vectors[VECTOR_BYTES / 8];

static size_t n_vector_words(void)
{
	size_t bytes = 32 * this_hart_features()->vlenb;

	return bytes <= sizeof(vectors) ? bytes / 8 : 0;
}

struct vector_csrs {
	uint64_t vstart, vcsr, vl, vtype;
};

static struct vector_csrs vector_csrs_of(uint64_t pattern)
{
	if (!pattern)
		return (struct vector_csrs){ .vtype = BIT(63) };
	/* e8, m1; the pattern decides vl, vxrm and vxsat, and a vstart within vl. */
	return (struct vector_csrs){ .vstart = 1 + (pattern & 1),
				     .vcsr = pattern & 7,
				     .vl = 4 + (pattern & 3) };
}

static void vectors_fill(uint64_t pattern)
{
	struct vector_csrs c = vector_csrs_of(pattern);

	for (unsigned n = 0; n < n_vector_words(); n++)
		vectors[n] = pattern ? nth(pattern, n) : 0;
	csr_set(CSR_SSTATUS, SSTATUS_VS);
	__asm__ volatile(".option push\n"
			 ".option arch, +v\n"
			 "csrw vstart, zero\n"
			 "csrr t1, vlenb\n"
			 "slli t1, t1, 3\n"
			 "mv t0, %0\n"
			 "vl8r.v v0, (t0)\n add t0, t0, t1\n"
			 "vl8r.v v8, (t0)\n add t0, t0, t1\n"
			 "vl8r.v v16, (t0)\n add t0, t0, t1\n"
			 "vl8r.v v24, (t0)\n"
			 "vsetvl zero, %1, %2\n"
			 "csrw vcsr, %3\n"
			 "csrw vstart, %4\n"
			 ".option pop" ::"r"(vectors),
			 "r"(c.vl), "r"(c.vtype), "r"(c.vcsr), "r"(c.vstart)
			 : "t0", "t1", "memory");
}

static unsigned vectors_wrong(uint64_t pattern)
{
	struct vector_csrs is, shall = vector_csrs_of(pattern);
	unsigned n_wrong = 0;

	csr_set(CSR_SSTATUS, SSTATUS_VS);
	is = (struct vector_csrs){ csr_read(CSR_VSTART), csr_read(CSR_VCSR), csr_read(CSR_VL),
				   csr_read(CSR_VTYPE) };
	__asm__ volatile(".option push\n"
			 ".option arch, +v\n"
			 "csrw vstart, zero\n"
			 "csrr t1, vlenb\n"
			 "slli t1, t1, 3\n"
			 "mv t0, %0\n"
			 "vs8r.v v0, (t0)\n add t0, t0, t1\n"
			 "vs8r.v v8, (t0)\n add t0, t0, t1\n"
			 "vs8r.v v16, (t0)\n add t0, t0, t1\n"
			 "vs8r.v v24, (t0)\n"
			 "csrw vstart, %1\n"
			 ".option pop" ::"r"(vectors),
			 "r"(is.vstart)
			 : "t0", "t1", "memory");
	for (unsigned n = 0; n < n_vector_words(); n++)
		n_wrong += vectors[n] != (pattern ? nth(pattern, n) : 0);
	return n_wrong + (is.vstart != shall.vstart) + (is.vcsr != shall.vcsr) +
	       (is.vl != shall.vl) + (is.vtype != shall.vtype);
}

/* --- S-mode's registers without a copy, where the guest can reach them --- */

/* What can be set in each, found out by trying, once. */
enum { SENVCFG, SCOUNTEREN, SSTATEEN0, SSTATEEN1, SSTATEEN2, SSTATEEN3, SCONTEXT, N_CSRS };

static uint64_t masks[N_CSRS], expected[N_CSRS];

static uint64_t csr_swap_nth(unsigned n, uint64_t value, uint64_t *old)
{
	switch (n) {
	case SENVCFG:
		return csr_try_swap(CSR_SENVCFG, value, old);
	case SCOUNTEREN:
		return csr_try_swap(CSR_SCOUNTEREN, value, old);
	case SSTATEEN0:
		return csr_try_swap(CSR_SSTATEEN0, value, old);
	case SSTATEEN1:
		return csr_try_swap(CSR_SSTATEEN1, value, old);
	case SSTATEEN2:
		return csr_try_swap(CSR_SSTATEEN2, value, old);
	case SSTATEEN3:
		return csr_try_swap(CSR_SSTATEEN3, value, old);
	default:
		return csr_try_swap(CSR_SCONTEXT, value, old);
	}
}

static void csrs_find(void)
{
	static bool is_found;

	for (unsigned n = 0; n < N_CSRS && !is_found; n++) {
		uint64_t old, set = 0;

		if (csr_swap_nth(n, ~0ull, &old) == CAUGHT_NOTHING)
			(void)csr_swap_nth(n, old, &set);
		masks[n] = set;
	}
	is_found = true;
}

static uint64_t csr_of(uint64_t pattern, unsigned n)
{
	return pattern ? nth(pattern, n) & masks[n] : 0;
}

static void csrs_fill(uint64_t pattern)
{
	uint64_t old;

	csrs_find();
	for (unsigned n = 0; n < N_CSRS; n++) {
		if (!masks[n])
			continue;
		(void)csr_swap_nth(n, csr_of(pattern, n), &old);
		/* Some fields take some values only: what is compared is what was read back. */
		(void)csr_swap_nth(n, 0, &expected[n]);
		(void)csr_swap_nth(n, expected[n], &old);
	}
}

static unsigned csrs_wrong(uint64_t pattern)
{
	unsigned n_wrong = 0;

	for (unsigned n = 0; n < N_CSRS; n++) {
		uint64_t is, old, shall = pattern ? expected[n] : 0;

		if (csr_swap_nth(n, 0, &is) != CAUGHT_NOTHING)
			continue;
		(void)csr_swap_nth(n, is, &old);
		n_wrong += is != shall;
	}
	return n_wrong;
}

/* --- all --- */

static bool is_there(enum state s)
{
	return s == STATE_CSRS || has(s == STATE_FLOATS ? ISA_D : ISA_V);
}

void state_fill(enum state s, uint64_t pattern)
{
	if (!is_there(s))
		return;
	if (s == STATE_FLOATS)
		floats_fill(pattern);
	else if (s == STATE_VECTORS)
		vectors_fill(pattern);
	else
		csrs_fill(pattern);
}

unsigned state_wrong(enum state s, uint64_t pattern)
{
	if (!is_there(s))
		return 0;
	return s == STATE_FLOATS    ? floats_wrong(pattern)
	       : s == STATE_VECTORS ? vectors_wrong(pattern)
				    : csrs_wrong(pattern);
}

void state_reset(void)
{
	for (enum state s = 0; s < N_STATES; s++)
		state_fill(s, 0);
}
