/* SPDX-License-Identifier: BSD-2-Clause */
/* Which driver the console uses: the machine's UART if we know its kind, else the firmware. */
#include "arch/csr.h"
#include "lib/component.h"
#include "platform/boot.h"
#include "platform/console/driver.h"
#include "platform/irq.h"
#include "platform/log.h"
#include "platform/mmu.h"
#include "platform/option.h"

enum { CONSOLE_AUTO, CONSOLE_UART, CONSOLE_SBI };

static unsigned choice = CONSOLE_AUTO;
OPTION_CHOICE(console, console, choice, "auto uart sbi",
	      "what carries the console; auto: the UART if known");

uint64_t console_now_ms(void)
{
	/* Before the tree is read there is no timebase; a common one keeps a deadline a deadline.
	 */
	uint64_t per_ms = machine.timebase_hz >= 1000 ? machine.timebase_hz / 1000 : 10000;

	return csr_read(CSR_TIME) / per_ms;
}

static const struct console_driver *uart_driver(const struct machine_uart *uart)
{
	volatile void *regs;

	if (uart->kind == UART_NONE)
		return NULL;
	regs = mmu_map_device(uart->regs.at, uart->regs.size);
	if (!regs)
		return NULL;
	return uart->kind == UART_SIFIVE ? sifive_uart_attach(uart, regs)
					 : ns16550_attach(uart, regs);
}

static int console_init(void)
{
	const struct machine_uart *uart = &machine.uart;
	const struct console_driver *driver = choice == CONSOLE_SBI ? NULL : uart_driver(uart);
	bool interrupts = driver && uart->irq && !irq_enable(uart->irq, console_handle_irq, NULL);

	if (!driver) {
		if (choice == CONSOLE_UART)
			log_notice("console: no UART that we know, using the firmware");
		driver = console_firmware_driver();
	}
	console_attach(driver, interrupts);
	log_info("console: %s, %s", driver->name, interrupts ? "by interrupt" : "polled");
	return 0;
}

COMPONENT(console, PHASE_CONSOLE, console_init, NULL, "what users read and type");
