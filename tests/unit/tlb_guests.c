/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/tlb_guests.h"

#include <string.h>

#include "arch/cause.h"
#include "arch/csr.h"
#include "hyp/fault.h"
#include "platform/mmu.h"
#include "platform/work.h"
#include "tests/kit/kit.h"
#include "tests/unit/gmap_host.h"
#include "vcpu/hext/hext.h"

enum { N_SLOTS = 8, N_SPACES = 3, N_SETS = 5, SHARED = 3, DATA_PAGE = 32 };
#define SLOTS 0x10000000ull

/* ---- Chance ---- */

uint64_t chance;

unsigned any(unsigned n)
{
	chance = chance * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (unsigned)(chance >> 33) % n;
}

static uint64_t code_page(void)
{
	return LOW + (DATA_PAGE + any(2)) * PAGE_SIZE;
}

static uint64_t any_page(void)
{
	static const uint64_t pages[] = {
		TOGGLE,
		TOGGLE + PAGE_SIZE,
		TOGGLE + 7 * PAGE_SIZE,
		WIDE,
		WIDE + 511 * PAGE_SIZE,
		BIG,
		BIG + PAGE_SIZE,
		BIG + 512 * PAGE_SIZE,
		BIG + 4 * MiB, /* nothing */
	};

	return any(4) ? pages[any(ARRAY_LEN(pages))] : code_page();
}

/* ---- What is wrong ---- */

const char *wrong;
uint64_t wrong_at;

void tlb_wrong(const char *what, uint64_t where)
{
	if (!wrong) {
		wrong = what;
		wrong_at = where;
	}
}

uint64_t *tlb_word(struct hpa at)
{
	uint64_t *own = own_ptr(at);

	if (own)
		return *own == 0xf5f5f5f5f5f5f5f5 ? NULL : own;
	if (at.v < 4 * GIGA_SIZE || at.v >= 8 * GIGA_SIZE || !gmap_host_is_held(at))
		return NULL;
	return (uint64_t *)(void *)gmap_host_byte(at);
}

/* ---- The guests' truth ---- */

struct space {
	uint64_t gpa[N_SLOTS]; /* 0: nothing */
	pte_t rights[N_SLOTS];
};

/* By VM: two of each vCPU alone, and one of both. Which its ASID is, the vCPU alone says. */
static struct space spaces[TLB_VMS][N_SETS];
static unsigned space_of[TLB_VMS][TLB_VCPUS]; /* the ASID; 0: translation is off */
static unsigned turned[TLB_VMS][TLB_VCPUS];   /* its ASIDs 1 and 2 have changed places */

static unsigned vm_of(const struct vcpu *v)
{
	return (unsigned)(v->vm - vms);
}

static unsigned set_of(const struct vcpu *v, unsigned asid)
{
	return asid == SHARED ? 4 : v->index * 2 + ((asid - 1) ^ turned[vm_of(v)][v->index]);
}

static struct space *current(const struct vcpu *v)
{
	unsigned asid = space_of[vm_of(v)][v->index];

	return asid ? &spaces[vm_of(v)][set_of(v, asid)] : NULL;
}

static uint64_t table_at(unsigned set, unsigned level)
{
	return LOW + (set * 3 + level) * PAGE_SIZE;
}

static void write_entry(struct vm *vm, uint64_t at, pte_t entry)
{
	REQUIRE_EQ(guest_copy_out(&vm->map, GPA(at), &entry, sizeof(entry)), 0);
}

void begin_guest(struct vm *vm)
{
	unsigned n = (unsigned)(vm - vms);

	memset(spaces[n], 0, sizeof(spaces[n]));
	memset(space_of[n], 0, sizeof(space_of[n]));
	memset(turned[n], 0, sizeof(turned[n]));
	for (unsigned set = 0; set < N_SETS; set++)
		for (unsigned level = 2; level; level--)
			write_entry(vm, table_at(set, level) + pte_index(SLOTS, level) * 8,
				    pte_make(HPA(table_at(set, level - 1)), PTE_V));
	for (unsigned i = 0; i < TLB_VCPUS; i++)
		hext_reset(vm->vcpus[i], GPA(LOW), 0, 0);
}

/* ---- Harts ---- */

void be(unsigned hart)
{
	hart_index = hart;
}

static void guest_uses(struct vcpu *v, unsigned asid)
{
	uint64_t vsatp = 0;

	if (asid)
		vsatp = field_put(SATP_MODE, SATP_MODE_SV39) | field_put(SATP_ASID, asid) |
			table_at(set_of(v, asid), 2) >> PAGE_SHIFT;
	space_of[vm_of(v)][v->index] = asid;
	is_in_load = true;
	csr_write(CSR_VSATP, vsatp);
	is_in_load = false;
}

void save(unsigned hart)
{
	struct vcpu *v = loaded_on[hart];

	if (!v)
		return;
	be(hart);
	hext_save(v);
	vcpu_note_save(v);
	loaded_on[hart] = NULL;
}

bool is_loaded(const struct vcpu *v)
{
	for (unsigned hart = 0; hart < TLB_HARTS; hart++)
		if (loaded_on[hart] == v)
			return true;
	return false;
}

void load(unsigned hart, struct vcpu *v)
{
	save(hart);
	be(hart);
	v->hart = hart;
	is_in_load = true;
	hext_load(v, &v->vm->map.flusher);
	is_in_load = false;
	loaded_on[hart] = v;
	vcpu_note_load(v);
}

bool harts_forget;
static bool is_looking;

void tlb_look_ahead(void)
{
	if (is_looking)
		return;
	is_looking = true;
	for (unsigned hart = 0; hart < TLB_HARTS; hart++) {
		struct tlb_access a = { .right = BIT(1 + any(3)) };
		uint64_t vsatp = tlb_csr(hart, CSR_VSATP);

		if (harts_forget)
			for (unsigned n = 0; n < 100; n++)
				tlb_forget_one(hart, any(1 << 20));
		if (any(3) || (!vsatp && !tlb_csr(hart, CSR_HGATP)))
			continue;
		a.gva = vsatp ? SLOTS + any(N_SLOTS) * PAGE_SIZE : any_page();
		tlb_access(hart, &a);
		if (a.end == ACCESS_DONE && !tlb_word(a.to))
			tlb_wrong("a hart reaches what was given back", a.gva);
		else if (a.end == ACCESS_DONE && a.right == PTE_X)
			(void)tlb_fetch(hart, a.to, *tlb_word(a.to));
	}
	is_looking = false;
}

void tlb_others_go_on(void)
{
	unsigned self = hart_index;

	for (unsigned hart = 0; hart < TLB_HARTS; hart++) {
		tlb_look_ahead();
		be(hart);
		if (hart != self && !any(2))
			work_run();
	}
	be(self);
}

/* ---- What a guest does ---- */

/* What it may reach now: the leaf of the VM's table, without anything that a hart keeps. */
static bool may_reach(const struct vcpu *v, uint64_t gpa, pte_t right, struct hpa *to)
{
	unsigned level;
	pte_t leaf = gtable_leaf(&v->vm->map.table, GPA(gpa), &level);

	to->v = pte_hpa(leaf).v + gpa % gtable_leaf_size(level);
	return leaf & right;
}

static bool region_allows(const struct vcpu *v, uint64_t gpa, pte_t right)
{
	const struct region *r = gmap_find(&v->vm->map, GPA(gpa));

	return r && r->rights & right;
}

static void check_done(unsigned hart, struct vcpu *v, const struct tlb_access *a, uint64_t gpa)
{
	struct hpa to;

	if (!gpa)
		tlb_wrong("a guest reaches what its own table does not say", a->gva);
	else if (!may_reach(v, gpa, a->right, &to))
		tlb_wrong("a guest reaches what the VM's table does not say", a->gva);
	else if (to.v != a->to.v)
		tlb_wrong("a guest reaches another frame", a->gva);
	else if (a->right == PTE_X && tlb_fetch(hart, to, *tlb_word(to)) != *tlb_word(to))
		tlb_wrong("a guest executes what is no longer there", a->gva);
}

static void take_fault(struct vcpu *v, const struct tlb_access *a)
{
	v->trap = (struct trap_info){
		.cause = a->right == PTE_X   ? CAUSE_FETCH_GPF
			 : a->right == PTE_R ? CAUSE_LOAD_GPF
					     : CAUSE_STORE_GPF,
		.value = a->gva,
		.gpa = a->gpa,
		.has_gpa = true,
		.is_walk = a->is_walk,
		.access = (uint8_t)(a->is_walk ? PTE_R : a->right),
	};
	is_in_fault = true;
	if (memory_fault(v) != VERDICT_RESUME)
		tlb_wrong(v->why, a->gva);
	is_in_fault = false;
}

void touch_at(unsigned hart, struct vcpu *v, struct tlb_access *a, uint64_t gpa)
{
	static uint64_t pc;
	struct hpa to;

	v->pc = pc += 4;
	v->n_vector_loops = 0;
	for (unsigned i = 0; i < 20 && !wrong; i++) {
		tlb_access(hart, a);
		if (a->end == ACCESS_DONE) {
			check_done(hart, v, a, gpa);
			return;
		}
		if (a->end == ACCESS_GUEST_FAULT) {
			if (gpa)
				tlb_wrong("a guest faults by a table of its own of before", a->gva);
			return;
		}
		if (!a->is_walk && a->gpa.v != gpa) {
			tlb_wrong("a guest's address leads elsewhere", a->gva);
			return;
		}
		/* Without the leaf's right, but with the region's: somebody watches. */
		if (!a->is_walk && gtable_leaf(&v->vm->map.table, a->gpa, &(unsigned){ 0 }) &&
		    !may_reach(v, gpa, a->right, &to) && region_allows(v, gpa, a->right))
			return;
		take_fault(v, a);
		if (!a->is_walk && !region_allows(v, gpa, a->right))
			return;
	}
	tlb_wrong("a fault on what is there does not end", a->gva);
}

static void touch(unsigned hart, struct vcpu *v)
{
	struct tlb_access a = { .right = BIT(1 + any(3)) };
	const struct space *s = current(v);
	unsigned slot = any(N_SLOTS);

	if (s) {
		a.gva = SLOTS + slot * PAGE_SIZE;
		touch_at(hart, v, &a, s->rights[slot] & a.right ? s->gpa[slot] : 0);
	} else {
		a.gva = any_page();
		touch_at(hart, v, &a, a.gva);
	}
}

/* Its siblings have executed what it asked of them. */
static void await(unsigned hart, struct vcpu *v)
{
	while (vcpu_awaits_fences(v)) {
		tlb_others_go_on();
		be(hart);
	}
}

static void ask_siblings(unsigned hart, struct vcpu *v, enum guest_fence kind)
{
	for (unsigned i = 0; i < TLB_VCPUS; i++)
		if (i != v->index)
			vcpu_ask_fence(v, v->vm->vcpus[i], kind);
	await(hart, v);
}

/* As a correct guest does it: the entry, its own fence, and those of others who use that table. */
static void remap(unsigned hart, struct vcpu *v)
{
	static const pte_t rights[] = { PTE_R | PTE_W | PTE_X, PTE_R, PTE_R | PTE_X,
					PTE_R | PTE_W };
	unsigned slot = any(N_SLOTS), asid = space_of[vm_of(v)][v->index];
	struct space *s = current(v);
	uint64_t gva = SLOTS + slot * PAGE_SIZE;

	if (!s)
		return;
	s->gpa[slot] = any(5) ? any_page() : 0;
	s->rights[slot] = s->gpa[slot] ? rights[any(ARRAY_LEN(rights))] : 0;
	write_entry(v->vm, table_at(set_of(v, asid), 0) + pte_index(gva, 0) * 8,
		    s->gpa[slot] ? pte_make(HPA(s->gpa[slot]), PTE_V | s->rights[slot]) : 0);
	v->engine->guest_fence(v, any(2) ? FENCE_ASID : FENCE_PAGES, any(2) ? gva : 0,
			       any(2) ? ~0ull : PAGE_SIZE + gva, asid);
	if (asid == SHARED)
		ask_siblings(hart, v, FENCE_PAGES);
}

/* Two of its ASIDs change their meaning, on its own hart alone. */
static void turn(struct vcpu *v)
{
	unsigned asid = space_of[vm_of(v)][v->index];

	guest_uses(v, 0);
	turned[vm_of(v)][v->index] ^= 1;
	v->engine->guest_fence(v, FENCE_ASID, 0, ~0ull, 1);
	v->engine->guest_fence(v, FENCE_ASID, 0, ~0ull, 2);
	guest_uses(v, asid);
}

static void write_code(unsigned hart, struct vcpu *v)
{
	uint64_t code = chance;

	if (guest_copy_out(&v->vm->map, GPA(code_page()), &code, sizeof(code)))
		return;
	v->engine->guest_fence(v, FENCE_CODE, 0, ~0ull, 0);
	ask_siblings(hart, v, FENCE_CODE);
}

void guest_step(unsigned hart)
{
	struct vcpu *v = loaded_on[hart];

	if (!v)
		return;
	be(hart);
	switch (any(24)) {
	case 0:
	case 1:
	case 2:
		remap(hart, v);
		break;
	case 3:
		guest_uses(v, any(N_SPACES + 1));
		break;
	case 4:
		turn(v);
		break;
	case 5:
		write_code(hart, v);
		break;
	default:
		touch(hart, v);
	}
}
