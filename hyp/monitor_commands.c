/* SPDX-License-Identifier: BSD-2-Clause */
/* The monitor's commands. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "hyp/monitor.h"
#include "hyp/vconsole.h"
#include "hyp/vms.h"
#include "platform/power.h"
#include "platform/trace.h"

extern const struct monitor_command __start_monitor_commands[], __stop_monitor_commands[];

static bool read_by(int base, const char *word, uint64_t *value)
{
	char *end;

	errno = 0;
	*value = strtoul(word, &end, base);
	return word[0] != '-' && end != word && !*end && !errno;
}

static bool read_number(const char *word, uint64_t *value)
{
	return read_by(0, word, value);
}

/* By its name, or by its number in `list`; says so if there is none. */
static struct vm *find(const char *word)
{
	struct vm *vm = vm_by_name(word);
	uint64_t i;

	if (!vm && read_number(word, &i) && i - 1 < n_vms())
		vm = vm_at((unsigned)i - 1);
	if (!vm)
		monitor_say("there is no VM '%s'; `list` shows those that there are", word);
	return vm;
}

static void say_error(const struct vm *vm, int error)
{
	if (error)
		monitor_say("%s: %s", vm_name(vm), error == -EBUSY ? "it runs" : strerror(-error));
}

static bool help(unsigned n, char **words)
{
	(void)words;
	for (const struct monitor_command *c = __start_monitor_commands;
	     !n && c < __stop_monitor_commands; c++)
		monitor_say("%-8s %-19s %s", c->name, c->usage, c->help);
	return !n;
}
MONITOR_COMMAND(help, "", "this list", help);

static bool list(unsigned n, char **words)
{
	(void)words;
	for (unsigned i = 0; !n && i < n_vms(); i++)
		monitor_say("%u  %-15s %s", i + 1, vm_name(vm_at(i)), vm_state_text(vm_at(i)));
	return !n;
}
MONITOR_COMMAND(list, "", "the VMs", list);

static bool console(unsigned n, char **words)
{
	uint64_t n_bytes = 0;
	struct vm *vm;

	if (n < 1 || n > 2 || (n == 2 && !read_number(words[1], &n_bytes)))
		return false;
	vm = find(words[0]);
	if (!vm)
		return true;
	if (n == 2)
		vconsole_show(vm_console(vm), n_bytes);
	vconsole_attach(vm_console(vm));
	return true;
}
MONITOR_COMMAND(console, "NAME [BYTES]", "go to its console and show what is new, or so much",
		console);

static bool start(unsigned n, char **words)
{
	struct vm *vm = n == 1 ? find(words[0]) : NULL;

	if (vm)
		say_error(vm, vm_start(vm));
	return n == 1;
}
MONITOR_COMMAND(start, "NAME", "start it from its images", start);

static bool stop(unsigned n, char **words)
{
	struct vm *vm = n == 1 ? find(words[0]) : NULL;

	if (vm)
		vm_stop(vm);
	return n == 1;
}
MONITOR_COMMAND(stop, "NAME", "stop it at once", stop);

static bool restart(unsigned n, char **words)
{
	struct vm *vm = n == 1 ? find(words[0]) : NULL;

	if (vm)
		say_error(vm, vm_restart(vm));
	return n == 1;
}
MONITOR_COMMAND(restart, "NAME", "stop it and start it", restart);

static void show_stats(struct vm *vm)
{
	uint64_t n_lost = vconsole_n_input_lost(vm_console(vm));

	vm_show_stats(vm, monitor_say);
	if (n_lost)
		monitor_say("  console: %" PRIu64 " bytes typed found no room", n_lost);
}

static bool stats(unsigned n, char **words)
{
	struct vm *vm = n == 1 ? find(words[0]) : NULL;

	if (vm)
		show_stats(vm);
	for (unsigned i = 0; n == 0 && i < n_vms(); i++)
		show_stats(vm_at(i));
	return n <= 1;
}
MONITOR_COMMAND(stats, "[NAME]", "exits by cause, memory", stats);

static bool xlate(unsigned n, char **words)
{
	bool is_physical = n == 3 && strcmp(words[2], "gpa") == 0;
	uint64_t address;
	struct vm *vm;

	if (n < 2 || n > 3 || (n == 3 && !is_physical) || !read_by(16, words[1], &address))
		return false;
	vm = find(words[0]);
	if (vm)
		vm_show_translation(vm, address, is_physical, monitor_say);
	return true;
}
MONITOR_COMMAND(xlate, "NAME ADDRESS [gpa]", "how its address translates, level by level", xlate);

static bool show_trace(unsigned n, char **words)
{
	uint64_t n_records = 16;

	if (n > 1 || (n == 1 && !read_number(words[0], &n_records)))
		return false;
	trace_show(n_records < TRACE_RECORDS ? (unsigned)n_records : TRACE_RECORDS, monitor_say);
	return true;
}
MONITOR_COMMAND(trace, "[N]", "the last N events of the boot hart", show_trace);

static bool quit(unsigned n, char **words)
{
	(void)words;
	if (n)
		return false;
	for (unsigned i = 0; i < n_vms(); i++)
		vm_stop(vm_at(i));
	power_off(POWER_SUCCESS);
}
MONITOR_COMMAND(quit, "", "stop all VMs and switch off", quit);
