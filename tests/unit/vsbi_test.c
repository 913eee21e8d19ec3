/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The SBI that guests see, against a VM of four vCPUs that is not there: each function with good
 * and bad arguments. Hart ids are the indices; vCPU 0 calls, 1 is loaded on another hart, 2 is
 * known but not loaded, 3 is stopped.
 */
#include <pthread.h>
#include <string.h>

#include "arch/cause.h"
#include "arch/csr.h"
#include "arch/pte.h"
#include "gstage/gtable.h"
#include "lib/component.h"
#include "platform/hart.h"
#include "sbi/guest/vsbi.h"
#include "sbi/host/srst.h"
#include "tests/kit/kit.h"
#include "vcpu/extensions.h"

enum { N = 4, CALLER = 0, ELSEWHERE = 1, NOT_LOADED = 2, STOPPED = 3 };
enum { RAM_AT = 0x80000000, RAM_SIZE = 0x10000, ROM_AT = 0x1000, DATA_AT = 0x2000 };
enum { ECALL_AT = 0x80000100, ALL = -1, LEGACY_MASK_AT = RAM_AT + 0x800 };

static struct vcpu vcpus[N];
static struct vcpu *const me = &vcpus[CALLER];
static struct guest_env env;
static char ram[RAM_SIZE];
static struct vcpu_translation translation;
static bool is_ipi_pending;

static struct {
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

static void begin(void)
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
	hart_index = CALLER;
	vcpus[CALLER].fences = vcpus[ELSEWHERE].fences = FENCES_LOADED;
	vcpus[STOPPED].hsm = HSM_STOPPED;
}

struct arguments {
	uint64_t a[5];
};
#define WITH(...) ((struct arguments){ { __VA_ARGS__ } })

/* As the guest makes it; whatever it is, all registers but a0 and a1 are as before. */
static struct sbi_ret call(uint64_t extension, uint64_t function, struct arguments with)
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

/* The value of a call that must succeed. */
static uint64_t value(uint64_t extension, uint64_t function, struct arguments with)
{
	struct sbi_ret ret = call(extension, function, with);

	EXPECT_EQ(ret.error, SBI_SUCCESS);
	return (uint64_t)ret.value;
}

static long error(uint64_t extension, uint64_t function, struct arguments with)
{
	return call(extension, function, with).error;
}

/* It was executed here, over this range. */
static void expect_fence(enum guest_fence kind, uint64_t start, uint64_t size, uint64_t asid)
{
	EXPECT_EQ(seen.n_fences, 1);
	EXPECT_EQ(seen.fence.kind, kind);
	EXPECT_EQ(seen.fence.start, start);
	EXPECT_EQ(seen.fence.size, size);
	EXPECT_EQ(seen.fence.asid, asid);
	seen.n_fences = 0;
}

/* --- the encoding, and BASE --- */

TEST(vsbi, unknown_extension_or_function_is_not_supported)
{
	begin();
	EXPECT_EQ(error(0x0a000000, 0, WITH(0)), SBI_ERR_NOT_SUPPORTED);
	EXPECT_EQ(error(0x08000001, 0, WITH(0)), SBI_ERR_NOT_SUPPORTED);
	EXPECT_EQ(error(0x9, 0, WITH(0)), SBI_ERR_NOT_SUPPORTED);
	EXPECT_EQ(error(SBI_EXT_BASE | BIT(32), 0, WITH(0)), SBI_ERR_NOT_SUPPORTED);
	EXPECT_EQ(error(SBI_EXT_BASE, 7, WITH(0)), SBI_ERR_NOT_SUPPORTED);
	EXPECT_EQ(error(SBI_EXT_TIME, 1, WITH(0)), SBI_ERR_NOT_SUPPORTED);
	EXPECT_EQ(error(SBI_EXT_BASE, ~0ull, WITH(0)), SBI_ERR_NOT_SUPPORTED);
}

TEST(base, says_who_it_is)
{
	begin();
	EXPECT_EQ(value(SBI_EXT_BASE, 0, WITH(0)), 2 << 24);
	EXPECT_EQ(value(SBI_EXT_BASE, 1, WITH(0)), 0x48415254);
	EXPECT_EQ(value(SBI_EXT_BASE, 2, WITH(0)), 0x100);
	for (unsigned i = 4; i <= 6; i++)
		EXPECT_EQ(value(SBI_EXT_BASE, i, WITH(0)), 0);
}

TEST(base, probe_finds_exactly_what_is_there)
{
	static const uint64_t there[] = { SBI_EXT_BASE, SBI_EXT_TIME, SBI_EXT_IPI,  SBI_EXT_RFNC,
					  SBI_EXT_HSM,  SBI_EXT_SRST, SBI_EXT_DBCN, SBI_EXT_PMU };

	begin();
	for (unsigned i = 0; i < ARRAY_LEN(there); i++)
		EXPECT_EQ(value(SBI_EXT_BASE, 3, WITH(there[i])), 1);
	for (unsigned i = 0; i <= 8; i++)
		EXPECT_EQ(value(SBI_EXT_BASE, 3, WITH(i)), 1);
	for (unsigned i = 9; i < 0x10; i++)
		EXPECT_EQ(value(SBI_EXT_BASE, 3, WITH(i)), 0);
	EXPECT_EQ(value(SBI_EXT_BASE, 3, WITH(SBI_EXT_FWFT)), 0);
	EXPECT_EQ(value(SBI_EXT_BASE, 3, WITH(0x53555350)), 0);
	EXPECT_EQ(value(SBI_EXT_BASE, 3, WITH(~0ull)), 0);
}

TEST(time, sets_the_timer_and_always_succeeds)
{
	begin();
	EXPECT_EQ(value(SBI_EXT_TIME, 0, WITH(0x1234567890)), 0);
	EXPECT_EQ(seen.timer, 0x1234567890);
	EXPECT_EQ(error(SBI_EXT_TIME, 0, WITH(~0ull)), SBI_SUCCESS);
	EXPECT_EQ(seen.timer, ~0ull);
}

/* --- IPI --- */

/* Who has a software interrupt pending, as bits; then nobody has. */
static unsigned take_ipis(void)
{
	unsigned set = 0;

	for (unsigned i = 0; i < N; i++)
		if (atomic_exchange(&vcpus[i].lines, 0) & LINE_SOFT)
			set |= 1u << i;
	return set;
}

TEST(ipi, goes_to_the_harts_of_the_mask_and_no_others)
{
	begin();
	EXPECT_EQ(error(SBI_EXT_IPI, 0, WITH(5, 0)), SBI_SUCCESS);
	EXPECT_EQ(take_ipis(), 5);
	EXPECT_EQ(error(SBI_EXT_IPI, 0, WITH(5, 1)), SBI_SUCCESS);
	EXPECT_EQ(take_ipis(), 10);
	EXPECT_EQ(error(SBI_EXT_IPI, 0, WITH(1, 3)), SBI_SUCCESS);
	EXPECT_EQ(take_ipis(), 8);
}

TEST(ipi, base_of_all_ones_is_everybody_whatever_the_mask)
{
	begin();
	EXPECT_EQ(error(SBI_EXT_IPI, 0, WITH(0, ALL)), SBI_SUCCESS);
	EXPECT_EQ(take_ipis(), 15);
	EXPECT_EQ(error(SBI_EXT_IPI, 0, WITH(~0ull, ALL)), SBI_SUCCESS);
	EXPECT_EQ(take_ipis(), 15);
}

TEST(ipi, empty_mask_is_nobody_and_its_base_need_not_exist)
{
	begin();
	EXPECT_EQ(error(SBI_EXT_IPI, 0, WITH(0, 0)), SBI_SUCCESS);
	EXPECT_EQ(error(SBI_EXT_IPI, 0, WITH(0, 1000)), SBI_SUCCESS);
	EXPECT_EQ(take_ipis(), 0);
}

TEST(ipi, one_hart_that_does_not_exist_and_nothing_is_sent)
{
	begin();
	EXPECT_EQ(error(SBI_EXT_IPI, 0, WITH(0x11, 0)), SBI_ERR_INVALID_PARAM);
	EXPECT_EQ(error(SBI_EXT_IPI, 0, WITH(3, 3)), SBI_ERR_INVALID_PARAM);
	EXPECT_EQ(error(SBI_EXT_IPI, 0, WITH(1, 4)), SBI_ERR_INVALID_PARAM);
	EXPECT_EQ(error(SBI_EXT_IPI, 0, WITH(BIT(63), 0)), SBI_ERR_INVALID_PARAM);
	EXPECT_EQ(error(SBI_EXT_IPI, 0, WITH(1, 63)), SBI_ERR_INVALID_PARAM);
	EXPECT_EQ(error(SBI_EXT_IPI, 0, WITH(1, 64)), SBI_ERR_INVALID_PARAM);
	EXPECT_EQ(error(SBI_EXT_IPI, 0, WITH(BIT(62) | 1, 2)), SBI_ERR_INVALID_PARAM); /* 64 */
	EXPECT_EQ(take_ipis(), 0);
	EXPECT_EQ(seen.n_looks + seen.n_kicks, 0);
}

TEST(ipi, ids_do_not_wrap)
{
	begin();
	EXPECT_EQ(error(SBI_EXT_IPI, 0, WITH(4, ~1ull)), SBI_ERR_INVALID_PARAM); /* 2^64 */
	EXPECT_EQ(take_ipis(), 0);
}

/* --- RFENCE --- */

TEST(rfence, own_hart_executes_what_was_asked)
{
	begin();
	EXPECT_EQ(error(SBI_EXT_RFNC, 0, WITH(1, 0)), SBI_SUCCESS);
	expect_fence(FENCE_CODE, 0, ~0ull, 0);
	EXPECT_EQ(error(SBI_EXT_RFNC, 1, WITH(1, 0, 0x4000, 0x2000)), SBI_SUCCESS);
	expect_fence(FENCE_PAGES, 0x4000, 0x2000, 0);
	EXPECT_EQ(error(SBI_EXT_RFNC, 2, WITH(1, 0, 0x4000, 0x1000, 7)), SBI_SUCCESS);
	expect_fence(FENCE_ASID, 0x4000, 0x1000, 7);
	EXPECT_EQ(me->requests, 0);
}

TEST(rfence, both_zero_or_a_size_of_all_ones_is_everything)
{
	begin();
	EXPECT_EQ(error(SBI_EXT_RFNC, 1, WITH(1, 0, 0, 0)), SBI_SUCCESS);
	expect_fence(FENCE_PAGES, 0, ~0ull, 0);
	EXPECT_EQ(error(SBI_EXT_RFNC, 2, WITH(1, 0, 0x7000, ~0ull, 3)), SBI_SUCCESS);
	expect_fence(FENCE_ASID, 0x7000, ~0ull, 3);
}

TEST(rfence, size_0_elsewhere_is_nothing)
{
	begin();
	EXPECT_EQ(error(SBI_EXT_RFNC, 1, WITH(1, 0, 0x4000, 0)), SBI_SUCCESS);
	expect_fence(FENCE_PAGES, 0x4000, 0, 0);
}

TEST(rfence, range_may_end_with_the_address_space_and_not_behind_it)
{
	begin();
	EXPECT_EQ(error(SBI_EXT_RFNC, 1, WITH(1, 0, -0x1000ull, 0x1000)), SBI_SUCCESS);
	expect_fence(FENCE_PAGES, -0x1000ull, 0x1000, 0);
	EXPECT_EQ(error(SBI_EXT_RFNC, 1, WITH(1, 0, -0x1000ull, 0x1001)), SBI_ERR_INVALID_ADDRESS);
	EXPECT_EQ(error(SBI_EXT_RFNC, 2, WITH(1, 0, 0x1000, ~1ull, 0)), SBI_ERR_INVALID_ADDRESS);
	EXPECT_EQ(seen.n_fences, 0);
}

TEST(rfence, wrong_asid_or_hart_is_refused_and_nothing_fenced)
{
	begin();
	EXPECT_EQ(error(SBI_EXT_RFNC, 2, WITH(1, 0, 0, 0, 0x10000)), SBI_ERR_INVALID_PARAM);
	EXPECT_EQ(error(SBI_EXT_RFNC, 2, WITH(1, 0, 0, 0, 0xffff)), SBI_SUCCESS);
	expect_fence(FENCE_ASID, 0, ~0ull, 0xffff);
	for (unsigned i = 0; i < 3; i++)
		EXPECT_EQ(error(SBI_EXT_RFNC, i, WITH(0x13, 0)), SBI_ERR_INVALID_PARAM);
	EXPECT_EQ(seen.n_fences + seen.n_kicks, 0);
	EXPECT_EQ(vcpus[ELSEWHERE].fences, FENCES_LOADED);
}

TEST(rfence, fences_of_a_guests_guests_are_not_supported)
{
	begin();
	for (unsigned i = 3; i <= 6; i++)
		EXPECT_EQ(error(SBI_EXT_RFNC, i, WITH(1, 0)), SBI_ERR_NOT_SUPPORTED);
}

TEST(rfence, caller_goes_on_when_a_loaded_sibling_has_executed)
{
	struct vcpu *other = &vcpus[ELSEWHERE];

	begin();
	EXPECT_EQ(error(SBI_EXT_RFNC, 1, WITH(2, 0, 0x4000, 0x1000)), SBI_SUCCESS);
	EXPECT_EQ(me->verdict, VERDICT_POLL);
	EXPECT_EQ(seen.n_kicks, 1);
	EXPECT_EQ(seen.n_fences, 0); /* not ours */
	EXPECT(vcpu_awaits_fences(me));

	hart_index = ELSEWHERE;
	vcpu_take_fences(other);
	expect_fence(FENCE_PAGES, 0, ~0ull, 0);
	EXPECT_EQ(other->fences, FENCES_LOADED);
	vcpu_take_fences(other); /* once only */
	EXPECT_EQ(seen.n_fences, 0);
	EXPECT(!vcpu_awaits_fences(me));
}

TEST(rfence, caller_waits_while_a_sibling_is_executing)
{
	begin();
	EXPECT_EQ(error(SBI_EXT_RFNC, 0, WITH(2, 0)), SBI_SUCCESS);
	vcpus[ELSEWHERE].fences = FENCES_LOADED | FENCES_RUN;
	EXPECT(vcpu_awaits_fences(me));
	vcpus[ELSEWHERE].fences = FENCES_LOADED;
	EXPECT(!vcpu_awaits_fences(me));
}

TEST(rfence, sibling_that_is_not_loaded_executes_when_it_is)
{
	struct vcpu *other = &vcpus[NOT_LOADED];

	begin();
	EXPECT_EQ(error(SBI_EXT_RFNC, 0, WITH(4, 0)), SBI_SUCCESS);
	EXPECT_EQ(me->requests, 0);
	EXPECT_EQ(seen.n_kicks, 0);
	vcpu_note_load(other);
	expect_fence(FENCE_CODE, 0, ~0ull, 0);
	vcpu_note_save(other);
	vcpu_note_load(other);
	EXPECT_EQ(seen.n_fences, 0);
}

TEST(rfence, nobody_waits_for_a_sibling_that_left_its_hart)
{
	begin();
	EXPECT_EQ(error(SBI_EXT_RFNC, 2, WITH(2, 0, 0, 0, 1)), SBI_SUCCESS);
	EXPECT(vcpu_awaits_fences(me));
	vcpu_note_save(&vcpus[ELSEWHERE]);
	EXPECT(!vcpu_awaits_fences(me));
	vcpu_note_load(&vcpus[ELSEWHERE]);
	expect_fence(FENCE_PAGES, 0, ~0ull, 0); /* what it was asked for is not lost */
}

TEST(rfence, everybody_is_the_caller_too)
{
	begin();
	EXPECT_EQ(error(SBI_EXT_RFNC, 0, WITH(0, ALL)), SBI_SUCCESS);
	expect_fence(FENCE_CODE, 0, ~0ull, 0);
	EXPECT_EQ(me->awaits, BIT(ELSEWHERE));
	for (unsigned i = 1; i < N; i++)
		EXPECT(vcpus[i].fences & FENCE_CODE);
}

/* Two harts that ask each other all the time. Plain words: that each reads what the other wrote
 * before it asked, and is done with it when the other goes on, is what fences promise. */
enum { ROUNDS = 20000 };
static uint64_t written[2], read_in_fence[2];

static void record_fence(struct vcpu *v, enum guest_fence kind, uint64_t start, uint64_t size,
			 uint64_t asid)
{
	(void)kind, (void)start, (void)size, (void)asid;
	read_in_fence[v->index] = written[!v->index];
}

static void *ask_and_answer(void *which)
{
	struct vcpu *v = which, *other = &vcpus[!v->index];

	hart_index = v->hart;
	for (uint64_t n = 1; n <= ROUNDS; n++) {
		written[v->index] = n;
		vcpu_ask_fence(v, other, FENCE_PAGES);
		while (vcpu_awaits_fences(v))
			vcpu_take_fences(v);
		if (atomic_load(&other->fences) & FENCES_LOADED)
			EXPECT_EQ(read_in_fence[other->index], n);
	}
	vcpu_note_save(v);
	return NULL;
}

TEST(rfence, two_that_ask_each_other_both_go_on)
{
	static const struct vcpu_engine recorder = { .guest_fence = record_fence };
	pthread_t thread[2];

	begin();
	for (unsigned i = 0; i < 2; i++) {
		vcpus[i].engine = &recorder;
		written[i] = read_in_fence[i] = 0;
	}
	for (unsigned i = 0; i < 2; i++)
		REQUIRE_EQ(pthread_create(&thread[i], NULL, ask_and_answer, &vcpus[i]), 0);
	for (unsigned i = 0; i < 2; i++)
		REQUIRE_EQ(pthread_join(thread[i], NULL), 0);
}

/* --- HSM --- */

TEST(hsm, starts_a_stopped_hart_with_its_id_and_the_opaque_value)
{
	begin();
	EXPECT_EQ(error(SBI_EXT_HSM, 0, WITH(STOPPED, RAM_AT + 0x10, 0xabc)), SBI_SUCCESS);
	EXPECT(seen.started == &vcpus[STOPPED]);
	EXPECT_EQ(seen.reset.entry, RAM_AT + 0x10);
	EXPECT_EQ(seen.reset.a0, STOPPED);
	EXPECT_EQ(seen.reset.a1, 0xabc);
	EXPECT_EQ(value(SBI_EXT_HSM, 2, WITH(STOPPED)), HSM_START_PENDING);
}

TEST(hsm, hart_that_is_not_stopped_is_not_started)
{
	begin();
	EXPECT_EQ(error(SBI_EXT_HSM, 0, WITH(CALLER, RAM_AT, 0)), SBI_ERR_ALREADY_AVAILABLE);
	EXPECT_EQ(error(SBI_EXT_HSM, 0, WITH(ELSEWHERE, RAM_AT, 0)), SBI_ERR_ALREADY_AVAILABLE);
	vcpus[ELSEWHERE].hsm = HSM_SUSPENDED;
	EXPECT_EQ(error(SBI_EXT_HSM, 0, WITH(ELSEWHERE, RAM_AT, 0)), SBI_ERR_ALREADY_AVAILABLE);
	vcpus[ELSEWHERE].hsm = HSM_STOP_PENDING;
	EXPECT_EQ(error(SBI_EXT_HSM, 0, WITH(ELSEWHERE, RAM_AT, 0)), SBI_ERR_FAILED);
	EXPECT_EQ(error(SBI_EXT_HSM, 0, WITH(STOPPED, RAM_AT, 0)), SBI_SUCCESS);
	EXPECT_EQ(error(SBI_EXT_HSM, 0, WITH(STOPPED, RAM_AT, 0)), SBI_ERR_ALREADY_AVAILABLE);
	EXPECT_EQ(seen.n_starts, 1);
}

TEST(hsm, starts_no_hart_that_does_not_exist)
{
	begin();
	EXPECT_EQ(error(SBI_EXT_HSM, 0, WITH(N, RAM_AT, 0)), SBI_ERR_INVALID_PARAM);
	EXPECT_EQ(error(SBI_EXT_HSM, 0, WITH(~0ull, RAM_AT, 0)), SBI_ERR_INVALID_PARAM);
	EXPECT_EQ(error(SBI_EXT_HSM, 2, WITH(N)), SBI_ERR_INVALID_PARAM);
	EXPECT_EQ(error(SBI_EXT_HSM, 2, WITH(~0ull)), SBI_ERR_INVALID_PARAM);
}

TEST(hsm, begins_only_where_the_guest_may_execute)
{
	static const uint64_t wrong[] = { 0,          RAM_AT - 2, RAM_AT + RAM_SIZE,
					  RAM_AT + 1, DATA_AT,    ~1ull };

	begin();
	for (unsigned i = 0; i < ARRAY_LEN(wrong); i++) {
		EXPECT_EQ(error(SBI_EXT_HSM, 0, WITH(STOPPED, wrong[i], 0)),
			  SBI_ERR_INVALID_ADDRESS);
		EXPECT_EQ(error(SBI_EXT_HSM, 3, WITH(0x80000000, wrong[i], 0)),
			  SBI_ERR_INVALID_ADDRESS);
	}
	EXPECT_EQ(seen.n_starts + seen.n_resets, 0);
	EXPECT_EQ(vcpus[STOPPED].hsm, HSM_STOPPED);
	EXPECT_EQ(me->hsm, HSM_STARTED);
	EXPECT_EQ(me->requests, 0);
	EXPECT_EQ(error(SBI_EXT_HSM, 0, WITH(STOPPED, ROM_AT, 0)), SBI_SUCCESS);
	EXPECT_EQ(seen.copied, 0); /* nothing is touched for it */
}

TEST(hsm, stop_ends_the_caller)
{
	begin();
	call(SBI_EXT_HSM, 1, WITH(0));
	EXPECT_EQ(me->verdict, VERDICT_OFF);
	EXPECT_EQ(me->hsm, HSM_STOP_PENDING);
}

TEST(hsm, tells_the_state)
{
	begin();
	EXPECT_EQ(value(SBI_EXT_HSM, 2, WITH(CALLER)), 0);
	EXPECT_EQ(value(SBI_EXT_HSM, 2, WITH(STOPPED)), 1);
	vcpus[ELSEWHERE].hsm = HSM_SUSPENDED;
	EXPECT_EQ(value(SBI_EXT_HSM, 2, WITH(ELSEWHERE)), 4);
}

TEST(hsm, retentive_suspend_waits_and_returns)
{
	begin();
	EXPECT_EQ(error(SBI_EXT_HSM, 3, WITH(0, 1, 2)), SBI_SUCCESS); /* address unused */
	EXPECT_EQ(me->verdict, VERDICT_WAIT);
	EXPECT_EQ(me->hsm, HSM_SUSPENDED);
	EXPECT_EQ(me->pc, ECALL_AT + 4);
	EXPECT_EQ(seen.go_on_at, 0);
}

TEST(hsm, other_suspend_waits_and_goes_on_elsewhere)
{
	begin();
	struct sbi_ret ret = call(SBI_EXT_HSM, 3, WITH(0x80000000, RAM_AT + 0x40, 0x77));

	EXPECT_EQ(me->verdict, VERDICT_WAIT);
	EXPECT_EQ(me->hsm, HSM_SUSPENDED);
	EXPECT_EQ(seen.go_on_at, RAM_AT + 0x40);
	EXPECT_EQ(ret.error, me->hart_id);
	EXPECT_EQ(ret.value, 0x77);
}

TEST(hsm, suspend_type_is_32_bits_wide)
{
	begin();
	EXPECT_EQ(error(SBI_EXT_HSM, 3, WITH(BIT(32))), SBI_SUCCESS);
	call(SBI_EXT_HSM, 3, WITH(0xffffffff80000000, RAM_AT, 0));
	EXPECT_EQ(seen.go_on_at, RAM_AT);
}

TEST(hsm, reserved_and_platform_suspend_types_are_refused)
{
	static const uint64_t wrong[] = { 1,          0x0fffffff, 0x10000000, 0x7fffffff,
					  0x80000001, 0x8fffffff, 0x90000000, 0xffffffff };

	begin();
	for (unsigned i = 0; i < ARRAY_LEN(wrong); i++)
		EXPECT_EQ(error(SBI_EXT_HSM, 3, WITH(wrong[i], RAM_AT, 0)), SBI_ERR_INVALID_PARAM);
	EXPECT_EQ(me->hsm, HSM_STARTED);
}

/* --- SRST --- */

TEST(srst, ends_as_type_and_reason_say)
{
	begin();
	call(SBI_EXT_SRST, 0, WITH(SBI_RESET_SHUTDOWN, 0));
	EXPECT_EQ(me->verdict, VERDICT_STOP);
	EXPECT_EQ(me->stop, STOP_SHUTDOWN);
	call(SBI_EXT_SRST, 0, WITH(1, 0));
	EXPECT_EQ(me->stop, STOP_REBOOT);
	call(SBI_EXT_SRST, 0, WITH(2, 0));
	EXPECT_EQ(me->stop, STOP_REBOOT);
	for (unsigned type = 0; type <= 2; type++) {
		me->stop = STOP_NONE;
		call(SBI_EXT_SRST, 0, WITH(type, 1));
		EXPECT_EQ(me->stop, STOP_FAILURE);
	}
	call(SBI_EXT_SRST, 0, WITH(BIT(32) | 1, BIT(63))); /* 32 bits count */
	EXPECT_EQ(me->stop, STOP_REBOOT);
}

TEST(srst, reserved_and_vendor_types_and_reasons_are_refused)
{
	static const uint64_t types[] = { 3, 0xefffffff, 0xf0000000, 0xffffffff };
	static const uint64_t reasons[] = { 2,          0xdfffffff, 0xe0000000,
					    0xefffffff, 0xf0000000, 0xffffffff };

	begin();
	for (unsigned i = 0; i < ARRAY_LEN(types); i++)
		EXPECT_EQ(error(SBI_EXT_SRST, 0, WITH(types[i], 0)), SBI_ERR_INVALID_PARAM);
	for (unsigned i = 0; i < ARRAY_LEN(reasons); i++)
		EXPECT_EQ(error(SBI_EXT_SRST, 0, WITH(0, reasons[i])), SBI_ERR_INVALID_PARAM);
	EXPECT_EQ(me->requests, 0);
}

/* --- DBCN --- */

TEST(dbcn, writes_what_lies_in_memory)
{
	begin();
	memcpy(ram + 0x123, "hello", 5);
	EXPECT_EQ(value(SBI_EXT_DBCN, 0, WITH(5, RAM_AT + 0x123, 0)), 5);
	EXPECT_EQ(seen.n_out, 5);
	EXPECT(!memcmp(seen.out, "hello", 5));
}

TEST(dbcn, write_may_take_less_and_says_how_much)
{
	begin();
	seen.console_room = 3;
	EXPECT_EQ(value(SBI_EXT_DBCN, 0, WITH(5, RAM_AT, 0)), 3);
	EXPECT_EQ(value(SBI_EXT_DBCN, 0, WITH(5, RAM_AT, 0)), 0);
	EXPECT_EQ(me->requests, 0);
}

TEST(dbcn, huge_length_is_bounded_work)
{
	begin();
	EXPECT_EQ(value(SBI_EXT_DBCN, 0, WITH(RAM_SIZE, RAM_AT, 0)), 1024);
	EXPECT_EQ(seen.copied, 1024);
}

TEST(dbcn, memory_must_be_there_all_of_it)
{
	static const struct arguments wrong[] = {
		{ { 1, RAM_AT - 1, 0 } },
		{ { 2, RAM_AT + RAM_SIZE - 1, 0 } },
		{ { 1, 0, 0 } },
		{ { 1, RAM_AT, 1 } },
		{ { 1, RAM_AT, ~0ull } },
		{ { RAM_SIZE + 1, RAM_AT, 0 } },
		{ { ~0ull, RAM_AT, 0 } },
		{ { 0x2000, -0x1000ull, 0 } },
		{ { -0x1000ull, RAM_AT, 0 } },
	};

	begin();
	seen.in = "x";
	seen.n_in = 1;
	for (unsigned i = 0; i < ARRAY_LEN(wrong); i++) {
		EXPECT_EQ(error(SBI_EXT_DBCN, 0, wrong[i]), SBI_ERR_INVALID_PARAM);
		EXPECT_EQ(error(SBI_EXT_DBCN, 1, wrong[i]), SBI_ERR_INVALID_PARAM);
	}
	EXPECT_EQ(seen.n_out + seen.at_in, 0);
	EXPECT_EQ(value(SBI_EXT_DBCN, 0, WITH(0, RAM_AT, 0)), 0);
}

TEST(dbcn, reads_into_memory_what_was_typed_and_no_more)
{
	begin();
	memset(ram, '.', 8);
	EXPECT_EQ(value(SBI_EXT_DBCN, 1, WITH(8, RAM_AT, 0)), 0);
	seen.in = "typed";
	seen.n_in = 5;
	EXPECT_EQ(value(SBI_EXT_DBCN, 1, WITH(3, RAM_AT, 0)), 3);
	EXPECT_EQ(value(SBI_EXT_DBCN, 1, WITH(8, RAM_AT + 3, 0)), 2);
	EXPECT(!memcmp(ram, "typed...", 8));
}

TEST(dbcn, read_needs_memory_that_the_guest_may_write)
{
	begin();
	seen.in = "x";
	seen.n_in = 1;
	EXPECT_EQ(error(SBI_EXT_DBCN, 1, WITH(1, ROM_AT, 0)), SBI_ERR_INVALID_PARAM);
	EXPECT_EQ(seen.at_in, 0);
}

TEST(dbcn, no_input_is_lost_where_there_is_no_frame_for_it)
{
	begin();
	seen.in = "x";
	seen.n_in = 1;
	EXPECT_EQ(error(SBI_EXT_DBCN, 1, WITH(1, DATA_AT, 0)), SBI_ERR_FAILED);
	EXPECT_EQ(seen.at_in, 0);
}

TEST(dbcn, byte_is_written_before_the_call_returns)
{
	begin();
	EXPECT_EQ(value(SBI_EXT_DBCN, 2, WITH(0x1241)), 0);
	EXPECT_EQ(seen.out[0], 'A');
	seen.console_room = 0;
	struct sbi_ret ret = call(SBI_EXT_DBCN, 2, WITH('B', 0x99));

	/* The same call again, once others had their turn. */
	EXPECT_EQ(me->verdict, VERDICT_POLL);
	EXPECT_EQ(me->pc, ECALL_AT);
	EXPECT_EQ(ret.error, 'B');
	EXPECT_EQ(ret.value, 0x99);
}

/* --- PMU --- */

enum { FW = 0xf0000 };

static uint64_t configure(uint64_t event, uint64_t flags)
{
	return value(SBI_EXT_PMU, 2, WITH(0, 0xffff, flags, event, 0));
}

static uint64_t count(uint64_t counter)
{
	return value(SBI_EXT_PMU, 5, WITH(counter));
}

TEST(pmu, all_counters_are_firmware_counters)
{
	begin();
	uint64_t n = value(SBI_EXT_PMU, 0, WITH(0));

	EXPECT(n >= 8);
	for (unsigned i = 0; i < n; i++)
		EXPECT_EQ(value(SBI_EXT_PMU, 1, WITH(i)), BIT(63) | 63 << 12);
	EXPECT_EQ(error(SBI_EXT_PMU, 1, WITH(n)), SBI_ERR_INVALID_PARAM);
	EXPECT_EQ(error(SBI_EXT_PMU, 1, WITH(~0ull)), SBI_ERR_INVALID_PARAM);
}

TEST(pmu, every_firmware_event_can_be_counted_and_no_other)
{
	static const uint64_t wrong[] = { 0,         1,       0x10000,  0x20000,
					  0x30000,   FW + 22, FW + 256, FW + 65535,
					  0x10f0005, FW - 1,  ~0ull };

	begin();
	for (unsigned i = 0; i < 22; i++)
		EXPECT_EQ(configure(FW + i, 0), 0);
	for (unsigned i = 0; i < ARRAY_LEN(wrong); i++)
		EXPECT_EQ(error(SBI_EXT_PMU, 2, WITH(0, 1, 0, wrong[i], 0)), SBI_ERR_NOT_SUPPORTED);
	EXPECT_EQ(error(SBI_EXT_PMU, 2, WITH(0, 1, 0, FW + 5, 1)), SBI_ERR_NOT_SUPPORTED);
}

TEST(pmu, counter_counts_from_its_start_to_its_stop)
{
	begin();
	call(SBI_EXT_TIME, 0, WITH(0));
	uint64_t c = configure(FW + 5, 0);

	call(SBI_EXT_TIME, 0, WITH(0));
	EXPECT_EQ(count(c), 0);
	EXPECT_EQ(error(SBI_EXT_PMU, 3, WITH(c, 1, 0, 99)), SBI_SUCCESS);
	call(SBI_EXT_TIME, 0, WITH(0));
	call(0, 0, WITH(0)); /* the legacy one, too */
	EXPECT_EQ(count(c), 2);
	EXPECT_EQ(error(SBI_EXT_PMU, 4, WITH(c, 1, 0)), SBI_SUCCESS);
	call(SBI_EXT_TIME, 0, WITH(0));
	EXPECT_EQ(count(c), 2);
	EXPECT_EQ(error(SBI_EXT_PMU, 3, WITH(c, 1, 0, 99)), SBI_SUCCESS); /* goes on */
	call(SBI_EXT_TIME, 0, WITH(0));
	EXPECT_EQ(count(c), 3);
	EXPECT_EQ(value(SBI_EXT_PMU, 6, WITH(c)), 0);
}

TEST(pmu, start_sets_the_value_where_it_is_told_to)
{
	begin();
	uint64_t c = configure(FW + 5, 0);

	EXPECT_EQ(error(SBI_EXT_PMU, 3, WITH(c, 1, 1, -1ull)), SBI_SUCCESS);
	EXPECT_EQ(count(c), -1ull);
	call(SBI_EXT_TIME, 0, WITH(0));
	EXPECT_EQ(count(c), 0); /* 64 bits wide */
}

TEST(pmu, match_takes_the_first_that_does_not_count)
{
	begin();
	EXPECT_EQ(configure(FW + 5, 4), 0);
	EXPECT_EQ(configure(FW + 5, 4), 1);
	EXPECT_EQ(value(SBI_EXT_PMU, 2, WITH(1, 6, 0, FW + 5, 0)), 2);
	EXPECT_EQ(error(SBI_EXT_PMU, 2, WITH(0, 3, 0, FW + 5, 0)), SBI_ERR_NOT_SUPPORTED);
	EXPECT_EQ(error(SBI_EXT_PMU, 2, WITH(0, 0, 0, FW + 5, 0)), SBI_ERR_NOT_SUPPORTED);
	/* Matching skipped: the first, whatever it does. */
	EXPECT_EQ(value(SBI_EXT_PMU, 2, WITH(0, 3, 1, FW + 6, 0)), 0);
}

TEST(pmu, flags_clear_and_start)
{
	begin();
	EXPECT_EQ(configure(FW + 5, 4), 0);
	call(SBI_EXT_TIME, 0, WITH(0));
	EXPECT_EQ(count(0), 1);
	EXPECT_EQ(error(SBI_EXT_PMU, 4, WITH(0, 1, 0)), SBI_SUCCESS);
	EXPECT_EQ(configure(FW + 5, 4), 0); /* has no impact on the value */
	EXPECT_EQ(count(0), 1);
	EXPECT_EQ(error(SBI_EXT_PMU, 4, WITH(0, 1, 0)), SBI_SUCCESS);
	EXPECT_EQ(configure(FW + 5, 2 | 0xf8), 0);
	EXPECT_EQ(count(0), 0);
}

TEST(pmu, sets_and_flags_are_checked_first)
{
	begin();
	for (unsigned f = 2; f <= 4; f++) {
		EXPECT_EQ(error(SBI_EXT_PMU, f, WITH(0, 0x10001, 0, FW)), SBI_ERR_INVALID_PARAM);
		EXPECT_EQ(error(SBI_EXT_PMU, f, WITH(15, 3, 0, FW)), SBI_ERR_INVALID_PARAM);
		EXPECT_EQ(error(SBI_EXT_PMU, f, WITH(~0ull, 3, 0, FW)), SBI_ERR_INVALID_PARAM);
		EXPECT_EQ(error(SBI_EXT_PMU, f, WITH(0, 1, BIT(8), FW)), SBI_ERR_INVALID_PARAM);
	}
	EXPECT_EQ(error(SBI_EXT_PMU, 3, WITH(0, 1, 4)), SBI_ERR_INVALID_PARAM);
	EXPECT_EQ(error(SBI_EXT_PMU, 4, WITH(0, 1, 4)), SBI_ERR_INVALID_PARAM);
	EXPECT_EQ(error(SBI_EXT_PMU, 5, WITH(16)), SBI_ERR_INVALID_PARAM);
	EXPECT_EQ(error(SBI_EXT_PMU, 6, WITH(16)), SBI_ERR_INVALID_PARAM);
	for (unsigned i = 0; i < N_FW_COUNTERS; i++)
		EXPECT(!me->counters[i].is_counting);
}

TEST(pmu, counter_is_started_and_stopped_once)
{
	begin();
	EXPECT_EQ(configure(FW + 5, 4), 0);
	EXPECT_EQ(error(SBI_EXT_PMU, 3, WITH(0, 1, 1, 7)), SBI_ERR_ALREADY_STARTED);
	EXPECT_EQ(count(0), 0);
	/* The others of the set are stopped all the same, and the mapping goes. */
	EXPECT_EQ(error(SBI_EXT_PMU, 4, WITH(0, 3, 1)), SBI_ERR_ALREADY_STOPPED);
	EXPECT(!me->counters[0].is_counting);
	EXPECT_EQ(me->counters[0].event, 0);
}

TEST(pmu, there_is_no_snapshot)
{
	begin();
	EXPECT_EQ(configure(FW + 5, 0), 0);
	EXPECT_EQ(error(SBI_EXT_PMU, 3, WITH(0, 1, 2)), SBI_ERR_NO_SHMEM);
	EXPECT_EQ(error(SBI_EXT_PMU, 4, WITH(0, 1, 2)), SBI_ERR_NO_SHMEM);
	EXPECT_EQ(error(SBI_EXT_PMU, 7, WITH(RAM_AT, 0, 0)), SBI_ERR_NOT_SUPPORTED);
	EXPECT_EQ(error(SBI_EXT_PMU, 8, WITH(RAM_AT, 0, 1, 0)), SBI_ERR_NOT_SUPPORTED);
}

TEST(pmu, counts_what_goes_to_other_harts_and_what_comes)
{
	static const struct {
		uint64_t extension, function;
		unsigned sent;
	} calls[] = { { SBI_EXT_IPI, 0, 6 },
		      { SBI_EXT_RFNC, 0, 8 },
		      { SBI_EXT_RFNC, 1, 10 },
		      { SBI_EXT_RFNC, 2, 12 } };

	begin();
	for (unsigned i = 0; i < ARRAY_LEN(calls); i++) {
		uint64_t c = configure(FW + calls[i].sent, 4);

		call(calls[i].extension, calls[i].function, WITH(7, 0));
		EXPECT_EQ(count(c), 2); /* not the one to itself */
		EXPECT_EQ(vcpus[ELSEWHERE].events[calls[i].sent + 1], 1);
		EXPECT_EQ(me->events[calls[i].sent + 1], 0);
	}
}

TEST(pmu, counts_traps_that_the_guest_was_given)
{
	static const uint8_t cause_of[] = { CAUSE_LOAD_MISALIGNED, CAUSE_STORE_MISALIGNED,
					    CAUSE_LOAD_ACCESS, CAUSE_STORE_ACCESS,
					    CAUSE_ILLEGAL_INSN };

	begin();
	for (unsigned i = 0; i < ARRAY_LEN(cause_of); i++) {
		uint64_t c = configure(FW + i, 4);

		me->n_injected[cause_of[i]] += i + 1;
		EXPECT_EQ(count(c), i + 1);
	}
}

/* --- SBI 0.1 --- */

/* a1 is as it was. */
static long legacy(uint64_t extension, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3)
{
	struct sbi_ret ret = call(extension, 77, WITH(a0, a1, a2, a3)); /* a6 is ignored */

	EXPECT_EQ(ret.value, a1);
	return ret.error;
}

static uint64_t mask_at(uint64_t at, uint64_t mask)
{
	memcpy(ram + (at - RAM_AT), &mask, sizeof(mask));
	return at;
}

TEST(legacy, changes_a0_alone)
{
	begin();
	uint64_t mask = mask_at(LEGACY_MASK_AT, 1);

	EXPECT_EQ(legacy(0, 0x55, 1, 2, 3), 0);
	EXPECT_EQ(seen.timer, 0x55);
	EXPECT_EQ(legacy(1, 0x100 | 'c', 1, 2, 3), 0);
	EXPECT_EQ(seen.out[0], 'c');
	EXPECT_EQ(legacy(2, 0, 1, 2, 3), -1);
	EXPECT_EQ(legacy(3, 0, 1, 2, 3), 0);
	EXPECT_EQ(legacy(4, mask, 1, 2, 3), 0);
	EXPECT_EQ(legacy(5, mask, 1, 2, 3), 0);
	EXPECT_EQ(legacy(6, mask, 1, 2, 3), 0);
	EXPECT_EQ(legacy(7, mask, 1, 2, 3), 0);
	legacy(8, 0, 1, 2, 3);
	EXPECT_EQ(me->verdict, VERDICT_STOP);
	EXPECT_EQ(me->stop, STOP_SHUTDOWN);
}

TEST(legacy, getchar_gives_bytes_not_signs)
{
	begin();
	seen.in = "\xff\x01";
	seen.n_in = 2;
	EXPECT_EQ(legacy(2, 0, 0, 0, 0), 0xff);
	EXPECT_EQ(legacy(2, 0, 0, 0, 0), 1);
	EXPECT_EQ(legacy(2, 0, 0, 0, 0), -1);
}

TEST(legacy, putchar_waits_for_room)
{
	begin();
	seen.console_room = 0;
	EXPECT_EQ(legacy(1, 'x', 5, 0, 0), 'x');
	EXPECT_EQ(me->pc, ECALL_AT);
	EXPECT_EQ(me->verdict, VERDICT_POLL);
}

TEST(legacy, clear_ipi_says_whether_there_was_one)
{
	begin();
	is_ipi_pending = true;
	EXPECT_EQ(legacy(3, 0, 0, 0, 0), 1);
	EXPECT_EQ(legacy(3, 0, 0, 0, 0), 0);
}

TEST(legacy, masks_begin_with_hart_0_and_no_mask_is_everybody)
{
	begin();
	EXPECT_EQ(legacy(4, mask_at(LEGACY_MASK_AT, 6), 0, 0, 0), 0);
	EXPECT_EQ(take_ipis(), 6);
	EXPECT_EQ(legacy(4, 0, 0, 0, 0), 0);
	EXPECT_EQ(take_ipis(), 15);
	EXPECT_EQ(legacy(4, mask_at(LEGACY_MASK_AT, 0x12), 0, 0, 0), SBI_ERR_INVALID_PARAM);
	EXPECT_EQ(take_ipis(), 0);
}

TEST(legacy, fences_are_those_of_rfence)
{
	begin();
	uint64_t mask = mask_at(LEGACY_MASK_AT, 1);

	legacy(5, mask, 0, 0, 0);
	expect_fence(FENCE_CODE, 0, ~0ull, 0);
	legacy(6, mask, 0x4000, 0x1000, 0);
	expect_fence(FENCE_PAGES, 0x4000, 0x1000, 0);
	legacy(7, mask, 0, 0, 9);
	expect_fence(FENCE_ASID, 0, ~0ull, 9);
	EXPECT(legacy(6, mask, -0x1000ull, 0x2000, 0) < 0);
	EXPECT_EQ(seen.n_fences, 0);
}

/* Sv39, one table: GVA 0x40000000 (1 GiB leaf) leads to RAM_AT, with these bits. */
static uint64_t map_mask(uint64_t bits)
{
	uint64_t leaf = (uint64_t)RAM_AT >> 2 | bits, table = (RAM_AT + 0x2000) >> 12;

	memcpy(ram + 0x2000 + 8, &leaf, sizeof(leaf));
	translation.satp = 8ull << 60 | table;
	return 0x40000000 + (LEGACY_MASK_AT - RAM_AT);
}

TEST(legacy, mask_is_read_through_the_guests_own_translation)
{
	begin();
	mask_at(LEGACY_MASK_AT, 2);
	EXPECT_EQ(legacy(4, map_mask(PTE_V | PTE_R | PTE_A), 0, 0, 0), 0);
	EXPECT_EQ(take_ipis(), 2);
}

static void expect_mask_fault(uint64_t at, uint64_t cause)
{
	seen.n_injected = 0;
	EXPECT_EQ(legacy(4, at, 0x33, 0, 0), at); /* a0 as it was: the call did not happen */
	EXPECT_EQ(seen.n_injected, 1);
	EXPECT_EQ(seen.cause, cause);
	EXPECT_EQ(seen.value, at);
	EXPECT_EQ(take_ipis(), 0);
	EXPECT_EQ(me->requests, 0);
}

TEST(legacy, mask_that_the_guest_could_not_read_is_its_own_load_fault)
{
	begin();
	mask_at(LEGACY_MASK_AT, 2);
	expect_mask_fault(map_mask(0), CAUSE_LOAD_PAGE);
	expect_mask_fault(map_mask(PTE_V | PTE_X | PTE_A), CAUSE_LOAD_PAGE);
	expect_mask_fault(map_mask(PTE_V | PTE_R | PTE_A | PTE_U), CAUSE_LOAD_PAGE);
	expect_mask_fault(map_mask(PTE_V | PTE_R), CAUSE_LOAD_PAGE); /* A is the guest's to set */
	translation.satp = 8ull << 60 | 0x12345;
	expect_mask_fault(0x40000000, CAUSE_LOAD_ACCESS); /* a table where nothing is */
	translation.satp = 0;
	expect_mask_fault(0x10, CAUSE_LOAD_ACCESS);
}

TEST(legacy, guests_rights_are_those_of_sum_and_mxr_and_adue)
{
	begin();
	mask_at(LEGACY_MASK_AT, 2);
	translation.sum = translation.mxr = true;
	EXPECT_EQ(legacy(4, map_mask(PTE_V | PTE_R | PTE_A | PTE_U), 0, 0, 0), 0);
	EXPECT_EQ(legacy(4, map_mask(PTE_V | PTE_X | PTE_A), 0, 0, 0), 0);
	env.henvcfg = ENVCFG_ADUE;
	EXPECT_EQ(legacy(4, map_mask(PTE_V | PTE_R), 0, 0, 0), 0);
	EXPECT_EQ(take_ipis(), 2);
}

TEST(legacy, mask_may_cross_a_page_and_the_second_may_fault)
{
	begin();
	EXPECT_EQ(legacy(4, mask_at(RAM_AT + 0xffd, 2), 0, 0, 0), 0);
	EXPECT_EQ(take_ipis(), 2);
	legacy(4, RAM_AT + RAM_SIZE - 4, 0, 0, 0);
	EXPECT_EQ(seen.cause, CAUSE_LOAD_ACCESS);
	EXPECT_EQ(seen.value, RAM_AT + RAM_SIZE);
}
