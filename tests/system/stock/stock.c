/* SPDX-License-Identifier: BSD-2-Clause */
/* Making guests, and talking to them between two turns of theirs. All of it is the boot hart's. */
#include "tests/system/stock/stock.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hyp/run.h"
#include "hyp/vconsole.h"
#include "lib/component.h"
#include "platform/boot.h"
#include "platform/console.h"
#include "platform/irq.h"
#include "platform/mmu.h"
#include "platform/timer.h"

enum {
	TALKERS = 4,
	TICK_US = 1000,  /* of a guest on the boot hart */
	PATIENCE_S = 60, /* for all that a test waits for at once, on a machine that is busy */
	UNSEEN = 4096,   /* of what a guest printed is looked through; a step's text fits */
	TOLD = 400,      /* of it are told when a step is not reached */
};

/* One guest that is talked to. */
static struct talker {
	struct vm *vm;
	const struct step *steps;
	size_t n_left;
	uint64_t at; /* in what its console printed */
	char unseen[UNSEEN];
	size_t n_unseen;
} talkers[TALKERS];

static struct timer tick;

static char error_text[sizeof(struct vm_config_error)];

const char *guest_error(void)
{
	return error_text;
}

static bool open_archive(struct cpio *archive)
{
	static const void *bytes;

	if (!bytes)
		bytes = mmu_map_blob(machine.initrd.at, machine.initrd.size);
	*archive = CPIO(bytes, machine.initrd.size);
	return bytes != NULL;
}

static struct vm *make(struct vm_config *config, const char *file, void *tree, size_t size,
		       const struct cpio *archive)
{
	struct vm_config_error wrong;
	struct vm_error failed;
	struct vm *vm = NULL;
	const char *why = wrong.text;

	if (!vm_config_read(config, file, tree, size, &wrong) &&
	    !vm_config_check_host(config, file, &machine, &wrong)) {
		vm = vm_create(config, archive, NULL, 0, &failed);
		why = vm ? "" : failed.text;
	}
	snprintf(error_text, sizeof(error_text), "%s", why);
	return vm;
}

struct vm *guest_make(const char *name)
{
	struct cpio archive;
	struct cpio_file file;
	char path[64];

	snprintf(path, sizeof(path), "%s.dtb", name);
	snprintf(error_text, sizeof(error_text), "%s is not in the initrd", path);
	if (!machine.initrd.size || !open_archive(&archive) || cpio_find(&archive, path, &file))
		return NULL;
	struct vm_config *config = malloc(sizeof(*config));
	void *tree = malloc(file.size); /* aligned, which a file in an archive need not be */
	struct vm *vm = NULL;

	if (config && tree) {
		memcpy(tree, file.bytes, file.size);
		vm = make(config, path, tree, file.size, &archive);
	}
	free(tree);
	free(config);
	return vm;
}

static struct talker *talker_of(const struct vm *vm)
{
	for (unsigned i = 0; i < TALKERS; i++)
		if (talkers[i].vm == vm)
			return &talkers[i];
	return NULL;
}

struct vm *guest_start(const char *name)
{
	struct vm *vm = guest_make(name);

	if (!vm)
		kit_note("%s", guest_error());
	REQUIRE(vm != NULL);
	REQUIRE(vm_start(vm) == 0);
	return vm;
}

/* What a guest printed since the last look: to the host's console, for who reads why a test failed,
 * and behind what no step has seen. */
static void listen(struct talker *t)
{
	char bytes[256];
	size_t n;

	while ((n = vconsole_watch(t->vm->console, &t->at, bytes, sizeof(bytes)))) {
		console_write(bytes, n);
		if (t->n_unseen + n > UNSEEN - 1) {
			size_t old = t->n_unseen + n - (UNSEEN - 1);

			t->n_unseen -= old;
			memmove(t->unseen, t->unseen + old, t->n_unseen);
		}
		/* A NUL would hide what follows it. */
		for (size_t i = 0; i < n; i++)
			t->unseen[t->n_unseen++] = bytes[i] ? bytes[i] : '.';
	}
	t->unseen[t->n_unseen] = '\0';
}

static void go_on(struct talker *t)
{
	listen(t);
	for (; t->n_left; t->steps++, t->n_left--) {
		const struct step *step = t->steps;

		if (step->see) {
			const char *at = strstr(t->unseen, step->see);

			if (!at)
				return;
			at += strlen(step->see);
			t->n_unseen -= (size_t)(at - t->unseen);
			memmove(t->unseen, at, t->n_unseen + 1);
		}
		if (step->type)
			(void)vconsole_type(t->vm->console, step->type, strlen(step->type));
	}
}

/* A guest that never waits must not keep the test from going on. */
static void on_tick(struct timer *timer)
{
	run_end_turn();
	timer_set(timer, time_now() + time_from_us(TICK_US));
}

/* What is still there when time is up is stopped, and no longer talked to. */
static void give_up(void)
{
	for (unsigned i = 0; i < n_vms(); i++)
		vm_stop(vm_at(i));
	memset(talkers, 0, sizeof(talkers));
}

/* The product's loop, for as long as it takes; false if that is too long. */
static bool run_until(bool (*is_over)(const void *context), const void *context)
{
	uint64_t deadline = time_now() + time_from_us(PATIENCE_S * UINT64_C(1000000));

	tick.call = on_tick;
	timer_set(&tick, time_now());
	while (!is_over(context) && !time_is_past(deadline)) {
		irq_poll();
		for (unsigned i = 0; i < TALKERS; i++)
			if (talkers[i].vm)
				go_on(&talkers[i]);
		vms_turn();
	}
	timer_cancel(&tick);
	return is_over(context);
}

static bool is_rest(const void *vm)
{
	const struct vm *v = vm;

	return v->state == VM_IS_STOPPED || v->state == VM_IS_KEPT;
}

static bool is_paused(const void *vm)
{
	return ((const struct vm *)vm)->state == VM_IS_PAUSED;
}

static bool is_past(const void *deadline)
{
	return time_is_past(*(const uint64_t *)deadline);
}

static bool is_all_said(const void *context)
{
	(void)context;
	for (unsigned i = 0; i < TALKERS; i++)
		if (talkers[i].n_left)
			return false;
	return true;
}

void guest_tell(struct vm *vm, const struct step *steps, size_t n)
{
	struct talker *t = talker_of(vm);

	if (!t)
		t = talker_of(NULL);
	REQUIRE(t != NULL);
	t->vm = vm;
	t->steps = steps;
	t->n_left = n;
}

/* The end of `text`, in lines. */
static void note_text(const char *text, size_t n)
{
	const char *at = n > TOLD ? text + n - TOLD : text;

	while (*at) {
		int length = (int)strcspn(at, "\n");

		kit_note("| %.*s", length, at);
		at += length + (at[length] == '\n');
	}
}

static void note_unsaid(const struct talker *t)
{
	kit_note("%s (%s) did not print \"%s\" in time, but:", vm_name(t->vm), vm_state_text(t->vm),
		 t->steps->see);
	note_text(t->unseen, t->n_unseen);
}

bool guests_run(void)
{
	bool is_over = run_until(is_all_said, NULL);

	for (unsigned i = 0; !is_over && i < TALKERS; i++)
		if (talkers[i].n_left)
			note_unsaid(&talkers[i]);
	if (!is_over)
		give_up();
	return is_over;
}

static bool comes_to(bool (*is_over)(const void *vm), struct vm *vm, const char *what)
{
	if (run_until(is_over, vm))
		return true;
	kit_note("%s %s, and did not %s", vm_name(vm), vm_state_text(vm), what);
	give_up();
	return false;
}

bool guest_ends(struct vm *vm)
{
	return comes_to(is_rest, vm, "end by itself");
}

bool guest_is_paused(struct vm *vm)
{
	return comes_to(is_paused, vm, "pause");
}

void guests_run_for(uint64_t us)
{
	uint64_t deadline = time_now() + time_from_us(us);

	(void)run_until(is_past, &deadline);
}

void guest_destroy(struct vm *vm)
{
	struct talker *t = talker_of(vm);

	vm_stop(vm);
	REQUIRE(run_until(is_rest, vm));
	if (t)
		memset(t, 0, sizeof(*t));
	vm_destroy(vm);
}

COMPONENT(stock, PHASE_NONE, NULL, NULL, "stock guests, driven from inside");
