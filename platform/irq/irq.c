/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who handles which source, and which controller the machine has. A source that nobody handles is
 * switched off when it comes, since a level that stays up would never let the hart go on.
 *
 * A handler is entered before its source is enabled and stays in its slot until after it is
 * disabled. Sources are enabled and disabled under irq_lock; dispatch takes no lock.
 */
#include "platform/irq.h"

#include <errno.h>
#include <stdatomic.h>

#include "arch/csr.h"
#include "lib/component.h"
#include "platform/boot.h"
#include "platform/hart.h"
#include "platform/irq/chips.h"
#include "platform/lock.h"
#include "platform/log.h"
#include "platform/panic.h"

enum { N_SLOTS = 64 };

static struct slot {
	irq_handler *handler; /* NULL: free */
	void *context;
	unsigned hart; /* where it is routed, and so the only one that dispatches it */
} slots[N_SLOTS];

/* By source: its slot's number + 1, 0 for none. Written under irq_lock, read by anyone. */
static _Atomic uint8_t slot_of[IRQ_SOURCES];

static struct lock irq_lock = LOCK_INIT("irq", RANK_IRQ);
static const struct irqchip *chip;

static struct slot *free_slot(void)
{
	for (unsigned i = 0; i < N_SLOTS; i++)
		if (!slots[i].handler)
			return &slots[i];
	return NULL;
}

static int enable_locked(unsigned source, irq_handler *handler, void *context)
{
	struct slot *slot = free_slot();
	int err;

	if (!slot)
		return -ENOSPC;
	if (atomic_load_explicit(&slot_of[source], memory_order_relaxed))
		return -EINVAL;
	*slot = (struct slot){ .handler = handler, .context = context, .hart = hart_index };
	/* Release, against the acquire in irq_dispatch: who finds the slot finds it filled. */
	atomic_store_explicit(&slot_of[source], (uint8_t)(slot - slots + 1), memory_order_release);
	err = chip->enable(source);
	if (err) {
		atomic_store_explicit(&slot_of[source], 0, memory_order_relaxed);
		slot->handler = NULL;
	}
	return err;
}

int irq_enable(unsigned source, irq_handler *handler, void *context)
{
	int err;

	if (!chip)
		return -ENODEV;
	if (source == 0 || source >= IRQ_SOURCES)
		return -EINVAL;
	lock_take(&irq_lock);
	err = enable_locked(source, handler, context);
	lock_release(&irq_lock);
	return err;
}

void irq_disable(unsigned source)
{
	unsigned number;

	if (!chip || source == 0 || source >= IRQ_SOURCES)
		return;
	lock_take(&irq_lock);
	number = atomic_load_explicit(&slot_of[source], memory_order_relaxed);
	if (number) {
		/* There no dispatch can be under way, so the handler may go away after this. */
		CHECK(slots[number - 1].hart == hart_index);
		chip->disable(source);
		atomic_store_explicit(&slot_of[source], 0, memory_order_relaxed);
		slots[number - 1].handler = NULL;
	}
	lock_release(&irq_lock);
}

static void switch_off_unwanted(unsigned source)
{
	lock_take(&irq_lock);
	if (!atomic_load_explicit(&slot_of[source], memory_order_relaxed))
		chip->disable(source);
	lock_release(&irq_lock);
	log_info("irq: nobody handles source %u", source);
}

void irq_dispatch(unsigned source)
{
	unsigned number;

	if (source == 0 || source >= IRQ_SOURCES)
		return;
	number = atomic_load_explicit(&slot_of[source], memory_order_acquire);
	if (number)
		slots[number - 1].handler(slots[number - 1].context);
	else
		switch_off_unwanted(source);
}

void irqchip_handle(void)
{
	if (chip)
		chip->handle();
}

const char *irqchip_name(void)
{
	return chip ? chip->name : "none";
}

static const struct irqchip *attach(const struct machine *m)
{
	switch (m->irqchip) {
	case IRQCHIP_PLIC:
		return plic_attach(m);
	case IRQCHIP_APLIC:
		return aplic_attach(m);
	case IRQCHIP_APLIC_IMSIC:
		return imsic_attach(m);
	case IRQCHIP_NONE:
		break;
	}
	return NULL;
}

static void irqchip_init_hart(void)
{
	if (!chip)
		return;
	/* What is pending then ends a wait; sstatus.SIE stays off, so nothing traps. */
	if (chip->init_hart())
		csr_set(CSR_SIE, SIE_SEIE);
}

/* A machine without a controller, or with one that cannot be used, still runs: by polling. */
static int irqchip_init(void)
{
	chip = attach(&machine);
	if (!chip && machine.irqchip != IRQCHIP_NONE)
		log_notice("irq: the interrupt controller cannot be used");
	log_info("irq: %s", irqchip_name());
	return 0;
}

COMPONENT(irqchip, PHASE_IRQ, irqchip_init, irqchip_init_hart,
	  "the machine's interrupt controller");
