/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "arch/cause.h"
#include "arch/csr.h"
#include "arch/fence.h"
#include "gstage/flush.h"
#include "platform/probe.h"
#include "platform/trace.h"
#include "platform/trap.h"
#include "tests/kit/kit.h"
#include "tests/unit/hext_host.h"
#include "vcpu/hext/float.h"
#include "vcpu/hext/vector.h"

/* --- the hart --- */

uint64_t csrs[4096];
bool has_sstc;
struct deed done[256];
unsigned n_done;

static void note(const char *what, unsigned csr, uint64_t value)
{
	REQUIRE(n_done < ARRAY_LEN(done));
	done[n_done].what = what;
	done[n_done].csr = csr;
	done[n_done++].value = value;
}

const struct shared_register shared[N_SHARED] = {
	{ "scounteren", CSR_SCOUNTEREN, ALWAYS },  { "senvcfg", CSR_SENVCFG, SENVCFG },
	{ "sstateen0", CSR_SSTATEEN0, STATEEN },   { "sstateen1", CSR_SSTATEEN1, STATEEN_N },
	{ "sstateen2", CSR_SSTATEEN2, STATEEN_N }, { "sstateen3", CSR_SSTATEEN3, STATEEN_N },
	{ "scontext", CSR_SCONTEXT, SCONTEXT },    { "vsiselect", CSR_VSISELECT, SISELECT },
};
unsigned groups;

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

struct flusher flusher;
uint64_t henvcfg_at_vsatp, noted_at_hgatp;

void csr_model_write(unsigned csr, uint64_t value)
{
	EXPECT(is_there(csr));
	note(NULL, csr, value);
	csrs[csr] = value;
	if (csr == CSR_VSATP && value)
		henvcfg_at_vsatp = csrs[CSR_HENVCFG];
	if (csr == CSR_HGATP && value)
		noted_at_hgatp = flusher.running;
}

void fence_model(const char *insn, uint64_t address, uint64_t id)
{
	(void)address;
	note(insn, NEVER, id);
}

unsigned find_write(unsigned from, unsigned csr, uint64_t value)
{
	for (unsigned i = from; i < n_done; i++)
		if (!done[i].what && done[i].csr == csr && done[i].value == value)
			return i;
	return NEVER;
}

unsigned find(unsigned from, const char *what)
{
	for (unsigned i = from; i < n_done; i++)
		if (done[i].what && !strcmp(done[i].what, what))
			return i;
	return NEVER;
}

/* --- what the engine stands on --- */

struct hart_features features;
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

void vector_save(void *to, uint64_t of_csrs[N_VECTOR_CSRS])
{
	(void)to, (void)of_csrs;
	note("vector_save", NEVER, 0);
}

void vector_restore(const void *from, const uint64_t of_csrs[N_VECTOR_CSRS])
{
	(void)from, (void)of_csrs;
	note("vector_restore", NEVER, 0);
}

struct timer *set;

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

unsigned n_faults, n_accesses;
enum verdict fault_verdict, access_verdict;

static enum verdict vm_memory_fault(struct vcpu *v)
{
	(void)v;
	n_faults++;
	return fault_verdict;
}

static enum verdict vm_do_access(struct vcpu *v)
{
	(void)v;
	n_accesses++;
	return access_verdict;
}

static void vm_look(struct vcpu *v)
{
	(void)v;
}

static const struct vcpu_ops ops = { .memory_fault = vm_memory_fault,
				     .do_access = vm_do_access,
				     .look = vm_look };
const struct vcpu_ops *const vcpu_ops = &ops;

/* --- a vCPU that has been reset, on that hart --- */

struct vcpu vcpu;
struct guest_env env;
struct gtable table;
uint64_t area[AREA_WORDS];

void begin(void)
{
	struct vcpu *v = &vcpu;

	memset(csrs, 0, sizeof(csrs));
	memset(&vcpu, 0, sizeof(vcpu));
	memset(&flusher, 0, sizeof(flusher));
	if (!table.root)
		REQUIRE_EQ(gtable_init(&table, GTABLE_SV39X4), 0);
	features = (struct hart_features){
		.h = true, .sstc = true, .henvcfg = ~0ull, .vmid_bits = 7, .vlenb = 16
	};
	env = (struct guest_env){ .henvcfg = ENVCFG_ADUE | ENVCFG_STCE,
				  .sstc = true,
				  .states = ALL_STATES };
	has_sstc = true;
	groups = BIT(ALWAYS);
	csrs[CSR_TIME] = 100;
	csrs[CSR_VSTIMECMP] = ~0ull;
	n_faults = n_accesses = n_privileged = 0;
	fault_verdict = access_verdict = VERDICT_RESUME;
	v->engine = &hext_engine;
	v->env = &env;
	v->v_area = area;
	hext_set_table(v, &table, &flusher);
	hext_reset(v, GPA(ENTRY), 0, 0);
	v->vs.vsatp = VSATP_OF_GUEST;
	n_done = 0;
	henvcfg_at_vsatp = noted_at_hgatp = 0;
}
