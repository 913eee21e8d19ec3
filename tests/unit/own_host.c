/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/own_host.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "platform/mmu.h"

static _Alignas(16384) char pool[OWN_HOST_PAGES * PAGE_SIZE];
static bool taken[OWN_HOST_PAGES];
static unsigned n_taken, fail_in;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void *take_run(unsigned n)
{
	if (fail_in && --fail_in == 0)
		return NULL;
	for (unsigned i = 0; i + n <= OWN_HOST_PAGES; i += n) {
		unsigned n_free = 0;

		while (n_free < n && !taken[i + n_free])
			n_free++;
		if (n_free < n)
			continue;
		memset(taken + i, true, n);
		n_taken += n;
		return pool + i * PAGE_SIZE;
	}
	return NULL;
}

void *own_alloc(unsigned order)
{
	pthread_mutex_lock(&lock);
	void *pages = take_run(1u << order);
	pthread_mutex_unlock(&lock);
	return pages ? memset(pages, 0, PAGE_SIZE << order) : NULL;
}

void own_free(void *pages, unsigned order)
{
	size_t first = (size_t)((char *)pages - pool) / PAGE_SIZE;

	memset(pages, 0xf5, PAGE_SIZE << order);
	pthread_mutex_lock(&lock);
	for (size_t i = first; i < first + (1u << order); i++) {
		if (!taken[i])
			abort();
		taken[i] = false;
	}
	n_taken -= 1u << order;
	pthread_mutex_unlock(&lock);
}

struct hpa own_hpa(const void *pages)
{
	return HPA(OWN_HOST_AT + (uint64_t)((const char *)pages - pool));
}

void *own_ptr(struct hpa at)
{
	return at.v - OWN_HOST_AT < sizeof(pool) ? pool + (at.v - OWN_HOST_AT) : NULL;
}

unsigned own_host_n_taken(void)
{
	return n_taken;
}

void own_host_fail_at(unsigned n)
{
	fail_in = n;
}
