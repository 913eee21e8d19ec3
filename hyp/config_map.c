/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether regions and devices make sense, each for itself and beside the others. */
#include "hyp/config_internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define GUEST_END BIT(59) /* what Sv57x4 reaches */
#define HOST_END  BIT(56) /* what a page table entry can name */

/* "expected WHAT, found 0x..." */
static int fail(const struct reader *r, const char *node, enum prop_id id, const char *what,
		uint64_t found)
{
	return config_fail(r, node, prop_name(id), "expected %s, found 0x%llx", what,
			   (unsigned long long)found);
}

static bool is_ram(const struct vm_region *region)
{
	return region->kind <= REGION_EAGER;
}

/* Where a node lies, and that its name says so. */
static int check_range(const struct reader *r, const struct node *n, uint64_t at, uint64_t size,
		       char name[CONFIG_NODE])
{
	config_node_name(name, n->kind, at);
	if (strcmp(name, n->name))
		return config_fail(r, n->name, prop_name(PROP_REG),
				   "expected a node of the name %s, which begins there", name);
	if (!size)
		return fail(r, name, PROP_REG, "a size", size);
	if (at >= GUEST_END || size > GUEST_END - at)
		return fail(r, name, PROP_REG, "an end not above 2^59", at + size);
	if (n->kind != NODE_DEVICE && !is_aligned(at, PAGE_SIZE))
		return fail(r, name, PROP_REG, "multiples of 0x1000", at);
	return 0;
}

/* A window may begin and end within a page, on both sides at the same place. */
static int check_window(const struct reader *r, const struct vm_region *w)
{
	if (w->host.v >= HOST_END || w->size > HOST_END - w->host.v)
		return fail(r, w->node, PROP_HOST_ADDRESS, "an end not above 2^56", w->host.v);
	if (!is_aligned(w->host.v - w->at.v, PAGE_SIZE))
		return fail(r, w->node, PROP_HOST_ADDRESS, "the same place in a page as in reg",
			    w->host.v);
	return 0;
}

/* Memory is RAM, and a device is never that; what is read-only is never written. */
int config_check_region(struct reader *r, const struct node *n, struct vm_region *region)
{
	int err = check_range(r, n, region->at.v, region->size, region->node);
	bool fits = region->kind == node_facts[n->kind].region;

	if (err)
		return err;
	if (!fits && !(n->kind == NODE_MEMORY && is_ram(region)))
		return config_fail(r, n->name, prop_name(PROP_KIND), "expected %s here",
				   n->kind == NODE_MEMORY ? "lazy or eager"
							  : node_facts[n->kind].name);
	if (region->kind == REGION_DEVICE)
		err = check_window(r, region);
	else if (!is_aligned(region->size, PAGE_SIZE))
		err = fail(r, n->name, PROP_REG, "multiples of 0x1000", region->size);
	if (err)
		return err;
	if (!is_seen(n, PROP_FILL_SIZE))
		r->fill_size = region->kind == REGION_LAZY ? MEGA_SIZE : PAGE_SIZE;
	else if (region->kind != REGION_LAZY)
		return fail(r, n->name, PROP_FILL_SIZE, "only with the kind lazy", r->fill_size);
	else if (r->fill_size != PAGE_SIZE && r->fill_size != MEGA_SIZE)
		return fail(r, n->name, PROP_FILL_SIZE, "0x1000 or 0x200000", r->fill_size);
	region->fill_level = r->fill_size == MEGA_SIZE;
	/* A ROM and a device each lack the right that the other has. */
	if (!is_ram(region) && region->rights & ~node_facts[n->kind].rights)
		return config_fail(r, n->name, prop_name(PROP_RIGHTS), "expected no %c here",
				   region->kind == REGION_ROM ? 'w' : 'x');
	return 0;
}

int config_check_device(const struct reader *r, const struct node *n, struct vm_device *d)
{
	uint32_t size = node_facts[n->kind].size;
	int err = check_range(r, n, d->at.v, d->size, d->node);

	if (!err && align_up(d->size, PAGE_SIZE) != size)
		return config_fail(r, n->name, prop_name(PROP_REG),
				   "expected a size of 0x%x, found 0x%llx", (unsigned)size,
				   (unsigned long long)d->size);
	d->size = size;
	return err;
}

/* What takes addresses, regions before devices. */
struct span {
	const char *node;
	uint64_t at, end;
	bool is_default;
};

static unsigned n_spans(const struct vm_config *c)
{
	return c->n_regions + c->n_devices;
}

static struct span span(const struct reader *r, unsigned i)
{
	const struct vm_config *c = r->c;

	if (i < c->n_regions) {
		const struct vm_region *g = &c->regions[i];

		return (struct span){ g->node, g->at.v, g->at.v + g->size,
				      is_ram(g) && !r->n_seen[NODE_MEMORY] };
	}
	const struct vm_device *d = &c->devices[i - c->n_regions];

	return (struct span){ d->node, d->at.v, d->at.v + d->size,
			      !r->n_seen[NODE_SERIAL + d->kind] };
}

static int check_overlaps(const struct reader *r, const char *overlaps)
{
	for (unsigned i = 1; i < n_spans(r->c); i++) {
		for (unsigned j = 0; j < i; j++) {
			struct span a = span(r, i), b = span(r, j);

			if (a.at >= b.end || b.at >= a.end)
				continue;
			if (a.is_default) { /* speak of what the user wrote */
				struct span swap = a;

				a = b;
				b = swap;
			}
			return config_fail(r, a.node, prop_name(PROP_REG), "%s /%s%s", overlaps,
					   b.node,
					   b.is_default ? ", which is there by default" : "");
		}
	}
	return 0;
}

/* Both map whole pages, so registers that share a page with others are seen too. */
static void widen_windows(struct vm_config *c)
{
	for (struct vm_region *w = c->regions; w < c->regions + c->n_regions; w++) {
		if (w->kind != REGION_DEVICE)
			continue;
		uint64_t end = align_up(w->at.v + w->size, PAGE_SIZE);

		w->at.v = align_down(w->at.v, PAGE_SIZE);
		w->host.v = align_down(w->host.v, PAGE_SIZE);
		w->size = end - w->at.v;
	}
}

static void swap_regions(struct vm_region *a, struct vm_region *b)
{
	char *p = (char *)a, *q = (char *)b;

	for (size_t i = 0; i < sizeof(*a); i++) {
		char swap = p[i];

		p[i] = q[i];
		q[i] = swap;
	}
}

static void sort_regions(struct vm_config *c)
{
	for (unsigned i = 1; i < c->n_regions; i++) {
		for (struct vm_region *r = &c->regions[i]; r > c->regions && r->at.v < r[-1].at.v;
		     r--)
			swap_regions(r, r - 1);
	}
}

static bool continues(const struct vm_region *w, const struct vm_region *next)
{
	return w->kind == REGION_DEVICE && next->kind == REGION_DEVICE &&
	       next->at.v <= w->at.v + w->size &&
	       next->at.v - w->at.v == next->host.v - w->host.v && w->rights == next->rights &&
	       w->stops_guest == next->stops_guest;
}

/* Of regions that are sorted and did not overlap before they were widened: ends are in order too.
 */
static void merge_windows(struct vm_config *c)
{
	unsigned n = 0;

	for (unsigned i = 1; i < c->n_regions; i++) {
		struct vm_region *last = &c->regions[n], *next = &c->regions[i];

		if (continues(last, next))
			last->size = next->at.v + next->size - last->at.v;
		else
			c->regions[++n] = *next;
	}
	c->n_regions = n + 1;
}

static const struct vm_region *region_at(const struct vm_config *c, struct gpa at)
{
	for (unsigned i = 0; i < c->n_regions; i++) {
		if (at.v - c->regions[i].at.v < c->regions[i].size)
			return &c->regions[i];
	}
	return NULL;
}

/* A guest begins where it may run: at `entry`, or where its raw image is loaded. */
static int check_kernel(const struct reader *r)
{
	static const char may_run[] = "an address where the rights hold an x";
	const struct vm_config *c = r->c;
	const struct vm_region *load = region_at(c, c->load), *entry = region_at(c, c->entry);

	if (c->has_load && (!load || !is_ram(load)))
		return fail(r, "kernel", PROP_LOAD, "an address in RAM", c->load.v);
	if (c->has_load && !c->has_entry && !(load->rights & GTABLE_X))
		return fail(r, "kernel", PROP_LOAD, may_run, c->load.v);
	if (c->has_entry && (!entry || !(entry->rights & GTABLE_X)))
		return fail(r, "kernel", PROP_ENTRY, may_run, c->entry.v);
	return 0;
}

static int check_mode(const struct reader *r)
{
	uint64_t reach = BIT(PAGE_SHIFT + 9 * r->c->gstage_levels + 2);

	for (unsigned i = 0; r->c->gstage_levels && i < n_spans(r->c); i++) {
		struct span s = span(r, i);

		if (s.end > reach)
			return config_fail(r, "", prop_name(PROP_GSTAGE_MODE),
					   "expected one that reaches the end of /%s, 0x%llx",
					   s.node, (unsigned long long)s.end);
	}
	return 0;
}

static int check_irqs(const struct reader *r)
{
	const struct vm_config *c = r->c;
	bool has_plic = false;

	for (unsigned i = 0; i < c->n_devices; i++)
		has_plic |= c->devices[i].kind == VM_PLIC;
	for (unsigned i = 0; i < c->n_devices; i++) {
		const struct vm_device *d = &c->devices[i];

		if (d->irq && !has_plic)
			return config_fail(r, d->node, prop_name(PROP_INTERRUPTS),
					   "expected a plic that takes them");
		for (unsigned j = 0; d->irq && j < i; j++) {
			if (c->devices[j].irq == d->irq)
				return config_fail(
					r, d->node, prop_name(PROP_INTERRUPTS),
					"expected a number of its own, found that of /%s",
					c->devices[j].node);
		}
	}
	return 0;
}

int config_check_map(struct reader *r)
{
	int err = check_overlaps(r, "overlaps");

	if (err)
		return err;
	sort_regions(r->c);
	widen_windows(r->c);
	merge_windows(r->c);
	err = check_overlaps(r, "shares a page with");
	if (!err)
		err = check_kernel(r);
	if (!err)
		err = check_mode(r);
	if (!err)
		err = check_irqs(r);
	return err;
}
