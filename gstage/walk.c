/* SPDX-License-Identifier: BSD-2-Clause */
#include "gstage/walk.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <string.h>

#include "arch/cause.h"
#include "arch/csr.h"
#include "platform/mmu.h"

#define PTE_RESERVED MASK(60, 54)
#define PTE_PBMT_3   PTE_PBMT /* a type of memory that is not given out */

enum {
	NAPOT_PAGES = 16, /* the one size that Svnapot has: 64 KiB */
	NAPOT_CODE = 8,   /* how an entry says it, in the bits of the page number that it frees */
};

static void end(struct walk *w, enum walk_end how, const char *why)
{
	w->end = how;
	w->why = why;
}

/* ---- Entries (privileged specification, "Virtual Address Translation Process") ---- */

/* What is wrong with a valid entry, or NULL. */
static const char *fault_of(pte_t entry, unsigned level, pte_t allowed)
{
	uint64_t page = field_get(PTE_PPN, entry);

	if (entry & (PTE_RESERVED | ((PTE_N | PTE_PBMT) & ~allowed)) ||
	    (entry & PTE_PBMT) == PTE_PBMT_3)
		return "reserved bits";
	if ((entry & (PTE_R | PTE_W)) == PTE_W)
		return "W without R";
	if (pte_is_table(entry)) {
		if (entry & (PTE_U | PTE_A | PTE_D | PTE_N | PTE_PBMT))
			return "a leaf's bits without R or X";
		return level ? NULL : "a table below the last level";
	}
	if (!is_aligned(page, BIT(PTE_INDEX_BITS * level)))
		return "a misaligned large page";
	if (entry & PTE_N && (level || page % NAPOT_PAGES != NAPOT_CODE))
		return "a NAPOT size that there is not";
	return NULL;
}

static void find(struct walk *w, pte_t entry, unsigned level)
{
	w->size = gtable_leaf_size(level);
	if (entry & PTE_N)
		w->size *= NAPOT_PAGES;
	w->to = align_down(pte_hpa(entry).v, w->size) + w->from % w->size;
	w->leaf = entry;
}

/* An entry of one of our own tables. */
static bool read_own(struct hpa at, pte_t *entry)
{
	const _Atomic pte_t *there = own_ptr(at);

	if (there)
		*entry = atomic_load_explicit(there, memory_order_acquire);
	return there;
}

/* From the root down; `root_bits` is the width of its index. Without `read`, through the G-stage.
 */
static void walk(struct walk *w, uint64_t table, unsigned levels, unsigned root_bits, pte_t allowed,
		 walk_read_fn *read, void *context)
{
	for (unsigned level = levels; level-- > 0;) {
		uint64_t index = w->from >> (PAGE_SHIFT + PTE_INDEX_BITS * level);
		struct walk_step *step = &w->steps[w->n_steps];

		index &= BIT(level == levels - 1 ? root_bits : PTE_INDEX_BITS) - 1;
		step->level = level;
		step->at = table + index * sizeof(pte_t);
		if (read ? !read(context, GPA(step->at), &step->entry)
			 : !read_own(HPA(step->at), &step->entry)) {
			w->to = step->at;
			return end(w, WALK_TABLE_NOWHERE, "a table in no memory");
		}
		w->n_steps++;
		if (!(step->entry & PTE_V))
			return end(w, WALK_ABSENT, "nothing mapped");
		const char *fault = fault_of(step->entry, level, allowed);

		if (fault)
			return end(w, WALK_MALFORMED, fault);
		if (!pte_is_table(step->entry))
			return find(w, step->entry, level);
		table = pte_hpa(step->entry).v;
	}
}

void walk_guest(struct walk *w, uint64_t vsatp, struct gva gva, pte_t allowed, walk_read_fn *read,
		void *context)
{
	uint64_t mode = field_get(SATP_MODE, vsatp);

	*w = (struct walk){ .from = gva.v, .to = gva.v };
	if (!mode)
		return;
	if (mode < SATP_MODE_SV39 || mode > SATP_MODE_SV57)
		return end(w, WALK_MALFORMED, "no such mode");
	unsigned levels = (unsigned)(mode - SATP_MODE_SV39) + 3,
		 bits = PAGE_SHIFT + PTE_INDEX_BITS * levels;
	uint64_t above = gva.v >> (bits - 1);

	if (above && above != UINT64_MAX >> (bits - 1))
		return end(w, WALK_MALFORMED, "no canonical address");
	walk(w, field_get(SATP_PPN, vsatp) << PAGE_SHIFT, levels, PTE_INDEX_BITS, allowed, read,
	     context);
}

void walk_gstage(struct walk *w, const struct gtable *t, struct gpa gpa)
{
	*w = (struct walk){ .from = gpa.v, .to = gpa.v };
	if (gpa.v >= gtable_end(t))
		return end(w, WALK_MALFORMED, "an address that the table does not reach");
	walk(w, own_hpa(t->root).v, t->levels, PTE_INDEX_BITS + 2, PTE_N | PTE_PBMT, NULL, NULL);
}

/* ---- Rights ---- */

/* Does the leaf, that is mapped, allow this? */
static bool is_allowed(pte_t leaf, struct walk_access access)
{
	bool fetches = access.kind & GTABLE_X;
	pte_t rights = leaf;

	if (leaf & PTE_U ? !access.user && (fetches || !access.sum) : access.user)
		return false;
	if (access.mxr && leaf & PTE_X)
		rights |= PTE_R;
	if (!(rights & access.kind))
		return false;
	return access.sets_ad || (leaf & PTE_A && (leaf & PTE_D || !(access.kind & GTABLE_W)));
}

static bool is_refused(const struct walk *w, struct walk_access access)
{
	return w->end != WALK_FOUND || (w->size && !is_allowed(w->leaf, access));
}

static unsigned by_kind(struct walk_access access, unsigned fetch, unsigned load, unsigned store)
{
	return access.kind & GTABLE_X ? fetch : access.kind & GTABLE_W ? store : load;
}

unsigned walk_gstage_fault(const struct walk *w, struct walk_access access)
{
	access.user = true;
	if (!is_refused(w, access))
		return 0;
	return by_kind(access, CAUSE_FETCH_GPF, CAUSE_LOAD_GPF, CAUSE_STORE_GPF);
}

unsigned walk_guest_fault(const struct walk *w, struct walk_access access)
{
	if (!is_refused(w, access))
		return 0;
	if (w->end == WALK_TABLE_NOWHERE)
		return by_kind(access, CAUSE_FETCH_GPF, CAUSE_LOAD_GPF, CAUSE_STORE_GPF);
	return by_kind(access, CAUSE_FETCH_PAGE, CAUSE_LOAD_PAGE, CAUSE_STORE_PAGE);
}

/* ---- For people ---- */

static void show_step(const struct walk_step *s, walk_show_fn *show)
{
	static const char letters[] = "vrwxugad";
	char bits[sizeof(letters)];

	for (unsigned i = 0; i < sizeof(letters) - 1; i++)
		bits[i] = s->entry & BIT(i) ? letters[i] : '-';
	bits[sizeof(letters) - 1] = '\0';
	show("  level %u, entry at 0x%" PRIx64 ": 0x%016" PRIx64 " %s", s->level, s->at, s->entry,
	     bits);
}

void walk_show(const struct walk *w, const char *stage, const char *target, walk_show_fn *show)
{
	show("%s 0x%" PRIx64 ":", stage, w->from);
	for (unsigned i = 0; i < w->n_steps; i++)
		show_step(&w->steps[i], show);
	if (w->end == WALK_TABLE_NOWHERE)
		show("  %s: 0x%" PRIx64, w->why, w->to);
	else if (w->end != WALK_FOUND)
		show("  %s", w->why);
	else if (w->size)
		show("  %s 0x%" PRIx64 ", page of %" PRIu64 " KiB", target, w->to, w->size / KiB);
	else
		show("  %s 0x%" PRIx64 ", not translated", target, w->to);
}

void walk_show_both(const struct gtable *t, uint64_t vsatp, struct gva gva, pte_t allowed,
		    walk_read_fn *read, void *context, walk_show_fn *show)
{
	struct walk w;

	walk_guest(&w, vsatp, gva, allowed, read, context);
	walk_show(&w, "guest virtual", "guest physical", show);
	if (w.end != WALK_FOUND && w.end != WALK_TABLE_NOWHERE)
		return;
	walk_gstage(&w, t, GPA(w.to));
	walk_show(&w, "guest physical", "host physical", show);
}
