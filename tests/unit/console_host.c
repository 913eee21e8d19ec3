/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/console_host.h"
#include "tests/unit/time_host.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hyp/vconsole.h"
#include "hyp/vms.h"
#include "platform/console/driver.h"
#include "platform/hart.h"
#include "platform/mmu.h"
#include "platform/trace.h"
#include "tests/kit/kit.h"

enum { FIFO = 16 };

PER_HART unsigned hart_index;
struct host host = { .input = "" };

uint64_t console_now_ms(void)
{
	static _Atomic uint64_t now;

	return now++;
}

void *own_alloc(unsigned order)
{
	return calloc(1, PAGE_SIZE << order);
}

void own_free(void *pages, unsigned order)
{
	(void)order;
	free(pages);
}

void trace_show(unsigned n, void (*show)(const char *format, ...))
{
	show("the last %u", n);
}

/* --- the UART */

static size_t uart_write(const char *bytes, size_t n)
{
	n = n < host.may_take ? n : host.may_take;
	n = n < FIFO ? n : FIFO;
	if (n > HOST_SENT - 1 - host.n_sent)
		n = HOST_SENT - 1 - host.n_sent;
	memcpy(host.sent + host.n_sent, bytes, n);
	host.n_sent += n;
	host.may_take -= n;
	return n;
}

static size_t uart_read(char *bytes, size_t n)
{
	n = n < host.n_in_fifo ? n : host.n_in_fifo;
	memcpy(bytes, host.input, n);
	host.input += n;
	host.n_input -= n;
	host.n_in_fifo -= n;
	return n;
}

static void uart_want_write_irq(bool on)
{
	host.wants_write_irq = on;
}

static void uart_want_read_irq(bool on)
{
	host.wants_read_irq = on;
}

static const struct console_driver uart = {
	.name = "fake",
	.write = uart_write,
	.read = uart_read,
	.want_write_irq = uart_want_write_irq,
	.want_read_irq = uart_want_read_irq,
};

const struct console_driver *console_firmware_driver(void)
{
	return &uart;
}

void host_poll(void)
{
	for (;;) {
		host.n_in_fifo = host.n_input < FIFO ? host.n_input : FIFO;
		if (!(host.wants_read_irq && host.n_in_fifo) &&
		    !(host.wants_write_irq && host.may_take))
			break;
		console_handle_irq(NULL);
	}
}

void host_type(const char *bytes, size_t n)
{
	host.input = bytes;
	host.n_input = n;
	host_poll();
}

void host_type_text(const char *text)
{
	host_type(text, strlen(text));
}

static size_t n_seen;

const char *host_said(void)
{
	const char *from = host.sent + n_seen;

	host_poll();
	host.sent[host.n_sent] = '\0';
	n_seen = host.n_sent;
	return from;
}

void host_begin(void)
{
	vconsole_attach(NULL);
	console_on_input(NULL);
	host.may_take = HOST_UNLIMITED;
	host.n_input = 0;
	console_attach(&uart, true);
	console_write("\n", 1);
	host_poll();
	(void)host_let_time_pass();
	host.n_sent = n_seen = 0;
}

/* --- the VMs */

struct vm {
	const char *name;
	struct vconsole *console;
};

static struct vm vms[3] = { { .name = "one" }, { .name = "two" }, { .name = "three" } };
static unsigned n_made;
static char done[1000];
static size_t n_done;
int host_error;

void host_make_vms(void)
{
	for (n_made = 0; n_made < 3; n_made++)
		REQUIRE((vms[n_made].console = vconsole_create(vms[n_made].name)) != NULL);
}

void host_drop_vms(void)
{
	while (n_made)
		vconsole_destroy(vms[--n_made].console);
}

const char *host_done(void)
{
	static char text[sizeof(done)];

	memcpy(text, done, sizeof(text));
	done[0] = '\0';
	n_done = 0;
	return text;
}

static void do_to(const char *what, const struct vm *vm)
{
	n_done += (size_t)snprintf(done + n_done, sizeof(done) - n_done, "%s %s; ", what, vm->name);
}

unsigned n_vms(void)
{
	return n_made;
}

struct vm *vm_at(unsigned i)
{
	REQUIRE(i < n_made);
	return &vms[i];
}

struct vm *vm_by_name(const char *name)
{
	for (unsigned i = 0; i < n_made; i++)
		if (strcmp(vms[i].name, name) == 0)
			return &vms[i];
	return NULL;
}

const char *vm_name(const struct vm *vm)
{
	return vm->name;
}

const char *vm_state_text(const struct vm *vm)
{
	return vm == &vms[0] ? "running" : "stopped";
}

bool vm_is_running(const struct vm *vm)
{
	return vm == &vms[0];
}

struct vconsole *vm_console(struct vm *vm)
{
	return vm->console;
}

int vm_start(struct vm *vm)
{
	do_to("start", vm);
	return host_error;
}

int vm_stop(struct vm *vm)
{
	do_to("stop", vm);
	return host_error;
}

int vm_pause(struct vm *vm)
{
	do_to("pause", vm);
	return host_error;
}

int vm_resume(struct vm *vm)
{
	do_to("resume", vm);
	return host_error;
}

int vm_restart(struct vm *vm)
{
	do_to("restart", vm);
	return host_error;
}

void vm_show_stats(struct vm *vm, void (*show)(const char *format, ...))
{
	show("stats of %s", vm->name);
}

void vm_show_translation(struct vm *vm, uint64_t address, bool is_physical,
			 void (*show)(const char *format, ...))
{
	show("%s %s %llx", vm->name, is_physical ? "gpa" : "gva", (unsigned long long)address);
}
