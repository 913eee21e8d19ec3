/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The APLIC's domain for S-mode, as the AIA specification gives it. It delivers wired interrupts in
 * one of two ways: through an interrupt delivery control (IDC) of each hart, or forwarded as
 * messages to the harts' IMSIC files. The firmware has delegated sources to this domain; one that
 * is not ours has a sourcecfg that stays 0. Wired sources are taken as active-high levels, which is
 * what UARts and virtio devices on this bus are.
 *
 * Where messages go is fixed by the firmware, in registers of the root domain that S-mode may not
 * write; a target says only which hart and which id.
 */
#include <errno.h>

#include "arch/mmio.h"
#include "platform/boot.h"
#include "platform/hart.h"
#include "platform/irq/chips.h"
#include "platform/mmu.h"

enum {
	DOMAINCFG = 0x0000,
	SOURCECFG = 0x0004, /* of source 1; 4 bytes a source */
	IN_CLRIP = 0x1d00,  /* read: the lines as they are, in words of 32 */
	CLRIP = 0x1d00,     /* written: bits to clear */
	SETIPNUM = 0x1cdc,
	CLRIPNUM = 0x1ddc,
	SETIENUM = 0x1edc,
	CLRIE = 0x1f00,
	CLRIENUM = 0x1fdc,
	TARGET = 0x3004, /* of source 1; 4 bytes a source */
	IDC = 0x4000,
	IDC_STEP = 0x20,
	IDELIVERY = 0x00, /* in an IDC */
	ITHRESHOLD = 0x08,
	CLAIMI = 0x1c,
};

#define DOMAINCFG_IE      BIT(8)
#define DOMAINCFG_MESSAGE BIT(2)
#define SOURCECFG_HIGH    6u
#define TARGET_HART       MASK(31, 18)
#define TARGET_PRIORITY   MASK(7, 0)
#define TARGET_ID         MASK(10, 0)
#define CLAIMI_SOURCE     MASK(25, 16)

static volatile uint8_t *aplic;
static uint64_t size;
static unsigned n_sources; /* they are 1 .. n_sources */

static PER_HART bool can_receive;
static PER_HART unsigned idc_index; /* this hart's, if it can receive */

static volatile void *of_source(unsigned first, unsigned source)
{
	return aplic + first + 4 * (size_t)(source - 1);
}

static volatile void *idc_register(unsigned reg)
{
	return aplic + IDC + (size_t)IDC_STEP * idc_index + reg;
}

static void stop_source(unsigned source)
{
	if (source > n_sources)
		return;
	mmio_write32(aplic + CLRIENUM, source);
	mmio_write32(of_source(SOURCECFG, source), 0);
}

static int start_source(unsigned source, uint32_t target)
{
	if (source > n_sources)
		return -EINVAL;
	stop_source(source);
	mmio_write32(of_source(SOURCECFG, source), SOURCECFG_HIGH);
	if (mmio_read32(of_source(SOURCECFG, source)) != SOURCECFG_HIGH)
		return -EINVAL;
	mmio_write32(of_source(TARGET, source), target);
	mmio_write32(aplic + SETIENUM, source);
	return 0;
}

static bool line_is_up(unsigned source)
{
	return mmio_read32(aplic + IN_CLRIP + 4 * (size_t)(source / 32)) >> source % 32 & 1;
}

/* Take the domain over with all sources off, delivering in the one way or the other. */
static bool attach_domain(const struct machine_aplic *m, bool by_message)
{
	uint32_t config = (uint32_t)(DOMAINCFG_IE | (by_message ? DOMAINCFG_MESSAGE : 0));

	size = m->regs.size;
	if (size < IDC)
		return false;
	aplic = mmu_map_device(m->regs.at, size);
	if (!aplic)
		return false;
	n_sources = m->n_sources < IRQ_SOURCES ? m->n_sources : IRQ_SOURCES - 1;
	mmio_write32(aplic + DOMAINCFG, 0);
	for (unsigned source = 0; source <= n_sources; source += 32)
		mmio_write32(aplic + CLRIE + 4 * (size_t)(source / 32), ~0u);
	for (unsigned source = 1; source <= n_sources; source++)
		mmio_write32(of_source(SOURCECFG, source), 0);
	mmio_write32(aplic + DOMAINCFG, config);
	/* A domain may know only one way; then the bit does not take. */
	return (mmio_read32(aplic + DOMAINCFG) & (DOMAINCFG_IE | DOMAINCFG_MESSAGE)) == config;
}

bool aplic_attach_forwarding(const struct machine *m)
{
	return attach_domain(&m->aplic, true);
}

int aplic_forward(unsigned source, unsigned hart_number, unsigned id)
{
	return start_source(
		source, (uint32_t)(field_put(TARGET_HART, hart_number) | field_put(TARGET_ID, id)));
}

void aplic_stop_forwarding(unsigned source)
{
	stop_source(source);
}

/*
 * A message is sent when the line rises, and forgets the line. Where it is still up after the
 * handler there will be no rise, so ask for another message. The line is looked at first: the
 * specification has setipnum ignored while a line is low, but QEMU up to 8.2 takes it, and then
 * never ends.
 */
void aplic_forwarded_one_is_done(unsigned source)
{
	mmio_fence_all_then_device();
	if (source <= n_sources && line_is_up(source))
		mmio_write32(aplic + SETIPNUM, source);
}

static int aplic_enable(unsigned source)
{
	if (!can_receive)
		return -ENODEV;
	return start_source(source, (uint32_t)(field_put(TARGET_HART, idc_index) |
					       field_put(TARGET_PRIORITY, 1)));
}

/* Claiming takes nothing away from a level: its pending bit is its line, so there is no completion.
 */
static void aplic_handle(void)
{
	uint32_t source;

	if (!can_receive)
		return;
	while ((source = (uint32_t)field_get(CLAIMI_SOURCE, mmio_read32(idc_register(CLAIMI))))) {
		mmio_fence_read_then_memory();
		irq_dispatch(source);
		/* The device has been told to lower its line before the next claim. */
		mmio_fence_all_then_device();
	}
}

static bool aplic_init_hart(void)
{
	int index = irq_context_of(machine.aplic.idcs, machine.aplic.n_idcs, hart_id);

	can_receive = index >= 0 && IDC + IDC_STEP * ((uint64_t)index + 1) <= size;
	if (!can_receive)
		return false;
	idc_index = (unsigned)index;
	mmio_write32(idc_register(ITHRESHOLD), 0); /* 0: no threshold */
	mmio_write32(idc_register(IDELIVERY), 1);
	return true;
}

static const struct irqchip chip = {
	.name = "aplic",
	.init_hart = aplic_init_hart,
	.enable = aplic_enable,
	.disable = stop_source,
	.handle = aplic_handle,
};

const struct irqchip *aplic_attach(const struct machine *m)
{
	return attach_domain(&m->aplic, false) ? &chip : NULL;
}
