/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What operation number i of the hostile guest is. The guest performs it; the hypervisor's side
 * counts it, by the same functions. Kinds, CSRs, SBI functions and forms of access come round in a
 * fixed order, so that each comes often; all else is drawn from the seed and i alone, so that any
 * operation can be repeated.
 */
#ifndef TESTS_HOSTILE_PLAN_H
#define TESTS_HOSTILE_PLAN_H

#include "arch/bits.h"

enum op_kind {
	OP_CSR,    /* eight, each an instruction with another of all numbers that a CSR can have */
	OP_SBI,    /* a call, known and unknown, with arguments of every sort */
	OP_MMIO,   /* an access of each form to a device */
	OP_INSN,   /* random words, executed */
	OP_TABLES, /* accesses through wild page tables */
	OP_JUMP,   /* to where nothing is, or no code */
	OP_HYP,    /* what only a hypervisor may execute */
	OP_WAIT,   /* wfi, or no more than a loop for ever, to keep the hart */
	OP_STORM,  /* many fences, IPIs, or much output, at once */
	OP_TOUCH,  /* its own memory, what lies behind its end, and the host's PCI bus */
	N_OPS,
};

enum { PLAN_SLOTS = 64, N_CSRS = 4096 };

/* How many of each 64 operations are of that kind. */
static const uint8_t plan_share[N_OPS] = {
	[OP_CSR] = 28, [OP_SBI] = 12, [OP_MMIO] = 12, [OP_INSN] = 3,  [OP_TABLES] = 3,
	[OP_JUMP] = 2, [OP_HYP] = 1,  [OP_WAIT] = 1,  [OP_STORM] = 1, [OP_TOUCH] = 1,
};

struct plan {
	enum op_kind kind;
	uint64_t n; /* among those of its kind */
};

static inline struct plan plan_of(uint64_t i)
{
	/* 27 is odd: neighbours in time are of different kinds. */
	unsigned slot = (unsigned)(i * 27 % PLAN_SLOTS), kind = 0;

	while (slot >= plan_share[kind])
		slot -= plan_share[kind++];
	return (struct plan){ .kind = kind, .n = i / PLAN_SLOTS * plan_share[kind] + slot };
}

/* The j-th CSR of the n-th operation. The guest's own come last, since stvec and satp are among
 * them. */
enum { PLAN_CSRS = 8 };
static inline unsigned plan_csr(uint64_t n, unsigned j)
{
	const unsigned part = N_CSRS / PLAN_CSRS;

	return (PLAN_CSRS - 1 - j) * part + (unsigned)(n * 197 % part);
}

/* --- SBI: extensions and how many functions each has, one more than that being tried --- */

struct plan_extension {
	uint32_t id;
	uint8_t n_functions;
	uint8_t ends; /* bit f: function f ends the vCPU or the VM, whatever its arguments */
};

static const struct plan_extension plan_extensions[] = {
	{ 0x10, 7, 0 },       /* BASE */
	{ 0x54494d45, 1, 0 }, /* TIME */
	{ 0x735049, 1, 0 },   /* IPI */
	{ 0x52464e43, 3, 0 }, /* RFENCE */
	{ 0x48534d, 4, 2 },   /* HSM */
	{ 0x53525354, 1, 0 }, /* SRST */
	{ 0x4442434e, 3, 0 }, /* DBCN */
	{ 0x504d55, 7, 0 },   /* PMU */
	{ 0, 1, 0 },          /* SBI 0.1, from set_timer to shutdown */
	{ 1, 1, 0 },          { 2, 1, 0 }, { 3, 1, 0 }, { 4, 1, 0 },
	{ 5, 1, 0 },          { 6, 1, 0 }, { 7, 1, 0 }, { 8, 1, 3 },
};

/* Calls that end the guest are made once in so many turns, or it would do little else. */
enum { PLAN_ENDS_EVERY = 4, PLAN_NO_EXTENSION = 0xff };

struct plan_call {
	uint8_t extension; /* an index, PLAN_NO_EXTENSION: one that nobody has */
	uint8_t function;  /* n_functions: one that it does not have */
};

static inline unsigned plan_n_calls(void)
{
	unsigned calls = 1;

	for (unsigned e = 0; e < ARRAY_LEN(plan_extensions); e++)
		calls += plan_extensions[e].n_functions + 1u;
	return calls;
}

static inline bool plan_may_end(uint64_t n)
{
	return n / plan_n_calls() % PLAN_ENDS_EVERY == 0;
}

static inline struct plan_call plan_call(uint64_t n)
{
	unsigned at = (unsigned)(n % plan_n_calls());

	for (unsigned e = 0; e < ARRAY_LEN(plan_extensions); e++) {
		const struct plan_extension *x = &plan_extensions[e];

		if (at > x->n_functions) {
			at -= x->n_functions + 1u;
			continue;
		}
		if (at < 8 && x->ends >> at & 1 && !plan_may_end(n))
			break;
		return (struct plan_call){ (uint8_t)e, (uint8_t)at };
	}
	return (struct plan_call){ PLAN_NO_EXTENSION, 0 };
}

/* --- accesses: the instruction with its registers left 0; the base is a0, or sp --- */

enum {
	FORM_RD = 1,
	FORM_RS2 = 2,
	FORM_MAY = 4,
	FORM_CL = 8,
	FORM_CS = 16,
	FORM_CI = 32,
	FORM_CSS = 64
};

struct plan_form {
	const char *name;
	uint32_t insn;
	uint8_t fields; /* registers to be drawn; FORM_MAY: not every machine lets it get so far */
};

#define FORM_AMO(name, funct5)                                                                     \
	{ "amo" name ".w", (uint32_t)(funct5) << 27 | 0x202f, FORM_RD | FORM_RS2 },                \
	{                                                                                          \
		"amo" name ".d", (uint32_t)(funct5) << 27 | 0x302f, FORM_RD | FORM_RS2             \
	}

static const struct plan_form plan_forms[] = {
	{ "lb", 0x0003, FORM_RD },
	{ "lh", 0x1003, FORM_RD },
	{ "lw", 0x2003, FORM_RD },
	{ "ld", 0x3003, FORM_RD },
	{ "lbu", 0x4003, FORM_RD },
	{ "lhu", 0x5003, FORM_RD },
	{ "lwu", 0x6003, FORM_RD },
	{ "flw", 0x2007, FORM_RD },
	{ "fld", 0x3007, FORM_RD },
	{ "flh", 0x1007, FORM_RD | FORM_MAY },
	{ "sb", 0x0023, FORM_RS2 },
	{ "sh", 0x1023, FORM_RS2 },
	{ "sw", 0x2023, FORM_RS2 },
	{ "sd", 0x3023, FORM_RS2 },
	{ "fsw", 0x2027, FORM_RS2 },
	{ "fsd", 0x3027, FORM_RS2 },
	{ "fsh", 0x1027, FORM_RS2 | FORM_MAY },
	FORM_AMO("add", 0x00),
	FORM_AMO("swap", 0x01),
	FORM_AMO("xor", 0x04),
	FORM_AMO("or", 0x08),
	FORM_AMO("and", 0x0c),
	FORM_AMO("min", 0x10),
	FORM_AMO("max", 0x14),
	FORM_AMO("minu", 0x18),
	FORM_AMO("maxu", 0x1c),
	{ "amocas.w", 0x2800202f, FORM_RD | FORM_RS2 | FORM_MAY },
	{ "amoadd.b", 0x0000002f, FORM_RD | FORM_RS2 | FORM_MAY },
	{ "amoadd.h", 0x0000102f, FORM_RD | FORM_RS2 | FORM_MAY },
	{ "lr.w", 0x1000202f, FORM_RD },
	{ "lr.d", 0x1000302f, FORM_RD },
	/* One that has no reservation may fail without looking at the address. */
	{ "sc.w", 0x1800202f, FORM_RD | FORM_RS2 | FORM_MAY },
	{ "sc.d", 0x1800302f, FORM_RD | FORM_RS2 | FORM_MAY },
	{ "cbo.inval", 0x0000200f, FORM_MAY },
	{ "cbo.clean", 0x0010200f, FORM_MAY },
	{ "cbo.flush", 0x0020200f, FORM_MAY },
	{ "cbo.zero", 0x0040200f, FORM_MAY },
	{ "vle8.v", 0x02000007, FORM_RD | FORM_MAY },
	{ "c.fld", 0x2000, FORM_CL },
	{ "c.lw", 0x4000, FORM_CL },
	{ "c.ld", 0x6000, FORM_CL },
	{ "c.fsd", 0xa000, FORM_CS },
	{ "c.sw", 0xc000, FORM_CS },
	{ "c.sd", 0xe000, FORM_CS },
	{ "c.fldsp", 0x2002, FORM_CI },
	{ "c.lwsp", 0x4002, FORM_CI },
	{ "c.ldsp", 0x6002, FORM_CI },
	{ "c.fsdsp", 0xa002, FORM_CSS },
	{ "c.swsp", 0xc002, FORM_CSS },
	{ "c.sdsp", 0xe002, FORM_CSS },
	{ "c.lbu", 0x8000, FORM_CL | FORM_MAY },
	{ "c.lhu", 0x8400, FORM_CL | FORM_MAY },
	{ "c.sb", 0x8800, FORM_CS | FORM_MAY },
};

enum plan_device { DEVICE_SERIAL, DEVICE_PLIC, DEVICE_TEST, N_PLAN_DEVICES };

struct plan_access {
	uint8_t form;
	uint8_t device;
};

static inline struct plan_access plan_access(uint64_t n)
{
	return (struct plan_access){ .form = (uint8_t)(n % ARRAY_LEN(plan_forms)),
				     .device = n / ARRAY_LEN(plan_forms) % N_PLAN_DEVICES };
}

#endif
