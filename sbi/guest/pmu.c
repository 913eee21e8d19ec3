/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PMU: firmware counters. Events are counted always, in the vCPU; a counter is a difference. There
 * are no hardware counters. Snapshot memory is touched in the calls alone that name it.
 */
#include "arch/cause.h"
#include "gstage/gtable.h"
#include "sbi/guest/events.h"
#include "sbi/guest/vsbi.h"

enum { CONFIG_SKIP_MATCH = 1, CONFIG_CLEAR_VALUE = 2, CONFIG_AUTO_START = 4, CONFIG_FLAGS = 0xff };
enum { START_SET_VALUE = 1, START_FROM_SNAPSHOT = 2 };
enum { STOP_RESET = 1, STOP_TAKE_SNAPSHOT = 2 };
enum { TYPE_FIRMWARE = 0xf0000 };
/* The snapshot memory; its words of what overflowed stay 0, as guests have no Sscofpmf. */
enum { SNAPSHOT_SIZE = 4096, AT_OVERFLOWN = 0, AT_VALUES = 8 };

/* How often that happened since the vCPU was made. */
static uint64_t n_events(struct vcpu *v, unsigned code)
{
	static const uint8_t trap_of[N_FW_TRAPS] = { CAUSE_LOAD_MISALIGNED, CAUSE_STORE_MISALIGNED,
						     CAUSE_LOAD_ACCESS, CAUSE_STORE_ACCESS,
						     CAUSE_ILLEGAL_INSN };

	if (code < N_FW_TRAPS)
		return v->n_injected[trap_of[code]];
	/* cppcheck-suppress arrayIndexOutOfBoundsCond ; callers have bounded it */
	return atomic_load_explicit(&v->events[code], memory_order_relaxed);
}

static uint64_t now(struct vcpu *v, const struct fw_counter *c)
{
	return c->event ? n_events(v, c->event - 1) : 0;
}

static uint64_t value_of(struct vcpu *v, const struct fw_counter *c)
{
	return c->is_counting ? c->value + now(v, c) : c->value;
}

static void start(struct vcpu *v, struct fw_counter *c)
{
	c->value -= now(v, c);
	c->is_counting = true;
}

static void stop(struct vcpu *v, struct fw_counter *c)
{
	c->value = value_of(v, c);
	c->is_counting = false;
}

/* The set of counters that two arguments give. False: one of them does not exist. */
static bool find_counters(const struct vcpu *v, uint64_t *set)
{
	uint64_t base = vsbi_arg(v, 0), mask = vsbi_arg(v, 1);

	*set = 0;
	if (!mask)
		return true;
	if (base >= N_FW_COUNTERS || mask >> (N_FW_COUNTERS - base))
		return false;
	*set = mask << base;
	return true;
}

/* Where the snapshot has the value of this counter, one of a set that begins at the first argument.
 */
static struct gpa snapshot_of(const struct vcpu *v, unsigned counter)
{
	return GPA(v->sbi.snapshot_at - 1 + AT_VALUES + 8 * (counter - vsbi_arg(v, 0)));
}

static struct sbi_ret num_counters(struct vcpu *v)
{
	(void)v;
	return vsbi_value(N_FW_COUNTERS);
}

static struct sbi_ret counter_get_info(struct vcpu *v)
{
	if (vsbi_arg(v, 0) >= N_FW_COUNTERS)
		return vsbi_error(SBI_ERR_INVALID_PARAM);
	return vsbi_value(BIT(63) | 63 << 12);
}

static bool is_event(uint64_t event, uint64_t data)
{
	return event - TYPE_FIRMWARE < N_FW_EVENTS && !data;
}

/* Of the set: the first that does not count, or just the first. */
static struct sbi_ret counter_config_matching(struct vcpu *v)
{
	uint64_t flags = vsbi_arg(v, 2), event = vsbi_arg(v, 3), data = vsbi_arg(v, 4), set;

	if (!find_counters(v, &set) || flags & ~(uint64_t)CONFIG_FLAGS)
		return vsbi_error(SBI_ERR_INVALID_PARAM);
	if (!is_event(event, data))
		return vsbi_error(SBI_ERR_NOT_SUPPORTED);
	for (unsigned i = 0; i < N_FW_COUNTERS; i++) {
		struct fw_counter *c = &v->counters[i];

		if (!(set >> i & 1) || (c->is_counting && !(flags & CONFIG_SKIP_MATCH)))
			continue;
		stop(v, c);
		c->event = (uint8_t)(event - TYPE_FIRMWARE + 1);
		if (flags & CONFIG_CLEAR_VALUE)
			c->value = 0;
		if (flags & CONFIG_AUTO_START)
			start(v, c);
		return vsbi_value(i);
	}
	return vsbi_error(SBI_ERR_NOT_SUPPORTED);
}

/* Those of the set that can be started are, whatever the others are: Linux relies on it for
 * stopping, and the specification says nothing. */
static struct sbi_ret counter_start(struct vcpu *v)
{
	uint64_t flags = vsbi_arg(v, 2), value = vsbi_arg(v, 3), set;
	long error = SBI_SUCCESS;

	if (!find_counters(v, &set) || flags & ~(uint64_t)(START_SET_VALUE | START_FROM_SNAPSHOT) ||
	    flags == (START_SET_VALUE | START_FROM_SNAPSHOT))
		return vsbi_error(SBI_ERR_INVALID_PARAM);
	if (flags & START_FROM_SNAPSHOT && !v->sbi.snapshot_at)
		return vsbi_error(SBI_ERR_NO_SHMEM);
	for (unsigned i = 0; i < N_FW_COUNTERS; i++) {
		struct fw_counter *c = &v->counters[i];

		if (!(set >> i & 1))
			continue;
		if (c->is_counting) {
			error = SBI_ERR_ALREADY_STARTED;
			continue;
		}
		if (flags & START_FROM_SNAPSHOT &&
		    vcpu_ops->copy_in(v, &value, snapshot_of(v, i), sizeof(value)))
			return vsbi_error(SBI_ERR_FAILED);
		if (flags)
			c->value = value;
		start(v, c);
	}
	return vsbi_error(error);
}

static struct sbi_ret counter_stop(struct vcpu *v)
{
	static const uint64_t none = 0;
	uint64_t flags = vsbi_arg(v, 2), set;
	long error = SBI_SUCCESS;

	if (!find_counters(v, &set) || flags & ~(uint64_t)(STOP_RESET | STOP_TAKE_SNAPSHOT))
		return vsbi_error(SBI_ERR_INVALID_PARAM);
	if (flags & STOP_TAKE_SNAPSHOT && !v->sbi.snapshot_at)
		return vsbi_error(SBI_ERR_NO_SHMEM);
	for (unsigned i = 0; i < N_FW_COUNTERS; i++) {
		struct fw_counter *c = &v->counters[i];

		if (!(set >> i & 1))
			continue;
		if (!c->is_counting)
			error = SBI_ERR_ALREADY_STOPPED;
		stop(v, c);
		if (flags & STOP_TAKE_SNAPSHOT &&
		    vcpu_ops->copy_out(v, snapshot_of(v, i), &c->value, sizeof(c->value)))
			error = SBI_ERR_FAILED;
		if (flags & STOP_RESET)
			c->event = 0;
	}
	if (flags & STOP_TAKE_SNAPSHOT &&
	    vcpu_ops->copy_out(v, GPA(v->sbi.snapshot_at - 1 + AT_OVERFLOWN), &none, sizeof(none)))
		error = SBI_ERR_FAILED;
	return vsbi_error(error);
}

static struct sbi_ret counter_fw_read(struct vcpu *v)
{
	uint64_t i = vsbi_arg(v, 0);

	if (i >= N_FW_COUNTERS)
		return vsbi_error(SBI_ERR_INVALID_PARAM);
	return vsbi_value(value_of(v, &v->counters[i]));
}

/* All of a counter fits into XLEN bits. */
static struct sbi_ret counter_fw_read_hi(struct vcpu *v)
{
	return vsbi_arg(v, 0) < N_FW_COUNTERS ? vsbi_value(0) : vsbi_error(SBI_ERR_INVALID_PARAM);
}

static struct sbi_ret snapshot_set_shmem(struct vcpu *v)
{
	uint64_t at;
	long error = vsbi_find_shmem(v, SNAPSHOT_SIZE, &at);

	if (!error)
		v->sbi.snapshot_at = at;
	return vsbi_error(error);
}

static struct sbi_ret tell_events_anew(struct vcpu *v, long error)
{
	v->sbi.n_told = 0;
	return vsbi_error(error);
}

/* An entry of the memory in which a guest asks about events. */
struct event_info {
	uint32_t event, output;
	uint64_t data;
};

/* A call may ask about all of the guest's memory: it is made again for each piece. A call for other
 * memory in between begins anew, and so does this one then. */
static struct sbi_ret event_get_info(struct vcpu *v)
{
	enum { PIECE = 32 };
	uint64_t at = vsbi_arg(v, 0), n = vsbi_arg(v, 2);

	if (vsbi_arg(v, 3) || !is_aligned(at, sizeof(struct event_info)))
		return vsbi_error(SBI_ERR_INVALID_PARAM);
	if (vsbi_arg(v, 1) || n > ~0ull / sizeof(struct event_info) ||
	    !vcpu_ops->is_memory(v, GPA(at), n * sizeof(struct event_info), GTABLE_R | GTABLE_W))
		return vsbi_error(SBI_ERR_INVALID_ADDRESS);
	if (v->sbi.told_at != at)
		v->sbi.n_told = 0;
	v->sbi.told_at = at;
	for (unsigned i = 0; v->sbi.n_told < n; i++, v->sbi.n_told++) {
		struct gpa place = GPA(at + v->sbi.n_told * sizeof(struct event_info));
		struct event_info info;

		if (i == PIECE)
			return vsbi_again(v);
		if (vcpu_ops->copy_in(v, &info, place, sizeof(info)))
			return tell_events_anew(v, SBI_ERR_FAILED);
		if (info.event >> 20)
			return tell_events_anew(v, SBI_ERR_INVALID_PARAM);
		info.output = is_event(info.event, info.data);
		place.v += offsetof(struct event_info, output);
		if (vcpu_ops->copy_out(v, place, &info.output, sizeof(info.output)))
			return tell_events_anew(v, SBI_ERR_FAILED);
	}
	return tell_events_anew(v, SBI_SUCCESS);
}

static vsbi_function *const functions[] = {
	num_counters,    counter_get_info,   counter_config_matching, counter_start,  counter_stop,
	counter_fw_read, counter_fw_read_hi, snapshot_set_shmem,      event_get_info,
};

VSBI_EXTENSION(vsbi_pmu, SBI_EXT_PMU, "PMU", functions);
