/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The interrupt controller that S-mode uses: an IMSIC with its APLIC, else an APLIC, else a PLIC.
 * Machines have such a node for M-mode too, and one per socket; what tells them apart is which line
 * of which hart a node drives. Of several, the one that the UART is wired to is taken, else the
 * first.
 *
 * Always true: registers of every context lie inside `regs`; a hart has at most one context.
 */
#include "lib/machine_internal.h"

#include <errno.h>
#include <string.h>

enum {
	IRQ_S_EXTERNAL = 9, /* the line of a hart's interrupt controller */

	MAX_SOURCES = 1023,
	MAX_IMSIC_IDS = 2047,
	APLIC_IDCS = 0x4000,
	APLIC_IDC_SIZE = 32,
	PLIC_CONTEXTS = 0x200000,
	PLIC_CONTEXT_SIZE = 0x1000,
};

/* Whether context `index` has its registers in the controller. */
typedef bool context_fits(const struct machine *m, uint32_t index);

static enum irqchip_kind irqchip_kind_of(struct prop compatible)
{
	static const char *const names[] = { "riscv,imsics", "riscv,aplic", "sifive,plic-1.0.0",
					     "riscv,plic0", "thead,c900-plic" };

	switch (prop_find_text(compatible, names, ARRAY_LEN(names))) {
	case -1:
		return IRQCHIP_NONE;
	case 0:
		return IRQCHIP_APLIC_IMSIC;
	case 1:
		return IRQCHIP_APLIC;
	default:
		return IRQCHIP_PLIC;
	}
}

void irq_visit(struct reader *r)
{
	const struct tree_node *node = tree_here(&r->tree);
	enum irqchip_kind kind;

	if (!node->is_enabled || !node->compatible.at)
		return;
	kind = irqchip_kind_of(node->compatible);
	if (kind == IRQCHIP_NONE)
		return;
	if (r->n_irqchips == TREE_IRQCHIPS) {
		r->m->n_irqchips_left_out++;
		return;
	}
	r->irqchips[r->n_irqchips++] = (struct irqchip_node){
		.kind = kind,
		.offset = node->offset,
		.phandle = node->phandle.size == 4 ? prop_cells(node->phandle, 0, 1) : 0,
	};
}

static int hart_of_intc(const struct machine *m, uint32_t phandle)
{
	for (unsigned i = 0; phandle && i < m->n_harts; i++) {
		if (m->harts[i].phandle_intc == phandle)
			return i;
	}
	return -1;
}

/* The places in interrupts-extended that lead to a hart's S-mode external interrupt. */
static int read_contexts(struct reader *r, context_fits *fits, struct machine_irq_context *contexts,
			 uint32_t *n_contexts)
{
	struct prop p = tree_prop(&r->tree, "interrupts-extended");
	uint64_t seen = 0;

	_Static_assert(MACHINE_HARTS <= 64, "`seen` has a bit for each hart");
	if (p.size % 8)
		return tree_fail(&r->tree,
				 "interrupts-extended: %u bytes, expected a multiple of 8", p.size);
	for (uint32_t i = 0; i < p.size / 8; i++) {
		if (prop_cells(p, 2 * i + 1, 1) != IRQ_S_EXTERNAL)
			continue;
		int hart = hart_of_intc(r->m, prop_cells(p, 2 * i, 1));

		if (hart < 0 || seen >> hart & 1)
			continue;
		if (!fits(r->m, i))
			return tree_fail(&r->tree, "reg: too small for context %u", i);
		seen |= BIT(hart);
		contexts[(*n_contexts)++] = (struct machine_irq_context){
			.hart_id = r->m->harts[hart].id,
			.index = i,
		};
	}
	return 0;
}

static int read_number(struct tree *t, const char *name, uint32_t otherwise, uint32_t least,
		       uint32_t most, uint32_t *value)
{
	int err = tree_u32(t, name, otherwise, value);

	if (!err && (*value < least || *value > most))
		err = tree_fail(t, "%s: %u, expected %u to %u", name, *value, least, most);
	return err;
}

static int read_regs(struct reader *r, unsigned i, uint64_t least, struct hpa_range *regs)
{
	int err = tree_reg(&r->tree, i, regs);

	if (err == -ENOENT)
		return tree_fail(&r->tree, "reg: expected the registers");
	if (!err && regs->size < least)
		err = tree_fail(&r->tree, "reg: expected at least %u bytes", (unsigned)least);
	return err;
}

static bool plic_fits(const struct machine *m, uint32_t index)
{
	return (m->plic.regs.size - PLIC_CONTEXTS) / PLIC_CONTEXT_SIZE > index;
}

/* Each of these returns 1 if the node serves S-mode, 0 if it does not, or -EINVAL. */
static int read_plic(struct reader *r)
{
	struct machine_plic *plic = &r->m->plic;
	int err = read_regs(r, 0, PLIC_CONTEXTS, &plic->regs);

	if (!err)
		err = read_number(&r->tree, "riscv,ndev", 0, 1, MAX_SOURCES, &plic->n_sources);
	if (!err)
		err = read_contexts(r, plic_fits, plic->contexts, &plic->n_contexts);
	return err ? err : plic->n_contexts > 0;
}

static bool aplic_fits(const struct machine *m, uint32_t index)
{
	return (m->aplic.regs.size - APLIC_IDCS) / APLIC_IDC_SIZE > index;
}

static int read_aplic(struct reader *r, uint32_t imsic)
{
	struct machine_aplic *aplic = &r->m->aplic;
	uint32_t msi_parent;
	int err = tree_u32(&r->tree, "msi-parent", 0, &msi_parent);

	if (err || (imsic && msi_parent != imsic))
		return err;
	err = read_regs(r, 0, APLIC_IDCS, &aplic->regs);
	if (!err)
		err = read_number(&r->tree, "riscv,num-sources", 0, 1, MAX_SOURCES,
				  &aplic->n_sources);
	if (!err && !imsic)
		err = read_contexts(r, aplic_fits, aplic->idcs, &aplic->n_idcs);
	return err ? err : imsic || aplic->n_idcs;
}

/* Files lie side by side through all regs, each with its guests' files behind it. */
static bool imsic_fits(const struct machine *m, uint32_t index)
{
	const struct machine_imsic *imsic = &m->imsic;
	uint64_t stride = PAGE_SIZE << imsic->guest_index_bits, at = index * stride;

	for (unsigned i = 0; i < imsic->n_regs; i++) {
		if (at < imsic->regs[i].size)
			return imsic->regs[i].size - at >= PAGE_SIZE;
		at -= align_up(imsic->regs[i].size, stride);
	}
	return false;
}

static int read_imsic_regs(struct reader *r)
{
	struct machine_imsic *imsic = &r->m->imsic;
	struct hpa_range regs;
	int err = read_regs(r, 0, PAGE_SIZE, &regs);

	for (unsigned i = 0; !err; err = tree_reg(&r->tree, ++i, &regs)) {
		if (i == ARRAY_LEN(imsic->regs))
			return tree_fail(&r->tree, "reg: expected at most %u ranges", i);
		if (!is_aligned(regs.at.v | regs.size, PAGE_SIZE))
			return tree_fail(&r->tree, "reg: expected whole pages");
		imsic->regs[imsic->n_regs++] = regs;
	}
	return err == -ENOENT ? 0 : err;
}

static uint32_t bits_to_count(uint32_t n)
{
	uint32_t bits = 0;

	while (n > 1u << bits)
		bits++;
	return bits;
}

static int read_imsic(struct reader *r)
{
	struct tree *t = &r->tree;
	struct machine_imsic *imsic = &r->m->imsic;
	uint32_t n_parents = tree_prop(t, "interrupts-extended").size / 8;
	int err = read_imsic_regs(r);

	if (!err)
		err = read_number(t, "riscv,num-ids", 0, 63, MAX_IMSIC_IDS, &imsic->n_ids);
	if (!err)
		err = read_number(t, "riscv,guest-index-bits", 0, 0, 7, &imsic->guest_index_bits);
	if (!err)
		err = read_number(t, "riscv,hart-index-bits", bits_to_count(n_parents), 0, 15,
				  &imsic->hart_index_bits);
	if (!err)
		err = read_number(t, "riscv,group-index-bits", 0, 0, 7, &imsic->group_index_bits);
	if (!err)
		err = read_number(t, "riscv,group-index-shift", 2 * PAGE_SHIFT, 0, 55,
				  &imsic->group_index_shift);
	if (!err)
		err = read_contexts(r, imsic_fits, imsic->files, &imsic->n_files);
	return err ? err : imsic->n_files > 0;
}

static void forget(struct machine *m, enum irqchip_kind kind)
{
	if (kind == IRQCHIP_APLIC_IMSIC)
		m->imsic = (struct machine_imsic){ 0 };
	else if (kind == IRQCHIP_APLIC)
		m->aplic = (struct machine_aplic){ 0 };
	else
		m->plic = (struct machine_plic){ 0 };
}

static int read_irqchip(struct reader *r, enum irqchip_kind kind, uint32_t imsic)
{
	if (kind == IRQCHIP_APLIC_IMSIC)
		return read_imsic(r);
	return kind == IRQCHIP_APLIC ? read_aplic(r, imsic) : read_plic(r);
}

/* Take the first node of that kind which serves S-mode. Returns 1 with its phandle, 0, or -EINVAL.
 */
static int choose(struct reader *r, enum irqchip_kind kind, uint32_t imsic, uint32_t *phandle)
{
	for (unsigned i = 0; i < r->n_irqchips; i++) {
		if (r->irqchips[i].kind != kind)
			continue;
		int found = tree_seek(&r->tree, r->irqchips[i].offset);

		if (!found)
			found = read_irqchip(r, kind, imsic);
		if (found > 0)
			*phandle = r->irqchips[i].phandle;
		if (found)
			return found;
		forget(r->m, kind);
	}
	return 0;
}

/* `wired` becomes the phandle of the controller that takes wires, if there is one. */
static int choose_best(struct reader *r, uint32_t *wired)
{
	uint32_t imsic = 0;
	int found = choose(r, IRQCHIP_APLIC_IMSIC, 0, &imsic);

	if (found > 0) {
		r->m->irqchip = IRQCHIP_APLIC_IMSIC;
		return imsic ? choose(r, IRQCHIP_APLIC, imsic, wired) : 0;
	}
	for (unsigned kind = IRQCHIP_APLIC; !found && kind >= IRQCHIP_PLIC; kind--) {
		found = choose(r, kind, 0, wired);
		if (found > 0)
			r->m->irqchip = kind;
	}
	return found;
}

static void put_first(struct reader *r, uint32_t phandle)
{
	for (unsigned i = 1; i < r->n_irqchips; i++) {
		struct irqchip_node node = r->irqchips[i];

		if (node.phandle != phandle)
			continue;
		r->irqchips[i] = r->irqchips[0];
		r->irqchips[0] = node;
		return;
	}
}

int irq_finish(struct reader *r)
{
	struct machine *m = r->m;
	uint32_t wired = 0, n_sources;
	int err;

	put_first(r, r->uart_wired_to);
	err = choose_best(r, &wired);
	n_sources = m->irqchip == IRQCHIP_PLIC ? m->plic.n_sources : m->aplic.n_sources;
	if (!wired || wired != r->uart_wired_to || m->uart.irq > n_sources)
		m->uart.irq = 0;
	return err < 0 ? err : 0;
}
