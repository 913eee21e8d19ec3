/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hext engine over a hart that is a file of registers and a list of what was done to it, in
 * order: what no machine shows that forgives a wrong order, or has no such trap, or keeps no stale
 * translation.
 */
#include <stdio.h>
#include <string.h>

#include "arch/cause.h"
#include "arch/csr.h"
#include "arch/fence.h"
#include "arch/hfence.h"
#include "gstage/flush.h"
#include "gstage/gtable.h"
#include "platform/probe.h"
#include "platform/trace.h"
#include "platform/trap.h"
#include "tests/kit/kit.h"
#include "vcpu/extensions.h"
#include "vcpu/hext/float.h"
#include "vcpu/hext/hext.h"
#include "vcpu/hext/vector.h"

enum { VMID = 5, ENTRY = 0x80200000, FAR = 1000000, NEVER = 9999 };
#define VSATP_OF_GUEST (field_put(SATP_MODE, SATP_MODE_SV39) | 0x80001)

/* --- the hart --- */

static uint64_t csrs[4096];
static bool has_sstc;

static struct {
	const char *what; /* NULL: the write of `csr` */
	unsigned csr;
	uint64_t value;
} done[256];
static unsigned n_done;

static void note(const char *what, unsigned csr, uint64_t value)
{
	REQUIRE(n_done < ARRAY_LEN(done));
	done[n_done].what = what;
	done[n_done].csr = csr;
	done[n_done++].value = value;
}

/* Registers of which a guest has none of its own: a hart's one is whose state it has loaded. Some
 * harts lack one group or another. */
enum group { ALWAYS, SENVCFG, STATEEN, STATEEN_N, SCONTEXT, SISELECT, N_GROUPS };
static const struct {
	const char *name;
	unsigned csr;
	enum group group;
} shared[] = {
	{ "scounteren", CSR_SCOUNTEREN, ALWAYS },  { "senvcfg", CSR_SENVCFG, SENVCFG },
	{ "sstateen0", CSR_SSTATEEN0, STATEEN },   { "sstateen1", CSR_SSTATEEN1, STATEEN_N },
	{ "sstateen2", CSR_SSTATEEN2, STATEEN_N }, { "sstateen3", CSR_SSTATEEN3, STATEEN_N },
	{ "scontext", CSR_SCONTEXT, SCONTEXT },    { "vsiselect", CSR_VSISELECT, SISELECT },
};
static unsigned groups; /* that the hart has, as bits */

static bool is_there(unsigned csr)
{
	for (unsigned i = 0; i < ARRAY_LEN(shared); i++)
		if (shared[i].csr == csr)
			return groups & BIT(shared[i].group);
	return true;
}

uint64_t csr_model_read(unsigned csr)
{
	EXPECT(is_there(csr));
	bool is_due = has_sstc && csrs[CSR_VSTIMECMP] <= csrs[CSR_TIME] + csrs[CSR_HTIMEDELTA];

	if (csr == CSR_HIP)
		return csrs[CSR_HVIP] | (is_due ? HVIP_VSTIP : 0);
	return csrs[csr];
}

/* What stood in henvcfg, and in the note of who ran the VM, when translations could begin. */
static struct flusher flusher;
static uint64_t henvcfg_at_vsatp, noted_at_hgatp;

void csr_model_write(unsigned csr, uint64_t value)
{
	EXPECT(is_there(csr));
	note(NULL, csr, value);
	csrs[csr] = value;
	if (csr == CSR_VSATP && value)
		henvcfg_at_vsatp = csrs[CSR_HENVCFG];
	if (csr == CSR_HGATP && value)
		noted_at_hgatp = flusher.harts;
}

void fence_model(const char *insn, uint64_t address, uint64_t id)
{
	(void)address;
	note(insn, NEVER, id);
}

/* The place of the first such event from `from` on; NEVER if there is none. */
static unsigned find_write(unsigned from, unsigned csr, uint64_t value)
{
	for (unsigned i = from; i < n_done; i++)
		if (!done[i].what && done[i].csr == csr && done[i].value == value)
			return i;
	return NEVER;
}

static unsigned find(unsigned from, const char *what)
{
	for (unsigned i = from; i < n_done; i++)
		if (done[i].what && !strcmp(done[i].what, what))
			return i;
	return NEVER;
}

/* --- what the engine stands on --- */

static struct hart_features features;
unsigned trace_on;
PER_HART void (*trap_on_return)(void);

const struct hart_features *hart_features(unsigned hart)
{
	(void)hart;
	return &features;
}

const struct hart_features *this_hart_features(void)
{
	return &features;
}

enum engine hart_engine(unsigned hart)
{
	(void)hart;
	return ENGINE_HEXT;
}

void trace_write(enum trace_event event, uint64_t a, uint64_t b)
{
	(void)event, (void)a, (void)b;
}

void float_save(uint64_t f[32], uint64_t *fcsr)
{
	(void)f, (void)fcsr;
	note("float_save", NEVER, 0);
}

void float_restore(const uint64_t f[32], const uint64_t *fcsr)
{
	(void)f, (void)fcsr;
	note("float_restore", NEVER, 0);
}

void vector_save(void *area, uint64_t of_csrs[N_VECTOR_CSRS])
{
	(void)area, (void)of_csrs;
	note("vector_save", NEVER, 0);
}

void vector_restore(const void *area, const uint64_t of_csrs[N_VECTOR_CSRS])
{
	(void)area, (void)of_csrs;
	note("vector_restore", NEVER, 0);
}

static struct timer *set;

void timer_set(struct timer *timer, uint64_t when)
{
	timer->when = when;
	timer->is_set = true;
	set = timer;
}

void timer_cancel(struct timer *timer)
{
	timer->is_set = false;
}

void work_queue(struct work *work, unsigned hart)
{
	(void)work, (void)hart;
}

/* In assembly, or with instructions that a host does not have. */
enum verdict hext_enter(struct vcpu *v)
{
	(void)v;
	return VERDICT_RESUME;
}

bool hext_find_access(struct vcpu *v, struct access *a)
{
	(void)v, (void)a;
	return false;
}

static unsigned n_privileged;

enum verdict hext_privileged_insn(struct vcpu *v)
{
	(void)v;
	n_privileged++;
	return VERDICT_RESUME;
}

uint64_t hext_reach(unsigned hart, unsigned levels)
{
	(void)hart, (void)levels;
	return 0;
}

static unsigned n_faults;

static enum verdict vm_memory_fault(struct vcpu *v)
{
	(void)v;
	n_faults++;
	return VERDICT_RESUME;
}

static void vm_look(struct vcpu *v)
{
	(void)v;
}

static const struct vcpu_ops ops = { .memory_fault = vm_memory_fault, .look = vm_look };
const struct vcpu_ops *const vcpu_ops = &ops;

/* --- a vCPU that has been reset, on that hart --- */

static struct vcpu vcpu, *const v = &vcpu;
static struct guest_env env;
static struct gtable table;
static uint64_t area[32 * 16 / 8];

static void begin(void)
{
	memset(csrs, 0, sizeof(csrs));
	memset(&vcpu, 0, sizeof(vcpu));
	memset(&flusher, 0, sizeof(flusher));
	if (!table.root)
		REQUIRE_EQ(gtable_init(&table, GTABLE_SV39X4), 0);
	features = (struct hart_features){
		.h = true, .sstc = true, .henvcfg = ~0ull, .vmid_bits = 7, .vlenb = 16
	};
	env = (struct guest_env){
		.henvcfg = ENVCFG_ADUE | ENVCFG_STCE, .sstc = true, .has_f = true, .has_v = true
	};
	has_sstc = true;
	groups = BIT(ALWAYS);
	csrs[CSR_TIME] = 100;
	csrs[CSR_VSTIMECMP] = ~0ull;
	n_faults = n_privileged = 0;
	flusher.tag = VMID;
	v->engine = &hext_engine;
	v->env = &env;
	v->v_area = area;
	hext_set_table(v, &table, &flusher);
	hext_reset(v, GPA(ENTRY), 0, 0);
	v->vs.vsatp = VSATP_OF_GUEST;
	n_done = 0;
	henvcfg_at_vsatp = noted_at_hgatp = 0;
}

/* --- a switch --- */

/* Privileged specification, "Two-Stage Address Translation": no walk mixes two guests' tables. */
TEST(hext, load_switches_tables_with_translation_off)
{
	begin();
	hext_load(v, &flusher);
	unsigned off = find_write(0, CSR_VSATP, 0);
	unsigned under = find_write(0, CSR_HGATP, v->hgatp);
	unsigned on = find_write(0, CSR_VSATP, VSATP_OF_GUEST);

	EXPECT(off < under && under < on && on != NEVER);
	EXPECT_EQ(find_write(0, CSR_VSATP, VSATP_OF_GUEST), on);
}

/* henvcfg says whether a walk sets A and D. */
TEST(hext, load_says_how_tables_are_walked_before_they_can_be)
{
	begin();
	csrs[CSR_HENVCFG] = ENVCFG_PBMTE; /* another guest's */
	hext_load(v, &flusher);
	EXPECT_EQ(henvcfg_at_vsatp, env.henvcfg);
}

/* A flush that begins between the two would leave this hart out. */
TEST(hext, hart_is_noted_for_flushes_before_it_can_keep_a_translation)
{
	begin();
	hext_load(v, &flusher);
	EXPECT_EQ(noted_at_hgatp, BIT(hart_index));
}

TEST(hext, load_fences_translations_and_code_exactly_where_others_were)
{
	struct vcpu sibling;

	begin();
	hext_load(v, &flusher);
	unsigned on = find_write(0, CSR_VSATP, VSATP_OF_GUEST);

	EXPECT(find(on, "hfence.vvma") != NEVER && find(on, "fence.i") != NEVER);
	hext_save(v);
	n_done = 0;
	hext_load(v, &flusher); /* nobody was here since */
	EXPECT_EQ(find(0, "hfence.vvma"), NEVER);
	EXPECT_EQ(find(0, "fence.i"), NEVER);
	hext_save(v);
	sibling = *v;
	hext_load(&sibling, &flusher);
	hext_save(&sibling);
	n_done = 0;
	hext_load(v, &flusher);
	EXPECT(find(0, "hfence.vvma") != NEVER && find(0, "fence.i") != NEVER);
}

/* Where VMID 0 is everybody's, nothing may be found that another VM left. */
TEST(hext, load_without_a_vmid_forgets_both_stages)
{
	begin();
	features.vmid_bits = 0;
	hext_set_table(v, &table, &flusher);
	for (unsigned i = 0; i < 2; i++) {
		n_done = 0;
		hext_load(v, &flusher);
		unsigned on = find_write(0, CSR_VSATP, VSATP_OF_GUEST);

		EXPECT(find(on, "hfence.gvma") != NEVER && find(on, "hfence.vvma") != NEVER);
		hext_save(v);
	}
}

/* Another guest's sc must not succeed by this one's lr (unprivileged specification, "LR/SC"). */
TEST(hext, save_breaks_the_reservation)
{
	begin();
	hext_load(v, &flusher);
	EXPECT_EQ(find(0, "sc.d"), NEVER);
	n_done = 0;
	hext_save(v);
	EXPECT(find(0, "sc.d") != NEVER);
}

TEST(hext, save_leaves_no_table_no_timer_and_no_interrupt)
{
	begin();
	hext_load(v, &flusher);
	csrs[CSR_VSTIMECMP] = FAR;
	csrs[CSR_HVIP] = HVIP_VSSIP;
	hext_save(v);
	EXPECT_EQ(csrs[CSR_VSATP] | csrs[CSR_HGATP] | csrs[CSR_HVIP], 0);
	EXPECT_EQ(csrs[CSR_VSTIMECMP], ~0ull);
	EXPECT(find_write(0, CSR_HGATP, 0) > find_write(0, CSR_VSATP, 0));
	EXPECT_EQ(v->vs.vstimecmp, FAR);
	EXPECT_EQ(v->vs.hvip, HVIP_VSSIP);
	EXPECT(!trap_on_return);
}

/* F and V move only if they changed, and while their unit is on. */
TEST(hext, save_stores_the_units_that_are_dirty)
{
	for (unsigned dirty = 0; dirty < 4; dirty++) {
		begin();
		hext_load(v, &flusher);
		csrs[CSR_SSTATUS] = field_put(SSTATUS_FS, dirty & 1 ? 3 : 2) |
				    field_put(SSTATUS_VS, dirty & 2 ? 3 : 2);
		n_done = 0;
		hext_save(v);
		EXPECT_EQ(find(0, "float_save") != NEVER, dirty & 1);
		EXPECT_EQ(find(0, "vector_save") != NEVER, dirty >> 1);
		EXPECT_EQ(csrs[CSR_SSTATUS] & (SSTATUS_FS | SSTATUS_VS), 0);
	}
}

/* Frames are somebody else's next: what this hart keeps of their contents as code is too. */
TEST(hext, who_forgets_memory_forgets_its_code)
{
	begin();
	flusher.forget(VMID);
	unsigned fence = find(0, "hfence.gvma");

	REQUIRE(fence != NEVER);
	EXPECT_EQ(done[fence].value, VMID);
	EXPECT(find(0, "fence.i") != NEVER);
	n_done = 0;
	flusher.forget(BIT(7)); /* beyond the bits: its VMID is 0, which others have too */
	fence = find(0, "hfence.gvma");
	REQUIRE(fence != NEVER);
	EXPECT_EQ(done[fence].value, ~0ull);
	EXPECT(find(0, "fence.i") != NEVER);
}

/* --- registers of which a guest has none of its own --- */

static struct vcpu other; /* of another VM, as far as they are concerned */

static void switch_from(struct vcpu *from, struct vcpu *to)
{
	hext_save(from);
	n_done = 0;
	hext_load(to, &flusher);
}

/* Two vCPUs that have been reset on a hart which has just these groups. */
static void begin_with_two(unsigned there)
{
	begin();
	groups = there;
	features.senvcfg = there & BIT(SENVCFG) ? ~0ull : 0;
	features.stateen = there & BIT(STATEEN);
	features.stateen_n = there & BIT(STATEEN_N);
	features.scontext = there & BIT(SCONTEXT);
	features.siselect = there & BIT(SISELECT);
	other = *v;
}

/* The hart has all of them, as no machine at hand has; what was there before is nobody's; the first
 * of the two is loaded. */
static void begin_with_all(void)
{
	begin_with_two(BIT(N_GROUPS) - 1);
	for (unsigned i = 0; i < ARRAY_LEN(shared); i++)
		csrs[shared[i].csr] = ~0ull;
	hext_load(v, &flusher);
}

static uint64_t value_of(unsigned which, unsigned of)
{
	return 0x5a0000 + 0x100 * which + of;
}

static void guest_sets(unsigned of)
{
	for (unsigned i = 0; i < ARRAY_LEN(shared); i++)
		csrs[shared[i].csr] = of ? value_of(i, of) : 0;
}

/* Each holds what that vCPU's guest has set there, 0: nothing. */
static void expect_what_was_set(unsigned of)
{
	for (unsigned i = 0; i < ARRAY_LEN(shared); i++) {
		if (csrs[shared[i].csr] == (of ? value_of(i, of) : 0))
			continue;
		kit_note("%s is 0x%llx", shared[i].name, (unsigned long long)csrs[shared[i].csr]);
		EXPECT(!"its own");
	}
}

/* Else one guest could read and change what another one set, scontext included. */
TEST(hext, registers_that_a_guest_has_none_of_go_with_its_vcpu)
{
	begin_with_all();
	expect_what_was_set(0);
	guest_sets(1);
	switch_from(v, &other);
	expect_what_was_set(0);
	guest_sets(2);
	switch_from(&other, v);
	expect_what_was_set(1);
	switch_from(v, &other);
	expect_what_was_set(2);
	guest_sets(0);
	switch_from(&other, v);
	expect_what_was_set(1);
	switch_from(v, &other);
	expect_what_was_set(0);
}

TEST(hext, registers_that_a_guest_has_none_of_are_reset_with_its_vcpu_alone)
{
	begin_with_all();
	guest_sets(1);
	switch_from(v, &other);
	guest_sets(2);
	hext_save(&other);
	hext_reset(v, GPA(ENTRY), 0, 0);
	hext_load(v, &flusher);
	expect_what_was_set(0);
	switch_from(v, &other);
	expect_what_was_set(2);
}

/* They would trap, of themselves or as the firmware hides them. */
TEST(hext, registers_that_a_hart_lacks_are_not_touched)
{
	for (unsigned there = BIT(ALWAYS); there < BIT(N_GROUPS); there += 2 * BIT(ALWAYS)) {
		begin_with_two(there);
		hext_load(v, &flusher);
		switch_from(v, &other);
		hext_save(&other);
	}
}

/* --- a start --- */

/* The device that holds it up does not say so again. */
TEST(hext, reset_keeps_the_level_that_a_device_holds_up)
{
	begin();
	v->lines = LINE_SOFT | LINE_TIMER | LINE_EXT;
	hext_reset(v, GPA(ENTRY), 1, 2);
	EXPECT_EQ(v->lines, LINE_EXT);
	hext_load(v, &flusher);
	EXPECT_EQ(csrs[CSR_HVIP], HVIP_VSEIP);
}

/* Registers, and what we count of it. */
TEST(hext, reset_clears_all_of_its_life_before)
{
	begin();
	memset(v->x, 0xee, sizeof(v->x));
	memset(v->f, 0xee, sizeof(v->f));
	memset(area, 0xee, sizeof(area));
	v->n_vector_loops = v->again.n = v->last_hart = 3;
	v->counters[1].event = 7;
	v->vs.hvip = v->vs.senvcfg = v->vs.scounteren = ~0ull;
	hext_reset(v, GPA(ENTRY), 1, 2);
	for (unsigned i = 0; i < 32; i++) {
		EXPECT_EQ(v->x[i], i == REG_A0 ? 1 : i == REG_A1 ? 2 : 0);
		EXPECT_EQ(v->f[i], 0);
	}
	for (unsigned i = 0; i < ARRAY_LEN(area); i++)
		EXPECT_EQ(area[i], 0);
	EXPECT_EQ(v->v_csrs[VECTOR_VTYPE], BIT(63));
	EXPECT_EQ(v->n_vector_loops | v->again.n | v->last_hart | v->counters[1].event, 0);
	EXPECT_EQ(v->vs.hvip | v->vs.senvcfg | v->vs.scounteren, 0);
	EXPECT_EQ(v->vs.vstimecmp, ~0ull);
}

/* --- waiting --- */

/* Privileged specification, "Wait for Interrupt": what is pending and disabled need not end it. */
TEST(hext, wait_ends_for_what_is_pending_and_enabled_only)
{
	static const struct {
		uint64_t hvip, vsie;
	} pairs[] = { { HVIP_VSSIP, SIE_SSIE },
		      { HVIP_VSTIP, SIE_STIE },
		      { HVIP_VSEIP, SIE_SEIE } };

	begin();
	hext_load(v, &flusher);
	for (unsigned i = 0; i < ARRAY_LEN(pairs); i++) {
		for (unsigned j = 0; j < ARRAY_LEN(pairs); j++) {
			v->lines = pairs[i].hvip == HVIP_VSTIP   ? LINE_TIMER
				   : pairs[i].hvip == HVIP_VSEIP ? LINE_EXT
								 : LINE_SOFT;
			csrs[CSR_HVIP] = 0;
			csrs[CSR_VSIE] = pairs[j].vsie;
			EXPECT_EQ(hext_is_awake(v), i == j);
		}
	}
}

/* Who waits with its timer disabled is not woken by it. */
TEST(hext, timer_that_the_guest_does_not_take_ends_no_wait)
{
	begin();
	v->time_delta = -100ull;
	hext_load(v, &flusher);
	csrs[CSR_VSTIMECMP] = FAR;
	csrs[CSR_VSIE] = SIE_SSIE | SIE_SEIE;
	EXPECT_EQ(hext_wakes_at(v), ~0ull);
	csrs[CSR_VSIE] = SIE_STIE;
	EXPECT_EQ(hext_wakes_at(v), FAR + 100);
	csrs[CSR_VSTIMECMP] = ~0ull;
	EXPECT_EQ(hext_wakes_at(v), ~0ull);
	csrs[CSR_VSTIMECMP] = ~0ull - 50; /* beyond the end of the host's time */
	EXPECT_EQ(hext_wakes_at(v), ~0ull);
	csrs[CSR_VSTIMECMP] = 0; /* past: is_awake says so */
	EXPECT(hext_is_awake(v));
	csrs[CSR_VSIE] = SIE_SSIE;
	EXPECT(!hext_is_awake(v));
}

/* Without Sstc the timer is the line's source, so it is set whether or not the guest takes it. */
TEST(hext, timer_of_ours_is_set_though_the_guest_does_not_take_it)
{
	begin();
	env.sstc = has_sstc = false;
	hext_load(v, &flusher);
	csrs[CSR_VSIE] = 0;
	hext_set_timer(v, FAR);
	REQUIRE(v->timer.is_set);
	EXPECT_EQ(v->timer.when, FAR);
	set->call(set);
	EXPECT_EQ(v->lines, LINE_TIMER);
	hext_set_timer(v, ~0ull);
	EXPECT(!v->timer.is_set);
	EXPECT_EQ(v->lines, 0);
}

/* --- exits --- */

/* A core may have causes of its own; none of them may lead out of a table. */
TEST(hext, cause_that_nobody_knows_ends_the_vm)
{
	static const uint64_t unknown[] = { 24,
					    31,
					    32,
					    32 + CAUSE_VS_ECALL,
					    32 + CAUSE_LOAD_GPF,
					    63,
					    64,
					    64 + CAUSE_LOAD_GPF,
					    ~0ull >> 1 };

	for (unsigned i = 0; i < ARRAY_LEN(unknown); i++) {
		begin();
		hext_load(v, &flusher);
		kit_note("cause %llu", (unsigned long long)unknown[i]);
		hext_exit(v, unknown[i]);
		EXPECT_EQ(v->verdict, VERDICT_STOP);
		EXPECT_EQ(v->stop, STOP_CRASH);
		EXPECT(v->requests & REQUEST_LEAVE);
		EXPECT_EQ(n_faults, 0);
	}
}

TEST(hext, interrupt_of_the_host_comes_to_the_run_loop_whatever_its_number)
{
	for (uint64_t n = 0; n < 70; n++) {
		begin();
		hext_load(v, &flusher);
		hext_exit(v, CAUSE_INTERRUPT | n);
		EXPECT_EQ(v->verdict, VERDICT_POLL);
		EXPECT_EQ(v->n_interrupts, 1);
	}
}
