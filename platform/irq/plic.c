/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The PLIC. A source is enabled in one context, that of the hart which enabled it, with priority 1;
 * all others have priority 0, which is "never". Reading a context's claim register takes a source,
 * writing it back completes it, and only then can the source come again.
 */
#include <errno.h>

#include "arch/mmio.h"
#include "platform/boot.h"
#include "platform/hart.h"
#include "platform/irq/chips.h"
#include "platform/mmu.h"

enum {
	PRIORITY = 0,       /* 4 bytes a source */
	ENABLE = 0x2000,    /* a bit a source, in words of 32 */
	ENABLE_STEP = 0x80, /* a context */
	CONTEXT = 0x200000,
	CONTEXT_STEP = 0x1000,
	THRESHOLD = 0, /* in a context */
	CLAIM = 4,
};

static volatile uint8_t *plic;
static unsigned n_sources; /* they are 1 .. n_sources */

/* By source: the context that it is enabled in, + 1; 0 for none. Under irq.c's lock. */
static uint16_t routed_to[IRQ_SOURCES];

static PER_HART bool can_receive;
static PER_HART unsigned context; /* this hart's, if it can receive */

static volatile void *priority_of(unsigned source)
{
	return plic + PRIORITY + 4 * (size_t)source;
}

static volatile void *enable_word(unsigned of_context, unsigned source)
{
	return plic + ENABLE + (size_t)ENABLE_STEP * of_context + 4 * (size_t)(source / 32);
}

static volatile void *context_register(unsigned of_context, unsigned reg)
{
	return plic + CONTEXT + (size_t)CONTEXT_STEP * of_context + reg;
}

static void plic_disable(unsigned source)
{
	volatile void *word;

	if (source > n_sources || !routed_to[source])
		return;
	word = enable_word(routed_to[source] - 1u, source);
	mmio_write32(priority_of(source), 0);
	mmio_write32(word, mmio_read32(word) & ~(1u << source % 32));
	routed_to[source] = 0;
}

static int plic_enable(unsigned source)
{
	volatile void *word;

	if (!can_receive)
		return -ENODEV;
	if (source > n_sources)
		return -EINVAL;
	plic_disable(source);
	word = enable_word(context, source);
	mmio_write32(word, mmio_read32(word) | 1u << source % 32);
	/*
	 * Whoever had the source before may have claimed it and never completed it: a handler that
	 * disabled its own source (a completion for a source that is not enabled is ignored), or
	 * another program before us. Complete it now, while its priority still keeps it away.
	 */
	mmio_write32(context_register(context, CLAIM), source);
	mmio_write32(priority_of(source), 1);
	routed_to[source] = (uint16_t)(context + 1);
	return 0;
}

static void plic_handle(void)
{
	volatile void *claim;
	uint32_t source;

	if (!can_receive)
		return;
	claim = context_register(context, CLAIM);
	while ((source = mmio_read32(claim)) != 0) {
		mmio_fence_read_then_memory();
		irq_dispatch(source);
		/* The device has been told to lower its line before the PLIC looks at it again. */
		mmio_fence_all_then_device();
		mmio_write32(claim, source);
	}
}

static bool plic_init_hart(void)
{
	int index = irq_context_of(machine.plic.contexts, machine.plic.n_contexts, hart_id);

	can_receive = index >= 0;
	if (!can_receive)
		return false;
	context = (unsigned)index;
	for (unsigned source = 0; source <= n_sources; source += 32)
		mmio_write32(enable_word(context, source), 0);
	mmio_write32(context_register(context, THRESHOLD), 0);
	return true;
}

static const struct irqchip chip = {
	.name = "plic",
	.init_hart = plic_init_hart,
	.enable = plic_enable,
	.disable = plic_disable,
	.handle = plic_handle,
};

/* The controllers' areas are generous (64 MiB); only what our contexts need is mapped. */
static uint64_t size_needed(const struct machine_plic *m)
{
	uint64_t n_contexts = 0;

	for (unsigned i = 0; i < m->n_contexts && i < MACHINE_HARTS; i++)
		if (m->contexts[i].index >= n_contexts)
			n_contexts = (uint64_t)m->contexts[i].index + 1;
	return CONTEXT + CONTEXT_STEP * n_contexts;
}

const struct irqchip *plic_attach(const struct machine *m)
{
	uint64_t size = size_needed(&m->plic);

	if (m->plic.n_contexts == 0 || size > m->plic.regs.size)
		return NULL;
	plic = mmu_map_device(m->plic.regs.at, size);
	if (!plic)
		return NULL;
	n_sources = m->plic.n_sources < IRQ_SOURCES ? m->plic.n_sources : IRQ_SOURCES - 1;
	for (unsigned source = 1; source <= n_sources; source++)
		mmio_write32(priority_of(source), 0);
	return &chip;
}
