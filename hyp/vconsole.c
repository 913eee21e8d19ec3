/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guests' consoles. Output goes into the kept ring always, and from there, if attached, into the
 * host console's ring as far as that has room; what a guest prints and what is shown again
 * therefore never change places.
 *
 * Always true: shown <= n_put <= shown + KEPT. While an attached console has something to show, the
 * host's console owes us a call, since it took less than it was offered.
 */
#include "hyp/vconsole.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/component.h"
#include "platform/console.h"
#include "platform/lock.h"
#include "platform/mmu.h"

enum {
	KEPT_ORDER = 2,
	INPUT_ORDER = 5,
	KEPT = PAGE_SIZE << KEPT_ORDER,
	INPUT = PAGE_SIZE << INPUT_ORDER,
	AHEAD = 1024, /* an attached guest prints so far ahead of the host's ring */
};

struct vconsole {
	/* Fixed at creation. */
	const char *name;
	char *kept, *input; /* rings; places run on for ever */

	/* Under the lock. */
	struct lock lock;
	uint64_t n_put, shown;
	uint64_t n_lost;
	bool is_attached, was_refused;

	/* Input: the boot hart adds, who holds the lock takes, anyone looks. */
	_Atomic uint64_t n_typed, n_taken;

	/* The boot hart. */
	struct vconsole_user user;
	uint64_t n_lost_told, n_input_lost;
};

static struct vconsole *attached; /* the boot hart's */

COLD struct vconsole *vconsole_create(const char *name)
{
	struct vconsole *vc = calloc(1, sizeof(*vc));

	if (!vc)
		return NULL;
	vc->name = name;
	vc->lock = (struct lock)LOCK_INIT("vconsole", RANK_CONSOLES);
	vc->kept = own_alloc(KEPT_ORDER);
	vc->input = own_alloc(INPUT_ORDER);
	if (vc->kept && vc->input)
		return vc;
	vconsole_destroy(vc);
	return NULL;
}

COLD void vconsole_destroy(struct vconsole *vc)
{
	if (attached == vc)
		attached = NULL;
	if (vc->kept)
		own_free(vc->kept, KEPT_ORDER);
	if (vc->input)
		own_free(vc->input, INPUT_ORDER);
	free(vc);
}

COLD void vconsole_set_user(struct vconsole *vc, const struct vconsole_user *user)
{
	vc->user = user ? *user : (struct vconsole_user){ 0 };
}

/* Under the lock: how much more an attached console may print now. */
static uint64_t room(const struct vconsole *vc)
{
	uint64_t unseen = vc->n_put - vc->shown;

	return unseen < AHEAD ? AHEAD - unseen : 0;
}

static void keep(struct vconsole *vc, const char *bytes, size_t n)
{
	uint64_t at = vc->n_put;

	vc->n_put += n;
	for (size_t i = 0; i < n; i++)
		vc->kept[at++ % KEPT] = bytes[i];
	if (vc->n_put - vc->shown > KEPT) {
		vc->n_lost += vc->n_put - KEPT - vc->shown;
		vc->shown = vc->n_put - KEPT;
	}
}

/* Under the lock: show what the host's console takes now. */
static void push(struct vconsole *vc)
{
	while (vc->shown != vc->n_put) {
		uint64_t at = vc->shown % KEPT, unseen = vc->n_put - vc->shown;
		size_t n = unseen < KEPT - at ? unseen : KEPT - at;
		size_t taken = console_offer(vc->kept + at, n);

		vc->shown += taken;
		if (taken < n)
			break;
	}
}

size_t vconsole_put(struct vconsole *vc, const char *bytes, size_t n)
{
	lock_take(&vc->lock);
	if (vc->is_attached && n > room(vc)) {
		vc->was_refused = true;
		n = room(vc);
	}
	keep(vc, bytes, n);
	if (vc->is_attached)
		push(vc);
	lock_release(&vc->lock);
	return n;
}

/* On the boot hart: whoever was refused may try again, if there is room by now. */
static COLD void end_refusal(struct vconsole *vc)
{
	bool ends;

	lock_take(&vc->lock);
	if (vc->is_attached)
		push(vc);
	ends = vc->was_refused && (!vc->is_attached || room(vc));
	if (ends)
		vc->was_refused = false;
	lock_release(&vc->lock);
	if (ends && vc->user.room)
		vc->user.room(vc->user.context);
}

static COLD void set_attached(struct vconsole *vc, bool on)
{
	lock_take(&vc->lock);
	vc->is_attached = on;
	lock_release(&vc->lock);
	end_refusal(vc);
}

static COLD void say_who(struct vconsole *vc)
{
	static char text[80];
	uint64_t n_lost = vconsole_n_lost(vc) - vc->n_lost_told;
	int n = n_lost ? snprintf(text, sizeof(text), "[%.40s, %" PRIu64 " bytes lost]\n", vc->name,
				  n_lost)
		       : snprintf(text, sizeof(text), "[%.40s]\n", vc->name);

	vc->n_lost_told += n_lost;
	console_write(text, (size_t)n);
}

COLD void vconsole_attach(struct vconsole *vc)
{
	struct vconsole *old = attached;

	attached = vc;
	if (old && old != vc)
		set_attached(old, false);
	if (!vc)
		return;
	say_who(vc);
	set_attached(vc, true);
}

bool vconsole_has_unseen(const struct vconsole *vc)
{
	return vc->shown != vc->n_put;
}

struct vconsole *vconsole_attached(void)
{
	return attached;
}

COLD void vconsole_show(struct vconsole *vc, size_t n)
{
	lock_take(&vc->lock);
	if (n > KEPT)
		n = KEPT;
	vc->shown = vc->n_put > n ? vc->n_put - n : 0;
	if (vc->is_attached)
		push(vc);
	lock_release(&vc->lock);
}

COLD size_t vconsole_watch(struct vconsole *vc, uint64_t *at, char *bytes, size_t n)
{
	size_t i;

	lock_take(&vc->lock);
	if (vc->n_put - *at > KEPT)
		*at = vc->n_put - KEPT;
	for (i = 0; i < n && *at < vc->n_put; i++)
		bytes[i] = vc->kept[(*at)++ % KEPT];
	lock_release(&vc->lock);
	return i;
}

/*
 * The queue of input. A taker's release of n_taken and the acquire of who adds order the taker's
 * reading before the place is used again; the other pair orders the bytes before their count.
 */
COLD size_t vconsole_type(struct vconsole *vc, const char *bytes, size_t n)
{
	uint64_t typed = atomic_load_explicit(&vc->n_typed, memory_order_relaxed);
	uint64_t free_cells =
		INPUT - (typed - atomic_load_explicit(&vc->n_taken, memory_order_acquire));
	size_t fits = n < free_cells ? n : free_cells;

	for (size_t i = 0; i < fits; i++)
		vc->input[typed++ % INPUT] = bytes[i];
	atomic_store_explicit(&vc->n_typed, typed, memory_order_release);
	vc->n_input_lost += n - fits;
	if (fits && vc->user.input)
		vc->user.input(vc->user.context);
	return fits;
}

COLD size_t vconsole_take_input(struct vconsole *vc, char *bytes, size_t n)
{
	uint64_t taken, typed;
	size_t i;

	lock_take(&vc->lock);
	taken = atomic_load_explicit(&vc->n_taken, memory_order_relaxed);
	typed = atomic_load_explicit(&vc->n_typed, memory_order_acquire);
	for (i = 0; i < n && taken < typed; i++)
		bytes[i] = vc->input[taken++ % INPUT];
	atomic_store_explicit(&vc->n_taken, taken, memory_order_release);
	lock_release(&vc->lock);
	return i;
}

bool vconsole_has_input(const struct vconsole *vc)
{
	return atomic_load_explicit(&vc->n_typed, memory_order_relaxed) !=
	       atomic_load_explicit(&vc->n_taken, memory_order_relaxed);
}

const char *vconsole_name(const struct vconsole *vc)
{
	return vc->name;
}

uint64_t vconsole_n_lost(struct vconsole *vc)
{
	uint64_t n;

	lock_take(&vc->lock);
	n = vc->n_lost;
	lock_release(&vc->lock);
	return n;
}

uint64_t vconsole_n_input_lost(const struct vconsole *vc)
{
	return vc->n_input_lost;
}

static void on_room(void)
{
	if (attached)
		end_refusal(attached);
}

static int vconsole_init(void)
{
	console_on_room(on_room);
	return 0;
}

COMPONENT(vconsole, PHASE_SERVICE, vconsole_init, NULL, "guests' consoles");
