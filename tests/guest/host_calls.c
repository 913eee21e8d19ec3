/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the guest of tests calls for, in front of the SBI that all guests have. Guests are not
 * trusted here either, but one that calls wrongly is told by a failed test and no more.
 */
#include <string.h>

#include "hyp/vconsole.h"
#include "platform/probe.h"
#include "platform/work.h"
#include "tests/guest/calls.h"
#include "tests/guest/host.h"

void __real_vsbi_handle_call(struct vcpu *v);
void __wrap_vsbi_handle_call(struct vcpu *v);

static uint64_t told[N_TOLD];

static struct sbi_ret say(struct vcpu *v)
{
	static char line[1024];
	uint64_t n = vsbi_arg(v, 1);

	if (n > sizeof(line) || vcpu_ops->copy_in(v, line, GPA(vsbi_arg(v, 0)), n))
		return vsbi_error(SBI_ERR_INVALID_PARAM);
	results_write(line, n);
	return vsbi_value(0);
}

static struct sbi_ret end(struct vcpu *v)
{
	if (v->vm == tester)
		n_failed = (int)vsbi_arg(v, 0);
	return vsbi_value(0);
}

static struct sbi_ret pattern(struct vcpu *v)
{
	const char *text = test_pattern ? test_pattern : "";
	size_t n = strlen(text) + 1;

	if (n > vsbi_arg(v, 1) || vcpu_ops->copy_out(v, GPA(vsbi_arg(v, 0)), text, n))
		return vsbi_error(SBI_ERR_INVALID_PARAM);
	return vsbi_value(n);
}

static struct sbi_ret ask(struct vcpu *v)
{
	uint64_t fact = vsbi_arg(v, 0);

	if (fact - FACT_TOLD < N_TOLD)
		return vsbi_value(told[fact - FACT_TOLD]);
	switch ((enum test_fact)fact) {
	case FACT_IS_PARTNER:
		return vsbi_value(v->vm == partner);
	case FACT_LEVELS:
		return vsbi_value(v->vm->map.table.levels);
	case FACT_IS_LEAN:
		return vsbi_value(is_lean);
	case FACT_QUARTERS:
		return vsbi_value(n_quarters);
	case FACT_SIP_IS_WHOLE:
		return vsbi_value(vsip_is_whole);
	case FACT_PARTNER_RUNS:
		return vsbi_value(partner->state != VM_IS_STOPPED);
	case FACT_PARTNER_SHUT_DOWN:
		return vsbi_value(partner->last_end == STOP_SHUTDOWN);
	case FACT_TIMELESS_RUNS:
		return vsbi_value(timeless->state != VM_IS_STOPPED);
	case FACT_HAS_RTC:
		return vsbi_value(rtc_find(&(struct hpa){ 0 }));
	case FACT_N_HARTS:
		return vsbi_value(n_harts());
	case FACT_HAS_STATEEN:
		return vsbi_value(hart_features(0)->hstateen);
	default:
		break;
	}
	return vsbi_error(SBI_ERR_INVALID_PARAM);
}

static uint64_t all_exits(const struct vcpu *v)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < ARRAY_LEN(v->n_exits); i++)
		n += v->n_exits[i];
	return n;
}

static struct sbi_ret count(struct vcpu *v)
{
	uint64_t what = vsbi_arg(v, 0);

	if (what < COUNT_INJECTED)
		return vsbi_value(v->n_exits[what]);
	if (what < COUNT_ALL_EXITS)
		return vsbi_value(v->n_injected[what - COUNT_INJECTED]);
	switch ((enum test_count)what) {
	case COUNT_ALL_EXITS:
		return vsbi_value(all_exits(v));
	case COUNT_MMIO:
		return vsbi_value(v->n_mmio);
	case COUNT_FILLS:
		return vsbi_value(v->n_fills);
	case COUNT_WAITS:
		return vsbi_value(v->n_waits);
	case COUNT_CALLS:
		return vsbi_value(v->n_calls);
	case COUNT_FRAMES:
		return vsbi_value(v->vm->map.owner.n_held);
	default:
		return vsbi_error(SBI_ERR_INVALID_PARAM);
	}
}

/* VMs start and stop on the boot hart, at its next poll point. */
static void start(struct vm *vm)
{
	static const char complaint[] = "Bail out! a VM does not start";

	if (vm_start(vm))
		results_write(complaint, sizeof(complaint) - 1);
}

static bool partner_shall_run;

static void drive_partner(struct work *work)
{
	(void)work;
	if (!partner_shall_run)
		vm_stop(partner);
	else
		start(partner);
}

static struct sbi_ret drive(struct vcpu *v)
{
	static struct work work = { .call = drive_partner };

	partner_shall_run = vsbi_arg(v, 0);
	work_queue(&work, 0);
	vcpu_leave(v, VERDICT_POLL);
	return vsbi_value(0);
}

static void start_timeless(struct work *work)
{
	(void)work;
	start(timeless);
}

static struct sbi_ret start_without_time(struct vcpu *v)
{
	static struct work work = { .call = start_timeless };

	timeless->config.has_entry = true;
	timeless->config.entry = GPA(vsbi_arg(v, 0));
	work_queue(&work, 0);
	vcpu_leave(v, VERDICT_POLL);
	return vsbi_value(0);
}

static struct sbi_ret tell(struct vcpu *v)
{
	if (vsbi_arg(v, 0) >= N_TOLD)
		return vsbi_error(SBI_ERR_INVALID_PARAM);
	told[vsbi_arg(v, 0)] = vsbi_arg(v, 1);
	return vsbi_value(0);
}

/* Keys come in poll points of the boot hart. */
static struct {
	struct work work;
	struct vm *vm;
	char text[64];
	size_t n;
} typing;

static void type_text(struct work *work)
{
	(void)work;
	(void)vconsole_type(vm_console(typing.vm), typing.text, typing.n);
}

static struct sbi_ret type(struct vcpu *v)
{
	size_t n = vsbi_arg(v, 1);

	if (n > sizeof(typing.text) || vcpu_ops->copy_in(v, typing.text, GPA(vsbi_arg(v, 0)), n))
		return vsbi_error(SBI_ERR_INVALID_PARAM);
	typing.vm = v->vm;
	typing.n = n;
	typing.work.call = type_text;
	work_queue(&typing.work, 0);
	vcpu_leave(v, VERDICT_POLL);
	return vsbi_value(0);
}

/* As hyp/keyboard.c has it. */
static void press(struct timer *timer)
{
	(void)timer;
	(void)vconsole_type(vm_console(typing.vm), "x", 1);
	(void)vm_wake(typing.vm);
}

static void set_key(struct work *work)
{
	static struct timer timer = { .call = press };

	(void)work;
	timer_set(&timer, time_now() + time_from_us(typing.n * 1000));
}

static struct sbi_ret press_key(struct vcpu *v)
{
	typing.vm = v->vm;
	typing.n = vsbi_arg(v, 0);
	typing.work.call = set_key;
	work_queue(&typing.work, 0);
	vcpu_leave(v, VERDICT_POLL);
	return vsbi_value(0);
}

static vsbi_function *const functions[] = {
	[TEST_SAY] = say,         [TEST_END] = end,
	[TEST_PATTERN] = pattern, [TEST_ASK] = ask,
	[TEST_COUNT] = count,     [TEST_PARTNER] = drive,
	[TEST_TELL] = tell,       [TEST_TIMELESS] = start_without_time,
	[TEST_TYPE] = type,       [TEST_SCRATCH] = scratch_copy,
	[TEST_KEY] = press_key,   [TEST_RTC] = rtc_read,
};

void __wrap_vsbi_handle_call(struct vcpu *v)
{
	uint64_t function = v->x[REG_A6];

	if (v->x[REG_A7] != TEST_CALLS || function >= ARRAY_LEN(functions)) {
		__real_vsbi_handle_call(v);
		return;
	}
	struct sbi_ret ret = functions[function](v);

	v->x[REG_A0] = (uint64_t)ret.error;
	v->x[REG_A1] = (uint64_t)ret.value;
}
