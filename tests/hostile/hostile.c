/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest that does all it can against its hypervisor: the operations of plan.h, one after the
 * other. Each is a few instructions, put into a page that may never have been touched, with 30
 * registers and a mode to run in; x31 leads back. Whatever traps leads back too. What not even that
 * survives, such as a vector that is nowhere, the hypervisor's side sees and starts the guest
 * again: the number of the next operation is kept there.
 */
#include "arch/cause.h"
#include "arch/csr.h"
#include "arch/fence.h"
#include "tests/hostile/bare.h"
#include "tests/hostile/calls.h"
#include "tests/hostile/plan.h"

void hostile_operation(uint64_t cause);
_Noreturn void hostile_launch(const uint64_t x[32], uint64_t pc, uint64_t sstatus, uint64_t satp);
extern const char hostile_return[], hostile_skip[], hostile_vector[];

#define CODE      0x80400000ull /* pages for code: 4 MiB */
#define DATA      0x80800000ull
#define TABLES    0x80c00000ull
#define DATA_SIZE 0x400000ull
#define SERIAL    0x10000000ull
#define PLIC      0x0c000000ull
#define TEST      0x00100000ull
#define ALIAS     0x40000000ull /* where U-mode finds RAM with translation on, beyond BARE_RAM */

#define INSN_ECALL  0x00000073u
#define INSN_EBREAK 0x00100073u
#define INSN_RETURN 0x000f8067u /* jr x31 */
#define INSN_WFI    0x10500073u
#define INSN_SPIN   0x0000006fu /* 1: j 1b */

enum {
	TICKS_NONE = 1,
	TICKS_SOON = 300,
	TICKS_LATER = 2000,
	STORM = 64,
	CODE_WORDS = 16,
	WAIT_EVERY = 64,
	EXT_SRST = 0x53525354,
	EXT_DBCN = 0x4442434e,
};

struct op {
	uint64_t state; /* of what is drawn for it */
	uint64_t x[32];
	uint64_t pc, sstatus, satp;
	const char *vector;
	uint16_t *code; /* where the next instruction goes */
	uint64_t ticks; /* until the timer wakes it or ends it; 0: it is due; TICKS_NONE: unused */
};

/* Several are made before the first is executed, since a store to a page of which QEMU has
 * translated code is slow. */
enum { GROUP = 16, PLACE = 4096 / GROUP };
static struct op ops[GROUP], *op;

/* --- draws --- */

static uint64_t draw(void)
{
	return bare_mix(op->state += 0x9e3779b97f4a7c15);
}

static unsigned draw_below(unsigned n)
{
	return (unsigned)(draw() >> 33) % n;
}

static bool one_in(unsigned n)
{
	return !draw_below(n);
}

/* An address: memory, devices, their ends, nothing. */
static uint64_t draw_address(void)
{
	static const uint64_t places[] = {
		0,
		TEST,
		SERIAL,
		PLIC,
		PLIC + 0x200000,
		PLIC + 0x5fffc0,
		BARE_RAM,
		CODE,
		DATA,
		TABLES,
		BARE_RAM + BARE_RAM_SIZE - 64,
		BARE_RAM + BARE_RAM_SIZE,
		0x40000000,
		0x100000000,
		1ull << 38,
		(1ull << 39) - 64,
		1ull << 41,
		1ull << 55,
		1ull << 56,
		1ull << 63,
		-64ull,
		-1ull << 38,
	};

	if (one_in(8))
		return draw() >> draw_below(64);
	if (one_in(2))
		return DATA + (draw() & (DATA_SIZE - 1));
	return places[draw_below(ARRAY_LEN(places))] +
	       (one_in(2) ? draw_below(128) : draw() & 0xff8);
}

static uint64_t draw_value(void)
{
	switch (draw_below(6)) {
	case 0:
		return draw_below(4);
	case 1:
		return -(uint64_t)draw_below(4);
	case 2:
		return 1ull << draw_below(64);
	case 3:
		return draw();
	default:
		return draw_address();
	}
}

/* --- the code of an operation --- */

static void put_16(uint32_t insn)
{
	*op->code++ = (uint16_t)insn;
}

static void put_32(uint32_t insn)
{
	put_16(insn);
	put_16(insn >> 16);
}

static void put(uint32_t insn)
{
	put_16(insn);
	if ((insn & 3) == 3)
		put_16(insn >> 16);
}

/* Not x31, which leads back, and not x30, which hostile_skip uses. */
static uint32_t draw_reg(void)
{
	return draw_below(30);
}

static void plan_csr_access(uint64_t n)
{
	static const uint8_t forms[] = { 1, 2, 3, 5, 6, 7 };

	for (unsigned j = 0; j < PLAN_CSRS; j++)
		put_32((uint32_t)plan_csr(n, j) << 20 | draw_reg() << 15 |
		       (uint32_t)forms[draw_below(sizeof(forms))] << 12 | draw_reg() << 7 | 0x73);
	op->vector = hostile_skip;
}

/* Where two guests share a hart, a wait is as long as the other's turn. */
static uint64_t ticks_of_wait(uint64_t n)
{
	return n % WAIT_EVERY ? 0 : TICKS_SOON;
}

static void plan_sbi_call(uint64_t n)
{
	struct plan_call call = plan_call(n);

	op->x[16] = one_in(16) ? draw() : draw_below(10);
	op->x[17] = draw() >> draw_below(64);
	if (call.extension != PLAN_NO_EXTENSION) {
		op->x[17] = plan_extensions[call.extension].id;
		op->x[16] = call.function;
	}
	/* Small ones are the ones that mean something. */
	for (unsigned i = 10; i < 16; i++)
		if (one_in(3))
			op->x[i] = draw_below(4);
	/* What it does copy. */
	if (op->x[17] == EXT_DBCN && one_in(2)) {
		op->x[10] = draw_below(2048);
		op->x[11] = DATA + (draw() & (DATA_SIZE - 1));
		op->x[12] = 0;
	}
	if (!plan_may_end(n)) /* no type of a reset, whatever was drawn */
		op->x[10] |= op->x[17] == EXT_SRST ? 0x80 : 0;
	put_32(INSN_ECALL);
	op->ticks = ticks_of_wait(n / plan_n_calls());
}

static uint64_t device_address(enum plan_device device)
{
	static const uint32_t plic[] = { 0,        4,        40,       0x1000,   0x1004,
					 0x2000,   0x2080,   0x2100,   0x200000, 0x200004,
					 0x201000, 0x201004, 0x3fffffc };

	switch (device) {
	case DEVICE_SERIAL:
		return SERIAL + draw_below(one_in(8) ? 4096 : 8);
	case DEVICE_TEST:
		return TEST + (one_in(4) ? draw_below(4096) : draw_below(2) * 4);
	default:
		if (one_in(4))
			return PLIC + draw_below(0x600000);
		return PLIC + plic[draw_below(ARRAY_LEN(plic))] % 0x600000;
	}
}

static void plan_device_access(uint64_t n)
{
	struct plan_access access = plan_access(n);
	const struct plan_form *form = &plan_forms[access.form];
	uint32_t insn = form->insn, data = draw_reg();

	op->x[10] = device_address(access.device);
	if (!one_in(4)) /* as most guests do */
		op->x[10] &= -8ull;
	op->x[2] = op->x[10];
	if (form->fields & FORM_RD)
		insn |= data << 7;
	if (form->fields & FORM_RS2)
		insn |= draw_reg() << 20;
	if (form->fields & (FORM_CL | FORM_CS))
		insn |= (data & 7) << 2 | 2 << 7;
	else if (form->fields & FORM_CI)
		insn |= (data | 1) << 7;
	else if (form->fields & FORM_CSS)
		insn |= data << 2;
	else
		insn |= 10 << 15;
	/* To switch itself off takes a start; once in a while is enough. */
	if (access.device == DEVICE_TEST && one_in(256))
		for (unsigned i = 11; i < 31; i++)
			op->x[i] = one_in(2) ? 0x5555 : 0x7777;
	put(insn);
}

static void plan_random_words(uint64_t n)
{
	for (unsigned i = 1 + draw_below(CODE_WORDS / 2); i; i--) {
		uint32_t insn = (uint32_t)draw();

		if (one_in(2))
			insn |= 3;
		if (one_in(8)) /* SYSTEM */
			insn = (insn & ~0x7fu) | 0x73;
		put(insn);
	}
	op->ticks = TICKS_LATER;
}

/* An entry of a wild table. */
static uint64_t draw_entry(void)
{
	uint64_t to = one_in(2) ? TABLES + draw_below(64) * 4096ull : draw_address();
	uint64_t entry = (to >> 12 & MASK(43, 0)) << 10;

	switch (draw_below(4)) {
	case 0:
		return entry | 1; /* a table */
	case 1:
		return entry | (draw() & 0xff) | 1;
	case 2:
		return entry | 0xcf | (draw() & 0x30);
	default:
		return draw();
	}
}

/*
 * Three tables, one for each possible root: of Sv39, Sv48 and Sv57. Each is the second entry of the
 * next, so that the vector and the operation have the same place in all modes: at their addresses
 * for S-mode, at ALIAS behind these for U-mode. All else is wild, in the tables that these lead to
 * too.
 */
static uint64_t make_tables(void)
{
	unsigned mode = draw_below(3), at = draw_below(61);
	uint64_t *table = (uint64_t *)(TABLES + at * 4096ull);
	const uint64_t ram = BARE_RAM >> 12 << 10;

	for (unsigned i = 0; i < 32; i++)
		table[draw_below(3 * 512)] = draw_entry();
	table[2] = ram | 0xcf;
	table[3] = ram | 0xdf;
	table[512] = ((uint64_t)table >> 12) << 10 | 1;
	table[1024] = ((uint64_t)table + 4096) >> 12 << 10 | 1;
	return (8ull + mode) << 60 | (draw() & 0xffff) << 44 | (((uint64_t)table >> 12) + mode);
}

static void plan_wild_tables(uint64_t n)
{
	op->satp = make_tables();
	if (one_in(1024)) /* not even the vector is mapped */
		op->satp = 8ull << 60 | draw_address() >> 12;
	for (unsigned i = 1 + draw_below(4); i; i--) {
		uint32_t base = 1 + draw_below(30);

		if (one_in(2))
			op->x[base] = draw() >> draw_below(40) & 0xfffffffffffffff8;
		switch (draw_below(4)) {
		case 0:
			put_32(0x3003 | base << 15); /* ld */
			break;
		case 1:
			put_32(0x3023 | base << 15 | draw_reg() << 20); /* sd */
			break;
		case 2:
			put_32(0x302f | base << 15 | draw_reg() << 20); /* amoadd.d */
			break;
		default:
			if (one_in(2))
				put_32(0x0067 | base << 15); /* jr */
			else
				put_32(0x12000073 | base << 15 | draw_reg() << 20); /* sfence.vma */
		}
	}
	op->ticks = TICKS_LATER;
}

static void plan_jump(uint64_t n)
{
	uint32_t base = 1 + draw_below(30);

	op->x[base] = draw_address();
	put_32(0x0067 | base << 15);
	op->ticks = TICKS_LATER;
}

static void plan_hypervisor_insn(uint64_t n)
{
	/* hfence.vvma, hfence.gvma, hinval, sinval, sfence.w.inval; hlv, hlvx, hsv; mret, mnret,
	 * sret, wrs; what has VTSR, VTVM or VTW before it, or nothing. */
	static const uint32_t insns[] = {
		0x22000073, 0x62000073, 0x26000073, 0x66000073, 0x16000073, 0x18000073,
		0x18100073, 0x60004073, 0x60104073, 0x64004073, 0x64304073, 0x68004073,
		0x68304073, 0x6c004073, 0x62004073, 0x66004073, 0x6a004073, 0x6e004073,
		0x30200073, 0x70200073, 0x10200073, 0x00d00073, 0x01d00073, 0x12000073,
	};
	uint32_t insn = insns[draw_below(ARRAY_LEN(insns))];

	if ((insn & 0x7073) == 0x4073 || insn >> 25 == 0x11 || insn >> 25 == 0x31 ||
	    insn >> 25 == 0x9)
		insn |= draw_reg() << 15 | draw_reg() << 20;
	put_32(insn);
	op->ticks = TICKS_LATER;
}

static void plan_wait(uint64_t n)
{
	if (n % WAIT_EVERY == 1) {
		put_32(INSN_SPIN);
		return;
	}
	put_32(INSN_WFI);
	op->ticks = ticks_of_wait(n);
}

static void plan_storm(uint64_t n)
{
	static const struct {
		uint32_t extension, function;
	} calls[] = {
		{ 0x735049, 0 }, { 0x52464e43, 0 }, { 0x52464e43, 1 }, { 0x52464e43, 2 },
		{ EXT_DBCN, 0 }, { EXT_DBCN, 1 },   { EXT_DBCN, 2 },   { 0x54494d45, 0 },
	};
	unsigned which = draw_below(ARRAY_LEN(calls));

	op->x[5] = STORM;
	op->x[10] = calls[which].extension == EXT_DBCN ? 1024 : 1;
	op->x[11] = calls[which].extension == EXT_DBCN ? DATA + (draw() & (DATA_SIZE - 4096)) : 0;
	op->x[12] = calls[which].extension == EXT_DBCN ? 0 : one_in(2) ? 0 : draw_value();
	op->x[13] = draw_value();
	op->x[14] = draw_below(4);
	op->x[16] = calls[which].function;
	op->x[17] = calls[which].extension;
	op->x[6] = op->x[10];
	op->x[7] = op->x[11];
	put_32(0x00030513); /* 1: mv a0, t1 */
	put_32(0x00038593); /* mv a1, t2 */
	put_32(INSN_ECALL);
	put_32(0xfff28293); /* addi t0, t0, -1 */
	put_32(0xfe0298e3); /* bnez t0, 1b */
	op->ticks = TICKS_LATER;
}

/* Each other time first what it was never given; where that succeeds, it goes on. */
static uint64_t host_address(void)
{
	static const uint64_t places[] = { HOST_ECAM, HOST_ECAM + 0x8000, HOST_IO, HOST_IO + 0x1000,
					   HOST_PCI };

	return places[draw_below(ARRAY_LEN(places))] + 8 * draw_below(4);
}

static void plan_touch(uint64_t n)
{
	if (n % 2) {
		op->x[9] = host_address();
		put_32(one_in(2) ? 0x0004b003 : 0x00a4b023); /* ld x0, sd a0, 0(s1) */
	}
	for (unsigned i = 0; i < 8; i++) {
		op->x[10 + i] = DATA + (draw() % (BARE_RAM + BARE_RAM_SIZE + 4096 - DATA) & -8ull);
		put_32((one_in(2) ? 0x3003u : 0x00a03023u) | (10 + i) << 15);
	}
}

static void (*const plans[N_OPS])(uint64_t n) = {
	[OP_CSR] = plan_csr_access,      [OP_SBI] = plan_sbi_call,
	[OP_MMIO] = plan_device_access,  [OP_INSN] = plan_random_words,
	[OP_TABLES] = plan_wild_tables,  [OP_JUMP] = plan_jump,
	[OP_HYP] = plan_hypervisor_insn, [OP_WAIT] = plan_wait,
	[OP_STORM] = plan_storm,         [OP_TOUCH] = plan_touch,
};

/* Those that may go on for ever are ended by an interrupt, the others only woken by it. */
static bool is_interrupted(enum op_kind kind)
{
	return kind == OP_INSN || kind == OP_TABLES || kind == OP_JUMP || kind == OP_HYP;
}

static bool may_be_user(enum op_kind kind)
{
	return kind != OP_SBI && kind != OP_STORM && kind != OP_WAIT;
}

/* The number of the next operation, after the one before has ended like this. */
static uint64_t next_number(uint64_t cause)
{
	volatile struct batch *b = (volatile struct batch *)BATCH_AT;

	if (cause == CAUSE_BOOT)
		b->n_begun = BATCH_SIZE;
	else
		b->outcomes[(b->n_begun - 1) % BATCH_SIZE] =
			cause == CAUSE_NONE       ? OUTCOME_NONE
			: cause & CAUSE_INTERRUPT ? OUTCOME_INTERRUPT | (cause & 63)
						  : cause & 63;
	if (b->n_begun - 1 >= BATCH_SIZE - 1) {
		struct bare_ret ret = bare_call(EXT_HOSTILE, CALL_NEXT, 0, 0, 0, 0);

		b->first = ret.error;
		b->seed = ret.value;
		b->n_begun = 0;
		for (unsigned i = 0; i < BATCH_SIZE; i++)
			b->outcomes[i] = OUTCOME_UNKNOWN;
	}
	return b->first + b->n_begun++;
}

static void make_operation(uint64_t i, uint64_t seed)
{
	struct plan plan = plan_of(i);
	bool is_user;

	op = &ops[i % GROUP];
	op->state = bare_mix(seed) ^ bare_mix(i);
	for (unsigned r = 1; r < 31; r++)
		op->x[r] = draw_value();
	op->x[31] = (uint64_t)hostile_return;
	op->pc = CODE + i / GROUP % 1024 * 4096 + i % GROUP * PLACE + 2 * (i & 3);
	op->code = (uint16_t *)op->pc;
	op->satp = 0;
	op->vector = hostile_vector;
	op->ticks = TICKS_NONE;
	is_user = may_be_user(plan.kind) && one_in(4);
	op->sstatus = SSTATUS_FS | SSTATUS_VS;
	if (plan.kind == OP_TABLES)
		op->sstatus |= draw() & (SSTATUS_SUM | SSTATUS_MXR);
	if (!is_user)
		op->sstatus |= SSTATUS_SPP;
	if (is_interrupted(plan.kind))
		op->sstatus |= SSTATUS_SPIE;
	plans[plan.kind](plan.n);
	put_32(is_user ? INSN_ECALL : INSN_RETURN);
	put_32(INSN_EBREAK);
	if (is_user && op->satp)
		op->pc += ALIAS;
}

void hostile_operation(uint64_t cause)
{
	volatile struct batch *b = (volatile struct batch *)BATCH_AT;
	uint64_t i = next_number(cause);

	if (i % GROUP == 0 || b->n_begun == 1)
		for (uint64_t j = i; j == i || j % GROUP; j++)
			make_operation(j, b->seed);
	op = &ops[i % GROUP];
	csr_write(CSR_STVEC, op->vector);
	if (op->ticks != TICKS_NONE) /* each write is work for QEMU's own timers */
		csr_write(CSR_STIMECMP, op->ticks ? csr_read(CSR_TIME) + op->ticks : 0);
	csr_write(CSR_SIE,
		  (op->ticks != TICKS_NONE ? SIE_STIE : 0) | (op->state & (SIE_SSIE | SIE_SEIE)));
	hostile_launch(op->x, op->pc, op->sstatus, op->satp);
}
