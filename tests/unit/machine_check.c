/* SPDX-License-Identifier: BSD-2-Clause */
/* See machine_check.h. A promise is written as what must hold; its text is the answer. */
#include "tests/unit/machine_check.h"

#include <string.h>

#define PROMISE(cond)                                                                              \
	do {                                                                                       \
		if (!(cond))                                                                       \
			return #cond;                                                              \
	} while (0)

#define IS_TEXT(array) (memchr((array), '\0', sizeof(array)) != NULL)

static bool is_physical(struct hpa_range range)
{
	return range.at.v <= BIT(56) && range.size <= BIT(56) - range.at.v;
}

static const char *check_memory(const struct machine *m)
{
	PROMISE(m->n_banks >= 1 && m->n_banks <= MACHINE_BANKS);
	for (unsigned i = 0; i < m->n_banks; i++) {
		const struct hpa_range *bank = &m->banks[i];

		PROMISE(bank->size > 0 && is_physical(*bank));
		PROMISE(is_aligned(bank->at.v, PAGE_SIZE) && is_aligned(bank->size, PAGE_SIZE));
		PROMISE(!i || bank[-1].at.v + bank[-1].size < bank->at.v);
	}
	PROMISE(m->n_reserved <= MACHINE_RESERVED);
	for (unsigned i = 0; i < m->n_reserved; i++)
		PROMISE(m->reserved[i].size > 0 && is_physical(m->reserved[i]));
	PROMISE(is_physical(m->initrd));
	return NULL;
}

static const char *check_harts(const struct machine *m)
{
	const struct machine_hart *boot = machine_hart(m, m->boot_hart_id);

	PROMISE(m->n_harts >= 1 && m->n_harts <= MACHINE_HARTS);
	PROMISE(!m->n_harts_left_out || m->n_harts == MACHINE_HARTS);
	PROMISE(boot && boot->use == HART_USABLE);
	PROMISE(m->timebase_hz);
	for (unsigned i = 0; i < m->n_harts; i++) {
		const struct machine_hart *hart = &m->harts[i];

		PROMISE(machine_hart(m, hart->id) == hart);
		PROMISE(hart->use != HART_USABLE || hart->mmu >= MMU_SV39);
		PROMISE(hart->use != HART_USABLE || hart->isa.xlen == 64);
		PROMISE(!hart->cbom_block || is_power_of_two(hart->cbom_block));
		PROMISE(!hart->cboz_block || is_power_of_two(hart->cboz_block));
	}
	return NULL;
}

static const char *check_contexts(const struct machine *m,
				  const struct machine_irq_context *contexts, uint32_t n)
{
	PROMISE(n <= m->n_harts);
	for (uint32_t i = 0; i < n; i++) {
		PROMISE(machine_hart(m, contexts[i].hart_id));
		PROMISE(!i || contexts[i - 1].index < contexts[i].index);
		for (uint32_t j = 0; j < i; j++)
			PROMISE(contexts[j].hart_id != contexts[i].hart_id);
	}
	return NULL;
}

static const char *check_plic(const struct machine *m)
{
	const struct machine_plic *plic = &m->plic;

	PROMISE((m->irqchip == IRQCHIP_PLIC) == (plic->n_contexts > 0));
	if (m->irqchip != IRQCHIP_PLIC)
		return NULL;
	PROMISE(is_physical(plic->regs));
	PROMISE(plic->n_sources >= 1 && plic->n_sources <= 1023);
	PROMISE(plic->regs.size >=
		0x200000 + 0x1000ull * (plic->contexts[plic->n_contexts - 1].index + 1));
	return check_contexts(m, plic->contexts, plic->n_contexts);
}

static const char *check_aplic(const struct machine *m)
{
	const struct machine_aplic *aplic = &m->aplic;

	PROMISE((m->irqchip == IRQCHIP_APLIC) == (aplic->n_idcs > 0));
	if (!aplic->regs.size)
		return NULL;
	PROMISE(m->irqchip == IRQCHIP_APLIC || m->irqchip == IRQCHIP_APLIC_IMSIC);
	PROMISE(is_physical(aplic->regs) && aplic->regs.size >= 0x4000);
	PROMISE(aplic->n_sources >= 1 && aplic->n_sources <= 1023);
	PROMISE(!aplic->n_idcs ||
		aplic->regs.size >= 0x4000 + 32ull * (aplic->idcs[aplic->n_idcs - 1].index + 1));
	return check_contexts(m, aplic->idcs, aplic->n_idcs);
}

static const char *check_imsic(const struct machine *m)
{
	const struct machine_imsic *imsic = &m->imsic;

	PROMISE((m->irqchip == IRQCHIP_APLIC_IMSIC) == (imsic->n_files > 0));
	if (m->irqchip != IRQCHIP_APLIC_IMSIC)
		return NULL;
	PROMISE(imsic->n_regs >= 1 && imsic->n_regs <= ARRAY_LEN(imsic->regs));
	for (unsigned i = 0; i < imsic->n_regs; i++)
		PROMISE(is_physical(imsic->regs[i]) &&
			is_aligned(imsic->regs[i].at.v | imsic->regs[i].size, PAGE_SIZE));
	PROMISE(imsic->n_ids >= 63 && imsic->n_ids <= 2047);
	PROMISE(imsic->guest_index_bits <= 7 && imsic->hart_index_bits <= 15);
	PROMISE(imsic->group_index_bits <= 7 && imsic->group_index_shift <= 55);
	return check_contexts(m, imsic->files, imsic->n_files);
}

static const char *check_devices(const struct machine *m)
{
	const struct machine_uart *uart = &m->uart;

	PROMISE(is_physical(m->test_device));
	PROMISE(IS_TEXT(uart->path));
	if (uart->kind == UART_NONE)
		return NULL;
	PROMISE(is_physical(uart->regs) && uart->path[0] == '/');
	PROMISE(uart->reg_shift <= 4 || uart->kind == UART_SIFIVE);
	PROMISE(uart->kind == UART_SIFIVE || uart->regs.size >= 8ull << uart->reg_shift);
	PROMISE(!uart->irq || m->irqchip != IRQCHIP_NONE);
	return NULL;
}

static const char *check_chosen(const struct machine *m, size_t size)
{
	PROMISE(IS_TEXT(m->model) && IS_TEXT(m->compatible) && IS_TEXT(m->bootargs));
	PROMISE(m->rng_seed_size <= MACHINE_SEED && m->rng_seed_size <= m->rng_seed_whole);
	PROMISE(m->rng_seed_offset <= size && m->rng_seed_whole <= size - m->rng_seed_offset);
	return NULL;
}

const char *machine_broken_promise(const struct machine *m, size_t size)
{
	const char *broken = check_memory(m);

	if (!broken)
		broken = check_harts(m);
	if (!broken)
		broken = check_plic(m);
	if (!broken)
		broken = check_aplic(m);
	if (!broken)
		broken = check_imsic(m);
	if (!broken)
		broken = check_devices(m);
	return broken ? broken : check_chosen(m, size);
}
