/* SPDX-License-Identifier: BSD-2-Clause */
/* Who gets what is typed, and what follows the escape key. All of it on the boot hart. */
#include "hyp/keyboard.h"

#include <string.h>

#include "hyp/monitor.h"
#include "hyp/vconsole.h"
#include "hyp/vms.h"
#include "lib/component.h"
#include "platform/console.h"
#include "platform/option.h"

enum { DEL = 127 };

static unsigned escape_key = 29;
OPTION_NUMBER(escape, escape, escape_key, 1, 127,
	      "the key that leaves a guest's console, as its code; 29 is Ctrl-]");

static bool is_escaped; /* the escape key came, what follows it did not */

/* A key wakes the VM whose console has it, if that has suspended itself. */
static void wake(const struct vconsole *vc)
{
	for (unsigned i = 0; i < n_vms(); i++)
		if (vm_console(vm_at(i)) == vc)
			(void)vm_wake(vm_at(i));
}

/* To whoever has the keyboard; a command of the monitor may give it away in between. */
static void give(const char *bytes, size_t n)
{
	while (n) {
		struct vconsole *vc = vconsole_attached();
		size_t used = n;

		if (!vc)
			used = monitor_type(bytes, n);
		else if (vconsole_type(vc, bytes, n) < n)
			(void)console_offer("\a", 1);
		if (vc)
			wake(vc);
		bytes += used;
		n -= used;
	}
}

/* The console of VM i, counted round; without VMs there is none. Where nobody answers, it says so.
 */
static void attach(unsigned i)
{
	if (!n_vms())
		return;
	struct vm *vm = vm_at(i % n_vms());

	if (!vm_is_running(vm))
		monitor_say("%s: %s", vm_name(vm), vm_state_text(vm));
	vconsole_attach(vm_console(vm));
}

static void attach_next(void)
{
	unsigned i = 0;

	while (i < n_vms() && vm_console(vm_at(i)) != vconsole_attached())
		i++;
	attach(i < n_vms() ? i + 1 : 0);
}

static void show_keys(void)
{
	monitor_say("after the escape key: 1 to 9 a VM's console, n the next one, m the monitor,\n"
		    "the escape key itself, ? this");
}

void keyboard_say_escape(void)
{
	bool is_control = escape_key < ' ' || escape_key == DEL;

	monitor_say("escape key: %s%c; m after it opens the monitor, ? lists the keys",
		    is_control ? "Ctrl-" : "", (int)(is_control ? escape_key ^ '@' : escape_key));
}

static void obey(char key)
{
	if ((unsigned char)key == escape_key)
		give(&key, 1);
	else if (key >= '1' && key <= '9' && (unsigned)(key - '1') < n_vms())
		attach((unsigned)(key - '1'));
	else if (key == 'n')
		attach_next();
	else if (key == 'm' || key == '\r' || key == '\n')
		monitor_open();
	else if (key == '?')
		show_keys();
}

void keyboard_poll(void)
{
	char bytes[128];
	size_t n;

	while ((n = console_read(bytes, sizeof(bytes)))) {
		size_t from = 0;

		for (size_t i = 0; i < n; i++) {
			bool was_escaped = is_escaped;

			is_escaped = !was_escaped && (unsigned char)bytes[i] == escape_key;
			if (!was_escaped && !is_escaped)
				continue;
			give(bytes + from, i - from);
			from = i + 1;
			if (was_escaped)
				obey(bytes[i]);
		}
		give(bytes + from, n - from);
	}
}

static int keyboard_init(void)
{
	console_on_input(keyboard_poll);
	return 0;
}

COMPONENT(keyboard, PHASE_SERVICE, keyboard_init, NULL, "who gets what is typed");
