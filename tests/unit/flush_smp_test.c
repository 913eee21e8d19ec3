/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who forgets what, with many harts at once: threads that load and leave VMs and use what they once
 * found, while others take it away. To be run under TSan as well: what is taken away is written by
 * a plain store, so a hart that still used it would be in a race. And to be run in turns, where the
 * order of what they do is any (flush_turns.h).
 */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "arch/fence.h"
#include "gstage/flush.h"
#include "platform/work.h"
#include "tests/kit/kit.h"
#include "tests/unit/flush_turns.h"
#include "tests/unit/host_stubs.h"

enum { N_HARTS = 4, N_VMS = 4, ROUNDS = 2000, BITS = 2 };

/* A VM with a page of code and a page of a table, which nobody executes. */
enum { CODE, TABLE, N_PAGES };
static struct vm {
	struct flusher flusher;
	_Atomic(uint64_t *) pages[N_PAGES];
} vms[N_VMS];

/* What a hart keeps: by id, where the pages are; and where it fetched
 * from last. */
static _Thread_local uint64_t *kept[1 << BITS][N_PAGES];
static _Thread_local uint64_t *code[8];
static _Thread_local unsigned n_code;

static _Atomic unsigned n_wrong, n_left;
static unsigned first_hart, n_threads;
static _Atomic bool is_over;

void hart_kick(unsigned hart)
{
	(void)hart;
}

void fence_model(const char *insn, uint64_t address, uint64_t id)
{
	(void)insn, (void)address, (void)id;
	memset(code, 0, sizeof(code));
}

static void forget(uint64_t id, struct gpa from, uint64_t n_pages)
{
	(void)from, (void)n_pages;
	memset(kept[id], 0, sizeof(kept[id]));
}

static void pay(unsigned owed, uint64_t id)
{
	if (owed & OWES_ALL)
		memset(kept, 0, sizeof(kept));
	if (owed & OWES_MEMORY)
		memset(kept[id], 0, sizeof(kept[id]));
}

static uint64_t *new_frame(void)
{
	uint64_t *frame = malloc(sizeof(*frame));

	REQUIRE(frame);
	*frame = 1;
	return frame;
}

/* Another frame in its place; the old one is somebody else's from now on. */
static void replace(struct vm *vm, unsigned which)
{
	uint64_t *old =
		atomic_exchange_explicit(&vm->pages[which], new_frame(), memory_order_acq_rel);

	flush_range(&vm->flusher, GPA(0), PAGE_SIZE, which == CODE);
	*old = 0;
	free(old);
}

static void want(const uint64_t *page)
{
	if (turns_change)
		turns_change();
	if (page && *page != 1)
		atomic_fetch_add(&n_wrong, 1);
}

static void use(struct vm *vm, uint64_t id)
{
	for (unsigned i = 0; i < N_PAGES; i++) {
		if (!kept[id][i])
			kept[id][i] = atomic_load_explicit(&vm->pages[i], memory_order_acquire);
		want(kept[id][i]);
	}
	code[n_code++ % ARRAY_LEN(code)] = kept[id][CODE];
}

static void enter(unsigned hart)
{
	hart_index = hart;
	if (turns_enter)
		turns_enter(hart - first_hart);
}

/* When all others have, since one may wait for us. */
static void leave(void)
{
	for (n_left++; n_left < n_threads; work_run())
		sched_yield();
	if (turns_leave)
		turns_leave();
}

static void run(struct vm *vm, unsigned *last_hart, uint64_t *chance)
{
	uint64_t id;
	pay(flush_note_load(&vm->flusher, vm, last_hart, BITS, &id), id);
	for (unsigned n = *chance >> 40 & 7; n; n--) {
		use(vm, id);
		if (!(n & 1))
			work_run();
	}
	flush_note_save();
	/* What it fetched is fetched from on, whatever it runs next. */
	for (unsigned i = 0; i < ARRAY_LEN(code); i++)
		want(code[i]);
}

static void *live(void *index)
{
	uint64_t chance = (uintptr_t)index;
	unsigned last_hart[N_VMS] = {};

	enter((unsigned)(uintptr_t)index);
	while (!is_over) {
		chance = chance * UINT64_C(6364136223846793005) + 1442695040888963407;
		unsigned n = (unsigned)(chance >> 33) % N_VMS;

		run(&vms[n], &last_hart[n], &chance);
		work_run();
		if (!(chance >> 60))
			sched_yield();
	}
	leave();
	return NULL;
}

/* Each VM is changed by one hart alone, and each of these runs others meanwhile. */
static void *change(void *index)
{
	unsigned n = (unsigned)(uintptr_t)index - 1;
	unsigned last_hart = 0;

	enter((unsigned)(uintptr_t)index);
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct vm *other = &vms[(n + 1) % N_VMS];
		uint64_t id;

		pay(flush_note_load(&other->flusher, &last_hart, &last_hart, BITS, &id), id);
		use(other, id);
		replace(&vms[n], round % N_PAGES); /* the other may be changed meanwhile, by one who
						      waits for us */
		use(other, id);
		flush_note_save();
		work_run();
	}
	leave();
	return NULL;
}

static void begin(unsigned first, unsigned n)
{
	is_over = false;
	n_wrong = n_left = 0;
	first_hart = first;
	n_threads = n;
	if (turns_begin)
		turns_begin(n);
	for (unsigned i = 0; i < N_VMS; i++) {
		vms[i].flusher = (struct flusher){ .forget = forget };
		for (unsigned p = 0; p < N_PAGES; p++)
			atomic_store_explicit(&vms[i].pages[p], new_frame(), memory_order_release);
	}
}

static void end(pthread_t threads[], unsigned n)
{
	while (n--)
		pthread_join(threads[n], NULL);
	for (unsigned i = 0; i < N_VMS; i++)
		for (unsigned p = 0; p < N_PAGES; p++)
			free(atomic_load_explicit(&vms[i].pages[p], memory_order_acquire));
	EXPECT_EQ(n_wrong, 0);
}

/* AX16: who has it loaded is kicked, who has left it owes it, and none of them uses what went. */
TEST(flush_smp, no_hart_uses_a_frame_that_went_back)
{
	pthread_t threads[N_HARTS];

	begin(0, N_HARTS + 1);
	for (uintptr_t i = 0; i < N_HARTS; i++)
		REQUIRE(!pthread_create(&threads[i], NULL, live, (void *)(i + 1)));
	enter(0);
	for (unsigned round = 0; round < ROUNDS; round++) {
		replace(&vms[round % N_VMS], round / N_VMS % N_PAGES);
		if (!(round % 16))
			sched_yield();
	}
	is_over = true;
	leave();
	end(threads, N_HARTS);
}

/* Harts that have each other's VMs loaded and change their own: nobody waits for ever. */
TEST(flush_smp, harts_that_wait_for_each_other_serve_each_other)
{
	pthread_t threads[N_VMS];

	begin(1, N_VMS);
	for (uintptr_t i = 0; i < N_VMS; i++)
		REQUIRE(!pthread_create(&threads[i], NULL, change, (void *)(i + 1)));
	end(threads, N_VMS);
}
