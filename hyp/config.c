/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A description is walked once, tag by tag: the root, its children, and nothing below them. What is
 * not said is QEMU virt's machine, to the address, since guests have it hard-coded.
 */
#include "hyp/config_internal.h"

#include <errno.h>
#include <libfdt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* clang-format off */
const struct node_facts node_facts[N_NODE_KINDS] = {
	[NODE_ROOT] = { .name = "", .compatible = "hartwood,vm" },
	[NODE_KERNEL] = { .name = "kernel", .most = 1 },
	[NODE_INITRD] = { .name = "initrd", .most = 1 },
	[NODE_MEMORY] = { .name = "memory", .has_address = true, .most = CONFIG_REGIONS,
			  .region = REGION_LAZY, .rights = GTABLE_RWX,
			  .at = 0x80000000, .size = 256 * MiB },
	[NODE_ROM] = { .name = "rom", .has_address = true, .most = CONFIG_REGIONS,
		       .region = REGION_ROM, .rights = GTABLE_R | GTABLE_X },
	[NODE_DEVICE] = { .name = "device", .has_address = true, .most = CONFIG_REGIONS,
			  .region = REGION_DEVICE, .rights = GTABLE_R | GTABLE_W },
	[NODE_RESERVED] = { .name = "reserved", .has_address = true, .most = CONFIG_REGIONS,
			    .region = REGION_RESERVED },
	[NODE_SERIAL] = { .name = "serial", .compatible = "ns16550a", .has_address = true,
			  .most = CONFIG_DEVICES - 2, .at = 0x10000000, .size = PAGE_SIZE,
			  .irq = 10 },
	[NODE_PLIC] = { .name = "plic", .compatible = "sifive,plic-1.0.0", .has_address = true,
			.most = 1, .at = 0xc000000, .size = 0x600000 },
	[NODE_TEST] = { .name = "test", .compatible = "sifive,test0", .has_address = true,
			.most = 1, .at = 0x100000, .size = PAGE_SIZE },
};
/* clang-format on */

static void say(struct vm_config_error *e, const char *what, va_list args)
{
	size_t n = strlen(e->text);

	vsnprintf(e->text + n, sizeof(e->text) - n, what, args);
	for (char *p = e->text + n; *p; p++) {
		if (*p < ' ' || *p > '~')
			*p = '?';
	}
}

void config_say(struct vm_config_error *e, const char *what, ...)
{
	va_list args;

	va_start(args, what);
	say(e, what, args);
	va_end(args);
}

int config_fail(const struct reader *r, const char *node, const char *prop, const char *what, ...)
{
	va_list args;

	config_say(r->error, "%.64s: ", r->file);
	if (node)
		config_say(r->error, "/%.40s: ", node);
	if (prop)
		config_say(r->error, "%.32s: ", prop);
	va_start(args, what);
	say(r->error, what, args);
	va_end(args);
	return -EINVAL;
}

static int refuse_node(const struct reader *r, const char *name)
{
	int err = config_fail(r, name, NULL, "not known here; expected one of");

	for (unsigned k = NODE_KERNEL; k < N_NODE_KINDS; k++)
		config_say(r->error, " %s%s", node_facts[k].name,
			   node_facts[k].has_address ? "@..." : "");
	return err;
}

static enum node_kind kind_of(const char *name)
{
	size_t n = strcspn(name, "@");
	unsigned k = NODE_KERNEL;

	while (k < N_NODE_KINDS &&
	       (strlen(node_facts[k].name) != n || memcmp(node_facts[k].name, name, n) ||
		(name[n] == '@') != node_facts[k].has_address))
		k++;
	return k;
}

void config_node_name(char name[CONFIG_NODE], enum node_kind kind, uint64_t at)
{
	snprintf(name, CONFIG_NODE, "%s@%llx", node_facts[kind].name, (unsigned long long)at);
}

/* The region or device behind the last one, as it is if nothing is said; NULL: neither. */
static void *next_of(struct vm_config *c, enum node_kind kind)
{
	const struct node_facts *facts = &node_facts[kind];
	struct vm_region *region = &c->regions[c->n_regions];
	struct vm_device *device = &c->devices[c->n_devices];

	if (is_region(kind)) {
		region->kind = facts->region;
		region->rights = facts->rights;
		region->stops_guest = c->hole_stops_guest;
		return region;
	}
	if (kind < NODE_SERIAL)
		return NULL;
	device->kind = kind - NODE_SERIAL + VM_SERIAL;
	return device;
}

static int begin_node(struct reader *r, const char *name)
{
	enum node_kind kind = kind_of(name);

	if (r->child.name)
		return config_fail(r, r->child.name, NULL, "expected no node in it, found %.32s",
				   name);
	if (kind == N_NODE_KINDS)
		return refuse_node(r, name);
	if (is_region(kind) && r->c->n_regions == CONFIG_REGIONS)
		return config_fail(r, name, NULL, "expected at most %u regions", CONFIG_REGIONS);
	if (r->n_seen[kind] == node_facts[kind].most)
		return config_fail(r, name, NULL, "expected at most %u of this name",
				   node_facts[kind].most);
	r->n_seen[kind]++;
	r->child = (struct node){ .name = name, .kind = kind, .fills = next_of(r->c, kind) };
	return 0;
}

static int end_kernel(struct reader *r)
{
	struct vm_config *c = r->c;

	c->has_load = is_seen(&r->child, PROP_LOAD);
	c->has_entry = is_seen(&r->child, PROP_ENTRY);
	if (c->kernel[0] || c->has_entry)
		return 0;
	return config_fail(r, "kernel", "file", "expected, or an entry into a rom");
}

static int end_node(struct reader *r)
{
	struct node *n = &r->child;
	int err = config_check_needed(r, n);

	if (!err && n->kind == NODE_KERNEL) {
		err = end_kernel(r);
	} else if (!err && is_region(n->kind)) {
		err = config_check_region(r, n, n->fills);
		r->c->n_regions++;
	} else if (!err && n->fills) {
		err = config_check_device(r, n, n->fills);
		r->c->n_devices++;
	}
	n->name = NULL;
	return err;
}

static int walk(struct reader *r, const void *fdt)
{
	const struct blob blob = blob_of(fdt);
	struct tag tag;

	blob_tag(&blob, 0, &tag);
	uint32_t at = tag.next; /* behind the root's begin */
	int err = 0;

	for (;;) {
		blob_tag(&blob, at, &tag);
		at = tag.next;
		if (tag.kind == FDT_BEGIN_NODE)
			err = begin_node(r, tag.name);
		else if (tag.kind == FDT_PROP)
			err = config_take_prop(r, r->child.name ? &r->child : &r->root, &tag);
		else if (tag.kind == FDT_END_NODE && r->child.name)
			err = end_node(r);
		else if (tag.kind == FDT_END_NODE)
			return config_check_needed(r, &r->root);
		if (err)
			return err;
	}
}

static void add_default(struct vm_config *c, enum node_kind kind)
{
	const struct node_facts *facts = &node_facts[kind];
	struct vm_device *d;

	if (kind == NODE_MEMORY) {
		struct vm_region *ram = next_of(c, kind);

		ram->at.v = facts->at;
		ram->size = facts->size;
		ram->fill_level = 1;
		config_node_name(ram->node, kind, facts->at);
		c->n_regions++;
		return;
	}
	d = next_of(c, kind);
	d->at.v = facts->at;
	d->size = facts->size;
	d->irq = facts->irq;
	config_node_name(d->node, kind, facts->at);
	c->n_devices++;
}

static int add_defaults(struct reader *r)
{
	struct vm_config *c = r->c;
	bool wants_devices = !is_seen(&r->root, PROP_NO_DEVICES);

	if (!r->n_seen[NODE_KERNEL])
		return config_fail(r, "", "kernel", "expected a node of this name");
	if (!r->n_seen[NODE_MEMORY] && c->n_regions == CONFIG_REGIONS)
		return config_fail(r, "", "memory@...", "expected a node of this name");
	if (!r->n_seen[NODE_MEMORY])
		add_default(c, NODE_MEMORY);
	for (unsigned k = NODE_SERIAL; wants_devices && k <= NODE_TEST; k++) {
		if (!r->n_seen[k])
			add_default(c, k);
	}
	return 0;
}

/* The file's name without folder and ending. */
static void name_after(struct vm_config *c, const char *file)
{
	const char *slash = strrchr(file, '/'), *from = slash ? slash + 1 : file;
	size_t n = strcspn(from, ".");

	n = n < CONFIG_NAME ? n : CONFIG_NAME - 1;
	memcpy(c->name, from, n);
	for (size_t i = 0; i < n; i++) {
		if (c->name[i] <= ' ' || c->name[i] > '~')
			c->name[i] = '-';
	}
	if (!n)
		strcpy(c->name, "vm");
}

static void begin_config(struct vm_config *c, const char *name)
{
	memset(c, 0, sizeof(*c));
	name_after(c, name);
	c->n_vcpus = 1;
	c->starts_by_itself = true;
	c->on_reboot = VM_RESTART;
}

void vm_config_default(struct vm_config *c, const char *name)
{
	begin_config(c, name);
	add_default(c, NODE_MEMORY);
	for (unsigned k = NODE_SERIAL; k <= NODE_TEST; k++)
		add_default(c, k);
}

int vm_config_read(struct vm_config *c, const char *file, const void *fdt, size_t size,
		   struct vm_config_error *error)
{
	struct reader r = {
		.c = c,
		.file = file,
		.error = error,
		.root = { .name = "", .kind = NODE_ROOT },
		.address_cells = 2,
		.size_cells = 2,
	};
	struct machine_error why;

	why.text[0] = error->text[0] = '\0';
	begin_config(c, file);
	if (blob_check(fdt, size, &why))
		return config_fail(&r, NULL, NULL, "not a device tree: %s", why.text);
	int err = walk(&r, fdt);

	if (!err)
		err = add_defaults(&r);
	if (!err)
		err = config_check_map(&r);
	return err;
}
