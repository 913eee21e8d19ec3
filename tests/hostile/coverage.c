/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counts what the hostile guest reaches, and answers the calls by which the guests tell of
 * themselves. It stands in calls between parts of the hypervisor, which the linker leads through
 * the functions __wrap_X here; the hypervisor knows nothing of it.
 */
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>

#include "arch/cause.h"
#include "hyp/fault.h"
#include "hyp/life.h"
#include "hyp/vm.h"
#include "platform/hart.h"
#include "platform/timer.h"
#include "sbi/guest/vsbi.h"
#include "tests/hostile/calls.h"
#include "tests/hostile/host.h"
#include "tests/hostile/plan.h"
#include "tests/hostile/report.h"
#include "vcpu/decode.h"

bool __real_hext_exit(struct vcpu *v, uint64_t cause);
bool __wrap_hext_exit(struct vcpu *v, uint64_t cause);
void __real_hext_load(struct vcpu *v, struct flusher *flusher);
void __wrap_hext_load(struct vcpu *v, struct flusher *flusher);
bool __real_hext_find_access(struct vcpu *v, struct access *a);
bool __wrap_hext_find_access(struct vcpu *v, struct access *a);
enum verdict __real_memory_fault(struct vcpu *v);
enum verdict __wrap_memory_fault(struct vcpu *v);
enum verdict __real_mmio_access(struct vcpu *v, struct region *r);
enum verdict __wrap_mmio_access(struct vcpu *v, struct region *r);
void __real_life_vm_ended(struct work *work);
void __wrap_life_vm_ended(struct work *work);
void __real_vsbi_handle_call(struct vcpu *v);
void __wrap_vsbi_handle_call(struct vcpu *v);

enum {
	N_CAUSES = 64,
	N_EXTENSIONS = ARRAY_LEN(plan_extensions),
	N_FUNCTIONS = 8,
	N_FORMS = ARRAY_LEN(plan_forms),
	N_ENDS = STOP_ORDERED + 1,
	BATCHES_A_LIFE = 32,
};

_Atomic uint64_t n_done, n_rounds, n_turns;
_Atomic bool neighbour_failed, neighbour_has_hart;
uint64_t neighbour_says[4], most_skew;

/* The hostile guest's. It has one vCPU, so that no two harts count at once. */
static uint64_t n_exits[N_CAUSES], n_interrupts[N_CAUSES];
static uint64_t n_calls[N_EXTENSIONS + 1][N_FUNCTIONS + 1];
static uint64_t n_forms[N_FORMS], n_odd_accesses;
static uint64_t n_csrs[N_CSRS], n_of_host;
static uint64_t n_kinds[N_OPS], n_ends[N_ENDS], n_stuck, n_spoiled, n_batches;
static uint64_t n_outcomes[N_OPS][OUTCOME_UNKNOWN + 1];
static _Atomic uint64_t number; /* of the first operation that was handed out, or will be */
static _Atomic bool has_batch, is_stuck;
static PER_HART struct vcpu *in_device;

/* What the guest notes of its operations; false if it cannot be that. */
static bool read_batch(struct batch *b)
{
	if (guest_copy_in(&hostile_vm->map, b, GPA(BATCH_AT), sizeof(*b)))
		return false;
	return b->first == number && b->n_begun <= BATCH_SIZE;
}

uint64_t coverage_heartbeat(void)
{
	struct batch b;

	return has_batch && read_batch(&b) ? b.first + b.n_begun : 0;
}

void coverage_note_stuck(void)
{
	is_stuck = true;
}

/* --- the operations --- */

static void note_done(uint64_t i, uint8_t outcome)
{
	struct plan plan = plan_of(i);

	n_kinds[plan.kind]++;
	n_outcomes[plan.kind][outcome]++;
	if (plan.kind != OP_CSR) {
		n_done++;
		return;
	}
	if (outcome == OUTCOME_UNKNOWN) /* somewhere among the eight the guest ended */
		return;
	n_done += PLAN_CSRS;
	for (unsigned j = 0; j < PLAN_CSRS; j++)
		n_csrs[plan_csr(plan.n, j)]++;
}

/* The operations that were handed out are over, as far as they were begun. */
static void settle(void)
{
	struct batch b;

	if (!has_batch)
		return;
	has_batch = false;
	if (!read_batch(&b)) {
		n_spoiled++;
		number += BATCH_SIZE;
		return;
	}
	for (unsigned i = 0; i < b.n_begun; i++)
		note_done(number + i, b.outcomes[i]);
	number += b.n_begun;
}

/* A guest that writes anywhere wears its own code out, and then does little: it begins anew. */
static void hand_out(struct vcpu *v)
{
	settle();
	if (++n_batches % BATCHES_A_LIFE == 0) {
		vsbi_stop_vm(v, STOP_REBOOT);
		return;
	}
	v->x[REG_A0] = number;
	v->x[REG_A1] = option_seed;
	has_batch = true;
}

/* The one that was going on ended the guest, or main did. */
static void note_end(enum stop_reason reason)
{
	n_ends[reason]++;
	settle();
	n_stuck += is_stuck;
	is_stuck = false;
}

/* --- what stands in the hypervisor's calls --- */

bool __wrap_hext_exit(struct vcpu *v, uint64_t cause)
{
	if (v->vm == hostile_vm) {
		if (cause & CAUSE_INTERRUPT)
			n_interrupts[cause % N_CAUSES]++;
		else
			n_exits[cause % N_CAUSES]++;
	}
	return __real_hext_exit(v, cause);
}

void __wrap_hext_load(struct vcpu *v, struct flusher *flusher)
{
	neighbour_has_hart = v->vm == neighbour_vm;
	n_turns += neighbour_has_hart;
	__real_hext_load(v, flusher);
}

static bool is_same_form(const struct access *a, const struct access *b)
{
	return a->kind == b->kind && a->width == b->width && a->is_signed == b->is_signed &&
	       a->is_float == b->is_float && a->length == b->length && a->amo == b->amo;
}

/* Forms that only their registers tell apart count as one. */
static void count_form(const struct access *a)
{
	bool is_known = false;

	for (unsigned i = 0; i < N_FORMS; i++) {
		struct access form;

		access_decode(plan_forms[i].insn | (plan_forms[i].fields & FORM_CI ? 1 << 7 : 0),
			      &form);
		if (!is_same_form(a, &form))
			continue;
		n_forms[i]++;
		is_known = true;
	}
	n_odd_accesses += !is_known;
}

bool __wrap_hext_find_access(struct vcpu *v, struct access *a)
{
	bool is_found = __real_hext_find_access(v, a);

	if (is_found && in_device == v)
		count_form(a);
	return is_found;
}

enum verdict __wrap_mmio_access(struct vcpu *v, struct region *r)
{
	if (v->vm != hostile_vm)
		return __real_mmio_access(v, r);
	in_device = v;
	enum verdict verdict = __real_mmio_access(v, r);

	in_device = NULL;
	return verdict;
}

/* What is the host's own, at the addresses that it has there. */
static bool is_of_host(uint64_t gpa)
{
	struct hpa_range ranges[REPORT_RANGES];

	for (unsigned i = report_ranges(ranges); i--;)
		if (gpa - ranges[i].at.v < ranges[i].size)
			return true;
	return false;
}

enum verdict __wrap_memory_fault(struct vcpu *v)
{
	enum verdict verdict = __real_memory_fault(v);

	n_of_host += v->vm == hostile_vm && is_of_host(v->trap.gpa.v);
	return verdict;
}

static void note_round(struct vcpu *v)
{
	uint64_t due = time_now() - v->vm->started_at, is = v->x[REG_A1];
	uint64_t skew = is < due ? due - is : is - due;

	for (unsigned i = 0; i < ARRAY_LEN(neighbour_says); i++)
		neighbour_says[i] = v->x[REG_A0 + i];
	if (skew > most_skew)
		most_skew = skew;
	n_rounds++;
}

static void note_failure(struct vcpu *v)
{
	for (unsigned i = 0; i < ARRAY_LEN(neighbour_says); i++)
		neighbour_says[i] = v->x[REG_A0 + i];
	neighbour_failed = true;
}

static void count_call(uint64_t id, uint64_t function)
{
	unsigned e = 0;

	while (e < N_EXTENSIONS && plan_extensions[e].id != id)
		e++;
	if (e == N_EXTENSIONS || id < 0x10)
		function = 0;
	else if (function > plan_extensions[e].n_functions)
		function = plan_extensions[e].n_functions;
	n_calls[e][function]++;
}

/* A test's calls are known by who makes them; the hostile guest may try the neighbour's. */
void __wrap_vsbi_handle_call(struct vcpu *v)
{
	uint64_t id = v->x[REG_A7], function = v->x[REG_A6];

	n_exits[CAUSE_VS_ECALL] += v->vm == hostile_vm;
	if (id == EXT_HOSTILE && v->vm == hostile_vm && function == CALL_NEXT) {
		hand_out(v);
	} else if (id == EXT_HOSTILE && v->vm == neighbour_vm) {
		if (function == CALL_ROUND)
			note_round(v);
		else
			note_failure(v);
	} else {
		if (v->vm == hostile_vm)
			count_call(id, function);
		__real_vsbi_handle_call(v);
	}
}

void __wrap_life_vm_ended(struct work *work)
{
	struct vm *vm = CONTAINER_OF(work, struct vm, ended);

	if (vm == hostile_vm)
		note_end(vm->end);
	__real_life_vm_ended(work);
}

/* --- the report --- */

static unsigned due;
static bool is_covered;

static void row(const char *what, const char *name, uint64_t n, bool must)
{
	bool is_short = must && n < due;

	if (!n && !must)
		return;
	report("  %-5s %-28s %10" PRIu64 "%s", what, name, n, is_short ? "  TOO FEW" : "");
	is_covered &= !is_short;
}

static void report_exits(void)
{
	static const bool must[N_CAUSES] = { [CAUSE_VS_ECALL] = true,
					     [CAUSE_FETCH_GPF] = true,
					     [CAUSE_LOAD_GPF] = true,
					     [CAUSE_VIRTUAL_INSN] = true,
					     [CAUSE_STORE_GPF] = true };

	for (unsigned i = 0; i < N_CAUSES; i++)
		row("exit", cause_text(i), n_exits[i], must[i]);
	for (unsigned i = 0; i < N_CAUSES; i++)
		row("exit", cause_text(i | CAUSE_INTERRUPT), n_interrupts[i], i == 5);
	row("exit", "for the host's PCI bus", n_of_host, true);
}

static void report_calls(void)
{
	char name[40];

	for (unsigned e = 0; e < N_EXTENSIONS; e++) {
		const struct plan_extension *x = &plan_extensions[e];

		for (unsigned f = 0; f < x->n_functions; f++) {
			snprintf(name, sizeof(name), "extension %" PRIx32 " function %u", x->id, f);
			row("sbi", name, n_calls[e][f], true);
		}
		snprintf(name, sizeof(name), "extension %" PRIx32 ", no function", x->id);
		if (x->id >= 0x10)
			row("sbi", name, n_calls[e][x->n_functions], true);
	}
	row("sbi", "no extension", n_calls[N_EXTENSIONS][0], true);
}

static void report_forms(void)
{
	for (unsigned i = 0; i < N_FORMS; i++)
		row("mmio", plan_forms[i].name, n_forms[i], !(plan_forms[i].fields & FORM_MAY));
	row("mmio", "another form", n_odd_accesses, false);
}

/* Ranges of CSRs that were tried as often. */
static void report_csrs(void)
{
	char name[40];

	for (unsigned i = 0, first = 0; i < N_CSRS; i++) {
		if (i + 1 < N_CSRS && n_csrs[i + 1] == n_csrs[first])
			continue;
		snprintf(name, sizeof(name), "%03x to %03x, each", first, i);
		row("csr", name, n_csrs[first], true);
		first = i + 1;
	}
}

static void report_operations(void)
{
	static const char *const kinds[N_OPS] = { "CSR",          "SBI call",    "device access",
						  "random words", "wild tables", "jump",
						  "hypervisor's", "wait",        "storm",
						  "touch" };
	static const char *const ends[N_ENDS] = { "vCPU off", "off",       "reboot", "failure",
						  "crash",    "no memory", "stuck" };
	char name[80];

	for (unsigned k = 0; k < N_OPS; k++) {
		row("done", kinds[k], n_kinds[k], true);
		for (unsigned c = 0; c <= OUTCOME_UNKNOWN; c++) {
			snprintf(name, sizeof(name), "  %s",
				 c == OUTCOME_UNKNOWN    ? "the guest's end"
				 : c == OUTCOME_NONE     ? "no trap"
				 : c & OUTCOME_INTERRUPT ? cause_text(CAUSE_INTERRUPT | (c & 63))
							 : cause_text(c));
			row("", name, n_outcomes[k][c], false);
		}
	}
	for (unsigned i = 0; i < N_ENDS; i++)
		row("ends", ends[i], n_ends[i], false);
	row("ends", "of these, did not come back", n_stuck, false);
	row("ends", "notes that cannot be", n_spoiled, false);
}

bool coverage_report(unsigned least)
{
	due = least;
	is_covered = true;
	report_operations();
	report_exits();
	report_calls();
	report_forms();
	report_csrs();
	return is_covered;
}
