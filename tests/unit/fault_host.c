/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <string.h>

#include "arch/cause.h"
#include "arch/fence.h"
#include "hyp/fault.h"
#include "platform/trace.h"
#include "tests/kit/kit.h"
#include "tests/unit/fault_host.h"

/* --- what was done, in order --- */

static struct {
	enum deed deed;
	uint64_t a, b;
} done[64];
unsigned n_done;

static void note(enum deed deed, uint64_t a, uint64_t b)
{
	REQUIRE(n_done < ARRAY_LEN(done));
	done[n_done].deed = deed;
	done[n_done].a = a;
	done[n_done++].b = b;
}

bool did(unsigned n, enum deed deed, uint64_t a, uint64_t b)
{
	return n < n_done && done[n].deed == deed && done[n].a == a && done[n].b == b;
}

/* --- what the fault's handler stands on --- */

unsigned trace_on;
struct vm vm;
struct vcpu vcpu;
struct region ram, device;
int filled;
struct access access;
bool is_found;
enum verdict of_mmio;
struct vcpu_translation translation;
pte_t tables[2][PTES_PER_PAGE];

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

void begin(void)
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

uint8_t right_of(uint64_t cause)
{
	return cause == CAUSE_FETCH_GPF ? GTABLE_X : cause == CAUSE_LOAD_GPF ? GTABLE_R : GTABLE_W;
}

enum verdict fault_at(uint64_t cause, uint64_t gpa)
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

void fault_until_it_is_enough(enum verdict (*fault)(uint64_t), uint64_t cause)
{
	for (unsigned i = 0; i < MAX_AGAIN; i++) {
		EXPECT_EQ(fault(cause), VERDICT_RESUME);
		EXPECT_EQ(v->stop, STOP_NONE);
		REQUIRE(n_done);
		EXPECT(did(n_done - 1, FORGET_ALL, 0, 0));
	}
}

void expect_stop(enum verdict verdict)
{
	EXPECT_EQ(verdict, VERDICT_STOP);
	EXPECT_EQ(v->stop, STOP_CRASH);
	EXPECT_STR(v->why, "a fault on memory that is there, again and again");
}
