/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/gmap_host.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "arch/fence.h"
#include "platform/mmu.h"
#include "platform/work.h"
#include "tests/unit/own_host.h"

/* Blocks of each size have a zone of their own: 64 MiB of pages, 128 MiB of 2M, 3 GiB of 1G. Every
 * block of the first two is written sooner or later, and stays in the program's memory. */
enum { N_ZONES = 3, N_PAGES = 16384, N_MEGAS = 64, N_GIGAS = 3 };
#define FRAMES_AT  (4 * GIGA_SIZE)
#define ARENA_SIZE (4 * GIGA_SIZE)

static struct zone {
	unsigned order;
	uint64_t at; /* in the arena */
	unsigned n, limit, n_held, next;
	struct frame_owner **owners; /* by block; NULL: free */
} zones[N_ZONES] = {
	{ ORDER_PAGE, 0, N_PAGES, N_PAGES, 0, 0, (struct frame_owner *[N_PAGES]){} },
	{ ORDER_MEGA, 256 * MiB, N_MEGAS, N_MEGAS, 0, 0, (struct frame_owner *[N_MEGAS]){} },
	{ ORDER_GIGA, GIGA_SIZE, N_GIGAS, N_GIGAS, 0, 0, (struct frame_owner *[N_GIGAS]){} },
};

static unsigned char *arena;
static uint64_t n_zeroed;
static bool writes_less, uses_again_soon;
static unsigned fail_in[N_FAIL_KINDS];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

_Noreturn static void die(const char *why, uint64_t at)
{
	fprintf(stderr, "%s: 0x%llx\n", why, (unsigned long long)at);
	abort();
}

__attribute__((constructor)) static void make_arena(void)
{
	arena = mmap(NULL, ARENA_SIZE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (arena == MAP_FAILED)
		die("no address space", ARENA_SIZE);
}

/* ---- Failing ---- */

static bool fails_now(enum gmap_host_kind kind)
{
	return fail_in[kind] && --fail_in[kind] == 0;
}

void gmap_host_fail_at(enum gmap_host_kind kind, unsigned n)
{
	if (kind == FAIL_OWN)
		own_host_fail_at(n);
	else
		fail_in[kind] = n;
}

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);

void *__wrap_malloc(size_t size)
{
	return fails_now(FAIL_MALLOC) ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails_now(FAIL_MALLOC) ? NULL : __real_calloc(n, size);
}

/* ---- Frames ---- */

static struct zone *zone_of_order(unsigned order)
{
	for (unsigned i = 0; i < N_ZONES; i++)
		if (zones[i].order == order)
			return &zones[i];
	die("no such blocks", order);
}

/* The zone that holds `at`, and its block there. */
static struct zone *zone_of(struct hpa at, uint64_t *block)
{
	uint64_t offset = at.v - FRAMES_AT;
	unsigned i = N_ZONES - 1;

	if (offset >= ARENA_SIZE)
		die("not RAM", at.v);
	while (offset < zones[i].at)
		i--;
	*block = (offset - zones[i].at) >> (PAGE_SHIFT + zones[i].order);
	return &zones[i];
}

unsigned char *gmap_host_byte(struct hpa at)
{
	return arena + (at.v - FRAMES_AT);
}

static uint64_t size_of(const struct zone *z)
{
	return PAGE_SIZE << z->order;
}

static void write_all(unsigned char *block, uint64_t size, bool zero)
{
	size_t n = writes_less ? 1 : PAGE_SIZE;

	n_zeroed += zero ? size : 0;
	if (block >= arena + zones[N_ZONES - 1].at)
		madvise(block, size, MADV_DONTNEED); /* reads as zero, and costs nothing */
	else
		for (uint64_t at = 0; at < size; at += PAGE_SIZE)
			memset(block + at, zero ? 0 : GMAP_HOST_DIRT, n);
}

/* Each block is used again as late as can be, or as soon. */
static struct hpa take_block(struct zone *z, struct frame_owner *owner)
{
	if (uses_again_soon)
		z->next = 0;
	while (z->owners[z->next])
		z->next = (z->next + 1) % z->n;
	struct hpa at = HPA(FRAMES_AT + z->at + z->next * size_of(z));

	z->owners[z->next] = owner;
	z->next = (z->next + 1) % z->n;
	z->n_held++;
	return at;
}

static int alloc_locked(struct frame_owner *owner, struct zone *z, enum frame_flags flags,
			struct hpa *at)
{
	if (BIT(z->order) > owner->quota - owner->n_held)
		return -EDQUOT;
	if (fails_now(FAIL_FRAMES) || z->n_held >= z->limit)
		return -ENOMEM;
	*at = take_block(z, owner);
	owner->n_held += BIT(z->order);
	write_all(gmap_host_byte(*at), size_of(z), flags & FRAMES_ZEROED);
	return 0;
}

int frames_alloc(struct frame_owner *owner, unsigned order, enum frame_flags flags, struct hpa *at)
{
	pthread_mutex_lock(&mutex);
	int error = alloc_locked(owner, zone_of_order(order), flags, at);
	pthread_mutex_unlock(&mutex);
	return error;
}

void frames_zero(struct hpa at, uint64_t size)
{
	pthread_mutex_lock(&mutex);
	write_all(gmap_host_byte(at), size, true);
	pthread_mutex_unlock(&mutex);
}

void frame_put(struct hpa at)
{
	uint64_t block;

	pthread_mutex_lock(&mutex);
	struct zone *z = zone_of(at, &block);

	if (!is_aligned(at.v, size_of(z)) || !z->owners[block])
		die("put what is not held", at.v);
	write_all(gmap_host_byte(at), size_of(z), false);
	z->owners[block]->n_held -= BIT(z->order);
	z->owners[block] = NULL;
	z->n_held--;
	pthread_mutex_unlock(&mutex);
}

bool gmap_host_is_held(struct hpa at)
{
	uint64_t block;

	pthread_mutex_lock(&mutex);
	bool is_held = zone_of(at, &block)->owners[block];
	pthread_mutex_unlock(&mutex);
	return is_held;
}

uint64_t gmap_host_n_held(void)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < N_ZONES; i++)
		n += zones[i].n_held * BIT(zones[i].order);
	return n;
}

uint64_t gmap_host_n_zeroed(void)
{
	return n_zeroed;
}

void gmap_host_write_less(void)
{
	writes_less = true;
}

void gmap_host_use_again_soon(void)
{
	uses_again_soon = true;
}

void gmap_host_limit(unsigned order, unsigned n_blocks)
{
	zone_of_order(order)->limit = n_blocks;
}

void gmap_host_no_limits(void)
{
	for (unsigned i = 0; i < N_ZONES; i++)
		zones[i].limit = zones[i].n;
}

/* ---- Windows, and a hart that needs no interrupt ---- */

static _Thread_local void *window; /* one at a time is enough for what is tested */

void *window_open(struct hpa at, uint64_t size)
{
	uint64_t unit = at.v % PAGE_SIZE + size > PAGE_SIZE ? MEGA_SIZE : PAGE_SIZE;

	if (window || !size || at.v % unit + size > unit)
		die("a window that cannot be", at.v);
	if (!gmap_host_is_held(at))
		die("a window on what nobody holds", at.v);
	window = gmap_host_byte(at);
	return window;
}

void window_close(void *w)
{
	if (w != window)
		die("another window is open", (uintptr_t)w);
	window = NULL;
}

void hart_kick(unsigned hart)
{
	(void)hart;
}

/* For programs that have no model of a hart. */
__attribute__((weak)) void fence_model(const char *insn, uint64_t address, uint64_t id)
{
	(void)insn, (void)address, (void)id;
}
