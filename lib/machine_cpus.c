/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Harts: the children of /cpus, known by their `reg`. A hart that cannot be used is kept with the
 * reason, since interrupt controllers count it.
 *
 * Always true: ids are unique; the boot hart has a place even where there are more harts than
 * places.
 */
#include "lib/machine_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

const char *hart_use_text(enum hart_use use)
{
	static const char *const texts[] = {
		[HART_USABLE] = "usable",
		[HART_DISABLED] = "disabled",
		[HART_NO_MMU] = "no mmu-type of sv39 or more",
		[HART_NOT_64BIT] = "not 64-bit",
		[HART_NO_ISA] = "no readable riscv,isa",
	};

	return (unsigned)use < ARRAY_LEN(texts) ? texts[use] : "?";
}

static const char *const mmu_names[] = {
	[MMU_NONE] = "none", [MMU_SV32] = "sv32", [MMU_SV39] = "sv39",
	[MMU_SV48] = "sv48", [MMU_SV57] = "sv57",
};

const char *mmu_type_text(enum mmu_type type)
{
	return (unsigned)type < ARRAY_LEN(mmu_names) ? mmu_names[type] : "?";
}

const struct machine_hart *machine_hart(const struct machine *m, uint64_t hart_id)
{
	for (unsigned i = 0; i < m->n_harts; i++) {
		if (m->harts[i].id == hart_id)
			return &m->harts[i];
	}
	return NULL;
}

static enum mmu_type read_mmu(const struct tree *t)
{
	static const char prefix[] = "riscv,";
	const char *text = prop_text(tree_prop(t, "mmu-type"));

	if (!text || strncmp(text, prefix, strlen(prefix)))
		return MMU_NONE;
	for (unsigned i = 0; i < ARRAY_LEN(mmu_names); i++) {
		if (!strcmp(text + strlen(prefix), mmu_names[i]))
			return i;
	}
	return MMU_NONE;
}

/* The list of names, which does without the grammar of the single string. */
static bool read_isa_list(struct isa *isa, struct prop base, struct prop names)
{
	const char *text = prop_text(base);

	if (!text || !prop_text(names) || isa_read(isa, text, strlen(text)))
		return false;
	isa_add_names(isa, (const char *)names.at, names.size);
	return true;
}

static bool read_isa(const struct tree *t, struct isa *isa)
{
	struct prop names = tree_prop(t, "riscv,isa-extensions");
	const char *text;

	if (names.at && read_isa_list(isa, tree_prop(t, "riscv,isa-base"), names))
		return true;
	text = prop_text(tree_prop(t, "riscv,isa"));
	return text && !isa_read(isa, text, strlen(text));
}

static enum hart_use judge(const struct tree_node *node, const struct machine_hart *hart,
			   bool has_isa)
{
	if (!node->is_enabled)
		return HART_DISABLED;
	if (!has_isa)
		return HART_NO_ISA;
	if (hart->isa.xlen != 64)
		return HART_NOT_64BIT;
	return hart->mmu >= MMU_SV39 ? HART_USABLE : HART_NO_MMU;
}

static int read_id(struct tree *t, uint64_t *id)
{
	const struct tree_node *node = tree_here(t);
	uint32_t cells = node_address_cells(node - 1);

	if (cells != 1 && cells != 2)
		return tree_fail(t, "reg: parent has #address-cells %d, expected 1 or 2",
				 (int)cells);
	if (!node->reg.size || node->reg.size % (4 * cells))
		return tree_fail(t, "reg: %u bytes, expected %u", node->reg.size, 4 * cells);
	*id = prop_cells(node->reg, 0, cells);
	return 0;
}

static int read_block_size(struct tree *t, const char *name, uint32_t *size)
{
	int err = tree_u32(t, name, 0, size);

	if (!err && *size && !is_power_of_two(*size))
		err = tree_fail(t, "%s: %u, expected a power of two", name, *size);
	return err;
}

static int read_timebase(struct reader *r)
{
	uint64_t hz;
	int err = tree_u64(&r->tree, "timebase-frequency", &hz);

	if (err)
		return err == -ENOENT ? 0 : err;
	if (!hz || hz > UINT32_MAX)
		return tree_fail(&r->tree, "timebase-frequency: expected 1 to 4294967295 Hz");
	if (!r->m->timebase_hz)
		r->m->timebase_hz = hz;
	return 0;
}

/* A place for one more hart, or NULL. The last place is the boot hart's, if it has not come. */
static struct machine_hart *place_for(struct machine *m, uint64_t id)
{
	if (m->n_harts < MACHINE_HARTS)
		return &m->harts[m->n_harts++];
	m->n_harts_left_out++;
	return id == m->boot_hart_id ? &m->harts[MACHINE_HARTS - 1] : NULL;
}

static int read_cpu(struct reader *r)
{
	struct tree *t = &r->tree;
	struct machine_hart hart = { 0 };
	int err = read_id(t, &hart.id);

	if (!err && machine_hart(r->m, hart.id))
		err = tree_fail(t, "reg: a second hart with id %" PRIu64, hart.id);
	if (!err)
		err = read_timebase(r);
	if (!err)
		err = read_block_size(t, "riscv,cbom-block-size", &hart.cbom_block);
	if (!err)
		err = read_block_size(t, "riscv,cboz-block-size", &hart.cboz_block);
	if (err)
		return err;
	hart.mmu = read_mmu(t);
	hart.use = judge(tree_here(t), &hart, read_isa(t, &hart.isa));
	r->cpu = place_for(r->m, hart.id);
	if (r->cpu)
		*r->cpu = hart;
	return 0;
}

int cpus_visit(struct reader *r)
{
	const struct tree_node *node = tree_here(&r->tree);

	if (r->tree.depth == 0 || strcmp(r->tree.path[1].name, "cpus"))
		return 0;
	if (r->tree.depth == 1)
		return read_timebase(r);
	if (r->tree.depth == 2) {
		r->cpu = NULL;
		return prop_has_text(node->device_type, "cpu") ? read_cpu(r) : 0;
	}
	if (r->tree.depth == 3 && r->cpu && node->phandle.size == 4 &&
	    prop_has_text(node->compatible, "riscv,cpu-intc"))
		r->cpu->phandle_intc = prop_cells(node->phandle, 0, 1);
	return 0;
}

int cpus_finish(struct reader *r, uint64_t boot_hart_id)
{
	const struct machine_hart *boot = machine_hart(r->m, boot_hart_id);

	r->tree.depth = 0;
	if (!boot)
		return tree_fail(&r->tree, "no cpu node with reg %" PRIu64 ", the boot hart's id",
				 boot_hart_id);
	if (boot->use != HART_USABLE)
		return tree_fail(&r->tree, "the boot hart %" PRIu64 " cannot be used: %s",
				 boot_hart_id, hart_use_text(boot->use));
	if (!r->m->timebase_hz)
		return tree_fail(&r->tree, "no timebase-frequency in /cpus or in a cpu node");
	return 0;
}
