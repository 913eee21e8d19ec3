/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Inside the interrupt controllers: what irq.c and the drivers give each other.
 *
 * A driver's enable and disable are called under one lock, by irq.c. Its init_hart may be called
 * more than once on a hart.
 */
#ifndef PLATFORM_IRQ_CHIPS_H
#define PLATFORM_IRQ_CHIPS_H

#include "lib/machine.h"
#include "platform/irq.h"

enum { IRQ_SOURCES = 1024 }; /* PLIC and APLIC number theirs from 1 to 1023 */

/* Each takes the controller over: all sources off. NULL where it cannot be used. */
const struct irqchip *plic_attach(const struct machine *m);
const struct irqchip *aplic_attach(const struct machine *m); /* delivers by itself */
const struct irqchip *imsic_attach(const struct machine *m); /* delivers what an APLIC forwards */

/* Everything pending on this hart; for poll points. */
void irqchip_handle(void);

/* The APLIC as a forwarder of wired interrupts, for the IMSIC's driver. Forward `source` as message
 * `id` to a hart's S file: -EINVAL where this domain has no such source. */
MUST_CHECK bool aplic_attach_forwarding(const struct machine *m);
MUST_CHECK int aplic_forward(unsigned source, unsigned hart_number, unsigned id);
void aplic_stop_forwarding(unsigned source);
/* Its message has been handled: if its line is still up, send another. */
void aplic_forwarded_one_is_done(unsigned source);

/* Where a hart's S-mode interrupt file is. */
struct imsic_file {
	struct hpa at;        /* writing an id to this page's first word raises it there */
	unsigned hart_number; /* how an APLIC names the hart: its group's number above its own */
};

/* False where the machine describes no file for that hart, or one outside the controller's pages.
 */
MUST_CHECK bool imsic_file_of(const struct machine_imsic *imsic, uint64_t hart_id,
			      struct imsic_file *file);

/* The index that the tree gives to a hart in such a list, or -1. */
static inline int irq_context_of(const struct machine_irq_context *contexts, unsigned n,
				 uint64_t id)
{
	for (unsigned i = 0; i < n && i < MACHINE_HARTS; i++)
		if (contexts[i].hart_id == id)
			return (int)contexts[i].index;
	return -1;
}

#endif
