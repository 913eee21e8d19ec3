/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest's console: what it prints is kept, what is typed for it waits here. One console, or none,
 * is attached: what it prints goes to the host's console, and it has the keyboard.
 *
 * Always true: output that was not shown is shown when its console is attached, as far as it is
 * kept (the last 16 KiB); what is gone is counted and told. Unattached output never waits. Attached
 * output that the host's console cannot take yet is refused, so that a guest which floods its
 * console delays itself alone. Input is never refused before 128 KiB of it wait.
 *
 * Any hart may put and take; everything else, the callbacks too, happens on the boot hart in poll
 * points, with no lock held. Locks of devices may be held over put and take.
 */
#ifndef HYP_VCONSOLE_H
#define HYP_VCONSOLE_H

#include "arch/bits.h"

struct vconsole;

/* Whoever prints and reads: the guest's UART. */
struct vconsole_user {
	void (*input)(void *context); /* there is input where there was less */
	void (*room)(void *context);  /* output that was refused may be tried again */
	void *context;
};

/* `name` stays the caller's. NULL: no memory. */
MUST_CHECK struct vconsole *vconsole_create(const char *name);

/* Nobody may be inside it any more. If it was attached, nothing is attached then. */
void vconsole_destroy(struct vconsole *vc);

/* Who is told; NULL: nobody (before the guest's device goes away). */
void vconsole_set_user(struct vconsole *vc, const struct vconsole_user *user);

/* Print; returns how many bytes were taken. If fewer than n, `room` is called when there is some.
 */
size_t vconsole_put(struct vconsole *vc, const char *bytes, size_t n);

/* Input for the guest: take up to n bytes; returns how many. */
size_t vconsole_take_input(struct vconsole *vc, char *bytes, size_t n);
bool vconsole_has_input(const struct vconsole *vc);

/* Somebody typed this; returns how many bytes there was room for, and counts the others as lost. */
size_t vconsole_type(struct vconsole *vc, const char *bytes, size_t n);

/* Give it the host's console and the keyboard, and show what it printed unseen. NULL: the monitor
 * has them. */
void vconsole_attach(struct vconsole *vc);
struct vconsole *vconsole_attached(void);

/* Has it printed what was not shown yet? */
bool vconsole_has_unseen(const struct vconsole *vc);

/* Show again the last n bytes, as far as they are kept: now if it is attached, else when it is. */
void vconsole_show(struct vconsole *vc, size_t n);

/* What it printed, from its byte number *at on: up to n bytes; returns how many, and moves *at
 * behind them. What is no longer kept is passed over. For who only looks on; nothing counts as
 * shown. */
size_t vconsole_watch(struct vconsole *vc, uint64_t *at, char *bytes, size_t n);

const char *vconsole_name(const struct vconsole *vc);
uint64_t vconsole_n_lost(struct vconsole *vc);             /* bytes printed and never shown */
uint64_t vconsole_n_input_lost(const struct vconsole *vc); /* bytes typed and never queued */

#endif
