/* SPDX-License-Identifier: BSD-2-Clause */
/* See vm_config_check.h. Written from the promises, not from the code that keeps them. */
#include "tests/unit/vm_config_check.h"

#include <string.h>

#define REACH BIT(59)

static bool is_text(const char *text, size_t room, char lowest)
{
	size_t n = strnlen(text, room);

	for (size_t i = 0; i < n; i++) {
		if (text[i] < lowest || text[i] > '~')
			return false;
	}
	return n < room;
}

static bool is_range(uint64_t at, uint64_t size)
{
	return size && at % PAGE_SIZE == 0 && size % PAGE_SIZE == 0 && at < REACH &&
	       size <= REACH && at + size <= REACH;
}

static bool rights_fit(const struct vm_region *r)
{
	switch (r->kind) {
	case REGION_LAZY:
	case REGION_EAGER:
		return r->rights && (r->rights & GTABLE_R || !(r->rights & GTABLE_W));
	case REGION_ROM:
		return r->rights && !(r->rights & GTABLE_W) && r->file[0];
	case REGION_DEVICE:
		return r->rights && !(r->rights & GTABLE_X) && r->host.v % PAGE_SIZE == 0 &&
		       r->host.v + r->size <= BIT(56);
	case REGION_RESERVED:
		return !r->rights;
	default:
		return false;
	}
}

static const char *broken_region(const struct vm_config *c, unsigned i)
{
	const struct vm_region *r = &c->regions[i], *before = r - 1;

	if (!is_text(r->node, CONFIG_NODE, '!') || !is_text(r->file, CONFIG_FILE, '!'))
		return "a region's text is none";
	if (!is_range(r->at.v, r->size))
		return "a region is not of whole pages below 2^59";
	if (!rights_fit(r))
		return "a region's rights do not fit its kind";
	if (r->fill_level > (r->kind == REGION_LAZY))
		return "a region has a fill level that it cannot have";
	if (!i)
		return NULL;
	if (before->at.v + before->size > r->at.v)
		return "regions are not sorted, or overlap";
	if (before->kind == REGION_DEVICE && r->kind == REGION_DEVICE &&
	    before->at.v + before->size == r->at.v && before->host.v + before->size == r->host.v &&
	    before->rights == r->rights && before->stops_guest == r->stops_guest)
		return "windows that are one are two";
	return NULL;
}

static const char *broken_device(const struct vm_config *c, unsigned i)
{
	const struct vm_device *d = &c->devices[i];

	if (!is_text(d->node, CONFIG_NODE, '!'))
		return "a device's text is none";
	if (!is_range(d->at.v, d->size))
		return "a device is not of whole pages below 2^59";
	if (d->kind > VM_TEST || d->irq > CONFIG_LAST_IRQ)
		return "a device is of no kind";
	for (unsigned j = 0; j < c->n_regions; j++) {
		if (d->at.v < c->regions[j].at.v + c->regions[j].size &&
		    c->regions[j].at.v < d->at.v + d->size)
			return "a device overlaps a region";
	}
	for (unsigned j = 0; j < i; j++) {
		if (d->at.v < c->devices[j].at.v + c->devices[j].size &&
		    c->devices[j].at.v < d->at.v + d->size)
			return "devices overlap";
		if (d->irq && d->irq == c->devices[j].irq)
			return "devices share an interrupt";
	}
	return NULL;
}

static const char *broken_rest(const struct vm_config *c)
{
	bool has_ram = false;

	for (unsigned i = 0; i < c->n_regions; i++)
		has_ram |= c->regions[i].kind <= REGION_EAGER;
	if (!has_ram)
		return "there is no RAM";
	if (!c->n_vcpus || c->n_vcpus > CONFIG_VCPUS)
		return "the number of vCPUs";
	if (c->on_crash > VM_KEEP || c->on_reboot > VM_KEEP)
		return "an action is none";
	if (c->gstage_levels && (c->gstage_levels < 3 || c->gstage_levels > 5))
		return "the mode of the G-stage is none";
	if (!c->name[0] || !is_text(c->name, CONFIG_NAME, '!'))
		return "the name";
	if (!is_text(c->kernel, CONFIG_FILE, '!') || !is_text(c->initrd, CONFIG_FILE, '!'))
		return "a file's name";
	if (!c->kernel[0] && !c->has_entry)
		return "nothing to run";
	return is_text(c->bootargs, CONFIG_ARGS, ' ') ? NULL : "the boot arguments";
}

static const char *broken_mode(const struct vm_config *c)
{
	uint64_t reach = BIT(12 + 9 * c->gstage_levels + 2);

	for (unsigned i = 0; c->gstage_levels && i < c->n_regions; i++) {
		if (c->regions[i].at.v + c->regions[i].size > reach)
			return "the mode does not reach a region";
	}
	for (unsigned i = 0; c->gstage_levels && i < c->n_devices; i++) {
		if (c->devices[i].at.v + c->devices[i].size > reach)
			return "the mode does not reach a device";
	}
	return NULL;
}

const char *vm_config_broken_promise(const struct vm_config *c)
{
	const char *broken = NULL;

	if (c->n_regions > CONFIG_REGIONS || c->n_devices > CONFIG_DEVICES)
		return "too many regions or devices";
	for (unsigned i = 0; !broken && i < c->n_regions; i++)
		broken = broken_region(c, i);
	for (unsigned i = 0; !broken && i < c->n_devices; i++)
		broken = broken_device(c, i);
	if (!broken)
		broken = broken_rest(c);
	return broken ? broken : broken_mode(c);
}
