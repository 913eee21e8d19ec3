/* SPDX-License-Identifier: BSD-2-Clause */
/* The 16550's driver against a model of the device: FIFOs, divisor latch, interrupt identification.
 */
#include <string.h>

#include "arch/mmio.h"
#include "platform/console/driver.h"
#include "tests/kit/kit.h"

enum { FIFO = 16 };

static uint8_t registers[1024]; /* only its addresses are used */

static struct {
	unsigned shift, width;
	bool has_fifo, refuses_lcr;
	uint8_t ier, fcr, lcr, mcr, dll, dlm;
	char sent[256];
	size_t n_sent, n_in_fifo; /* the FIFO of output drains when a test says so */
	char input[64];
	size_t n_input;
	uint8_t odd_interrupt; /* an identification that is there without input */
} model;

static unsigned register_at(const volatile void *at, unsigned width)
{
	size_t offset = (size_t)((const volatile uint8_t *)at - registers);

	EXPECT_EQ(width, model.width);
	EXPECT_EQ(offset & ((1u << model.shift) - 1), 0);
	return (unsigned)(offset >> model.shift);
}

static uint8_t receive(void)
{
	uint8_t byte = 0;

	if (model.odd_interrupt == 0xc)
		model.odd_interrupt = 0;
	if (model.n_input) {
		byte = (uint8_t)model.input[0];
		memmove(model.input, model.input + 1, --model.n_input);
	}
	return byte;
}

static uint8_t identification(void)
{
	uint8_t fifo = model.has_fifo && (model.fcr & 1) ? 0xc0 : 0;

	return fifo | (model.odd_interrupt ? model.odd_interrupt : 1);
}

uint32_t mmio_model_read(const volatile void *at, unsigned width)
{
	bool latch = model.lcr & 0x80;

	switch (register_at(at, width)) {
	case 0:
		return latch ? model.dll : receive();
	case 1:
		return latch ? model.dlm : model.ier;
	case 2:
		return identification();
	case 3:
		return model.lcr;
	case 5:
		return (model.n_input ? 1u : 0) | (model.n_in_fifo ? 0 : 0x60u);
	case 31:
		if (model.odd_interrupt == 7)
			model.odd_interrupt = 0;
		return 0;
	default:
		EXPECT(!"a register that the driver has no business with");
		return 0;
	}
}

static void send(uint8_t byte)
{
	EXPECT(model.n_in_fifo < (model.has_fifo && (model.fcr & 1) ? FIFO : 1));
	model.n_in_fifo++;
	model.sent[model.n_sent++] = (char)byte;
}

void mmio_model_write(volatile void *at, unsigned width, uint32_t value)
{
	bool latch = model.lcr & 0x80;
	uint8_t byte = (uint8_t)value;

	EXPECT_EQ(value, byte);
	switch (register_at(at, width)) {
	case 0:
		if (latch)
			model.dll = byte;
		else
			send(byte);
		break;
	case 1:
		*(latch ? &model.dlm : &model.ier) = byte;
		break;
	case 2:
		model.fcr = byte;
		break;
	case 3:
		if (!model.refuses_lcr)
			model.lcr = byte;
		break;
	case 4:
		model.mcr = byte;
		break;
	default:
		EXPECT(!"a register that the driver has no business with");
	}
}

/* A UART as firmware leaves it: 8N1, FIFOs off, all interrupts on, for the worse. */
static const struct console_driver *attach(unsigned shift, unsigned width, uint32_t clock_hz)
{
	struct machine_uart uart = {
		.kind = UART_NS16550,
		.reg_shift = shift,
		.reg_io_width = width,
		.clock_hz = clock_hz,
	};

	model.shift = shift;
	model.width = width;
	model.lcr = 3;
	model.ier = 0xf;
	return ns16550_attach(&uart, registers);
}

static void fresh_model(void)
{
	memset(&model, 0, sizeof(model));
	model.has_fifo = true;
	model.dll = 13;
}

TEST(ns16550, fills_an_empty_fifo_and_waits_for_the_next)
{
	const struct console_driver *d;

	fresh_model();
	d = attach(0, 1, 0);
	EXPECT_EQ(d->write("0123456789abcdefghij", 20), FIFO);
	EXPECT_EQ(d->write("ghij", 4), 0);
	model.n_in_fifo = 3; /* not empty: the device does not say how much is free */
	EXPECT_EQ(d->write("ghij", 4), 0);
	model.n_in_fifo = 0;
	EXPECT_EQ(d->write("ghij", 4), 4);
	EXPECT_STR(model.sent, "0123456789abcdefghij");
}

TEST(ns16550, gives_a_device_without_fifo_one_byte_at_a_time)
{
	const struct console_driver *d;

	fresh_model();
	model.has_fifo = false;
	d = attach(0, 1, 0);
	EXPECT_EQ(d->write("ab", 2), 1);
	EXPECT_EQ(d->write("b", 1), 0);
}

TEST(ns16550, spaces_and_sizes_its_accesses_as_the_tree_says)
{
	char got[4] = "";
	const struct console_driver *d;

	fresh_model(); /* the model checks every access */
	d = attach(2, 4, 24000000);
	EXPECT_EQ(d->write("\xff", 1), 1);
	memcpy(model.input, "\xfez", 2);
	model.n_input = 2;
	EXPECT_EQ(d->read(got, 4), 2);
	EXPECT_STR(got, "\xfez");
	fresh_model();
	d = attach(2, 1, 24000000);
	EXPECT_EQ(d->write("x", 1), 1);
}

TEST(ns16550, interrupts_for_input_and_for_room_as_asked)
{
	const struct console_driver *d;

	fresh_model();
	d = attach(0, 1, 0);
	EXPECT_EQ(model.ier, 0);
	d->want_write_irq(false);
	EXPECT_EQ(model.ier, 0);
	d->want_read_irq(true);
	EXPECT_EQ(model.ier, 1);
	d->want_write_irq(true);
	EXPECT_EQ(model.ier, 3);
	d->want_read_irq(false);
	EXPECT_EQ(model.ier, 2);
	d->want_write_irq(false);
	EXPECT_EQ(model.ier, 0);
}

TEST(ns16550, takes_what_fits_and_leaves_the_rest)
{
	char got[4] = "";
	const struct console_driver *d;

	fresh_model();
	d = attach(0, 1, 0);
	memcpy(model.input, "abcde", 5);
	model.n_input = 5;
	EXPECT_EQ(d->read(got, 3), 3);
	EXPECT_STR(got, "abc");
	EXPECT_EQ(d->read(got, 3), 2);
	EXPECT_EQ(d->read(got, 3), 0);
}

TEST(ns16550, ends_interrupts_that_bring_nothing)
{
	char got[4];
	const struct console_driver *d;

	fresh_model();
	d = attach(2, 4, 0);
	model.odd_interrupt = 0xc;
	EXPECT_EQ(d->read(got, 4), 0);
	EXPECT_EQ(model.odd_interrupt, 0);
	model.odd_interrupt = 7;
	EXPECT_EQ(d->read(got, 4), 0);
	EXPECT_EQ(model.odd_interrupt, 0);
}

TEST(ns16550, keeps_the_firmwares_speed)
{
	fresh_model();
	model.dll = 12;
	(void)attach(0, 1, 3686400);
	EXPECT_EQ(model.dll, 12);
	EXPECT_EQ(model.lcr, 3);
	EXPECT_EQ(model.mcr & 3, 3);
}

TEST(ns16550, mends_a_divisor_of_zero_where_the_clock_is_known)
{
	fresh_model();
	model.dll = 0;
	(void)attach(0, 1, 0);
	EXPECT_EQ(model.dll, 0);
	(void)attach(0, 1, 3686400);
	EXPECT_EQ(model.dll, 2);
	EXPECT_EQ(model.dlm, 0);
	EXPECT_EQ(model.lcr, 3);
}

/* Else the "divisor" that it reads would be somebody's input. */
TEST(ns16550, leaves_a_device_alone_that_refuses_the_divisor_latch)
{
	fresh_model();
	model.dll = 0;
	model.refuses_lcr = true;
	model.input[0] = 'k';
	model.n_input = 1;
	(void)attach(0, 1, 3686400);
	EXPECT_EQ(model.n_input, 1);
	EXPECT_EQ(model.n_sent, 0);
	EXPECT_EQ(model.dll, 0);
}
