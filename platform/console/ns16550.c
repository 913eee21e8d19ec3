/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The 16550 and its descendants. Registers lie 1 << shift bytes apart and are accessed 1 or 4 bytes
 * wide. Speed and framing stay as the firmware left them, since it knows the board; only a divisor
 * of 0, which is no speed at all, is replaced, where the tree tells the clock.
 */
#include "arch/mmio.h"
#include "platform/console/driver.h"

enum {
	RBR = 0, /* read: a received byte */
	THR = 0, /* write: a byte to send */
	DLL = 0, /* with DLAB: divisor, low half */
	IER = 1,
	DLM = 1, /* with DLAB: divisor, high half */
	IIR = 2, /* read */
	FCR = 2, /* write */
	LCR = 3,
	MCR = 4,
	LSR = 5,
	USR = 31, /* DesignWare only */
};

#define IER_INPUT 0x01u
#define IER_ROOM  0x02u

#define IIR_ID         0x0fu
#define IIR_ID_BUSY    0x07u /* DesignWare: LCR was written while it was busy */
#define IIR_ID_TIMEOUT 0x0cu /* input has lain in the FIFO for a while */
#define IIR_HAS_FIFO   0xc0u

#define FCR_ENABLE    0x01u
#define FCR_TRIGGER_8 0x80u /* interrupt at 8 bytes of input, or after 4 characters of silence */

#define LCR_8N1  0x03u
#define LCR_DLAB 0x80u

#define MCR_DTR  0x01u
#define MCR_RTS  0x02u
#define MCR_OUT2 0x08u /* lets interrupts out, on boards that still have that gate */

#define LSR_INPUT 0x01u
#define LSR_ROOM  0x20u /* with a FIFO: all of it is free */
#define LSR_IDLE  0x40u /* and the last bit is on the wire */

enum { FIFO_SIZE = 16, BAUD = 115200 };

static struct {
	volatile uint8_t *regs;
	unsigned shift;
	bool is_wide;   /* accesses of 4 bytes */
	unsigned burst; /* bytes that it takes when it says that there is room */
	uint8_t ier;
} uart;

static uint8_t get(unsigned reg)
{
	const volatile uint8_t *at = uart.regs + ((size_t)reg << uart.shift);

	return uart.is_wide ? (uint8_t)mmio_read32(at) : mmio_read8(at);
}

static void set(unsigned reg, uint8_t value)
{
	volatile uint8_t *at = uart.regs + ((size_t)reg << uart.shift);

	if (uart.is_wide)
		mmio_write32(at, value);
	else
		mmio_write8(at, value);
}

static size_t ns16550_write(const char *bytes, size_t n)
{
	if (!(get(LSR) & LSR_ROOM))
		return 0;
	if (n > uart.burst)
		n = uart.burst;
	for (size_t i = 0; i < n; i++)
		set(THR, (uint8_t)bytes[i]);
	return n;
}

/*
 * Interrupts that are there without input, seen on DesignWare: a timeout whose byte is gone ends
 * with a read of RBR, "busy" with one of USR. Reading IIR also ends the interrupt for room; that
 * loses nothing, since who handles an interrupt looks for room next, and in polling it is off.
 */
static void calm_down(void)
{
	uint8_t id = get(IIR) & IIR_ID;

	if (id == IIR_ID_TIMEOUT && !(get(LSR) & LSR_INPUT))
		(void)get(RBR);
	else if (id == IIR_ID_BUSY)
		(void)get(USR);
}

static size_t ns16550_read(char *bytes, size_t n)
{
	size_t i;

	for (i = 0; i < n && (get(LSR) & LSR_INPUT); i++)
		bytes[i] = (char)get(RBR);
	if (i == 0)
		calm_down();
	return i;
}

static void want(uint8_t what, bool on)
{
	uart.ier = (uint8_t)(on ? uart.ier | what : uart.ier & ~what);
	set(IER, uart.ier);
}

static void ns16550_want_write_irq(bool on)
{
	want(IER_ROOM, on);
}

static void ns16550_want_read_irq(bool on)
{
	want(IER_INPUT, on);
}

static const struct console_driver driver = {
	.name = "ns16550",
	.write = ns16550_write,
	.read = ns16550_read,
	.want_write_irq = ns16550_want_write_irq,
	.want_read_irq = ns16550_want_read_irq,
};

/* DesignWare refuses LCR while it sends or receives, so wait a little, and believe only what
 * sticks. */
static void mend_divisor(uint32_t clock_hz)
{
	uint8_t framing = get(LCR) & (uint8_t)~LCR_DLAB;
	uint32_t divisor = (clock_hz + 8 * BAUD) / (16 * BAUD);

	for (unsigned i = 0; i < 100000 && !(get(LSR) & LSR_IDLE); i++)
		;
	set(LCR, LCR_DLAB | framing);
	if (!(get(LCR) & LCR_DLAB))
		return;
	if (get(DLL) == 0 && get(DLM) == 0 && divisor && divisor <= 0xffff) {
		set(DLL, (uint8_t)divisor);
		set(DLM, (uint8_t)(divisor >> 8));
		framing = LCR_8N1;
	}
	set(LCR, framing);
}

COLD const struct console_driver *ns16550_attach(const struct machine_uart *m, volatile void *regs)
{
	uart.regs = regs;
	uart.shift = m->reg_shift;
	uart.is_wide = m->reg_io_width == 4;
	uart.ier = 0;
	set(IER, 0);
	if (m->clock_hz)
		mend_divisor(m->clock_hz);
	set(MCR, MCR_DTR | MCR_RTS | MCR_OUT2);
	set(FCR, FCR_ENABLE | FCR_TRIGGER_8);
	uart.burst = (get(IIR) & IIR_HAS_FIFO) == IIR_HAS_FIFO ? FIFO_SIZE : 1;
	return &driver;
}
