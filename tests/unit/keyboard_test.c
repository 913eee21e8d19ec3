/* SPDX-License-Identifier: BSD-2-Clause */
/* From the wire to the guest, through the host's console, the keyboard and the guest's queue. */
#include "hyp/keyboard.h"

#include <stdlib.h>
#include <string.h>

#include "hyp/vconsole.h"
#include "hyp/vms.h"
#include "lib/component.h"
#include "platform/console.h"
#include "tests/kit/kit.h"
#include "tests/unit/console_host.h"

#define ESCAPE "\x1d"

enum { PASTE = 64 * 1024, QUEUE = 128 * 1024 };

extern const struct component component_of_keyboard, component_of_vconsole;

static void begin(void)
{
	host_begin();
	REQUIRE_EQ(component_of_keyboard.init(), 0);
	REQUIRE_EQ(component_of_vconsole.init(), 0);
	host_make_vms();
}

static struct vconsole *console_of(unsigned i)
{
	return vm_console(vm_at(i));
}

/* All that waits for VM i, up to 99 bytes. */
static const char *got(unsigned i)
{
	static char text[100];

	text[vconsole_take_input(console_of(i), text, sizeof(text) - 1)] = '\0';
	return text;
}

/* What a guest's UART does when it is told of input: it takes what its FIFO holds, later. */
static struct {
	char bytes[PASTE];
	size_t n;
	unsigned n_told;
} slow;

static void read_slowly(void *context)
{
	if (++slow.n_told % 8 == 0)
		slow.n += vconsole_take_input(context, slow.bytes + slow.n, 16);
}

static struct vm *woken;

bool vm_wake(struct vm *of)
{
	woken = of;
	return true;
}

TEST(keyboard, a_key_wakes_the_vm_of_the_console_and_no_other)
{
	begin();
	vconsole_attach(console_of(1));
	host_type_text("k");
	EXPECT(woken == vm_at(1));
	vconsole_attach(NULL);
	woken = NULL;
	host_type_text("k");
	EXPECT(!woken);
	host_drop_vms();
}

TEST(keyboard, a_paste_of_64_KiB_arrives_complete_though_the_guest_reads_slowly)
{
	struct vconsole_user user = { .input = read_slowly };
	char *paste = malloc(PASTE);

	begin();
	REQUIRE(paste != NULL);
	for (unsigned i = 0; i < PASTE; i++)
		paste[i] = (char)(' ' + i * 7 % 90);
	user.context = console_of(0);
	vconsole_set_user(console_of(0), &user);
	vconsole_attach(console_of(0));
	host_type(paste, PASTE);
	EXPECT_EQ(host.n_input, 0);
	EXPECT(slow.n < PASTE / 2); /* it waits in the queue */
	while (vconsole_has_input(console_of(0)))
		slow.n += vconsole_take_input(console_of(0), slow.bytes + slow.n, 16);
	EXPECT_EQ(slow.n, PASTE);
	EXPECT_EQ(memcmp(slow.bytes, paste, PASTE), 0);
	EXPECT_EQ(vconsole_n_input_lost(console_of(0)), 0);
	free(paste);
	host_drop_vms();
}

/* Nobody looks for a while: the wire's sender waits, and nothing is lost on the way. */
TEST(keyboard, what_comes_while_nobody_reads_waits_in_the_device)
{
	char *paste = malloc(PASTE);

	begin();
	REQUIRE(paste != NULL);
	memset(paste, 'p', PASTE);
	vconsole_attach(console_of(1));
	console_on_input(NULL);
	host_type(paste, PASTE);
	EXPECT_EQ(host.n_input, PASTE - 256);
	EXPECT(!host.wants_read_irq);
	console_on_input(keyboard_poll);
	keyboard_poll();
	host_poll();
	EXPECT_EQ(host.n_input, 0);
	slow.n = 0;
	while (vconsole_has_input(console_of(1)))
		slow.n += vconsole_take_input(console_of(1), slow.bytes, 100);
	EXPECT_EQ(slow.n, PASTE);
	free(paste);
	host_drop_vms();
}

TEST(keyboard, the_escape_key_works_though_the_guest_reads_nothing)
{
	char *text = malloc(QUEUE + 100);

	begin();
	REQUIRE(text != NULL);
	memset(text, 'x', QUEUE + 100);
	vconsole_attach(console_of(0));
	(void)host_said();
	host_type(text, QUEUE + 100);
	EXPECT_EQ(host.n_input, 0);
	EXPECT_EQ(vconsole_n_input_lost(console_of(0)), 100);
	EXPECT(strchr(host_said(), '\a') != NULL);
	host_type_text(ESCAPE "m");
	EXPECT(vconsole_attached() == NULL);
	EXPECT(strstr(host_said(), "hartwood> ") != NULL);
	host_type_text(ESCAPE "1");
	EXPECT(vconsole_attached() == console_of(0));
	free(text);
	host_drop_vms();
}

TEST(keyboard, a_digit_after_the_escape_key_attaches_that_console)
{
	begin();
	host_type_text(ESCAPE "2for two" ESCAPE "1for one");
	EXPECT(vconsole_attached() == console_of(0));
	EXPECT_STR(got(0), "for one");
	EXPECT_STR(got(1), "for two");
	EXPECT_STR(host_said(), "two: stopped\r\n[two]\r\n[one]\r\n");
	host_type_text(ESCAPE "3" ESCAPE "4" ESCAPE "0"); /* the last two are not there */
	EXPECT(vconsole_attached() == console_of(2));
	EXPECT_STR(host_said(), "three: stopped\r\n[three]\r\n");
	EXPECT_STR(got(2), "");
	host_drop_vms();
}

TEST(keyboard, n_goes_round_the_consoles)
{
	begin();
	host_type_text(ESCAPE "n");
	EXPECT(vconsole_attached() == console_of(0));
	host_type_text(ESCAPE "n" ESCAPE "n");
	EXPECT(vconsole_attached() == console_of(2));
	host_type_text(ESCAPE "n");
	EXPECT(vconsole_attached() == console_of(0));
	host_drop_vms();
}

/* At such a console nobody answers. */
TEST(keyboard, a_console_whose_vm_does_not_run_says_so)
{
	begin();
	vconsole_attach(console_of(0));
	REQUIRE_EQ(vconsole_put(console_of(0), "> ", 2), 2);
	REQUIRE_EQ(vconsole_put(console_of(1), "bye\n", 4), 4);
	(void)host_said();
	host_type_text(ESCAPE "n");
	EXPECT_STR(host_said(), "\r\ntwo: stopped\r\n[two]\r\nbye\r\n");
	host_type_text(ESCAPE "2"); /* it is there already */
	EXPECT_STR(host_said(), "two: stopped\r\n[two]\r\n");
	host_type_text(ESCAPE "1");
	EXPECT_STR(host_said(), "[one]\r\n");
	host_drop_vms();
}

TEST(keyboard, m_and_enter_open_the_monitor)
{
	static const char *const ways[] = { ESCAPE "m", ESCAPE "\r", ESCAPE "\n" };

	begin();
	for (unsigned i = 0; i < 3; i++) {
		vconsole_attach(console_of(0));
		(void)host_said();
		host_type_text(ways[i]);
		EXPECT(vconsole_attached() == NULL);
		EXPECT_STR(host_said(), "[monitor; `help` lists what it does]\r\nhartwood> ");
	}
	host_drop_vms();
}

TEST(keyboard, the_escape_key_twice_is_one_for_the_guest_and_other_keys_cancel)
{
	begin();
	vconsole_attach(console_of(0));
	host_type_text("a" ESCAPE ESCAPE "b" ESCAPE "xc" ESCAPE ESCAPE "1");
	EXPECT_STR(got(0), "a" ESCAPE "bc" ESCAPE "1");
	EXPECT(vconsole_attached() == console_of(0));
	host_drop_vms();
}

TEST(keyboard, what_follows_the_escape_key_may_come_much_later)
{
	begin();
	vconsole_attach(console_of(0));
	host_type_text("a" ESCAPE);
	EXPECT_STR(got(0), "a");
	host_type_text("3z");
	EXPECT_STR(got(2), "z");
	EXPECT_STR(got(0), "");
	host_drop_vms();
}

TEST(keyboard, control_c_and_every_other_byte_reach_the_guest)
{
	char all[256], *text = all;
	char back[256];

	begin();
	vconsole_attach(console_of(0));
	for (unsigned i = 0; i < 256; i++)
		if (i != 0x1d)
			*text++ = (char)i;
	host_type(all, 255);
	EXPECT_EQ(vconsole_take_input(console_of(0), back, 256), 255);
	EXPECT_EQ(memcmp(all, back, 255), 0);
	host_drop_vms();
}

TEST(keyboard, a_question_mark_shows_the_keys_and_stays)
{
	begin();
	vconsole_attach(console_of(0));
	(void)host_said();
	host_type_text(ESCAPE "?");
	EXPECT(strstr(host_said(), "the monitor") != NULL);
	EXPECT(vconsole_attached() == console_of(0));
	EXPECT_STR(got(0), "");
	host_drop_vms();
}

TEST(keyboard, its_name_is_told)
{
	begin();
	(void)host_said();
	keyboard_say_escape();
	EXPECT_STR(host_said(),
		   "escape key: Ctrl-]; m after it opens the monitor, ? lists the keys\r\n");
	host_drop_vms();
}

TEST(keyboard, what_follows_a_command_that_gives_the_keyboard_away_is_the_guests)
{
	begin();
	host_type_text(ESCAPE "mconsole two\runame -a\r" ESCAPE "mconsole 3\rls\r");
	EXPECT_STR(got(1), "uname -a\r");
	EXPECT_STR(got(2), "ls\r");
	EXPECT(vconsole_attached() == console_of(2));
	host_drop_vms();
}

TEST(keyboard, the_monitor_is_left_by_quit_and_what_follows_is_nobodys)
{
	begin();
	host_type_text(ESCAPE "mquit\rstop one\r");
	EXPECT_STR(host_done(), "stop one; stop two; stop three; ");
	EXPECT_STR(host_said(), "[monitor; `help` lists what it does]\r\nhartwood> quit\r\n");
	host_drop_vms();
}

TEST(keyboard, without_vms_every_key_is_harmless)
{
	begin();
	host_drop_vms();
	host_type_text(ESCAPE "1" ESCAPE "n" ESCAPE ESCAPE ESCAPE "m" ESCAPE "?");
	EXPECT(vconsole_attached() == NULL);
}
