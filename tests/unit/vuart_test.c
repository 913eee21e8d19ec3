/* SPDX-License-Identifier: BSD-2-Clause */
/* The guests' serial port. */
#include <libfdt.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "devices/uart.h"
#include "lib/node.h"
#include "tests/kit/kit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size); /* tests/fuzz/vuart_fuzz.c */

enum { RBR, IER, IIR, LCR, MCR, LSR, MSR, SCR, THR = 0, DLL = 0, DLM = 1, FCR = 2 };

static struct uart uart;
static char sent[1024];
static size_t n_sent, credit;
static unsigned n_rooms;
static bool is_high;
static const char *more; /* what the backend feeds when it hears of room */
static size_t n_more;

static size_t take(void *context, const char *bytes, size_t n)
{
	EXPECT(context == sent && n);
	n = n < credit ? n : credit;
	REQUIRE(n_sent + n < sizeof(sent));
	memcpy(sent + n_sent, bytes, n);
	n_sent += n;
	sent[n_sent] = '\0';
	credit -= n;
	return n;
}

static void feed_more(void *context)
{
	size_t taken;

	n_rooms++;
	if (!n_more)
		return;
	taken = uart_feed(&uart, more, n_more);
	EXPECT(taken);
	more += taken;
	n_more -= taken;
}

static void set_irq(void *context, bool level)
{
	EXPECT(level != is_high);
	is_high = level;
}

static void make_uart(void)
{
	n_sent = n_rooms = n_more = 0;
	credit = SIZE_MAX;
	is_high = false;
	sent[0] = '\0';
	uart_init(&uart, GPA(0x10000000), 10, 9,
		  &(struct uart_backend){
			  .put = take, .room = feed_more, .irq = set_irq, .context = sent });
}

static uint8_t get(unsigned reg)
{
	uint64_t value = UINT64_MAX;

	EXPECT(uart.device.ops->read(&uart.device, reg, 1, &value));
	EXPECT(value <= UINT8_MAX);
	return (uint8_t)value;
}

static void put(unsigned reg, unsigned value)
{
	EXPECT(uart.device.ops->write(&uart.device, reg, 1, value));
}

static void write_all(const char *text)
{
	while (*text)
		put(THR, (uint8_t)*text++);
}

static void backend_takes(size_t n)
{
	credit = n;
	uart_output_ready(&uart);
}

TEST(vuart, wakes_idle_with_fifos_and_interrupts_off)
{
	make_uart();
	EXPECT_EQ(get(IER), 0);
	EXPECT_EQ(get(IIR), 0x01);
	EXPECT_EQ(get(LCR), 0);
	EXPECT_EQ(get(MCR), 0);
	EXPECT_EQ(get(LSR), 0x60);
	EXPECT_EQ(get(MSR), 0xb0);
	EXPECT_EQ(get(RBR), 0);
	EXPECT(!is_high);
}

TEST(vuart, sends_at_once_what_the_backend_takes)
{
	make_uart();
	for (const char *c = "hartwood"; *c; c++) {
		EXPECT_EQ(get(LSR), 0x60);
		put(THR, (uint8_t)*c);
	}
	EXPECT_STR(sent, "hartwood");
}

TEST(vuart, holds_what_the_backend_refuses_and_sends_it_in_order)
{
	make_uart();
	put(FCR, 1);
	credit = 3;
	write_all("0123456789abcdef");
	EXPECT_STR(sent, "012");
	EXPECT_EQ(get(LSR), 0);
	credit = SIZE_MAX;
	write_all("ghi"); /* may not overtake */
	EXPECT_STR(sent, "012");
	backend_takes(5);
	EXPECT_STR(sent, "01234567");
	EXPECT_EQ(get(LSR), 0);
	backend_takes(SIZE_MAX);
	EXPECT_STR(sent, "0123456789abcdefghi");
	EXPECT_EQ(get(LSR), 0x60);
	write_all("!");
	EXPECT_STR(sent, "0123456789abcdefghi!");
}

/* A driver that saw THRE writes as many as the FIFO holds without looking again. */
TEST(vuart, has_room_for_a_whole_burst_when_the_backend_takes_nothing)
{
	make_uart();
	put(FCR, 1);
	credit = 0;
	write_all("0123456789abcdef");
	put(THR, 'x'); /* against THRE */
	backend_takes(SIZE_MAX);
	EXPECT_STR(sent, "0123456789abcdef");
}

TEST(vuart, raises_thre_when_it_is_enabled_and_drops_it_when_iir_told_of_it)
{
	make_uart();
	put(IER, 2);
	EXPECT(is_high);
	EXPECT_EQ(get(IIR), 0x02);
	EXPECT(!is_high);
	EXPECT_EQ(get(IIR), 0x01);
	put(IER, 2); /* it was on already */
	EXPECT(!is_high);
	put(IER, 0);
	put(IER, 2);
	EXPECT(is_high);
}

TEST(vuart, raises_thre_again_when_what_was_written_is_gone_and_no_sooner)
{
	make_uart();
	put(IER, 2);
	EXPECT_EQ(get(IIR), 0x02);
	put(THR, 'a');
	EXPECT(is_high);
	credit = 0;
	put(THR, 'b');
	EXPECT(!is_high);
	put(IER, 0);
	put(IER, 2);
	EXPECT(!is_high);
	backend_takes(1);
	EXPECT(is_high);
	EXPECT_EQ(get(IIR), 0x02);
}

TEST(vuart, keeps_thre_due_while_iir_tells_of_something_greater)
{
	make_uart();
	put(IER, 3);
	EXPECT_EQ(uart_feed(&uart, "a", 1), 1);
	EXPECT_EQ(get(IIR), 0x04);
	EXPECT_EQ(get(IIR), 0x04);
	EXPECT_EQ(get(RBR), 'a');
	EXPECT(is_high);
	EXPECT_EQ(get(IIR), 0x02);
	EXPECT(!is_high);
}

/* What Linux's driver does when a port is opened, to find chips whose THRE interrupt is broken. */
TEST(vuart, passes_the_tests_that_linux_makes_of_thre)
{
	make_uart();
	put(FCR, 1);
	put(FCR, 7);
	put(FCR, 0);
	for (unsigned i = 0; i < 2; i++) {
		put(IER, 2);
		EXPECT_EQ(get(IIR) & 0xf, 0x02);
		put(IER, 0);
	}
	put(IER, 2);
	EXPECT_EQ(get(LSR) & 0x40, 0x40);
	EXPECT_EQ(get(IIR) & 1, 0);
}

TEST(vuart, tells_of_input_from_the_trigger_level_on_and_of_less_as_a_timeout)
{
	static const unsigned levels[] = { 1, 4, 8, 14 };

	for (unsigned i = 0; i < 4; i++) {
		make_uart();
		put(FCR, 1 | i << 6);
		put(IER, 1);
		EXPECT_EQ(get(IIR), 0xc1);
		for (unsigned n = 1; n <= UART_FIFO; n++) {
			EXPECT_EQ(uart_feed(&uart, "x", 1), 1);
			EXPECT(is_high);
			EXPECT_EQ(get(IIR), n < levels[i] ? 0xcc : 0xc4);
			EXPECT_EQ(get(LSR), 0x61);
		}
		for (unsigned n = UART_FIFO; n; n--) {
			EXPECT(is_high);
			EXPECT_EQ(get(IIR), n < levels[i] ? 0xcc : 0xc4);
			EXPECT_EQ(get(RBR), 'x');
		}
		EXPECT(!is_high);
		EXPECT_EQ(get(LSR), 0x60);
	}
}

TEST(vuart, takes_one_byte_with_fifos_off_and_sixteen_with_them)
{
	make_uart();
	EXPECT_EQ(uart_feed(&uart, "abc", 3), 1);
	EXPECT_EQ(uart_feed(&uart, "bc", 2), 0);
	EXPECT_EQ(get(RBR), 'a');
	put(FCR, 1);
	EXPECT_EQ(uart_feed(&uart, "0123456789abcdefg", 17), 16);
	EXPECT_EQ(uart_feed(&uart, "g", 1), 0);
	EXPECT_EQ(get(LSR), 0x61);
	for (const char *c = "0123456789abcdef"; *c; c++)
		EXPECT_EQ(get(RBR), (uint8_t)*c);
}

TEST(vuart, tells_of_room_once_to_a_backend_that_was_refused_and_to_no_other)
{
	make_uart();
	put(FCR, 1);
	EXPECT_EQ(uart_feed(&uart, "0123456789abcdef", 16), 16);
	while (get(LSR) & 1)
		get(RBR);
	EXPECT_EQ(n_rooms, 0);
	EXPECT_EQ(uart_feed(&uart, "0123456789abcdefg", 17), 16);
	for (unsigned i = 0; i < 15; i++)
		get(RBR);
	EXPECT_EQ(n_rooms, 0);
	get(RBR);
	EXPECT_EQ(n_rooms, 1);
	get(RBR);
	EXPECT_EQ(n_rooms, 1);
}

TEST(vuart, brings_64_kib_that_are_pasted_whole_to_a_guest_that_reads_by_interrupts)
{
	static char text[64 * KiB];
	size_t n = 0, taken;

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)(i * 7 + i / 251);
	make_uart();
	put(FCR, 0x81);
	put(IER, 1);
	taken = uart_feed(&uart, text, sizeof(text));
	more = text + taken;
	n_more = sizeof(text) - taken;
	while (is_high) {
		EXPECT_EQ(get(IIR) & 0x7, 0x4);
		for (unsigned i = 0; i < 100 && get(LSR) & 1; i++)
			EXPECT_EQ(get(RBR), (uint8_t)text[n++]);
	}
	EXPECT_EQ(n, sizeof(text));
}

TEST(vuart, clears_fifos_when_told_and_when_they_are_switched)
{
	make_uart();
	put(FCR, 1);
	put(IER, 2);
	get(IIR);
	credit = 0;
	write_all("lost");
	EXPECT_EQ(uart_feed(&uart, "ab", 2), 2);
	put(FCR, 3); /* input only */
	EXPECT_EQ(get(LSR), 0);
	EXPECT(!is_high);
	EXPECT_EQ(uart_feed(&uart, "cd", 2), 2);
	put(FCR, 5); /* output only */
	EXPECT_EQ(get(LSR), 0x61);
	EXPECT(is_high);
	backend_takes(SIZE_MAX);
	EXPECT_STR(sent, "");
	EXPECT_EQ(get(RBR), 'c');
	put(FCR, 6); /* switched off, and clears both */
	EXPECT_EQ(get(LSR), 0x60);
	EXPECT_EQ(get(IIR) & 0xc0, 0);
	EXPECT_EQ(uart_feed(&uart, "e", 1), 1);
	put(FCR, 2); /* without the enabling bit it means nothing */
	EXPECT_EQ(get(LSR), 0x61);
	put(FCR, 1);
	EXPECT_EQ(get(LSR), 0x60);
}

TEST(vuart, loops_back_bytes_and_modem_lines)
{
	make_uart();
	put(MCR, 0x10);
	EXPECT_EQ(get(MSR), 0x0b); /* CTS, DSR and DCD fell */
	put(IER, 8);
	put(MCR, 0x1a);
	EXPECT(is_high);
	EXPECT_EQ(get(IIR), 0x00);
	EXPECT_EQ(get(MSR), 0x99);
	EXPECT(!is_high);
	put(MCR, 0x15);
	EXPECT_EQ(get(MSR), 0x6b); /* RI rose: no change of its own */
	put(MCR, 0x11);
	EXPECT_EQ(get(MSR), 0x24); /* RI fell */
	put(THR, 'x');
	EXPECT_EQ(get(LSR), 0x61);
	EXPECT_EQ(get(RBR), 'x');
	EXPECT_STR(sent, "");
}

TEST(vuart, keeps_input_from_outside_away_while_it_is_looped_back)
{
	make_uart();
	put(FCR, 1);
	put(MCR, 0x10);
	EXPECT_EQ(uart_feed(&uart, "a", 1), 0);
	more = "a";
	n_more = 1;
	EXPECT_EQ(get(LSR), 0x60);
	put(MCR, 0);
	EXPECT_EQ(n_rooms, 1);
	EXPECT_EQ(get(RBR), 'a');
}

/* In loopback the receiver is fed by the guest, and it alone can be too fast. */
TEST(vuart, tells_of_an_overrun_as_line_status_until_lsr_is_read)
{
	make_uart();
	put(IER, 5);
	put(MCR, 0x10);
	put(THR, 'a');
	EXPECT_EQ(get(IIR), 0x04);
	put(THR, 'b');
	EXPECT_EQ(get(IIR), 0x06);
	EXPECT_EQ(get(LSR), 0x63);
	EXPECT_EQ(get(LSR), 0x61);
	EXPECT_EQ(get(IIR), 0x04);
	EXPECT_EQ(get(RBR), 'a');
	EXPECT(!is_high);
}

TEST(vuart, hides_data_and_interrupt_enables_behind_the_divisor)
{
	make_uart();
	put(IER, 0xff);
	EXPECT_EQ(get(IER), 0x0f);
	put(LCR, 0x83);
	put(DLL, 0x12);
	put(DLM, 0x34);
	EXPECT_EQ(get(DLL), 0x12);
	EXPECT_EQ(get(DLM), 0x34);
	EXPECT_EQ(get(LCR), 0x83);
	EXPECT_STR(sent, "");
	put(LCR, 0x03);
	EXPECT_EQ(get(IER), 0x0f);
	put(SCR, 0xa5);
	EXPECT_EQ(get(SCR), 0xa5);
}

TEST(vuart, does_not_let_status_registers_be_written)
{
	make_uart();
	put(LSR, 0xff);
	put(MSR, 0xff);
	EXPECT_EQ(get(LSR), 0x60);
	EXPECT_EQ(get(MSR), 0xb0);
}

TEST(vuart, refuses_wide_accesses_and_what_is_behind_its_registers)
{
	uint64_t value;

	make_uart();
	for (unsigned width = 2; width <= 8; width *= 2) {
		EXPECT(!uart.device.ops->read(&uart.device, 0, width, &value));
		EXPECT(!uart.device.ops->write(&uart.device, 0, width, 'x'));
	}
	for (uint64_t offset = 8; offset < uart.device.size; offset++) {
		EXPECT(!uart.device.ops->read(&uart.device, offset, 1, &value));
		EXPECT(!uart.device.ops->write(&uart.device, offset, 1, 'x'));
	}
	EXPECT_STR(sent, "");
}

TEST(vuart, forgets_all_but_unsent_output_in_a_reset)
{
	make_uart();
	put(LCR, 0x80);
	put(DLL, 1);
	put(LCR, 3);
	put(FCR, 1);
	put(IER, 15);
	put(SCR, 1);
	put(MCR, 3);
	EXPECT_EQ(uart_feed(&uart, "0123456789abcdefg", 17), 16);
	credit = 0;
	write_all("bye");
	EXPECT(is_high);
	uart.device.ops->reset(&uart.device);
	EXPECT(!is_high);
	EXPECT_EQ(n_rooms, 1);
	EXPECT_EQ(get(LSR), 0);
	backend_takes(SIZE_MAX);
	EXPECT_STR(sent, "bye");
	EXPECT_EQ(get(IER) | get(LCR) | get(MCR) | get(SCR), 0);
	EXPECT_EQ(get(IIR), 1);
	EXPECT_EQ(get(LSR), 0x60);
	EXPECT_EQ(get(MSR), 0xb0);
	put(LCR, 0x80);
	EXPECT_EQ(get(DLL), 2);
	EXPECT_EQ(get(DLM), 0);
}

static const void *property(const void *tree, const char *name, int size)
{
	int length;
	const void *value =
		fdt_getprop(tree, fdt_path_offset(tree, "/serial@10000000"), name, &length);

	return value && length == size ? value : "";
}

TEST(vuart, describes_itself_as_the_one_of_qemus_virt_machine)
{
	static char tree[1024];
	struct node_writer w;

	make_uart();
	node_start(&w, tree, sizeof(tree));
	node_begin(&w, "");
	uart.device.ops->describe(&uart.device, &w);
	node_end(&w);
	node_finish(&w);
	REQUIRE_EQ(w.error, 0);
	EXPECT_STR(property(tree, "compatible", 9), "ns16550a");
	EXPECT(!memcmp(property(tree, "reg", 16), "\0\0\0\0\x10\0\0\0\0\0\0\0\0\0\1\0", 16));
	EXPECT(!memcmp(property(tree, "clock-frequency", 4), "\0\x38\x40\0", 4));
	EXPECT(!memcmp(property(tree, "interrupts", 4), "\0\0\0\xa", 4));
	EXPECT(!memcmp(property(tree, "interrupt-parent", 4), "\0\0\0\x9", 4));
}

TEST(vuart, does_what_the_fuzzers_model_does)
{
	uint8_t bytes[512];
	uint32_t random = 1;

	for (unsigned lap = 0; lap < 1000; lap++) {
		for (unsigned i = 0; i < sizeof(bytes); i++) {
			random = random * 1664525 + 1013904223;
			bytes[i] = (uint8_t)(random >> 24);
		}
		EXPECT_EQ(LLVMFuzzerTestOneInput(bytes, sizeof(bytes)), 0);
	}
}

/*
 * Three harts: the guest, who someone types to, and a slow device behind a backend with a small
 * buffer. The guest waits for interrupts as a driver does, so a lost one stops it.
 */
enum { BYTES = 20000, BUFFER = 5 };

static pthread_mutex_t buffer_lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned n_buffered;
static uint8_t buffer[BUFFER], next_sent;
static bool has_refused;
static _Atomic bool has_room, irq_level;
static _Atomic unsigned n_drained;

static size_t fill_buffer(void *context, const char *bytes, size_t n)
{
	size_t taken = 0;

	pthread_mutex_lock(&buffer_lock);
	while (taken < n && n_buffered < BUFFER)
		buffer[n_buffered++] = (uint8_t)bytes[taken++];
	has_refused |= taken < n;
	pthread_mutex_unlock(&buffer_lock);
	return taken;
}

static void *drain(void *unused)
{
	while (n_drained < BYTES) {
		bool call;

		pthread_mutex_lock(&buffer_lock);
		for (unsigned i = 0; i < n_buffered; i++)
			EXPECT_EQ(buffer[i], next_sent++);
		n_drained += n_buffered;
		n_buffered = 0;
		call = has_refused;
		has_refused = false;
		pthread_mutex_unlock(&buffer_lock);
		if (call)
			uart_output_ready(&uart);
		else
			sched_yield();
	}
	return NULL;
}

static void *type(void *unused)
{
	char bytes[24];
	size_t n = 0;

	while (n < BYTES) {
		size_t offered = BYTES - n < sizeof(bytes) ? BYTES - n : sizeof(bytes), taken;

		for (unsigned i = 0; i < offered; i++)
			bytes[i] = (char)(n + i);
		has_room = false;
		taken = uart_feed(&uart, bytes, offered);
		n += taken;
		while (taken < offered && !has_room)
			sched_yield();
	}
	return NULL;
}

static void note_room(void *context)
{
	has_room = true;
}

static void note_irq(void *context, bool level)
{
	irq_level = level;
}

TEST(vuart, loses_no_byte_and_no_interrupt_with_many_harts)
{
	pthread_t drainer, typist;
	unsigned n_written = 0, n_read = 0;

	n_drained = n_buffered = next_sent = 0;
	has_refused = false;
	has_room = false;
	irq_level = false;
	uart_init(&uart, GPA(0), 10, 9,
		  &(struct uart_backend){ .put = fill_buffer, .room = note_room, .irq = note_irq });
	put(FCR, 0x81);
	REQUIRE(!pthread_create(&drainer, NULL, drain, NULL));
	REQUIRE(!pthread_create(&typist, NULL, type, NULL));
	put(IER, 3);
	while (n_written < BYTES || n_read < BYTES) {
		if (!irq_level) {
			sched_yield();
			continue;
		}
		while (get(LSR) & 1)
			EXPECT_EQ(get(RBR), (uint8_t)n_read++);
		if ((get(IIR) & 0xf) == 2 && n_written < BYTES)
			for (unsigned i = 0; i < UART_FIFO && n_written < BYTES; i++)
				put(THR, (uint8_t)n_written++);
	}
	pthread_join(drainer, NULL);
	pthread_join(typist, NULL);
	EXPECT_EQ(n_drained, BYTES);
}
