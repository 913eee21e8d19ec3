/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PMU: firmware counters. Events are counted always, in the vCPU; a counter is a difference. There
 * are no hardware counters, and there is no snapshot memory.
 */
#include "arch/cause.h"
#include "sbi/guest/events.h"
#include "sbi/guest/vsbi.h"

enum { CONFIG_SKIP_MATCH = 1, CONFIG_CLEAR_VALUE = 2, CONFIG_AUTO_START = 4, CONFIG_FLAGS = 0xff };
enum { START_SET_VALUE = 1, START_FROM_SNAPSHOT = 2 };
enum { STOP_RESET = 1, STOP_TAKE_SNAPSHOT = 2 };
enum { TYPE_FIRMWARE = 0xf0000 };

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

/* Of the set: the first that does not count, or just the first. */
static struct sbi_ret counter_config_matching(struct vcpu *v)
{
	uint64_t flags = vsbi_arg(v, 2), event = vsbi_arg(v, 3), data = vsbi_arg(v, 4), set;

	if (!find_counters(v, &set) || flags & ~(uint64_t)CONFIG_FLAGS)
		return vsbi_error(SBI_ERR_INVALID_PARAM);
	if (event - TYPE_FIRMWARE >= N_FW_EVENTS || data)
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

	if (!find_counters(v, &set) || flags & ~(uint64_t)(START_SET_VALUE | START_FROM_SNAPSHOT))
		return vsbi_error(SBI_ERR_INVALID_PARAM);
	if (flags & START_FROM_SNAPSHOT)
		return vsbi_error(SBI_ERR_NO_SHMEM);
	for (unsigned i = 0; i < N_FW_COUNTERS; i++) {
		struct fw_counter *c = &v->counters[i];

		if (!(set >> i & 1))
			continue;
		if (c->is_counting) {
			error = SBI_ERR_ALREADY_STARTED;
			continue;
		}
		if (flags & START_SET_VALUE)
			c->value = value;
		start(v, c);
	}
	return vsbi_error(error);
}

static struct sbi_ret counter_stop(struct vcpu *v)
{
	uint64_t flags = vsbi_arg(v, 2), set;
	long error = SBI_SUCCESS;

	if (!find_counters(v, &set) || flags & ~(uint64_t)(STOP_RESET | STOP_TAKE_SNAPSHOT))
		return vsbi_error(SBI_ERR_INVALID_PARAM);
	if (flags & STOP_TAKE_SNAPSHOT)
		return vsbi_error(SBI_ERR_NO_SHMEM);
	for (unsigned i = 0; i < N_FW_COUNTERS; i++) {
		struct fw_counter *c = &v->counters[i];

		if (!(set >> i & 1))
			continue;
		if (!c->is_counting)
			error = SBI_ERR_ALREADY_STOPPED;
		stop(v, c);
		if (flags & STOP_RESET)
			c->event = 0;
	}
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

static vsbi_function *const functions[] = {
	num_counters, counter_get_info, counter_config_matching, counter_start,
	counter_stop, counter_fw_read,  counter_fw_read_hi
};

VSBI_EXTENSION(vsbi_pmu, SBI_EXT_PMU, "PMU", functions);
