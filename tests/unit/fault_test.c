/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What becomes of a guest page fault, over a map of two regions and an engine that writes down what
 * was asked of it, in order. The guest's tables, where a fault's address has to be found by them,
 * lie in two pages of guest memory.
 */
#include <errno.h>
#include <string.h>

#include "arch/cause.h"
#include "arch/csr.h"
#include "arch/fence.h"
#include "hyp/fault.h"
#include "hyp/vm.h"
#include "platform/trace.h"
#include "tests/kit/kit.h"
#include "vcpu/decode.h"
#include "vcpu/engine.h"

enum {
	RAM = 0x80000000,
	RAM_SIZE = 0x200000,
	DEVICE = 0x10000000,
	HOLE = 0x40000123,
	TEXT = 0x1000, /* where the guest's instruction lies: its address, not the map's */
	DATA = 0x7abc,
	MAX_AGAIN = 16,
};

/* --- what was done, in order --- */

enum deed { FILL, FORGET_PAGE, FORGET_ALL, FENCE_I, INJECT, FIND_ACCESS, MMIO };
static struct {
	enum deed deed;
	uint64_t a, b;
} done[64];
static unsigned n_done;

static void note(enum deed deed, uint64_t a, uint64_t b)
{
	REQUIRE(n_done < ARRAY_LEN(done));
	done[n_done].deed = deed;
	done[n_done].a = a;
	done[n_done++].b = b;
}

/* The n-th thing done was this; and n_done says that there was no other. */
static bool did(unsigned n, enum deed deed, uint64_t a, uint64_t b)
{
	return n < n_done && done[n].deed == deed && done[n].a == a && done[n].b == b;
}

/* --- what the fault's handler stands on --- */

unsigned trace_on;
static struct vm vm;
static struct vcpu vcpu, *const v = &vcpu;
static struct region ram, device;
static int filled;           /* what gmap_fill answers */
static struct access access; /* what the engine finds that the instruction wants */
static bool is_found;        /* false: it could not be fetched */
static enum verdict of_mmio; /* what mmio_access answers */
static struct vcpu_translation translation;
static pte_t tables[2][PTES_PER_PAGE]; /* at RAM; all other guest memory cannot be read */

void trace_write(enum trace_event event, uint64_t a, uint64_t b)
{
	(void)event, (void)a, (void)b;
}

void fence_model(const char *insn, uint64_t address, uint64_t id)
{
	(void)address, (void)id;
	EXPECT_STR(insn, "fence.i");
	note(FENCE_I, 0, 0);
}

struct region *gmap_find(const struct gmap *m, struct gpa gpa)
{
	EXPECT(m == &vm.map);
	if (gpa.v - ram.at.v < ram.size)
		return &ram;
	return gpa.v - device.at.v < device.size ? &device : NULL;
}

int gmap_fill(struct gmap *m, struct region *r, struct gpa gpa, enum gtable_rights rights)
{
	EXPECT(m == &vm.map && r == &ram);
	note(FILL, gpa.v, rights);
	return filled;
}

enum verdict mmio_access(struct vcpu *who, struct region *r)
{
	EXPECT(who == v && r == &device);
	note(MMIO, who->trap.gpa.v, who->trap.is_walk);
	return of_mmio;
}

static void inject(struct vcpu *who, uint64_t cause, uint64_t value)
{
	EXPECT(who == v);
	note(INJECT, cause, value);
}

static bool find_access(struct vcpu *who, struct access *a)
{
	EXPECT(who == v);
	note(FIND_ACCESS, 0, 0);
	*a = access;
	return is_found;
}

static struct vcpu_translation translation_of(const struct vcpu *who)
{
	EXPECT(who == v);
	return translation;
}

static void forget_page(struct vcpu *who, struct gpa gpa)
{
	EXPECT(who == v);
	note(FORGET_PAGE, gpa.v, 0);
}

static void forget(struct vcpu *who)
{
	EXPECT(who == v);
	note(FORGET_ALL, 0, 0);
}

static const struct vcpu_engine engine = {
	.inject = inject,
	.find_access = find_access,
	.translation = translation_of,
	.forget_page = forget_page,
	.forget = forget,
};

static int copy_in(struct vcpu *who, void *to, struct gpa from, size_t n)
{
	EXPECT(who == v);
	if (from.v < RAM || from.v - RAM > sizeof(tables) - n)
		return -EFAULT;
	memcpy(to, (char *)tables + (from.v - RAM), n);
	return 0;
}

static const struct vcpu_ops ops = { .copy_in = copy_in };
const struct vcpu_ops *const vcpu_ops = &ops;

/* --- a vCPU that faulted --- */

static void begin(void)
{
	memset(&vm, 0, sizeof(vm));
	memset(&vcpu, 0, sizeof(vcpu));
	memset(&ram, 0, sizeof(ram));
	memset(&device, 0, sizeof(device));
	memset(tables, 0, sizeof(tables));
	ram.at = GPA(RAM);
	ram.size = RAM_SIZE;
	device.at = GPA(DEVICE);
	device.size = PAGE_SIZE;
	device.kind = REGION_EMULATED;
	v->vm = &vm;
	v->engine = &engine;
	filled = FILL_NEW;
	access = (struct access){ .kind = ACCESS_LOAD, .width = 4, .length = 4 };
	is_found = true;
	of_mmio = VERDICT_RESUME;
	translation = (struct vcpu_translation){ 0 };
	n_done = 0;
}

static uint8_t right_of(uint64_t cause)
{
	return cause == CAUSE_FETCH_GPF ? GTABLE_X : cause == CAUSE_LOAD_GPF ? GTABLE_R : GTABLE_W;
}

/* The instruction at TEXT faults on that address; what was done before is forgotten. */
static enum verdict fault_at(uint64_t cause, uint64_t gpa)
{
	v->pc = TEXT;
	v->trap = (struct trap_info){
		.cause = cause,
		.value = cause == CAUSE_FETCH_GPF ? TEXT : DATA,
		.gpa = GPA(gpa),
		.has_gpa = true,
		.access = right_of(cause),
	};
	n_done = 0;
	return memory_fault(v);
}

/* The same where the platform does not say which. */
static enum verdict fault_of_unknown_address(uint64_t cause)
{
	v->pc = TEXT;
	v->trap = (struct trap_info){
		.cause = cause, .value = DATA, .gpa = GPA(DATA & 3), .access = right_of(cause)
	};
	n_done = 0;
	return memory_fault(v);
}

/* --- memory that appears --- */

/* AX1: resolved. This hart may keep the hole, and the frame's last code. */
TEST(fault, memory_that_is_new_is_fenced_by_its_page_and_as_code)
{
	static const uint64_t causes[] = { CAUSE_FETCH_GPF, CAUSE_LOAD_GPF, CAUSE_STORE_GPF };

	for (unsigned i = 0; i < ARRAY_LEN(causes); i++) {
		begin();
		EXPECT_EQ(fault_at(causes[i], RAM + 0x5678), VERDICT_RESUME);
		EXPECT(did(0, FILL, RAM + 0x5678, right_of(causes[i])));
		EXPECT(did(1, FORGET_PAGE, RAM + 0x5678, 0));
		EXPECT(did(2, FENCE_I, 0, 0));
		EXPECT_EQ(n_done, 3);
		EXPECT_EQ(v->n_fills, 1);
		EXPECT_EQ(v->again.n, 0);
		EXPECT_EQ(v->stop, STOP_NONE);
	}
}

/* A fence of a page reaches leaves only, and it may have been a table that was new. */
TEST(fault, memory_that_another_hart_made_is_fenced_as_a_whole)
{
	begin();
	filled = FILL_PRESENT;
	EXPECT_EQ(fault_at(CAUSE_LOAD_GPF, RAM), VERDICT_RESUME);
	EXPECT(did(0, FILL, RAM, GTABLE_R) && did(1, FORGET_ALL, 0, 0));
	EXPECT_EQ(n_done, 2);
	EXPECT_EQ(v->n_fills, 0);
}

/* AS7. */
TEST(fault, without_memory_the_vm_stops_and_says_whose_lack_it_was)
{
	static const struct {
		int error;
		const char *why;
	} cases[] = {
		{ -ENOMEM, "the host has no memory left for it" },
		{ -EDQUOT, "it has all the memory that it may have" },
	};

	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		begin();
		filled = cases[i].error;
		EXPECT_EQ(fault_at(CAUSE_STORE_GPF, RAM), VERDICT_STOP);
		EXPECT_EQ(v->stop, STOP_NO_MEMORY);
		EXPECT_STR(v->why, cases[i].why);
		EXPECT_EQ(n_done, 1); /* the guest takes no fault for it */
	}
}

/* --- the same fault again (AX13) --- */

/* So often it goes on, each time with all fenced. */
static void fault_until_it_is_enough(enum verdict (*fault)(uint64_t), uint64_t cause)
{
	for (unsigned i = 0; i < MAX_AGAIN; i++) {
		EXPECT_EQ(fault(cause), VERDICT_RESUME);
		EXPECT_EQ(v->stop, STOP_NONE);
		REQUIRE(n_done);
		EXPECT(did(n_done - 1, FORGET_ALL, 0, 0));
	}
}

static enum verdict fault_in_ram(uint64_t cause)
{
	return fault_at(cause, RAM);
}

static void expect_stop(enum verdict verdict)
{
	EXPECT_EQ(verdict, VERDICT_STOP);
	EXPECT_EQ(v->stop, STOP_CRASH);
	EXPECT_STR(v->why, "a fault on memory that is there, again and again");
}

TEST(fault, that_comes_again_and_again_stops_the_vm)
{
	begin();
	filled = FILL_PRESENT;
	fault_until_it_is_enough(fault_in_ram, CAUSE_LOAD_GPF);
	expect_stop(fault_in_ram(CAUSE_LOAD_GPF));
}

/* Pages that other harts map under it are no loop, however many they are. */
TEST(fault, after_memory_appeared_is_counted_anew)
{
	begin();
	for (unsigned round = 0; round < 3; round++) {
		filled = FILL_PRESENT;
		fault_until_it_is_enough(fault_in_ram, CAUSE_LOAD_GPF);
		filled = FILL_NEW;
		EXPECT_EQ(fault_in_ram(CAUSE_LOAD_GPF), VERDICT_RESUME);
	}
	filled = FILL_PRESENT;
	fault_until_it_is_enough(fault_in_ram, CAUSE_LOAD_GPF);
	expect_stop(fault_in_ram(CAUSE_LOAD_GPF));
}

/* One fault of another address, instruction or cause: something moved. */
TEST(fault, after_one_that_differs_is_counted_anew)
{
	static const struct {
		uint64_t cause, gpa, pc;
	} others[] = {
		{ CAUSE_LOAD_GPF, RAM + 8, TEXT },
		{ CAUSE_LOAD_GPF, RAM, TEXT + 4 },
		{ CAUSE_STORE_GPF, RAM, TEXT },
	};

	for (unsigned i = 0; i < ARRAY_LEN(others); i++) {
		begin();
		filled = FILL_PRESENT;
		fault_until_it_is_enough(fault_in_ram, CAUSE_LOAD_GPF);
		v->pc = others[i].pc;
		v->trap.gpa = GPA(others[i].gpa);
		v->trap.cause = others[i].cause;
		EXPECT_EQ(memory_fault(v), VERDICT_RESUME);
		fault_until_it_is_enough(fault_in_ram, CAUSE_LOAD_GPF);
		expect_stop(fault_in_ram(CAUSE_LOAD_GPF));
	}
}

/* --- nothing there, or no right (AX3) --- */

/* Where nothing is, and where something refuses. */
static const struct place {
	uint64_t gpa;
	int filled;
} refusing[] = { { HOLE, 0 }, { RAM + 0x123, -EACCES }, { RAM + 0x123, -EFAULT } };

/* What is reported as a load is what the instruction, or the place of the address, says. */
static const struct refusal {
	uint64_t cause;
	bool is_walk;
	uint64_t value;
	uint8_t kind;      /* of the instruction's access */
	bool is_looked_at; /* the instruction */
	uint64_t injected;
} refusals[] = {
	{ CAUSE_FETCH_GPF, false, TEXT, 0, false, CAUSE_FETCH_ACCESS },
	{ CAUSE_FETCH_GPF, false, TEXT + 2, 0, false, CAUSE_FETCH_ACCESS },
	{ CAUSE_FETCH_GPF, true, TEXT, 0, false, CAUSE_FETCH_ACCESS },
	{ CAUSE_STORE_GPF, false, DATA, 0, false, CAUSE_STORE_ACCESS },
	{ CAUSE_STORE_GPF, false, TEXT, 0, false, CAUSE_STORE_ACCESS },
	{ CAUSE_STORE_GPF, true, TEXT, 0, false, CAUSE_STORE_ACCESS },
	{ CAUSE_LOAD_GPF, false, DATA, ACCESS_LOAD, true, CAUSE_LOAD_ACCESS },
	{ CAUSE_LOAD_GPF, false, DATA, ACCESS_LR, true, CAUSE_LOAD_ACCESS },
	{ CAUSE_LOAD_GPF, false, DATA, ACCESS_VECTOR, true, CAUSE_LOAD_ACCESS },
	{ CAUSE_LOAD_GPF, false, DATA, ACCESS_NONE, true, CAUSE_LOAD_ACCESS },
	{ CAUSE_LOAD_GPF, false, DATA, ACCESS_STORE, true, CAUSE_STORE_ACCESS },
	{ CAUSE_LOAD_GPF, false, DATA, ACCESS_AMO, true, CAUSE_STORE_ACCESS },
	{ CAUSE_LOAD_GPF, false, DATA, ACCESS_SC, true, CAUSE_STORE_ACCESS },
	{ CAUSE_LOAD_GPF, false, DATA, ACCESS_CBO, true, CAUSE_STORE_ACCESS },
	/* It reads its own page, in which it was fetched. */
	{ CAUSE_LOAD_GPF, false, TEXT, ACCESS_LOAD, true, CAUSE_LOAD_ACCESS },
	/* QEMU 7.2 says of each walk that it was a load's. */
	{ CAUSE_LOAD_GPF, true, DATA, ACCESS_LOAD, true, CAUSE_LOAD_ACCESS },
	{ CAUSE_LOAD_GPF, true, DATA, ACCESS_STORE, true, CAUSE_STORE_ACCESS },
	{ CAUSE_LOAD_GPF, true, DATA, ACCESS_AMO, true, CAUSE_STORE_ACCESS },
	{ CAUSE_LOAD_GPF, true, TEXT, 0, false, CAUSE_FETCH_ACCESS },
	{ CAUSE_LOAD_GPF, true, TEXT + 2, 0, false, CAUSE_FETCH_ACCESS },
};

static enum verdict refused(const struct refusal *r, const struct place *where, uint64_t pc)
{
	v->pc = pc;
	v->trap = (struct trap_info){
		.cause = r->cause,
		.value = r->value,
		.gpa = GPA(where->gpa),
		.has_gpa = true,
		.is_walk = r->is_walk,
		.access = right_of(r->cause),
	};
	filled = where->filled;
	access.kind = r->kind;
	n_done = 0;
	return memory_fault(v);
}

TEST(fault, that_is_refused_is_the_access_fault_of_its_kind_at_the_address_that_the_guest_named)
{
	for (unsigned i = 0; i < ARRAY_LEN(refusals); i++) {
		for (unsigned k = 0; k < ARRAY_LEN(refusing); k++) {
			const struct refusal *r = &refusals[i];
			unsigned n = refusing[k].filled ? 1 : 0;

			begin();
			EXPECT_EQ(refused(r, &refusing[k], TEXT), VERDICT_RESUME);
			EXPECT_EQ(n_done, n + r->is_looked_at + 1);
			EXPECT(!r->is_looked_at || did(n, FIND_ACCESS, 0, 0));
			if (!did(n + r->is_looked_at, INJECT, r->injected, r->value)) {
				kit_note("refusal %u at place %u", i, k);
				EXPECT(!"injected as it should be");
			}
			EXPECT_EQ(v->stop, STOP_NONE);
			EXPECT_EQ(v->n_fills, 0);
		}
	}
}

/* The second half of an instruction lies in a page of its own. */
TEST(fault, of_a_walk_in_the_page_of_either_half_is_a_fetch)
{
	static const struct {
		uint64_t pc, value, injected;
	} cases[] = {
		{ TEXT + 0xffe, TEXT + 0xffe, CAUSE_FETCH_ACCESS },
		{ TEXT + 0xffe, TEXT + 0x1000, CAUSE_FETCH_ACCESS },
		{ TEXT + 0xffc, TEXT + 0x1000, CAUSE_LOAD_ACCESS },
		{ TEXT, TEXT - 2, CAUSE_LOAD_ACCESS },
	};

	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		struct refusal r = { CAUSE_LOAD_GPF, true, cases[i].value, ACCESS_LOAD, 0, 0 };

		begin();
		EXPECT_EQ(refused(&r, &refusing[0], cases[i].pc), VERDICT_RESUME);
		REQUIRE(n_done);
		EXPECT(did(n_done - 1, INJECT, cases[i].injected, cases[i].value));
	}
}

/* Its fetch gave the guest a trap already: one is enough. */
TEST(fault, whose_instruction_could_not_be_fetched_injects_no_other)
{
	begin();
	is_found = false;
	EXPECT_EQ(refused(&refusals[6], &refusing[0], TEXT), VERDICT_RESUME);
	EXPECT(did(0, FIND_ACCESS, 0, 0));
	EXPECT_EQ(n_done, 1);
}

/* AX3, AX12: of a hole the VM's description says so, of a refused right its region's. */
TEST(fault, stops_the_vm_where_the_policy_of_that_place_says_so)
{
	for (unsigned policy = 0; policy < 4; policy++) {
		for (unsigned k = 0; k < ARRAY_LEN(refusing); k++) {
			bool is_hole = refusing[k].gpa == HOLE;
			bool stops = policy & (is_hole ? 1 : 2);

			begin();
			vm.config.hole_stops_guest = policy & 1;
			ram.stops_guest = policy & 2;
			device.stops_guest = true;
			enum verdict verdict = refused(&refusals[0], &refusing[k], TEXT);

			EXPECT_EQ(verdict, stops ? VERDICT_STOP : VERDICT_RESUME);
			EXPECT_EQ(v->stop, stops ? STOP_CRASH : STOP_NONE);
			EXPECT_EQ(n_done, !is_hole + !stops);
			if (stops)
				EXPECT_STR(v->why, "an access that its description does not allow");
		}
	}
}

/* --- devices --- */

/* AX1: MMIO; what it comes to is the verdict. */
TEST(fault, of_a_device_is_its_own_and_nothing_is_filled)
{
	static const enum verdict verdicts[] = { VERDICT_RESUME, VERDICT_WAIT, VERDICT_STOP };

	for (unsigned i = 0; i < ARRAY_LEN(verdicts); i++) {
		begin();
		of_mmio = verdicts[i];
		EXPECT_EQ(fault_at(CAUSE_STORE_GPF, DEVICE + 5), verdicts[i]);
		EXPECT(did(0, MMIO, DEVICE + 5, false));
		EXPECT_EQ(n_done, 1);
	}
}

/* --- an address that the platform does not say (AX1) --- */

/* Sv39, by a page of 2 MiB: what DATA lies in is at `base`. The root is at RAM, the next table at
 * `next`. */
static void lay_tables(uint64_t next, uint64_t base)
{
	translation.satp = field_put(SATP_MODE, SATP_MODE_SV39) | RAM >> PAGE_SHIFT;
	tables[0][pte_index(DATA, 2)] = pte_make(HPA(next), PTE_V);
	tables[1][pte_index(DATA, 1)] = pte_make(HPA(base), PTE_V | PTE_RWX | PTE_U | PTE_A);
}

TEST(fault, finds_its_address_by_the_guests_tables)
{
	begin();
	lay_tables(RAM + PAGE_SIZE, RAM);
	EXPECT_EQ(fault_of_unknown_address(CAUSE_STORE_GPF), VERDICT_RESUME);
	EXPECT(did(0, FILL, RAM + DATA, GTABLE_W) && did(1, FORGET_PAGE, RAM + DATA, 0));
	EXPECT(!v->trap.is_walk);
}

TEST(fault, finds_its_address_where_translation_is_off)
{
	begin();
	device.at = GPA(DATA & ~0xfffull);
	EXPECT_EQ(fault_of_unknown_address(CAUSE_LOAD_GPF), VERDICT_RESUME);
	EXPECT(did(0, MMIO, DATA, false));
	EXPECT_EQ(n_done, 1);
}

/* RV1: then it is the walk that found nothing. The fault is about the address that was walked for.
 */
TEST(fault, finds_the_table_that_lies_nowhere)
{
	begin();
	lay_tables(HOLE & ~0xfffull, RAM);
	access.kind = ACCESS_STORE;
	EXPECT_EQ(fault_of_unknown_address(CAUSE_LOAD_GPF), VERDICT_RESUME);
	EXPECT_EQ(v->trap.gpa.v, (HOLE & ~0xfffull) + 8 * pte_index(DATA, 1));
	EXPECT(v->trap.is_walk);
	EXPECT(did(n_done - 1, INJECT, CAUSE_STORE_ACCESS, DATA));
	/* In registers, which are no memory that could be read. */
	begin();
	lay_tables(DEVICE, RAM);
	EXPECT_EQ(fault_of_unknown_address(CAUSE_LOAD_GPF), VERDICT_RESUME);
	EXPECT(did(0, MMIO, DEVICE + 8 * pte_index(DATA, 1), true));
}

/* What the trap said before of a walk is not kept. */
TEST(fault, that_reached_its_page_was_no_walks)
{
	begin();
	lay_tables(RAM + PAGE_SIZE, RAM);
	v->pc = TEXT;
	v->trap = (struct trap_info){
		.cause = CAUSE_LOAD_GPF, .value = DATA, .is_walk = true, .access = GTABLE_R
	};
	EXPECT_EQ(memory_fault(v), VERDICT_RESUME);
	EXPECT(!v->trap.is_walk);
}

/* RV4: the tables changed under us, or the fault was false; its next try meets what they are now.
 */
TEST(fault, whose_walk_ends_at_no_address_is_fenced_and_tried_again_but_not_for_ever)
{
	static const pte_t entries[] = { 0, PTE_V | PTE_W, PTE_V | PTE_D };

	for (unsigned i = 0; i < ARRAY_LEN(entries); i++) {
		begin();
		lay_tables(RAM + PAGE_SIZE, RAM);
		tables[1][pte_index(DATA, 1)] = entries[i];
		EXPECT_EQ(fault_of_unknown_address(CAUSE_STORE_GPF), VERDICT_RESUME);
		EXPECT(did(0, FORGET_ALL, 0, 0));
		EXPECT_EQ(n_done, 1);
		begin();
		lay_tables(RAM + PAGE_SIZE, RAM);
		tables[1][pte_index(DATA, 1)] = entries[i];
		fault_until_it_is_enough(fault_of_unknown_address, CAUSE_STORE_GPF);
		expect_stop(fault_of_unknown_address(CAUSE_STORE_GPF));
	}
}
