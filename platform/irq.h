/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interrupts of the host. The hypervisor's own code runs with interrupts off; what is pending is
 * looked at in poll points: the idle loop, and the exit of a vCPU for an interrupt. So a handler
 * never runs inside other code, and needs no more locking than a function that another hart may
 * call.
 */
#ifndef PLATFORM_IRQ_H
#define PLATFORM_IRQ_H

#include "arch/bits.h"

typedef void irq_handler(void *context);

/* Handle everything that is pending on this hart now: timer, IPI, external. */
void irq_poll(void);

/* Sleep until an interrupt is pending, unless one is already; does not handle it. */
void irq_wait(void);

/* Route wired interrupt `source` of the machine's controller to this hart and call `handler` from
 * poll points there. -ENODEV: no controller, or no path to this hart; -EINVAL: no such source;
 * -ENOSPC. */
MUST_CHECK int irq_enable(unsigned source, irq_handler *handler, void *context);
/* On the hart that enabled it. Afterwards its handler is not called any more. */
void irq_disable(unsigned source);

/* What a controller's driver offers (platform/irq/: plic.c, aplic.c, imsic.c). */
struct irqchip {
	const char *name;
	bool (*init_hart)(void);        /* make this hart able to receive; false: it is not */
	int (*enable)(unsigned source); /* route to this hart; 0 or -errno */
	void (*disable)(unsigned source);
	void (*handle)(
		void); /* claim, dispatch through irq_dispatch, complete, until none is left */
};

/* Called by a controller's driver with the source that it claimed. */
void irq_dispatch(unsigned source);

const char *irqchip_name(void);

#endif
