/* SPDX-License-Identifier: BSD-2-Clause */
/* Guests' consoles over the host console's own core: who waits, who loses what, what is shown. */
#include "hyp/vconsole.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/component.h"
#include "platform/console.h"
#include "platform/console/driver.h"
#include "platform/hart.h"
#include "tests/kit/kit.h"
#include "tests/unit/console_host.h"

enum { KEPT = 16 * 1024, INPUT = 128 * 1024 };

extern const struct component component_of_vconsole;

static struct vconsole *a, *b;

static void begin(void)
{
	host_begin();
	REQUIRE_EQ(component_of_vconsole.init(), 0);
	a = vconsole_create("a");
	b = vconsole_create("b");
	REQUIRE(a && b);
}

static void end(void)
{
	vconsole_destroy(a);
	vconsole_destroy(b);
}

static size_t put(struct vconsole *vc, const char *text)
{
	return vconsole_put(vc, text, strlen(text));
}

/* A numbered line of 16 bytes, so that what is missing can be named. */
static const char *numbered(char mark, unsigned i)
{
	static _Thread_local char line[17];

	snprintf(line, sizeof(line), "<%c %011u>\n", mark, i);
	return line;
}

/* How many numbered lines of this mark stand in the text, one after the other from `first` on. */
static unsigned n_in_order(const char *text, char mark, unsigned first)
{
	unsigned i = first;

	for (;;) {
		char line[16];

		memcpy(line, numbered(mark, i), 15);
		line[15] = '\0';
		const char *at = strstr(text, line);

		if (!at)
			return i - first;
		text = at + 15;
		i++;
	}
}

TEST(vconsole, what_an_attached_guest_prints_comes_out)
{
	begin();
	vconsole_attach(a);
	EXPECT(vconsole_attached() == a);
	EXPECT_EQ(put(a, "hello\n"), 6);
	EXPECT_STR(host_said(), "[a]\r\nhello\r\n");
	end();
	EXPECT(vconsole_attached() == NULL);
}

TEST(vconsole, what_was_printed_unseen_is_shown_once_and_again_when_asked)
{
	begin();
	EXPECT_EQ(put(a, "early\n"), 6);
	EXPECT_STR(host_said(), "");
	vconsole_attach(a);
	EXPECT_STR(host_said(), "[a]\r\nearly\r\n");
	vconsole_attach(b);
	EXPECT_EQ(put(a, "later\n"), 6);
	EXPECT_STR(host_said(), "[b]\r\n");
	vconsole_attach(a);
	EXPECT_STR(host_said(), "[a]\r\nlater\r\n");
	vconsole_show(a, 8);
	EXPECT_STR(host_said(), "y\r\nlater\r\n");
	vconsole_show(a, SIZE_MAX);
	EXPECT_STR(host_said(), "early\r\nlater\r\n");
	vconsole_attach(NULL);
	vconsole_show(a, 6);
	EXPECT_STR(host_said(), "");
	vconsole_attach(a);
	EXPECT_STR(host_said(), "[a]\r\nlater\r\n");
	end();
}

TEST(vconsole, unattached_output_never_waits_and_its_last_16_KiB_are_kept)
{
	enum { N = 5000 };
	char expected[64];
	const char *said;

	begin();
	for (unsigned i = 0; i < N; i++)
		REQUIRE_EQ(put(a, numbered('a', i)), 16);
	EXPECT_EQ(vconsole_n_lost(a), N * 16 - KEPT);
	vconsole_attach(a);
	said = host_said();
	snprintf(expected, sizeof(expected), "[a, %u bytes lost]\r\n<a ", N * 16 - KEPT);
	EXPECT(strncmp(said, expected, strlen(expected)) == 0);
	EXPECT_EQ(n_in_order(said, 'a', N - KEPT / 16), KEPT / 16);
	vconsole_attach(a);
	EXPECT_STR(host_said(), "[a]\r\n"); /* told once */
	end();
}

TEST(vconsole, one_message_longer_than_what_is_kept_leaves_its_end)
{
	char *big = malloc(3 * KEPT);

	begin();
	REQUIRE(big != NULL);
	memset(big, 'x', 3 * KEPT);
	memcpy(big + 3 * KEPT - 4, "end\n", 4);
	EXPECT_EQ(vconsole_put(a, big, 3 * KEPT), 3 * KEPT);
	EXPECT_EQ(vconsole_n_lost(a), 2 * KEPT);
	vconsole_attach(a);
	EXPECT(strstr(host_said(), "xxxend\r\n") != NULL);
	free(big);
	end();
}

enum { FLOOD = 20000 * 16 };

static unsigned n_rooms, n_printed;

/* A guest that prints numbered lines as fast as it may: it goes on where it was refused. */
static void print_on(void *context)
{
	size_t n = 1;

	n_rooms++;
	while (n && n_printed < FLOOD)
		n_printed += (unsigned)(n = put(context,
						numbered('a', n_printed / 16) + n_printed % 16));
}

TEST(vconsole, an_attached_flood_is_refused_resumed_and_loses_nothing)
{
	struct vconsole_user user = { .room = print_on };

	begin();
	user.context = a;
	vconsole_set_user(a, &user);
	vconsole_attach(a);
	host_poll();
	host.may_take = 0;
	n_rooms = n_printed = 0;
	print_on(a);
	EXPECT(n_printed <= 10 * 1024);
	EXPECT_EQ(put(a, "x"), 0);
	host_poll();
	EXPECT_EQ(n_rooms, 1);
	while (host.wants_write_irq) {
		host.may_take = 999;
		host_poll();
	}
	EXPECT_EQ(n_in_order(host_said(), 'a', 0), 20000);
	EXPECT_EQ(n_printed, FLOOD);
	EXPECT(n_rooms > 20);
	EXPECT_EQ(vconsole_n_lost(a), 0);
	end();
}

/* While a slow terminal shows one guest's flood. */
TEST(vconsole, a_flood_loses_neither_the_log_nor_another_guests_output_and_delays_neither)
{
	struct vconsole_user user = { .room = print_on };
	uint64_t dropped = console_n_dropped();
	const char *said;

	begin();
	user.context = a;
	vconsole_set_user(a, &user);
	vconsole_attach(a);
	n_printed = 0;
	for (unsigned i = 0; i < 600; i++) {
		host.may_take = 100;
		host_poll();
		print_on(a);
		console_write(numbered('l', i), 16);
		EXPECT_EQ(put(b, numbered('b', i)), 16);
	}
	EXPECT_EQ(console_n_dropped(), dropped);
	EXPECT(n_printed < FLOOD);
	host.may_take = HOST_UNLIMITED;
	said = host_said();
	EXPECT_EQ(n_in_order(said, 'l', 0), 600);
	EXPECT_EQ(n_in_order(said, 'a', 0), 20000);
	vconsole_attach(b);
	EXPECT_EQ(n_in_order(host_said(), 'b', 0), 600);
	end();
}

TEST(vconsole, switching_shows_nothing_of_the_one_behind_anything_of_the_other)
{
	struct vconsole_user user = { .room = print_on };
	const char *said, *there;

	begin();
	user.context = a;
	vconsole_set_user(a, &user);
	vconsole_attach(a);
	host.may_take = 0;
	n_rooms = n_printed = 0;
	print_on(a);
	REQUIRE_EQ(n_rooms, 1);
	EXPECT_EQ(put(b, numbered('b', 0)), 16);
	vconsole_attach(b); /* who waited goes on, into what is kept */
	EXPECT_EQ(n_rooms, 2);
	EXPECT_EQ(n_printed, FLOOD);
	EXPECT_EQ(put(b, numbered('b', 1)), 16);
	host.may_take = HOST_UNLIMITED;
	said = host_said();
	there = strstr(said, "[b]\r\n");
	REQUIRE(there != NULL);
	EXPECT_EQ(n_in_order(there, 'b', 0), 2);
	EXPECT(strstr(there, "<a") == NULL);
	EXPECT(n_in_order(said, 'a', 0) * 16 >= 8 * 1024);
	end();
}

TEST(vconsole, lines_of_the_hypervisor_begin_on_a_fresh_line)
{
	begin();
	vconsole_attach(a);
	put(a, "login: ");
	console_write("vm2 ended\n", 10);
	put(a, "root\n");
	console_write("vm3 ended\n", 10);
	EXPECT_STR(host_said(), "[a]\r\nlogin: \r\nvm2 ended\r\nroot\r\nvm3 ended\r\n");
	end();
}

static unsigned n_told;

static void count_input(void *context)
{
	(*(unsigned *)context)++;
}

TEST(vconsole, input_waits_for_its_guest_and_comes_in_order)
{
	struct vconsole_user user = { .input = count_input, .context = &n_told };
	char got[8] = "";

	begin();
	n_told = 0;
	vconsole_set_user(a, &user);
	EXPECT(!vconsole_has_input(a));
	EXPECT_EQ(vconsole_type(a, "abc", 3), 3);
	EXPECT_EQ(vconsole_type(a, "de", 2), 2);
	EXPECT_EQ(n_told, 2);
	EXPECT(vconsole_has_input(a));
	EXPECT(!vconsole_has_input(b));
	EXPECT_EQ(vconsole_take_input(a, got, 4), 4);
	EXPECT_STR(got, "abcd");
	EXPECT_EQ(vconsole_take_input(a, got, 4), 1);
	EXPECT_EQ(got[0], 'e');
	EXPECT(!vconsole_has_input(a));
	EXPECT_EQ(vconsole_take_input(a, got, 4), 0);
	end();
}

TEST(vconsole, input_is_lost_and_counted_only_when_128_KiB_wait)
{
	char *text = malloc(INPUT + 10), *got = malloc(INPUT + 10);

	begin();
	REQUIRE(text && got);
	for (unsigned i = 0; i < INPUT + 10; i++)
		text[i] = (char)(i % 251);
	EXPECT_EQ(vconsole_type(a, text, 7), 7); /* so that the ring wraps */
	EXPECT_EQ(vconsole_take_input(a, got, 7), 7);
	EXPECT_EQ(vconsole_type(a, text, INPUT + 10), INPUT);
	EXPECT_EQ(vconsole_type(a, text, 1), 0);
	EXPECT_EQ(vconsole_n_input_lost(a), 11);
	EXPECT_EQ(vconsole_take_input(a, got, 100), 100);
	EXPECT_EQ(vconsole_type(a, text + INPUT, 10), 10);
	EXPECT_EQ(vconsole_take_input(a, got + 100, INPUT), INPUT - 90);
	EXPECT_EQ(memcmp(got, text, INPUT + 10), 0);
	free(text);
	free(got);
	end();
}

/* Two harts print and read while the boot hart types, switches, and serves the device. */
enum { N_PRINTED = 400000, N_TYPED = 10000 };
static atomic_uint n_running;

static void *run_guest(void *context)
{
	struct vconsole *vc = context;
	unsigned n_put = 0, n_got = 0;
	char text[7], byte;

	hart_index = *vconsole_name(vc) == 'a' ? 1 : 2;
	memset(text, hart_index == 1 ? '+' : '-', sizeof(text));
	while (n_put < N_PRINTED || n_got < N_TYPED) {
		size_t left = N_PRINTED - n_put, n = left < sizeof(text) ? left : sizeof(text);

		if (n && (n = vconsole_put(vc, text, n)))
			n_put += (unsigned)n;
		else
			sched_yield();
		while (vconsole_has_input(vc) && vconsole_take_input(vc, &byte, 1))
			EXPECT_EQ((unsigned char)byte, n_got++ % 256);
	}
	atomic_fetch_sub(&n_running, 1);
	return NULL;
}

static void type_numbers(struct vconsole *vc, unsigned *n)
{
	char byte = (char)*n;

	if (*n < N_TYPED)
		*n += (unsigned)vconsole_type(vc, &byte, 1);
}

static unsigned n_of(const char *text, char c)
{
	unsigned n = 0;

	for (; *text; text++)
		n += *text == c;
	return n;
}

TEST(vconsole, harts_print_and_read_while_the_boot_hart_types_and_switches)
{
	pthread_t threads[2];
	unsigned n_typed[2] = { 0, 0 };
	struct vconsole *both[2];
	const char *said;

	begin();
	both[0] = a;
	both[1] = b;
	n_running = 2;
	for (unsigned i = 0; i < 2; i++)
		REQUIRE_EQ(pthread_create(&threads[i], NULL, run_guest, both[i]), 0);
	for (unsigned turn = 0; n_running; turn++) {
		if (turn % 64 == 0)
			vconsole_attach(turn % 192 ? both[turn / 64 % 2] : NULL);
		for (unsigned i = 0; i < 2; i++)
			type_numbers(both[i], &n_typed[i]);
		console_handle_irq(NULL);
		sched_yield();
	}
	for (unsigned i = 0; i < 2; i++) {
		pthread_join(threads[i], NULL);
		vconsole_attach(both[i]);
		host_poll();
	}
	said = host_said();
	EXPECT_EQ(n_of(said, '+') + vconsole_n_lost(a), N_PRINTED);
	EXPECT_EQ(n_of(said, '-') + vconsole_n_lost(b), N_PRINTED);
	kit_note("lost while unattached: %u and %u of %u", (unsigned)vconsole_n_lost(a),
		 (unsigned)vconsole_n_lost(b), N_PRINTED);
	end();
}
