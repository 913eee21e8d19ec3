/* SPDX-License-Identifier: BSD-2-Clause */
/* The console's core over a driver that takes as much as a test lets it. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/console/driver.h"
#include "platform/hart.h"
#include "tests/kit/kit.h"

enum { RING = 16 * 1024, FAR_TOO_MUCH = 4096 * 1024 };

PER_HART unsigned hart_index;

/* The device. Calls into it must not overlap: `is_inside` would see it, and so does TSan. */
static struct {
	char sent[1024 * 1024];
	size_t n_sent, may_take, at_once;
	char input[512];
	size_t n_input;
	bool wants_irq, wants_read_irq;
	unsigned n_irq_changes;
	const char *late; /* what another hart writes at the worst moment */
	atomic_bool is_inside;
} device;

static uint64_t now_ms;

uint64_t console_now_ms(void)
{
	return now_ms++;
}

static size_t fake_write(const char *bytes, size_t n)
{
	EXPECT(!atomic_exchange(&device.is_inside, true));
	n = n < device.may_take ? n : device.may_take;
	n = n < device.at_once ? n : device.at_once;
	if (n > sizeof(device.sent) - device.n_sent)
		n = sizeof(device.sent) - device.n_sent;
	memcpy(device.sent + device.n_sent, bytes, n);
	device.n_sent += n;
	device.may_take -= n;
	atomic_store(&device.is_inside, false);
	return n;
}

static size_t fake_read(char *bytes, size_t n)
{
	n = n < device.n_input ? n : device.n_input;
	memcpy(bytes, device.input, n);
	memmove(device.input, device.input + n, device.n_input - n);
	device.n_input -= n;
	return n;
}

static void fake_want_write_irq(bool on)
{
	const char *late = device.late;

	device.wants_irq = on;
	device.n_irq_changes++;
	device.late = NULL;
	if (late && !on)
		console_write(late, strlen(late));
}

static void fake_want_read_irq(bool on)
{
	device.wants_read_irq = on;
}

static const struct console_driver fake = {
	.name = "fake",
	.write = fake_write,
	.read = fake_read,
	.want_write_irq = fake_want_write_irq,
	.want_read_irq = fake_want_read_irq,
};

static const struct console_driver firmware = {
	.name = "firmware",
	.write = fake_write,
	.read = fake_read,
	.is_text = true,
};

const struct console_driver *console_firmware_driver(void)
{
	return &firmware;
}

static void say(const char *text)
{
	console_write(text, strlen(text));
}

/* Everything out that is in, and a device that remembers nothing. */
static void begin(bool interrupts)
{
	hart_index = 0;
	device.may_take = FAR_TOO_MUCH;
	device.at_once = 64;
	device.n_input = 0;
	console_on_input(NULL);
	console_on_room(NULL);
	console_attach(&fake, interrupts);
	console_flush(1000);
	while (console_read(device.sent, 64))
		;
	device.n_sent = 0;
	device.n_irq_changes = 0;
	memset(device.sent, 0, sizeof(device.sent));
}

static unsigned n_notices(void)
{
	unsigned n = 0;

	for (const char *p = device.sent; (p = strstr(p, "[console: ")); p++)
		n++;
	return n;
}

TEST(console, what_was_written_before_a_driver_came_is_not_lost)
{
	say("early\n");
	EXPECT(!console_drain());
	EXPECT_STR(console_driver_name(), "none");
	device.may_take = FAR_TOO_MUCH;
	device.at_once = 64;
	console_attach(&fake, false);
	EXPECT_STR(console_driver_name(), "fake");
	EXPECT_STR(device.sent, "early\r\n");
}

TEST(console, a_newline_returns_the_carriage_once)
{
	begin(false);
	say("a\nb\r\nc\r");
	say("\n\n");
	EXPECT_STR(device.sent, "a\r\nb\r\nc\r\n\r\n");
}

TEST(console, a_driver_for_text_gets_newlines_as_they_are)
{
	begin(false);
	console_attach(console_firmware_driver(), false);
	say("a\nb\n");
	EXPECT_STR(device.sent, "a\nb\n");
}

TEST(console, a_busy_device_is_asked_for_an_interrupt_and_then_gets_the_rest)
{
	begin(true);
	device.at_once = 3;
	device.may_take = 5;
	say("0123456789");
	EXPECT_STR(device.sent, "01234");
	EXPECT(device.wants_irq);
	device.may_take = 4;
	console_handle_irq(NULL);
	EXPECT_STR(device.sent, "012345678");
	EXPECT(device.wants_irq);
	device.may_take = 4;
	console_handle_irq(NULL);
	EXPECT_STR(device.sent, "0123456789");
	EXPECT(!device.wants_irq);
	EXPECT_EQ(device.n_irq_changes, 2);
}

/* The holder of the drain lock has seen an empty ring, a writer comes and cannot get the lock. */
TEST(console, what_comes_just_before_the_lock_is_let_go_is_not_left_behind)
{
	begin(true);
	device.may_take = 0;
	say("first ");
	REQUIRE(device.wants_irq);
	device.may_take = FAR_TOO_MUCH;
	device.late = "late";
	console_handle_irq(NULL);
	EXPECT_STR(device.sent, "first late");
}

TEST(console, without_interrupts_idle_harts_push_the_rest)
{
	begin(false);
	device.may_take = 2;
	say("abcdef");
	EXPECT_STR(device.sent, "ab");
	device.may_take = 3;
	EXPECT(!console_drain());
	device.may_take = 3;
	EXPECT(console_drain());
	EXPECT_STR(device.sent, "abcdef");
	EXPECT_EQ(device.n_irq_changes, 0);
}

/* However much waits and however fast the device is, a writer goes on with its own work. */
TEST(console, a_writer_moves_a_bounded_amount)
{
	begin(true);
	device.may_take = 0;
	for (unsigned i = 0; i < 100; i++)
		say("a line of a hundred bytes or so, of which many wait while the device is busy "
		    ".......\n");
	device.may_take = FAR_TOO_MUCH;
	say("x");
	EXPECT(device.n_sent >= 64 && device.n_sent <= 1024);
	EXPECT(device.wants_irq);
}

TEST(console, a_full_ring_drops_counts_and_tells_where)
{
	char line[101];
	uint64_t before = console_n_dropped();
	char notice[64];
	unsigned n_kept;

	begin(false);
	memset(line, 'x', 99);
	line[99] = '\n';
	line[100] = '\0';
	device.may_take = 0;
	for (unsigned i = 0; i < 200; i++)
		say(line);
	EXPECT_EQ(device.n_sent, 0);
	EXPECT(console_n_dropped() - before >= 20000 - RING - 2 * 128);
	EXPECT_EQ((console_n_dropped() - before) % 100, 0); /* whole lines */
	n_kept = 200 - (unsigned)(console_n_dropped() - before) / 100;
	device.may_take = FAR_TOO_MUCH;
	console_flush(1000);
	say("after\n");
	snprintf(notice, sizeof(notice), "x\r\n[console: %u bytes lost]\r\nafter\r\n",
		 (unsigned)(console_n_dropped() - before));
	EXPECT_EQ(n_notices(), 1);
	EXPECT_STR(device.sent + n_kept * 101 - 3, notice);
}

TEST(console, the_loss_is_told_even_if_nobody_writes_again)
{
	char *big = malloc(RING);

	begin(false);
	REQUIRE(big != NULL);
	memset(big, 'y', RING);
	device.may_take = 0;
	console_write(big, RING - 100);
	console_write(big, RING);
	device.may_take = FAR_TOO_MUCH;
	console_flush(1000);
	EXPECT_EQ(n_notices(), 1);
	free(big);
}

/* A ring that hovers around full must carry text, not notices about text. */
TEST(console, notices_do_not_crowd_out_what_they_are_about)
{
	begin(false);
	for (unsigned i = 0; i < 20000; i++) {
		device.may_take = 20;
		say("a line that is longer than what the device takes between two of them\n");
	}
	EXPECT(n_notices() >= 2);
	EXPECT(n_notices() * 20 < device.n_sent / 100);
	device.may_take = FAR_TOO_MUCH;
	console_flush(1000);
}

TEST(console, a_flush_ends_at_its_limit)
{
	uint64_t start;

	begin(false);
	device.may_take = 1;
	say("stuck");
	start = now_ms;
	console_flush(50);
	EXPECT(now_ms - start >= 50 && now_ms - start < 70);
}

static unsigned n_notified;

static void notify(void)
{
	n_notified++;
}

static void type(const char *text)
{
	memcpy(device.input + device.n_input, text, strlen(text));
	device.n_input += strlen(text);
}

TEST(console, input_by_interrupt_is_told_and_read)
{
	char got[16] = "";

	begin(true);
	n_notified = 0;
	console_on_input(notify);
	type("hi");
	EXPECT_EQ(console_read(got, sizeof(got)), 0); /* the interrupt has not been handled yet */
	console_handle_irq(NULL);
	EXPECT_EQ(n_notified, 1);
	EXPECT_EQ(console_read(got, 1), 1);
	EXPECT_EQ(console_read(got + 1, sizeof(got)), 1);
	EXPECT_STR(got, "hi");
	EXPECT_EQ(console_read(got, sizeof(got)), 0);
	console_handle_irq(NULL);
	EXPECT_EQ(n_notified, 1);
}

TEST(console, input_without_interrupts_is_found_by_the_boot_hart_alone)
{
	char got[16] = "";

	begin(false);
	n_notified = 0;
	console_on_input(notify);
	type("yes");
	hart_index = 1;
	EXPECT(console_drain());
	EXPECT_EQ(device.n_input, 3);
	hart_index = 0;
	EXPECT(console_drain());
	EXPECT_EQ(n_notified, 1);
	EXPECT_EQ(console_read(got, sizeof(got)), 3);
	EXPECT_STR(got, "yes");
}

/* A level that nobody will lower must not interrupt for ever, and nothing is to be lost. */
TEST(console, input_beyond_the_ring_stays_in_a_device_that_is_quiet_until_there_is_room)
{
	char got[1024];

	begin(true);
	EXPECT(device.wants_read_irq);
	for (unsigned i = 0; i < 40; i++)
		type("0123456789");
	console_handle_irq(NULL);
	EXPECT(!device.wants_read_irq);
	console_handle_irq(NULL);
	EXPECT_EQ(device.n_input, 400 - 256);
	EXPECT_EQ(console_read(got, 100), 100);
	EXPECT(device.wants_read_irq);
	console_handle_irq(NULL);
	EXPECT(!device.wants_read_irq);
	EXPECT_EQ(console_read(got + 100, sizeof(got)), 256);
	console_handle_irq(NULL);
	EXPECT(device.wants_read_irq);
	EXPECT_EQ(console_read(got + 356, sizeof(got)), 44);
	for (unsigned i = 0; i < 400; i++)
		EXPECT_EQ(got[i], '0' + i % 10);
}

static unsigned n_read;

static void read_a_little(void)
{
	char got[100];

	n_notified++;
	n_read += (unsigned)console_read(got, sizeof(got));
}

/* Polled: what stays in the ring is told at the next look, even if nothing new comes. */
TEST(console, input_is_told_as_long_as_there_is_any)
{
	begin(false);
	n_notified = n_read = 0;
	console_on_input(read_a_little);
	for (unsigned i = 0; i < 40; i++)
		type("0123456789");
	for (unsigned i = 0; i < 6; i++)
		console_drain();
	EXPECT_EQ(n_read, 400);
	EXPECT_EQ(n_notified, 4);
	EXPECT(console_had_input());
	console_drain();
	EXPECT(!console_had_input());
}

static unsigned n_rooms;

static void count_room(void)
{
	n_rooms++;
}

/* Offer until no more is taken; returns how many bytes were. */
static size_t offer_all_it_takes(void)
{
	char line[100];
	size_t total = 0, n;

	memset(line, 'g', 99);
	line[99] = '\n';
	do
		total += n = console_offer(line, sizeof(line));
	while (n == sizeof(line));
	return total;
}

TEST(console, who_offers_gets_half_of_the_ring_and_who_writes_the_rest)
{
	uint64_t before = console_n_dropped();
	char line[] = "a line of the log, which nobody may keep out\n";
	unsigned n = 0;

	begin(true);
	console_on_room(count_room);
	n_rooms = 0;
	device.may_take = 0;
	/* What waits between ring and device comes on top. */
	EXPECT(offer_all_it_takes() - RING / 2 <= 128);
	EXPECT_EQ(console_offer("x", 1), 0);
	for (; n < 7 * 1024 / sizeof(line); n++)
		say(line);
	EXPECT_EQ(console_n_dropped(), before);
	EXPECT_EQ(console_offer("x", 1), 0);
	device.may_take = FAR_TOO_MUCH;
	while (device.wants_irq)
		console_handle_irq(NULL);
	EXPECT_EQ(n_rooms, 1);
	for (const char *p = device.sent; (p = strstr(p, "a line of the log")); p++)
		n--;
	EXPECT_EQ(n, 0);
}

TEST(console, an_offer_overtakes_nothing)
{
	begin(true);
	device.may_take = 0;
	EXPECT_EQ(console_offer("one\n", 4), 4);
	EXPECT(device.wants_irq);
	say("two\n");
	EXPECT_EQ(console_offer("three\n", 6), 6);
	device.may_take = 2;
	EXPECT_EQ(console_offer("four\n", 5), 5);
	device.may_take = FAR_TOO_MUCH;
	console_handle_irq(NULL);
	EXPECT_STR(device.sent, "one\r\ntwo\r\nthree\r\nfour\r\n");
	EXPECT(!device.wants_irq);
}

TEST(console, an_offer_goes_on_while_the_device_takes_some)
{
	static const char line[] = "0123456789012345678901234567890123456789\n";

	begin(true);
	device.at_once = 16;
	EXPECT_EQ(console_offer(line, 41), 41);
	EXPECT_EQ(device.n_sent, 42);
	EXPECT_EQ(device.n_irq_changes, 0);
}

/* The ring may be emptied by somebody who is not the boot hart, with nothing left to interrupt. */
TEST(console, who_waits_for_room_is_told_whoever_made_it)
{
	begin(true);
	console_on_room(count_room);
	n_rooms = 0;
	device.may_take = 0;
	(void)offer_all_it_takes();
	device.may_take = FAR_TOO_MUCH;
	hart_index = 1;
	while (!console_drain())
		;
	EXPECT_EQ(n_rooms, 0);
	EXPECT(device.wants_irq);
	hart_index = 0;
	console_handle_irq(NULL);
	EXPECT_EQ(n_rooms, 1);
	EXPECT(!device.wants_irq);
	console_handle_irq(NULL);
	EXPECT_EQ(n_rooms, 1);

	begin(false);
	console_on_room(count_room);
	device.may_take = 0;
	(void)offer_all_it_takes();
	device.may_take = FAR_TOO_MUCH;
	for (unsigned i = 0; i < 100; i++)
		console_drain();
	EXPECT_EQ(n_rooms, 2);
}

TEST(console, what_is_written_begins_on_a_fresh_line_where_an_offer_ended_within_one)
{
	begin(false);
	EXPECT_EQ(console_offer("login: ", 7), 7);
	say("log\n");
	say("again\n");
	say("");
	EXPECT_EQ(console_offer("done\n", 5), 5);
	say("log\n");
	EXPECT_STR(device.sent, "login: \r\nlog\r\nagain\r\ndone\r\nlog\r\n");
}

/* Harts that write at once: whole lines, none lost that is not counted, and nothing left behind. */
enum { HARTS = 6, LINES = 1500 };

static void *write_lines(void *argument)
{
	char line[32];

	hart_index = (unsigned)(uintptr_t)argument;
	for (unsigned i = 0; i < LINES; i++) {
		snprintf(line, sizeof(line), "<%u:%05u>\n", hart_index, i);
		console_write(line, strlen(line));
	}
	return NULL;
}

TEST(console, harts_never_mix_lines_nor_leave_bytes_behind)
{
	pthread_t threads[HARTS];
	uint64_t before = console_n_dropped();
	unsigned n_lines = 0, hart, number;
	char *place, *line;

	begin(true);
	for (uintptr_t i = 0; i < HARTS; i++)
		REQUIRE_EQ(pthread_create(&threads[i], NULL, write_lines, (void *)(i + 1)), 0);
	for (unsigned i = 0; i < HARTS; i++)
		pthread_join(threads[i], NULL);
	while (device.wants_irq)
		console_handle_irq(NULL);
	for (line = strtok_r(device.sent, "\r\n", &place); line;
	     line = strtok_r(NULL, "\r\n", &place)) {
		if (strncmp(line, "[console: ", 10) == 0)
			continue;
		REQUIRE_EQ(strlen(line), 9);
		REQUIRE_EQ(sscanf(line, "<%u:%05u>", &hart, &number), 2);
		n_lines++;
	}
	EXPECT_EQ(n_lines * 10 + console_n_dropped() - before, HARTS * LINES * 10);
}

/* Last, since there is no way back: the tests run in the order in which they stand here. */
TEST(console, a_crash_first_brings_out_what_led_to_it_then_speaks_alone)
{
	uint64_t start;

	begin(true);
	device.may_take = 0;
	say("before\n");
	EXPECT_EQ(console_offer("login: ", 7), 7);
	device.may_take = FAR_TOO_MUCH;
	device.at_once = 2;
	hart_index = 3;
	console_enter_crash();
	EXPECT_STR(device.sent, "before\r\nlogin: \r\n");
	say("dump\n");
	hart_index = 1;
	say("another hart\n");
	console_enter_crash();
	say("that crashes too\n");
	EXPECT(!console_drain());
	hart_index = 3;
	say("end\n");
	EXPECT_EQ(console_offer("guest", 5), 5);
	EXPECT_STR(device.sent, "before\r\nlogin: \r\ndump\r\nend\r\n");

	/* A device that takes nothing any more is waited for once, not at every line. */
	device.may_take = 0;
	start = now_ms;
	say("nobody hears\n");
	EXPECT(now_ms - start >= 100 && now_ms - start < 120);
	start = now_ms;
	say("nor this\n");
	EXPECT(now_ms - start <= 2);
}
