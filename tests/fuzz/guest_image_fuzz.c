/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes as a guest's image: what is planned lies in the guest's memory and in the file, what is
 * loaded is what was planned, the same packed by gzip gives the same, and what is placed beside it
 * is clear of it. The first bytes choose a frame (none, a Linux header, ELF with addresses moved to
 * where memory is), the load address and the sizes of what is placed.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "lib/placement.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CHOICES = 8, ROOM = 8192 };

/* Two that touch, and one apart. */
static const struct gpa_range ranges[] = {
	{ { 0x80000000 }, 0x400000 },
	{ { 0x20000000 }, 0x2000 },
	{ { 0x80400000 }, 0x400000 },
};
static const struct guest_memory memory = { ranges, ARRAY_LEN(ranges) };

static struct inflate scratch;

static void require(bool condition)
{
	if (!condition)
		abort();
}

static bool is_memory(uint64_t at, uint64_t end)
{
	return at < end &&
	       ((at >= 0x80000000 && end <= 0x80800000) || (at >= 0x20000000 && end <= 0x20002000));
}

static void check_plan(const struct guest_image *plan, uint64_t size)
{
	bool has_entry = false;

	require(plan->n_segments && plan->n_segments <= IMAGE_SEGMENTS);
	require(plan->unpacked_size == size && plan->low.v < plan->high.v);
	for (unsigned i = 0; i < plan->n_segments; i++) {
		const struct image_segment *s = &plan->segments[i];
		uint64_t end = s->at.v + s->memory_size;

		require(is_memory(s->at.v, end) && s->file_size <= s->memory_size);
		require(s->offset <= size && s->file_size <= size - s->offset);
		require(s->at.v >= plan->low.v && end <= plan->high.v);
		has_entry |= plan->entry.v >= s->at.v && plan->entry.v < end;
		for (unsigned k = 0; k < i; k++)
			require(end <= plan->segments[k].at.v ||
				s->at.v >= plan->segments[k].at.v + plan->segments[k].memory_size);
	}
	require(has_entry && plan->entry.v % 2 == 0);
}

/* What was put, checked against the file. */
struct loaded {
	const struct guest_image *plan;
	const uint8_t *file;
	uint64_t n_left[IMAGE_SEGMENTS];
};

static int put(void *context, struct gpa to, const void *from, size_t n)
{
	struct loaded *l = context;

	require(n);
	for (unsigned i = 0; i < l->plan->n_segments; i++) {
		const struct image_segment *s = &l->plan->segments[i];

		if (to.v - s->at.v >= s->file_size)
			continue;
		/* In order, without holes. */
		require(to.v - s->at.v == s->file_size - l->n_left[i] && n <= l->n_left[i]);
		require(!memcmp(from, l->file + s->offset + (to.v - s->at.v), n));
		l->n_left[i] -= n;
		return 0;
	}
	abort();
}

static void check_load(const struct guest_image *plan, const uint8_t *file, const void *bytes,
		       size_t size)
{
	struct loaded l = { .plan = plan, .file = file };

	for (unsigned i = 0; i < plan->n_segments; i++)
		l.n_left[i] = plan->segments[i].file_size;
	require(guest_image_load(plan, bytes, size, put, &l, &scratch) == 0);
	for (unsigned i = 0; i < plan->n_segments; i++)
		require(l.n_left[i] == 0);
}

static void check_place(const struct guest_image *plan, uint64_t ram_size, uint64_t initrd_size,
			uint64_t tree_size)
{
	struct gpa_range ram = { { 0x80000000 }, ram_size };
	struct guest_placement p;
	struct image_error error;

	if (guest_place(&p, plan, ram, initrd_size, tree_size, &error))
		return;
	struct {
		uint64_t at, end;
	} parts[] = { { p.tree.v, p.tree.v + tree_size },
		      { p.initrd.v, p.initrd.v + initrd_size } };

	for (unsigned i = 0; i < 1 + (initrd_size > 0); i++) {
		require(parts[i].at % PAGE_SIZE == 0);
		require(parts[i].at >= ram.at.v && parts[i].end <= ram.at.v + ram.size);
		require(parts[i].at >= plan->high.v || parts[i].end <= plan->low.v);
	}
	require(!initrd_size || parts[0].end <= parts[1].at || parts[1].end <= parts[0].at);
}

static size_t pack(uint8_t *to, size_t room, const uint8_t *bytes, size_t n)
{
	z_stream z = { .next_in = (uint8_t *)bytes, .avail_in = (unsigned)n };

	z.next_out = to;
	z.avail_out = (unsigned)room;
	require(deflateInit2(&z, 0, Z_DEFLATED, 9 + 16, 1, 0) == Z_OK);
	require(deflate(&z, Z_FINISH) == Z_STREAM_END);
	deflateEnd(&z);
	return room - z.avail_out;
}

static void check_packed(const struct guest_image *plan, int result, const uint8_t *file,
			 size_t size, uint64_t load)
{
	static uint8_t packed[2 * ROOM];
	static struct guest_image again;
	size_t n = pack(packed, sizeof(packed), file, size);
	struct image_error error;

	if (is_gzip(file, size))
		return;
	require(guest_image_plan(&again, packed, n, memory, load, &scratch, &error) == result);
	if (result)
		return;
	require(again.is_gzip && again.entry.v == plan->entry.v && again.low.v == plan->low.v &&
		again.high.v == plan->high.v && again.n_segments == plan->n_segments);
	check_load(&again, file, packed, n);
}

static void set(uint8_t *file, size_t size, size_t at, uint64_t value, size_t n)
{
	if (at + n <= size)
		memcpy(file + at, &value, n);
}

static uint64_t get(const uint8_t *file, size_t size, size_t at)
{
	uint64_t value = 0;

	if (at + 8 <= size)
		memcpy(&value, file + at, 8);
	return value;
}

/* Enough to be ELF; addresses and sizes stay the fuzzer's in what they have in their low bits. */
static void frame_elf(uint8_t *file, size_t size, unsigned choice)
{
	unsigned n = choice / 8 % 20;

	set(file, size, 0, 0x00010102464c457f, 8);
	set(file, size, 16, 0x00f30002 + (choice & 1), 4);
	set(file, size, 32, 64, 8);
	set(file, size, 54, 56 | n << 16, 4);
	set(file, size, 24, 0x80000000 | (get(file, size, 24) & 0x7fffff), 8);
	for (size_t at = 64; n; n--, at += 56) {
		uint64_t where = get(file, size, at + 24);

		set(file, size, at, where >> 60 ? 1 : where >> 56, 4);
		set(file, size, at + 8, get(file, size, at + 8) & 0xfff, 8);
		set(file, size, at + 16, 0x80000000 | (get(file, size, at + 16) & 0x7fffff), 8);
		set(file, size, at + 24,
		    where >> 59 & 1 ? 0x20000000 | (where & 0x1fff)
				    : 0x80000000 | (where & 0x7fffff),
		    8);
		set(file, size, at + 32, get(file, size, at + 32) & 0x3ff, 8);
		set(file, size, at + 40, get(file, size, at + 40) & 0xffff, 8);
	}
}

static void frame_linux(uint8_t *file, size_t size, unsigned choice)
{
	set(file, size, 56, 0x05435352, 4);
	set(file, size, 8, get(file, size, 8) & 0x6fffff & -(uint64_t)(choice & 8 ? 1 : MEGA_SIZE),
	    8);
	set(file, size, 16, get(file, size, 16) & (choice & 16 ? UINT64_MAX : 0xffffff), 8);
}

static void check_file(const uint8_t *choices, const uint8_t *file, size_t size)
{
	static const uint64_t loads[] = { IMAGE_LOAD_DEFAULT, 0x80200000, 0x20000000,
					  0x80000002,         0x7fffffff, UINT64_MAX - 1,
					  0x803fff00,         0x80600000 };
	static struct guest_image plan;
	uint64_t load = loads[choices[1] % ARRAY_LEN(loads)];
	struct image_error error;
	int result;

	error.text[0] = 0;
	result = guest_image_plan(&plan, file, size, memory, load, &scratch, &error);
	require(result ? error.text[0] && memchr(error.text, 0, sizeof(error.text)) : true);
	if (!result && !plan.is_gzip) {
		check_plan(&plan, size);
		check_load(&plan, file, file, size);
		check_place(&plan, (uint64_t)choices[2] << (choices[3] % 40),
			    (uint64_t)choices[4] << (choices[5] % 40), choices[6] * 512 + 1);
	} else if (!result) {
		check_plan(&plan, plan.unpacked_size);
	}
	if (choices[7] % 8 == 0)
		check_packed(&plan, result, file, size, load);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *file;

	if (size < CHOICES || size > ROOM)
		return 0;
	file = malloc(size - CHOICES);
	memcpy(file, data + CHOICES, size - CHOICES);
	if (data[0] % 8 < 4)
		frame_elf(file, size - CHOICES, data[0]);
	else if (data[0] % 8 < 6)
		frame_linux(file, size - CHOICES, data[0]);
	check_file(data, file, size - CHOICES);
	free(file);
	return 0;
}
