/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Inside the console: what the core (console.c), the drivers and the one who picks a driver
 * (probe.c) give each other. Outside, only platform/console.h and console_handle_irq count.
 *
 * Whoever calls a driver holds the console's drain lock, the owner of a crash excepted.
 */
#ifndef PLATFORM_CONSOLE_DRIVER_H
#define PLATFORM_CONSOLE_DRIVER_H

#include "lib/machine.h"
#include "platform/console.h"

/* The core: use this driver from now on. `interrupts`: console_handle_irq will be called, from poll
 * points of the boot hart, when the device has input or has the room that was asked for. Otherwise
 * neither interrupt is asked for, and input is looked for when somebody asks. */
void console_attach(const struct console_driver *driver, bool interrupts);
void console_handle_irq(void *unused);
bool console_has_interrupts(void);

/* On the boot hart: did input come since this was last asked? */
bool console_had_input(void);

/*
 * A driver for these registers. Interrupts of the device are off until they are asked for.
 */
const struct console_driver *ns16550_attach(const struct machine_uart *uart, volatile void *regs);
const struct console_driver *sifive_uart_attach(const struct machine_uart *uart,
						volatile void *regs);

/* Given by probe.c, so that the core needs neither CSR nor firmware: the driver that works from the
 * image's first instruction on, and a clock that does too. */
const struct console_driver *console_firmware_driver(void);
uint64_t console_now_ms(void);

#endif
