/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/tlb_host.h"

#include <string.h>

#include "arch/csr.h"
#include "hyp/fault.h"
#include "platform/probe.h"
#include "platform/trace.h"
#include "platform/trap.h"
#include "tests/unit/gmap_host.h"
#include "vcpu/decode.h"
#include "vcpu/hext/float.h"
#include "vcpu/hext/hext.h"
#include "vcpu/hext/vector.h"

enum plant plant;
enum doing doing;
bool is_in_fault, is_in_load;
unsigned vmid_bits;
struct vm vms[TLB_VMS];
struct vcpu vcpus[TLB_VMS][TLB_VCPUS];
struct vcpu *loaded_on[TLB_HARTS];

#define DIRT 0xd1d1d1d1d1d1d1d1ull

/* ---- Fences that are left out ---- */

static bool is_garbage; /* tables came out of use since the last flush */
static bool is_flush;
static enum { TAKES_NONE, TAKES_WHILE_LOADED, TAKES_AT_LOAD } takes; /* siblings' fences */

void __real_flush_range(struct flusher *f, struct gpa from, uint64_t size, bool frees);
void __wrap_flush_range(struct flusher *f, struct gpa from, uint64_t size, bool frees);

void __wrap_flush_range(struct flusher *f, struct gpa from, uint64_t size, bool frees)
{
	bool is_left_out = (plant == UNMAP && doing == DOING_REMOVE && frees) ||
			   (plant == RIGHT_REMOVED && doing == DOING_PROTECT) ||
			   (plant == SPLIT && doing == DOING_SPLIT) ||
			   (plant == MERGE && doing == DOING_MERGE) ||
			   (plant == TABLE_PAGE_FREED && doing == DOING_REMOVE && is_garbage) ||
			   (plant == FRAME_REUSED && doing == DOING_RESET);

	if (plant == RANGE_TOO_SMALL && size > PAGE_SIZE && size != UINT64_MAX)
		size = PAGE_SIZE;
	is_garbage = false;
	is_flush = true;
	if (!is_left_out)
		__real_flush_range(f, from, size, frees);
	is_flush = false;
}

int __real_gtable_unmap_and_drop(struct gtable *t, struct gpa gpa, uint64_t size,
				 struct gtable_garbage *garbage);
int __wrap_gtable_unmap_and_drop(struct gtable *t, struct gpa gpa, uint64_t size,
				 struct gtable_garbage *garbage);

int __wrap_gtable_unmap_and_drop(struct gtable *t, struct gpa gpa, uint64_t size,
				 struct gtable_garbage *garbage)
{
	int error = __real_gtable_unmap_and_drop(t, gpa, size, garbage);

	is_garbage = garbage && garbage->n_pages;
	return error;
}

unsigned __real_flush_note_load(struct flusher *f, const void *vcpu, unsigned *last_hart,
				unsigned bits, uint64_t *id);
unsigned __wrap_flush_note_load(struct flusher *f, const void *vcpu, unsigned *last_hart,
				unsigned bits, uint64_t *id);

unsigned __wrap_flush_note_load(struct flusher *f, const void *vcpu, unsigned *last_hart,
				unsigned bits, uint64_t *id)
{
	bool is_new = *last_hart != hart_index + 1;
	bool has_sibling = f->harts[hart_index].last && f->harts[hart_index].last != vcpu;
	uint64_t ticket = f->harts[hart_index].ticket;
	unsigned owed = __real_flush_note_load(f, vcpu, last_hart, bits, id);
	bool is_given = ticket != f->harts[hart_index].ticket;

	if ((plant == VCPU_ON_NEW_HART && is_new && !has_sibling && !is_given) ||
	    (plant == SIBLING_ON_HART && has_sibling && !is_new && !is_given) ||
	    (plant == VMID_REUSED_OWN_STAGE && is_given && !is_new && !has_sibling))
		owed &= ~(unsigned)OWES_STAGE;
	if (plant == VMID_REUSED)
		owed &= ~(unsigned)OWES_ALL;
	if (plant == CHANGED_WHILE_AWAY)
		owed &= ~(unsigned)OWES_MEMORY;
	if (plant == CODE_FROM_ELSEWHERE)
		owed &= ~(unsigned)OWES_CODE;
	return owed;
}

bool tlb_is_left_out(const char *fence, uint64_t address, uint64_t id)
{
	bool is_code = !strcmp(fence, "fence.i"), is_memory = !strcmp(fence, "hfence.gvma"),
	     is_own = !strcmp(fence, "hfence.vvma");

	(void)address, (void)id;
	return (plant == INVALID_TO_VALID && is_in_fault && is_memory) ||
	       (plant == CODE_AFTER_FILL && is_in_fault && is_code) ||
	       (plant == CODE_IN_FREED_FRAME && is_flush && is_code) ||
	       (plant == FENCE_OF_SIBLING && takes == TAKES_WHILE_LOADED && is_own) ||
	       (plant == FENCE_OF_SIBLING_AT_LOAD && takes == TAKES_AT_LOAD && is_own);
}

bool tlb_is_late(unsigned csr, uint64_t value)
{
	return (plant == VSATP_LEFT_ON && csr == CSR_VSATP && !value && !is_in_load) ||
	       (plant == VSATP_ON_TOO_SOON && csr == CSR_HGATP && value);
}

void __real_vcpu_note_load(struct vcpu *v);
void __wrap_vcpu_note_load(struct vcpu *v);

void __wrap_vcpu_note_load(struct vcpu *v)
{
	takes = TAKES_AT_LOAD;
	__real_vcpu_note_load(v);
	takes = TAKES_NONE;
}

int __real_frames_alloc(struct frame_owner *owner, unsigned order, enum frame_flags flags,
			struct hpa *at);
int __wrap_frames_alloc(struct frame_owner *owner, unsigned order, enum frame_flags flags,
			struct hpa *at);

void __real_frame_put(struct hpa at);
void __wrap_frame_put(struct hpa at);

/* The hart that fills a hole may have looked ahead into what the frame held before; not one that
 * lost the race, and never had it where a guest executes. */
int __wrap_frames_alloc(struct frame_owner *owner, unsigned order, enum frame_flags flags,
			struct hpa *at)
{
	int error = __real_frames_alloc(owner, order, flags, at);

	if (!error)
		(void)tlb_fetch(hart_index, *at, DIRT);
	return error;
}

void __wrap_frame_put(struct hpa at)
{
	tlb_unfetch(hart_index, at, DIRT);
	__real_frame_put(at);
}

int __wrap_sched_yield(void);

int __wrap_sched_yield(void)
{
	tlb_others_go_on();
	return 0;
}

/* ---- The rest ---- */

unsigned trace_on;
PER_HART void (*trap_on_return)(void);

const struct hart_features *this_hart_features(void)
{
	static struct hart_features features = { .h = true, .sstc = true, .henvcfg = ~0ull };

	features.vmid_bits = (uint8_t)vmid_bits;
	return &features;
}

const struct hart_features *hart_features(unsigned hart)
{
	(void)hart;
	return this_hart_features();
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
}

void float_restore(const uint64_t f[32], const uint64_t *fcsr)
{
	(void)f, (void)fcsr;
}

void vector_save(void *to, uint64_t of_csrs[N_VECTOR_CSRS])
{
	(void)to, (void)of_csrs;
}

void vector_restore(const void *from, const uint64_t of_csrs[N_VECTOR_CSRS])
{
	(void)from, (void)of_csrs;
}

void timer_set(struct timer *timer, uint64_t when)
{
	(void)timer, (void)when;
}

void timer_cancel(struct timer *timer)
{
	(void)timer;
}

enum verdict hext_enter(struct vcpu *v)
{
	(void)v;
	return VERDICT_RESUME;
}

bool hext_find_access(struct vcpu *v, struct access *a)
{
	(void)v;
	a->kind = ACCESS_LOAD;
	return true;
}

enum verdict hext_privileged_insn(struct vcpu *v)
{
	(void)v;
	return VERDICT_RESUME;
}

uint64_t hext_reach(unsigned hart, unsigned levels)
{
	(void)hart, (void)levels;
	return 0;
}

enum verdict mmio_access(struct vcpu *v, struct region *r)
{
	(void)v, (void)r;
	return VERDICT_STOP;
}

/* As hyp/run.c does. */
static void look(struct vcpu *v)
{
	if (loaded_on[hart_index] == v) {
		takes = TAKES_WHILE_LOADED;
		vcpu_take_fences(v);
		takes = TAKES_NONE;
	}
}

static struct vcpu *sibling(struct vcpu *v, uint64_t id)
{
	return &vcpus[v->vm - vms][id];
}

static int copy_in(struct vcpu *v, void *to, struct gpa from, size_t n)
{
	return guest_copy_in(&v->vm->map, to, from, n);
}

static const struct vcpu_ops ops = {
	.look = look, .sibling = sibling, .copy_in = copy_in, .memory_fault = memory_fault
};
const struct vcpu_ops *const vcpu_ops = &ops;
