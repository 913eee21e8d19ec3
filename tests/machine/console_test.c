/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The path of a wired interrupt, from a device through this machine's controller to a handler in a
 * poll point, whatever the controller is. The device is the console's own 16550 in loopback:
 * nothing leaves it, and what it "sends" arrives as input. While it loops no test may print, so
 * results are collected first and judged after.
 */
#include <stdatomic.h>
#include <string.h>

#include "arch/mmio.h"
#include "platform/boot.h"
#include "platform/console/driver.h"
#include "platform/hart.h"
#include "platform/irq.h"
#include "platform/mmu.h"
#include "platform/timer.h"
#include "platform/work.h"
#include "tests/kit/kit.h"

enum { DATA = 0, IER = 1, IIR = 2, MCR = 4, LSR = 5 };
enum { IER_ROOM = 2, IIR_ROOM = 2, MCR_LOOP = 0x10, LSR_INPUT = 1 };
enum { ROUNDS = 10, PATIENCE_US = 2000000, SILENCE_US = 20000 };

static volatile uint8_t *uart;

static const char *needs_looping_uart(void)
{
	if (machine.uart.kind != UART_NS16550)
		return "the console is no 16550";
	if (!console_has_interrupts())
		return "the console has no interrupt";
	return NULL;
}

static uint8_t get(unsigned reg)
{
	volatile uint8_t *at = uart + ((size_t)reg << machine.uart.reg_shift);

	return machine.uart.reg_io_width == 4 ? (uint8_t)mmio_read32(at) : mmio_read8(at);
}

static void set(unsigned reg, uint8_t value)
{
	volatile uint8_t *at = uart + ((size_t)reg << machine.uart.reg_shift);

	if (machine.uart.reg_io_width == 4)
		mmio_write32(at, value);
	else
		mmio_write8(at, value);
}

static void loop_begin(void)
{
	console_flush(1000);
	if (!uart)
		uart = mmu_map_device(machine.uart.regs.at, machine.uart.regs.size);
	REQUIRE(uart != NULL);
	set(MCR, get(MCR) | MCR_LOOP);
}

static void loop_end(void)
{
	set(MCR, get(MCR) & (uint8_t)~MCR_LOOP);
}

/* Poll until *counter reaches n, at most so long. */
static void poll_until(const atomic_uint *counter, unsigned n, uint64_t us)
{
	uint64_t deadline = time_now() + time_from_us(us);

	while (*counter < n && !time_is_past(deadline))
		irq_poll();
}

static atomic_uint n_rooms, n_others, handled_on;

/*
 * Room is there, so send a byte, whose leaving makes room again; after some rounds be quiet. A
 * level that went down while it was being handled may still be delivered: QEMU's APLIC remembers
 * it.
 */
static void on_room(void *context)
{
	if ((get(IIR) & 0xf) != IIR_ROOM) {
		if (++n_others > ROUNDS)
			set(IER, 0);
		return;
	}
	handled_on = hart_index;
	if (++n_rooms < ROUNDS)
		set(DATA, (uint8_t)(*(const char *)context + n_rooms));
	else
		set(IER, 0);
}

/* The console's source is ours, until give_back. */
static int take_source(irq_handler *handler, const char *context)
{
	n_rooms = n_others = 0;
	irq_disable(machine.uart.irq);
	set(IER, 0);
	return irq_enable(machine.uart.irq, handler, (void *)context);
}

static int give_back(void)
{
	irq_disable(machine.uart.irq);
	while (get(LSR) & LSR_INPUT)
		(void)get(DATA);
	set(IER, 1);
	loop_end();
	return irq_enable(machine.uart.irq, console_handle_irq, NULL);
}

TEST_IF(console, room_in_the_uart_interrupts_once_for_each_byte_that_left, needs_looping_uart)
{
	char got[ROUNDS + 1] = "";
	int taken, given_back;
	unsigned n = 0;

	loop_begin();
	taken = take_source(on_room, "`"); /* before 'a' */
	set(IER, IER_ROOM);
	poll_until(&n_rooms, ROUNDS, PATIENCE_US);
	poll_until(&n_rooms, ROUNDS + 1, SILENCE_US);
	while (n < ROUNDS && (get(LSR) & LSR_INPUT))
		got[n++] = (char)get(DATA);
	given_back = give_back();
	kit_note("%s: %u interrupts", irqchip_name(), n_rooms + n_others);
	EXPECT_EQ(taken, 0);
	EXPECT_EQ(given_back, 0);
	EXPECT_EQ(n_rooms, ROUNDS);
	EXPECT(n_others <= 1);
	EXPECT_STR(got, "abcdefghi");
}

TEST_IF(console, a_disabled_source_is_silent_and_comes_once_it_is_enabled, needs_looping_uart)
{
	int taken, given_back, again;
	unsigned n_while_off;

	loop_begin();
	taken = take_source(on_room, "");
	irq_disable(machine.uart.irq);
	set(IER, IER_ROOM); /* its line is up from here on */
	poll_until(&n_rooms, 1, SILENCE_US);
	n_while_off = n_rooms + n_others;
	again = irq_enable(machine.uart.irq, on_room, (void *)"");
	poll_until(&n_rooms, ROUNDS, PATIENCE_US);
	given_back = give_back();
	EXPECT_EQ(taken, 0);
	EXPECT_EQ(again, 0);
	EXPECT_EQ(given_back, 0);
	EXPECT_EQ(n_while_off, 0);
	EXPECT_EQ(n_rooms, ROUNDS);
}

static atomic_uint n_ignored;

static void on_room_not_at_once(void *context)
{
	if (n_ignored++ >= 3)
		on_room(context);
}

static const char *needs_true_levels(void)
{
	if (strcmp(irqchip_name(), "plic") == 0)
		return "QEMU's PLIC hears of a line only when its device speaks of it";
	return needs_looping_uart();
}

/* A controller that sends a message when a line rises must be told to look at it again. */
TEST_IF(console, a_line_that_a_handler_leaves_up_comes_again, needs_true_levels)
{
	int taken, given_back;

	loop_begin();
	n_ignored = 0;
	taken = take_source(on_room_not_at_once, "");
	set(IER, IER_ROOM);
	poll_until(&n_rooms, ROUNDS, PATIENCE_US);
	given_back = give_back();
	EXPECT_EQ(taken, 0);
	EXPECT_EQ(given_back, 0);
	EXPECT_EQ(n_rooms, ROUNDS);
}

static const char *needs_more_harts(void)
{
	return n_harts() > 1 ? needs_looping_uart() : "there is one hart";
}

/* What a hart enables it alone may disable. */
static atomic_int done_there;

static void take_source_there(struct work *work)
{
	done_there = take_source(on_room, "");
}

static void let_go_there(struct work *work)
{
	irq_disable(machine.uart.irq);
	done_there = 0;
}

/* Queue it on that hart and wait for what it says; 1: nothing, in time. */
static int ask_there(struct work *work, unsigned hart, uint64_t deadline)
{
	done_there = 1;
	work_queue(work, hart);
	while (done_there == 1 && !time_is_past(deadline))
		;
	return done_there;
}

/* An idle hart sleeps until the interrupt comes, so this proves the wake-up too. */
static void handle_on(unsigned hart)
{
	static struct work take = { .call = take_source_there }, let_go = { .call = let_go_there };
	uint64_t deadline = time_now() + time_from_us(PATIENCE_US);
	int taken, left, given_back;

	loop_begin();
	irq_disable(machine.uart.irq);
	taken = ask_there(&take, hart, deadline);
	set(IER, IER_ROOM);
	while (n_rooms < ROUNDS && !time_is_past(deadline))
		;
	left = ask_there(&let_go, hart, deadline);
	given_back = give_back();
	REQUIRE_EQ(taken, 0);
	REQUIRE_EQ(left, 0);
	REQUIRE_EQ(given_back, 0);
	EXPECT_EQ(n_rooms, ROUNDS);
	EXPECT_EQ(handled_on, hart);
}

TEST_IF(console, every_other_hart_can_have_the_interrupt, needs_more_harts)
{
	for (unsigned hart = 1; hart < n_harts(); hart++)
		handle_on(hart);
}

static atomic_uint n_notified;

static void count_input(void)
{
	n_notified++;
}

/* Through the console's own functions, with nobody looking at the device but the interrupt. */
TEST_IF(console, what_arrives_is_told_and_read_by_interrupt, needs_looping_uart)
{
	static const char text[] = "what goes round comes round";
	char got[sizeof(text)] = "";
	size_t n_read = 0;

	loop_begin();
	n_notified = 0;
	console_on_input(count_input);
	for (size_t at = 0; at < strlen(text); at += 9) { /* less than its FIFO at a time */
		console_write(text + at, 9);
		for (unsigned before = n_notified; n_read < at + 9;) {
			poll_until(&n_notified, before + 1, PATIENCE_US);
			if (n_notified == before)
				break;
			before = n_notified;
			n_read += console_read(got + n_read, sizeof(got) - 1 - n_read);
		}
	}
	console_on_input(NULL);
	loop_end();
	EXPECT_STR(got, text);
	EXPECT(n_notified >= 3);
}

enum { RING = 256, FIFO = 16 };

static void write_letters(unsigned from, unsigned n)
{
	char text[FIFO];

	for (unsigned i = 0; i < n; i++)
		text[i] = (char)('a' + (from + i) % 26);
	console_write(text, n);
}

/* The last 16 bytes find no room; the device keeps them, and must not interrupt for ever. */
TEST_IF(console, input_beyond_the_ring_waits_in_a_device_that_is_quiet, needs_looping_uart)
{
	unsigned n_while_full, n_read = 0, n_wrong = 0;
	char got[RING + FIFO];

	loop_begin();
	n_notified = 0;
	console_on_input(count_input);
	for (unsigned at = 0; at < RING + FIFO; at += FIFO / 2) {
		write_letters(at, FIFO / 2);
		poll_until(&n_notified, n_notified + 1, at < RING ? PATIENCE_US : SILENCE_US);
	}
	n_while_full = n_notified;
	poll_until(&n_notified, n_while_full + 2, SILENCE_US);
	n_while_full = n_notified - n_while_full;
	for (unsigned rounds = 0; n_read < sizeof(got) && rounds < 10; rounds++) {
		n_read += console_read(got + n_read, sizeof(got) - n_read);
		poll_until(&n_notified, n_notified + 1, SILENCE_US);
	}
	console_on_input(NULL);
	loop_end();
	for (unsigned i = 0; i < n_read; i++)
		n_wrong += got[i] != 'a' + i % 26;
	EXPECT_EQ(n_read, RING + FIFO);
	EXPECT_EQ(n_wrong, 0);
	EXPECT(n_while_full <= 1);
}

TEST(irq, a_source_that_no_controller_has_is_refused)
{
	EXPECT(irq_enable(0, console_handle_irq, NULL) < 0);
	EXPECT(irq_enable(1024, console_handle_irq, NULL) < 0);
	irq_disable(1024);
}
