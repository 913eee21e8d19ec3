/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/tlb_model.h"

#include <string.h>

#include "arch/csr.h"
#include "arch/fence.h"
#include "arch/hfence.h"
#include "platform/hart.h"
#include "tests/kit/kit.h"

/* --- what a hart keeps --- */

enum { N_KEPT = 4096, N_WORDS = 1024 };

struct kept {
	bool is_used; /* its place; a forgotten one is looked past */
	bool is_there;
	enum tlb_stage stage;
	unsigned level;
	uint64_t id, space, page; /* shifted by what the level maps */
	pte_t entry;
};

static struct caches {
	struct kept kept[N_KEPT];
	unsigned n_kept;
	struct {
		uint64_t at, word;
	} code[N_WORDS];
	unsigned n_code;
} caches[TLB_HARTS];

static unsigned shift_of(unsigned level)
{
	return PAGE_SHIFT + PTE_INDEX_BITS * level;
}

static struct kept *place_of(unsigned hart, const struct tlb_table *t, unsigned level,
			     uint64_t address)
{
	uint64_t page = address >> shift_of(level);
	uint64_t hash = (page * 31 + t->id * 7 + t->space) * 3 + level;

	for (hash = hash * 2 + t->stage;; hash++) {
		struct kept *k = &caches[hart].kept[hash % N_KEPT];

		if (!k->is_used || (k->stage == t->stage && k->level == level && k->id == t->id &&
				    k->space == t->space && k->page == page))
			return k;
	}
}

static void keep(unsigned hart, const struct tlb_table *t, unsigned level, uint64_t address,
		 pte_t entry)
{
	struct kept *k = place_of(hart, t, level, address);

	if (!k->is_used)
		REQUIRE(++caches[hart].n_kept < N_KEPT / 2);
	*k = (struct kept){
		true, true, t->stage, level, t->id, t->space, address >> shift_of(level), entry
	};
}

static bool is_leaf(pte_t entry)
{
	return entry & PTE_V && entry & PTE_RWX;
}

static bool is_table(pte_t entry)
{
	return entry & PTE_V && !(entry & PTE_RWX);
}

/* From the smallest translation that is kept; else from the root. */
static pte_t find_kept(unsigned hart, const struct tlb_table *t, uint64_t address, unsigned *level)
{
	for (*level = 0; *level < t->levels; ++*level) {
		const struct kept *k = place_of(hart, t, *level, address);

		if (k->is_used && k->is_there)
			return k->entry;
	}
	return pte_make(HPA(t->root), PTE_V);
}

enum tlb_end tlb_walk(unsigned hart, const struct tlb_table *t, uint64_t address, pte_t *entry,
		      uint64_t *to)
{
	unsigned level;

	*entry = find_kept(hart, t, address, &level);
	while (is_table(*entry) && level) {
		unsigned bits = PTE_INDEX_BITS + (level == t->levels ? t->more_root_bits : 0);
		uint64_t index = address >> shift_of(level - 1) & (BIT(bits) - 1);

		level--;
		if (!t->read(t->context, pte_hpa(*entry).v + index * sizeof(pte_t), entry))
			return TLB_UNREADABLE;
		keep(hart, t, level, address, *entry);
	}
	if (!is_leaf(*entry))
		return TLB_HOLE;
	*to = pte_hpa(*entry).v + (address & (BIT(shift_of(level)) - 1));
	return TLB_FOUND;
}

void tlb_forget(unsigned hart, enum tlb_stage stage, uint64_t id, uint64_t space, uint64_t address)
{
	for (struct kept *k = caches[hart].kept; k < caches[hart].kept + N_KEPT; k++) {
		if (!k->is_there || k->stage != stage || (id != TLB_ANY && k->id != id) ||
		    (space != TLB_ANY && k->space != space))
			continue;
		if (address == TLB_ANY ||
		    (k->page == address >> shift_of(k->level) &&
		     (is_leaf(k->entry) || (!k->level && !is_table(k->entry)))))
			k->is_there = false;
	}
}

void tlb_forget_one(unsigned hart, uint64_t which)
{
	caches[hart].kept[which % N_KEPT].is_there = false;
}

uint64_t tlb_fetch(unsigned hart, struct hpa at, uint64_t word)
{
	struct caches *c = &caches[hart];

	for (unsigned i = 0; i < c->n_code; i++)
		if (c->code[i].at == at.v)
			return c->code[i].word;
	REQUIRE(c->n_code < N_WORDS);
	c->code[c->n_code].at = at.v;
	c->code[c->n_code++].word = word;
	return word;
}

void tlb_unfetch(unsigned hart, struct hpa at, uint64_t word)
{
	struct caches *c = &caches[hart];

	for (unsigned i = 0; i < c->n_code; i++)
		if (c->code[i].at == at.v && c->code[i].word == word)
			c->code[i] = c->code[--c->n_code];
}

void tlb_forget_code(unsigned hart)
{
	caches[hart].n_code = 0;
}

/* --- harts with two stages --- */

static uint64_t csrs[TLB_HARTS][4096];

void tlb_forget_everything(void)
{
	memset(caches, 0, sizeof(caches));
	memset(csrs, 0, sizeof(csrs));
}

uint64_t tlb_csr(unsigned hart, unsigned csr)
{
	return csrs[hart][csr];
}

static bool read_memory(void *context, uint64_t at, pte_t *entry)
{
	uint64_t *word = tlb_word(HPA(at));

	(void)context;
	if (!word)
		tlb_wrong("a walk reads what nobody holds", at);
	*entry = word ? *word : 0;
	return word;
}

/* Of a guest's walk: it reads guest memory. */
struct reader {
	unsigned hart;
	struct tlb_access *access;
};

static bool find_memory(unsigned hart, struct tlb_access *a, uint64_t gpa, pte_t right,
			uint64_t *to)
{
	uint64_t hgatp = csrs[hart][CSR_HGATP], mode = field_get(HGATP_MODE, hgatp);
	struct tlb_table t = { .stage = TLB_MEMORY,
			       .id = field_get(HGATP_VMID, hgatp),
			       .root = (hgatp & MASK(43, 0)) << PAGE_SHIFT,
			       .levels = (unsigned)(mode - HGATP_MODE_SV39X4) + 3,
			       .more_root_bits = 2,
			       .read = read_memory };
	pte_t entry;

	if (!mode) {
		tlb_wrong("a guest is walked over the host's memory", gpa);
		return false;
	}
	a->gpa = GPA(gpa);
	return tlb_walk(hart, &t, gpa, &entry, to) == TLB_FOUND && entry & right && entry & PTE_U;
}

static bool read_guest(void *context, uint64_t at, pte_t *entry)
{
	struct reader *r = context;
	uint64_t to;

	return find_memory(r->hart, r->access, at, PTE_R, &to) && read_memory(NULL, to, entry);
}

static bool find_own(unsigned hart, struct tlb_access *a, uint64_t *gpa)
{
	uint64_t vsatp = csrs[hart][CSR_VSATP];
	struct reader reader = { hart, a };
	struct tlb_table t = { .stage = TLB_GUEST,
			       .id = field_get(HGATP_VMID, csrs[hart][CSR_HGATP]),
			       .space = field_get(SATP_ASID, vsatp),
			       .root = (vsatp & MASK(43, 0)) << PAGE_SHIFT,
			       .levels = 3,
			       .read = read_guest,
			       .context = &reader };
	pte_t entry;

	*gpa = a->gva;
	if (!field_get(SATP_MODE, vsatp))
		return true;
	switch (tlb_walk(hart, &t, a->gva, &entry, gpa)) {
	case TLB_UNREADABLE:
		a->end = ACCESS_MEMORY_FAULT;
		a->is_walk = true;
		return false;
	case TLB_FOUND:
		if (entry & a->right)
			return true;
		break;
	case TLB_HOLE:
		break;
	}
	a->end = ACCESS_GUEST_FAULT;
	return false;
}

void tlb_access(unsigned hart, struct tlb_access *a)
{
	uint64_t gpa;

	a->is_walk = false;
	if (!find_own(hart, a, &gpa))
		return;
	a->end = find_memory(hart, a, gpa, a->right, &a->to.v) ? ACCESS_DONE : ACCESS_MEMORY_FAULT;
}

/* --- what the sources under test do to the one that is hart_index --- */

uint64_t csr_model_read(unsigned csr)
{
	return csrs[hart_index][csr];
}

void csr_model_write(unsigned csr, uint64_t value)
{
	static struct {
		bool is_there;
		unsigned csr;
		uint64_t value;
	} late;

	if (csr != CSR_VSATP && csr != CSR_HGATP) {
		csrs[hart_index][csr] = value;
		return;
	}
	if (!late.is_there && tlb_is_late(csr, value)) {
		late.is_there = true;
		late.csr = csr;
		late.value = value;
		return;
	}
	csrs[hart_index][csr] = value;
	tlb_look_ahead();
	if (late.is_there)
		csrs[hart_index][late.csr] = late.value;
	late.is_there = false;
}

void fence_model(const char *insn, uint64_t address, uint64_t id)
{
	unsigned hart = hart_index;

	tlb_look_ahead();
	if (tlb_is_left_out(insn, address, id))
		return;
	if (!strcmp(insn, "fence.i"))
		tlb_forget_code(hart);
	else if (!strcmp(insn, "hfence.gvma"))
		tlb_forget(hart, TLB_MEMORY, id, TLB_ANY, address);
	else if (!strcmp(insn, "hfence.vvma"))
		tlb_forget(hart, TLB_GUEST, field_get(HGATP_VMID, csrs[hart][CSR_HGATP]), id,
			   address);
	tlb_look_ahead();
}
