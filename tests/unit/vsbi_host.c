/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "arch/csr.h"
#include "lib/component.h"
#include "platform/hart.h"
#include "tests/kit/kit.h"
#include "tests/unit/vsbi_host.h"

struct vcpu vcpus[N];
struct guest_env env;
char ram[RAM_SIZE];
struct vcpu_translation translation;
bool is_ipi_pending;
struct seen seen;

/* --- time, in microseconds --- */

uint64_t now_us;
struct vcpu_privilege privileges[N];

uint64_t csr_model_read(unsigned csr)
{
	REQUIRE_EQ(csr, CSR_TIME);
	return now_us;
}

uint64_t time_from_us(uint64_t us)
{
	return us;
}

uint64_t time_to_us(uint64_t ticks)
{
	return ticks;
}

/* --- the engine and the VM that are not there --- */

static void engine_reset(struct vcpu *v, struct gpa entry, uint64_t a0, uint64_t a1)
{
	EXPECT_EQ(v->hsm, HSM_START_PENDING);
	seen.n_resets++;
	seen.reset.entry = entry.v;
	seen.reset.a0 = a0;
	seen.reset.a1 = a1;
}

static void engine_set_timer(struct vcpu *v, uint64_t when)
{
	(void)v;
	seen.timer = when;
}

static void engine_inject(struct vcpu *v, uint64_t cause, uint64_t value)
{
	EXPECT_EQ(v->pc, ECALL_AT);
	v->pc = 0x8000f000;
	seen.n_injected++;
	seen.cause = cause;
	seen.value = value;
}

static struct vcpu_translation engine_translation(const struct vcpu *v)
{
	(void)v;
	return translation;
}

static void engine_fence(struct vcpu *v, enum guest_fence kind, uint64_t start, uint64_t size,
			 uint64_t asid)
{
	if (v != me)
		EXPECT(v->fences & FENCES_RUN);
	seen.n_fences++;
	seen.fence.kind = kind;
	seen.fence.start = start;
	seen.fence.size = size;
	seen.fence.asid = asid;
}

static void engine_go_on_at(struct vcpu *v, struct gpa entry)
{
	(void)v;
	seen.go_on_at = entry.v;
}

/* A hart that has any field but one of pointer masking. */
static bool engine_set_env(struct vcpu *v, uint64_t henvcfg)
{
	if (field_get(ENVCFG_PMM, henvcfg) == 2)
		return false;
	v->vs.henvcfg = henvcfg;
	return true;
}

static struct vcpu_privilege engine_privilege_get(const struct vcpu *v)
{
	return privileges[v->index];
}

static void engine_privilege_set(struct vcpu *v, const struct vcpu_privilege *p)
{
	privileges[v->index] = *p;
}

static bool engine_clear_ipi(struct vcpu *v)
{
	bool was_there = is_ipi_pending;

	(void)v;
	is_ipi_pending = false;
	return was_there;
}

static const struct vcpu_engine engine = {
	.reset = engine_reset,
	.set_timer = engine_set_timer,
	.inject = engine_inject,
	.translation = engine_translation,
	.guest_fence = engine_fence,
	.go_on_at = engine_go_on_at,
	.set_env = engine_set_env,
	.privilege_get = engine_privilege_get,
	.privilege_set = engine_privilege_set,
	.clear_ipi = engine_clear_ipi,
};

static void vm_look(struct vcpu *v)
{
	(void)v;
	seen.n_looks++;
}

void work_queue(struct work *work, unsigned hart)
{
	EXPECT_EQ(CONTAINER_OF(work, struct vcpu, look)->hart, hart);
	seen.n_kicks++;
}

static bool vm_is_memory(struct vcpu *v, struct gpa from, uint64_t size, unsigned rights)
{
	static const struct {
		uint64_t at, size;
		unsigned rights;
	} regions[] = { { RAM_AT, RAM_SIZE, GTABLE_R | GTABLE_W | GTABLE_X },
			{ ROM_AT, 0x1000, GTABLE_R | GTABLE_X },
			{ DATA_AT, 0x1000, GTABLE_R | GTABLE_W } };

	(void)v;
	if (!size)
		return true;
	for (unsigned i = 0; i < ARRAY_LEN(regions); i++)
		if (from.v - regions[i].at < regions[i].size &&
		    size <= regions[i].size - (from.v - regions[i].at))
			return !(rights & ~regions[i].rights);
	return false;
}

static int vm_copy_in(struct vcpu *v, void *to, struct gpa from, size_t n)
{
	if (from.v < RAM_AT || !vm_is_memory(v, from, n, GTABLE_R))
		return -1;
	memcpy(to, ram + (from.v - RAM_AT), n);
	seen.copied += n;
	return 0;
}

static int vm_copy_out(struct vcpu *v, struct gpa to, const void *from, size_t n)
{
	if (to.v < RAM_AT || !vm_is_memory(v, to, n, GTABLE_W))
		return -1;
	memcpy(ram + (to.v - RAM_AT), from, n);
	return 0;
}

static size_t vm_console_write(struct vcpu *v, const char *bytes, size_t n)
{
	(void)v;
	if (n > seen.console_room)
		n = seen.console_room;
	memcpy(seen.out + seen.n_out, bytes, n);
	seen.n_out += n;
	seen.console_room -= n;
	return n;
}

static size_t vm_console_read(struct vcpu *v, char *bytes, size_t n)
{
	(void)v;
	if (n > seen.n_in - seen.at_in)
		n = seen.n_in - seen.at_in;
	memcpy(bytes, seen.in + seen.at_in, n);
	seen.at_in += n;
	return n;
}

static struct vcpu *vm_sibling(struct vcpu *v, uint64_t id)
{
	(void)v;
	return id < N ? &vcpus[id] : NULL;
}

static void vm_start(struct vcpu *v)
{
	EXPECT_EQ(seen.n_resets, seen.n_starts + 1);
	seen.n_starts++;
	seen.started = v;
}

static const struct vcpu_ops ops = {
	.look = vm_look,
	.copy_in = vm_copy_in,
	.copy_out = vm_copy_out,
	.console_write = vm_console_write,
	.console_read = vm_console_read,
	.is_memory = vm_is_memory,
	.sibling = vm_sibling,
	.start = vm_start,
};
const struct vcpu_ops *const vcpu_ops = &ops;

extern const struct component component_of_vsbi;

void begin(void)
{
	static bool is_up;

	if (!is_up)
		REQUIRE_EQ(component_of_vsbi.init(), 0);
	is_up = true;
	memset(&seen, 0, sizeof(seen));
	memset(ram, 0, sizeof(ram));
	memset(vcpus, 0, sizeof(vcpus));
	env = (struct guest_env){ 0 };
	translation = (struct vcpu_translation){ 0 };
	is_ipi_pending = false;
	seen.console_room = sizeof(seen.out);
	seen.in = "";
	for (unsigned i = 0; i < N; i++) {
		vcpus[i].engine = &engine;
		vcpus[i].env = &env;
		vcpus[i].index = i;
		vcpus[i].hart_id = i;
		vcpus[i].siblings = BIT(N) - 1;
		vcpus[i].hart = i;
	}
	vsbi_reset_system(&vcpus[CALLER]);
	hart_index = CALLER;
	vcpus[CALLER].fences = vcpus[ELSEWHERE].fences = FENCES_LOADED;
	vcpus[STOPPED].hsm = HSM_STOPPED;
}

struct sbi_ret call(uint64_t extension, uint64_t function, struct arguments with)
{
	uint64_t before[32];

	for (unsigned i = 0; i < 32; i++)
		me->x[i] = 0x5e5e0000 + i;
	memcpy(&me->x[REG_A0], with.a, sizeof(with.a));
	me->x[REG_A6] = function;
	me->x[REG_A7] = extension;
	me->pc = ECALL_AT + 4;
	me->verdict = VERDICT_RESUME;
	me->requests = 0;
	memcpy(before, me->x, sizeof(before));
	vsbi_handle_call(me);
	struct sbi_ret ret = { .error = (long)me->x[REG_A0], .value = (long)me->x[REG_A1] };

	before[REG_A0] = (uint64_t)ret.error;
	before[REG_A1] = (uint64_t)ret.value;
	EXPECT(!memcmp(before, me->x, sizeof(before)));
	EXPECT(me->requests || me->verdict == VERDICT_RESUME);
	return ret;
}

uint64_t value(uint64_t extension, uint64_t function, struct arguments with)
{
	struct sbi_ret ret = call(extension, function, with);

	EXPECT_EQ(ret.error, SBI_SUCCESS);
	return (uint64_t)ret.value;
}

void expect_fence(enum guest_fence kind, uint64_t start, uint64_t size, uint64_t asid)
{
	EXPECT_EQ(seen.n_fences, 1);
	EXPECT_EQ(seen.fence.kind, kind);
	EXPECT_EQ(seen.fence.start, start);
	EXPECT_EQ(seen.fence.size, size);
	EXPECT_EQ(seen.fence.asid, asid);
	seen.n_fences = 0;
}

unsigned take_ipis(void)
{
	unsigned set = 0;

	for (unsigned i = 0; i < N; i++)
		if (atomic_exchange(&vcpus[i].lines, 0) & LINE_SOFT)
			set |= 1u << i;
	return set;
}
