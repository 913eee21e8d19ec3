/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SiFive's UART: 32-bit registers, FIFOs of 8 each way, interrupts that stay up while a FIFO is on
 * the wanted side of its watermark. Speed stays as the firmware left it.
 */
#include "arch/mmio.h"
#include "platform/console/driver.h"

enum {
	TXDATA = 0x00,
	RXDATA = 0x04,
	TXCTRL = 0x08,
	RXCTRL = 0x0c,
	IE = 0x10,
};

#define TXDATA_FULL  BIT(31)
#define RXDATA_EMPTY BIT(31)
#define CTRL_ENABLE  BIT(0)
#define CTRL_MARK    MASK(18, 16)
#define IE_ROOM      BIT(0) /* fewer bytes to send than TXCTRL's mark */
#define IE_INPUT     BIT(1) /* more bytes received than RXCTRL's mark */

static volatile uint8_t *uart;

static size_t sifive_uart_write(const char *bytes, size_t n)
{
	size_t i;

	for (i = 0; i < n && !(mmio_read32(uart + TXDATA) & TXDATA_FULL); i++)
		mmio_write32(uart + TXDATA, (uint8_t)bytes[i]);
	return i;
}

static size_t sifive_uart_read(char *bytes, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		uint32_t data = mmio_read32(uart + RXDATA); /* takes the byte that it shows */

		if (data & RXDATA_EMPTY)
			break;
		bytes[i] = (char)(data & 0xff);
	}
	return i;
}

static void want(uint64_t what, bool on)
{
	uint32_t others = mmio_read32(uart + IE) & ~(uint32_t)what;

	mmio_write32(uart + IE, (uint32_t)(others | (on ? what : 0)));
}

static void sifive_uart_want_write_irq(bool on)
{
	want(IE_ROOM, on);
}

static void sifive_uart_want_read_irq(bool on)
{
	want(IE_INPUT, on);
}

static const struct console_driver driver = {
	.name = "sifive-uart",
	.write = sifive_uart_write,
	.read = sifive_uart_read,
	.want_write_irq = sifive_uart_want_write_irq,
	.want_read_irq = sifive_uart_want_read_irq,
};

/* Switch a direction on and set its watermark; the rest of the register (stop bits) stays. */
static void set_control(unsigned reg, unsigned mark)
{
	uint32_t other = mmio_read32(uart + reg) & ~(uint32_t)CTRL_MARK;

	mmio_write32(uart + reg, (uint32_t)(other | CTRL_ENABLE | field_put(CTRL_MARK, mark)));
}

const struct console_driver *sifive_uart_attach(const struct machine_uart *m, volatile void *regs)
{
	(void)m;
	uart = regs;
	mmio_write32(uart + IE, 0);
	set_control(TXCTRL, 4); /* room is worth an interrupt when half of the FIFO is free */
	set_control(RXCTRL, 0); /* input always is */
	return &driver;
}
