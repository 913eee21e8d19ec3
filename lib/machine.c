/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads a machine out of its tree: one walk in which each part takes what is its own, and then what
 * needs the whole (machine_internal.h).
 */
#include "lib/machine_internal.h"

#include <errno.h>
#include <string.h>

static void root_visit(struct reader *r)
{
	const struct tree_node *root = tree_here(&r->tree);
	const char *model, *compatible;

	if (r->tree.depth)
		return;
	model = prop_text(tree_prop(&r->tree, "model"));
	compatible = prop_text(root->compatible);
	text_copy(r->m->model, sizeof(r->m->model), model ? model : "");
	text_copy(r->m->compatible, sizeof(r->m->compatible), compatible ? compatible : "");
}

static int walk(struct reader *r)
{
	int more, err;

	tree_rewind(&r->tree);
	while ((more = tree_next(&r->tree)) > 0) {
		root_visit(r);
		err = memory_visit(r);
		if (!err)
			err = cpus_visit(r);
		if (err)
			return err;
		device_visit(r);
		irq_visit(r);
	}
	return more;
}

int machine_read(struct machine *m, const void *fdt, size_t size, uint64_t boot_hart_id,
		 struct machine_error *error)
{
	struct reader r;
	int err;

	r.m = m;
	r.cpu = NULL;
	r.uart_wired_to = 0;
	r.n_irqchips = 0;

	m->boot_hart_id = boot_hart_id;
	err = tree_open(&r.tree, fdt, size, error);
	if (!err)
		err = chosen_read(&r);
	if (!err)
		err = walk(&r);
	if (!err)
		err = memory_finish(&r);
	if (!err)
		err = cpus_finish(&r, boot_hart_id);
	if (!err)
		err = irq_finish(&r);
	if (!err)
		error->text[0] = '\0';
	return err;
}
