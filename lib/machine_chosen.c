/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * /chosen: what the loader and the firmware hand on. Absent values stay 0; broken ones are errors,
 * since whoever wrote them meant something.
 */
#include "lib/machine_internal.h"

#include <errno.h>
#include <string.h>

static int read_bootargs(struct reader *r)
{
	struct prop p = tree_prop(&r->tree, "bootargs");
	const char *text = prop_text(p);

	if (!p.size)
		return 0;
	if (!text)
		return tree_fail(&r->tree, "bootargs: expected a terminated string");
	if (strlen(text) >= sizeof(r->m->bootargs))
		return tree_fail(&r->tree, "bootargs: expected at most %zu bytes",
				 sizeof(r->m->bootargs) - 1);
	memcpy(r->m->bootargs, text, strlen(text) + 1);
	return 0;
}

static int read_initrd(struct reader *r)
{
	uint64_t start = 0, end = 0;
	int no_start = tree_u64(&r->tree, "linux,initrd-start", &start);
	int no_end = no_start == -EINVAL ? -EINVAL : tree_u64(&r->tree, "linux,initrd-end", &end);

	if (no_start == -EINVAL || no_end == -EINVAL)
		return -EINVAL;
	if (no_start && no_end)
		return 0;
	if (no_start || no_end || end < start || end > PHYSICAL_END)
		return tree_fail(&r->tree,
				 "linux,initrd-start, linux,initrd-end: expected both, in "
				 "this order, in 56 bits");
	if (start < end)
		r->m->initrd = (struct hpa_range){ HPA(start), end - start };
	return 0;
}

static void read_seed(struct reader *r)
{
	struct machine *m = r->m;
	struct prop p = tree_prop(&r->tree, "rng-seed");

	if (!p.size)
		return;
	m->rng_seed_offset = p.at - (const uint8_t *)r->tree.fdt;
	m->rng_seed_whole = p.size;
	m->rng_seed_size = p.size < sizeof(m->rng_seed) ? p.size : sizeof(m->rng_seed);
	memcpy(m->rng_seed, p.at, m->rng_seed_size);
}

/* The node of a path or of an alias, up to a ':'. An alias leads to a path, and to no other alias.
 */
static int find_node(const void *fdt, const char *path)
{
	size_t length = strcspn(path, ":");

	if (*path != '/') {
		int aliases = blob_find(fdt, "/aliases", 8);

		if (aliases < 0)
			return -ENOENT;
		path = prop_text(blob_prop(fdt, (uint32_t)aliases, path, length));
		if (!path || *path != '/')
			return -ENOENT;
		length = strlen(path);
	}
	return blob_find(fdt, path, length);
}

int chosen_read(struct reader *r)
{
	static const char *const stdout_names[] = { "stdout-path", "linux,stdout-path" };
	int chosen = blob_find(r->tree.fdt, "/chosen", 7), err;

	r->stdout_offset = -1;
	if (chosen < 0)
		return 0;
	err = tree_seek(&r->tree, chosen);
	for (unsigned i = 0; !err && i < ARRAY_LEN(stdout_names) && r->stdout_offset < 0; i++) {
		const char *path = prop_text(tree_prop(&r->tree, stdout_names[i]));

		if (path)
			r->stdout_offset = find_node(r->tree.fdt, path);
	}
	if (!err)
		err = read_bootargs(r);
	if (!err)
		err = read_initrd(r);
	if (!err)
		read_seed(r);
	return err;
}
