/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The frame table of the host is address space without rights, of which frames_table_map() makes a
 * page writable. The first page of each 2 MiB takes the spare frame, as a page table would.
 */
#include "tests/unit/frames_host.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "platform/frames.h"

enum { PAGES_PER_TABLE = 512 };

#define N_WORDS (BIT(40) / PAGE_SIZE)

static char *table;
static uint64_t table_size;
static uint64_t *words;
static bool *has_tables; /* for each 2 MiB of the table */
static uint64_t n_mapped, n_used, n_calls, n_good, n_bad;

static void *reserve_addresses(uint64_t size, int rights)
{
	void *p = mmap(NULL, size, rights, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED) {
		perror("mmap");
		exit(2);
	}
	return p;
}

void frames_host_reset(uint64_t size)
{
	if (table) {
		munmap(table, table_size);
		munmap(words, N_WORDS * sizeof(*words));
		free(has_tables);
	}
	table_size = size;
	table = reserve_addresses(size, PROT_NONE);
	words = reserve_addresses(N_WORDS * sizeof(*words), PROT_READ | PROT_WRITE);
	has_tables = calloc(size / PAGE_SIZE / PAGES_PER_TABLE + 1, sizeof(*has_tables));
	n_mapped = n_used = n_calls = 0;
	frames_host_fail_maps(UINT64_MAX, 0);
}

void frames_host_fail_maps(uint64_t good, uint64_t bad)
{
	n_good = good;
	n_bad = bad;
}

uint64_t frames_host_n_mapped(void)
{
	return n_mapped;
}

uint64_t frames_host_n_used(void)
{
	return n_used;
}

uint64_t frames_host_n_calls(void)
{
	return n_calls;
}

uint64_t *frames_host_word(struct hpa at)
{
	return &words[at.v >> PAGE_SHIFT];
}

void *frames_table_base(void)
{
	return table;
}

uint64_t frames_table_size(void)
{
	return table_size;
}

static bool fails_now(void)
{
	n_calls++;
	if (n_good) {
		n_good--;
		return false;
	}
	if (!n_bad)
		return false;
	n_bad--;
	return true;
}

/* A frame becomes part of the table: nobody may have it, then or later. */
static void use(struct hpa frame)
{
	if (*frames_host_word(frame) != 0) {
		fprintf(stderr, "the table was given frame %#llx, which is in use\n",
			(unsigned long long)frame.v);
		abort();
	}
	*frames_host_word(frame) = FRAMES_HOST_TABLE;
	n_used++;
}

int frames_table_map(uint64_t page, struct hpa from, struct hpa spare)
{
	bool *has_table = &has_tables[page / PAGES_PER_TABLE];
	int used = 1;

	if ((page + 1) * PAGE_SIZE > table_size || from.v == spare.v)
		abort();
	if (fails_now())
		return -ENOMEM;
	if (mprotect(table + page * PAGE_SIZE, PAGE_SIZE, PROT_READ | PROT_WRITE)) {
		perror("mprotect");
		exit(2);
	}
	use(from);
	if (!*has_table) {
		use(spare);
		used++;
	}
	*has_table = true;
	n_mapped++;
	return used;
}

void frames_zero(struct hpa at, uint64_t size)
{
	memset(frames_host_word(at), 0, size / PAGE_SIZE * sizeof(*words));
}
