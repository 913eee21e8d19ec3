/* SPDX-License-Identifier: BSD-2-Clause */
/* The monitor's commands. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "hyp/monitor.h"
#include "hyp/vconsole.h"
#include "hyp/vms.h"
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

/* Do it to the VM that the only word names, and say so, or why not and what to do instead, which is
 * `if_so` where it is so already; why it could not be started stands in the log. */
static bool order(unsigned n, char **words, int (*give)(struct vm *vm), const char *done,
		  const char *if_so)
{
	struct vm *vm = n == 1 ? find(words[0]) : NULL;
	int error = vm ? give(vm) : -ENOENT;

	if (!error)
		monitor_say("%s: %s", vm_name(vm), done);
	else if (error == -EBUSY || error == -EALREADY)
		monitor_say("%s: %s; %s", vm_name(vm), vm_state_text(vm),
			    error == -EALREADY ? if_so : "`restart` starts it anew");
	return n == 1;
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
MONITOR_COMMAND(list, "", "the VMs; where a NAME is wanted, the number will do", list);

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
	monitor_say("%s: %s", vm_name(vm), vm_state_text(vm));
	vconsole_attach(vm_console(vm));
	return true;
}
MONITOR_COMMAND(console, "NAME [BYTES]",
		"show its console, with so much of before; the escape key and m lead back",
		console);

static bool start(unsigned n, char **words)
{
	return order(n, words, vm_start, "starts", NULL);
}
MONITOR_COMMAND(start, "NAME", "start it anew from its images", start);

static bool stop(unsigned n, char **words)
{
	return order(n, words, vm_stop, "stops", "`start` starts it anew");
}
MONITOR_COMMAND(stop, "NAME", "stop it at once; its memory is lost", stop);

static bool restart(unsigned n, char **words)
{
	return order(n, words, vm_restart, "starts again", NULL);
}
MONITOR_COMMAND(restart, "NAME", "stop it and start it", restart);

static bool pause(unsigned n, char **words)
{
	return order(n, words, vm_pause, "pauses", "`resume` lets it go on");
}
MONITOR_COMMAND(pause, "NAME", "let it stand still, its time too", pause);

static bool resume(unsigned n, char **words)
{
	return order(n, words, vm_resume, "goes on", "`pause` lets it stand still");
}
MONITOR_COMMAND(resume, "NAME", "let it go on from where it is paused", resume);

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
MONITOR_COMMAND(stats, "[NAME]", "its memory, and its exits by cause; of all without NAME", stats);

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
		(void)vm_stop(vm_at(i));
	monitor_close();
	return true;
}
MONITOR_COMMAND(quit, "", "stop all VMs, report what they did, and switch off", quit);
