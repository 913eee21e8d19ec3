/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A host for guests' consoles: the console's own core over a UART whose wire a test holds in its
 * hands, own memory, and three VMs that only remember what was asked of them.
 */
#ifndef TESTS_UNIT_CONSOLE_HOST_H
#define TESTS_UNIT_CONSOLE_HOST_H

#include <stdbool.h>
#include <stddef.h>

enum { HOST_SENT = 4 * 1024 * 1024, HOST_UNLIMITED = 1 << 30 };

extern struct host {
	char sent[HOST_SENT]; /* what came out of the wire; a 0 behind it */
	size_t n_sent, may_take;
	const char *input; /* what is still to come in */
	size_t n_input, n_in_fifo;
	bool wants_write_irq, wants_read_irq;
} host;

/* An empty console with interrupts, and nothing attached. */
void host_begin(void);

/* Interrupts, as long as the device has one to raise. */
void host_poll(void);

/* All of this arrives, 16 bytes at a time; what the console does not take stays in `host.input`. */
void host_type(const char *bytes, size_t n);
void host_type_text(const char *text);

/* What came out since it was last asked for. */
const char *host_said(void);

/* Three VMs "one", "two" and "three", with consoles, as hyp/vms.h has them, and what was done to
 * them since it was last asked for: "start one; stop two; ". */
void host_make_vms(void);
void host_drop_vms(void);
const char *host_done(void);
extern int host_error; /* what vm_start, vm_stop and vm_restart return */

#endif
