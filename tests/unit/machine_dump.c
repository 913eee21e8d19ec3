/* SPDX-License-Identifier: BSD-2-Clause */
/* See machine_dump.h. One fact a line, so that a difference shows what changed. */
#include "tests/unit/machine_dump.h"

#include <inttypes.h>

static void dump_range(FILE *out, const char *name, struct hpa_range range)
{
	fprintf(out, "%s %#" PRIx64 " +%#" PRIx64 "\n", name, range.at.v, range.size);
}

static void dump_left_out(FILE *out, const char *what, uint32_t n)
{
	if (n)
		fprintf(out, "%s left out: %u\n", what, n);
}

static void dump_memory(FILE *out, const struct machine *m)
{
	for (unsigned i = 0; i < m->n_banks; i++)
		dump_range(out, "bank", m->banks[i]);
	dump_left_out(out, "banks", m->n_banks_left_out);
	for (unsigned i = 0; i < m->n_reserved; i++)
		dump_range(out, "reserved", m->reserved[i]);
	if (m->initrd.size)
		dump_range(out, "initrd", m->initrd);
}

static void dump_harts(FILE *out, const struct machine *m)
{
	char isa[1024];

	fprintf(out, "boot hart %" PRIu64 "\ntimebase %u Hz\n", m->boot_hart_id, m->timebase_hz);
	for (unsigned i = 0; i < m->n_harts; i++) {
		const struct machine_hart *hart = &m->harts[i];

		isa_text(&hart->isa, isa, sizeof(isa));
		fprintf(out, "hart %" PRIu64 ": %s, %s, cbom %u, cboz %u, %s\n", hart->id,
			hart_use_text(hart->use), mmu_type_text(hart->mmu), hart->cbom_block,
			hart->cboz_block, isa);
	}
	dump_left_out(out, "harts", m->n_harts_left_out);
}

static void dump_uart(FILE *out, const struct machine_uart *uart)
{
	static const char *const kinds[] = {
		[UART_NONE] = "none", [UART_NS16550] = "ns16550", [UART_SIFIVE] = "sifive"
	};

	fprintf(out, "uart %s\n", kinds[uart->kind]);
	if (uart->kind == UART_NONE)
		return;
	fprintf(out, "uart path %s\n", uart->path);
	dump_range(out, "uart regs", uart->regs);
	fprintf(out, "uart shift %u, width %u, clock %u Hz, irq %u\n", uart->reg_shift,
		uart->reg_io_width, uart->clock_hz, uart->irq);
}

static void dump_contexts(FILE *out, const char *name, const struct machine_irq_context *contexts,
			  uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		fprintf(out, "%s %u: hart %" PRIu64 "\n", name, contexts[i].index,
			contexts[i].hart_id);
}

static void dump_plic(FILE *out, const struct machine_plic *plic)
{
	dump_range(out, "plic regs", plic->regs);
	fprintf(out, "plic sources %u\n", plic->n_sources);
	dump_contexts(out, "plic context", plic->contexts, plic->n_contexts);
}

static void dump_aplic(FILE *out, const struct machine_aplic *aplic)
{
	dump_range(out, "aplic regs", aplic->regs);
	fprintf(out, "aplic sources %u\n", aplic->n_sources);
	dump_contexts(out, "aplic idc", aplic->idcs, aplic->n_idcs);
}

static void dump_imsic(FILE *out, const struct machine_imsic *imsic)
{
	for (unsigned i = 0; i < imsic->n_regs; i++)
		dump_range(out, "imsic regs", imsic->regs[i]);
	fprintf(out, "imsic ids %u, guest bits %u, hart bits %u, group bits %u at %u\n",
		imsic->n_ids, imsic->guest_index_bits, imsic->hart_index_bits,
		imsic->group_index_bits, imsic->group_index_shift);
	dump_contexts(out, "imsic file", imsic->files, imsic->n_files);
}

static void dump_irqchip(FILE *out, const struct machine *m)
{
	static const char *const kinds[] = { [IRQCHIP_NONE] = "none",
					     [IRQCHIP_PLIC] = "plic",
					     [IRQCHIP_APLIC] = "aplic",
					     [IRQCHIP_APLIC_IMSIC] = "aplic and imsic" };

	fprintf(out, "irqchip %s\n", kinds[m->irqchip]);
	if (m->plic.regs.size)
		dump_plic(out, &m->plic);
	if (m->aplic.regs.size)
		dump_aplic(out, &m->aplic);
	if (m->imsic.n_regs)
		dump_imsic(out, &m->imsic);
	dump_left_out(out, "irqchips", m->n_irqchips_left_out);
}

void machine_dump(FILE *out, const struct machine *m)
{
	fprintf(out, "model %s\ncompatible %s\n", m->model, m->compatible);
	dump_memory(out, m);
	dump_harts(out, m);
	dump_uart(out, &m->uart);
	dump_irqchip(out, m);
	if (m->test_device.size)
		dump_range(out, "test device", m->test_device);
	fprintf(out, "bootargs \"%s\"\n", m->bootargs);
	fprintf(out, "seed %u of %u bytes\n", m->rng_seed_size, m->rng_seed_whole);
}
