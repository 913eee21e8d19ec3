/* SPDX-License-Identifier: BSD-2-Clause */
/* SiFive's UART against a model: FIFOs of 8, watermarks, what is pending. */
#include <string.h>

#include "arch/mmio.h"
#include "platform/console/driver.h"
#include "tests/kit/kit.h"

enum { FIFO = 8 };

static uint8_t registers[0x1c]; /* only its addresses are used */

static struct {
	uint32_t txctrl, rxctrl, ie;
	char sent[64], input[64];
	size_t n_sent, n_in_fifo, n_input;
} model;

uint32_t mmio_model_read(const volatile void *at, unsigned width)
{
	uint32_t byte = 0x80000000;

	EXPECT_EQ(width, 4);
	switch ((const volatile uint8_t *)at - registers) {
	case 0x00:
		return model.n_in_fifo == FIFO ? 0x80000000 : 0;
	case 0x04:
		if (model.n_input) {
			byte = (unsigned char)model.input[0];
			memmove(model.input, model.input + 1, --model.n_input);
		}
		return byte;
	case 0x08:
		return model.txctrl;
	case 0x0c:
		return model.rxctrl;
	case 0x10:
		return model.ie;
	default:
		EXPECT(!"a register that the driver has no business with");
		return 0;
	}
}

void mmio_model_write(volatile void *at, unsigned width, uint32_t value)
{
	EXPECT_EQ(width, 4);
	switch ((volatile uint8_t *)at - registers) {
	case 0x00:
		EXPECT(model.n_in_fifo < FIFO);
		model.n_in_fifo++;
		model.sent[model.n_sent++] = (char)value;
		break;
	case 0x08:
		model.txctrl = value;
		break;
	case 0x0c:
		model.rxctrl = value;
		break;
	case 0x10:
		model.ie = value;
		break;
	default:
		EXPECT(!"a register that the driver has no business with");
	}
}

static bool is_interrupting(void)
{
	bool room = model.n_in_fifo < (model.txctrl >> 16 & 7);
	bool input = model.n_input > (model.rxctrl >> 16 & 7);

	return (room && (model.ie & 1)) || (input && (model.ie & 2));
}

static const struct console_driver *attach_fresh(void)
{
	struct machine_uart uart = { .kind = UART_SIFIVE };

	memset(&model, 0, sizeof(model));
	model.txctrl = 2; /* two stop bits: the firmware's choice */
	model.rxctrl = 5 << 16;
	model.ie = 3;
	return sifive_uart_attach(&uart, registers);
}

TEST(sifive_uart, fills_the_fifo_until_it_is_full)
{
	const struct console_driver *d = attach_fresh();

	EXPECT_EQ(d->write("0123456789", 10), FIFO);
	EXPECT_EQ(d->write("89", 2), 0);
	model.n_in_fifo = FIFO - 1;
	EXPECT_EQ(d->write("89", 2), 1);
	EXPECT_STR(model.sent, "012345678");
}

TEST(sifive_uart, switches_both_ways_on_and_keeps_the_framing)
{
	(void)attach_fresh();
	EXPECT_EQ(model.txctrl & 3, 3);
	EXPECT_EQ(model.rxctrl & 1, 1);
}

TEST(sifive_uart, interrupts_for_input_and_for_room_as_asked)
{
	const struct console_driver *d = attach_fresh();
	char got[4] = "";

	model.n_input = 1;
	model.input[0] = 'q';
	EXPECT(!is_interrupting()); /* off until it is asked for */
	d->want_write_irq(false);
	EXPECT(!is_interrupting());
	d->want_read_irq(true);
	EXPECT(is_interrupting());
	d->want_read_irq(false);
	EXPECT(!is_interrupting());
	d->want_read_irq(true);
	EXPECT_EQ(d->read(got, 4), 1);
	EXPECT_STR(got, "q");
	EXPECT(!is_interrupting());
	d->want_write_irq(true);
	EXPECT(is_interrupting());
	EXPECT_EQ(d->write("01234567", 8), FIFO);
	EXPECT(!is_interrupting());
	model.n_in_fifo = 0;
	EXPECT(is_interrupting());
	d->want_write_irq(false);
	EXPECT(!is_interrupting());
	model.n_input = 1; /* what the one switches, the other does not */
	EXPECT(is_interrupting());
}
