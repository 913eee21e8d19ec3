/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/guest_image.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* All that is decided from: the file, or as much of it as was unpacked. */
struct source {
	const unsigned char *bytes;
	size_t size;
	struct guest_image *plan;
	struct guest_memory memory;
	struct image_error *error;
};

/* Documentation/arch/riscv/boot-image-header.rst of Linux; "MZ" and "zimg" are of its EFI wrapper.
 */
enum {
	LINUX_TEXT_OFFSET = 8,
	LINUX_IMAGE_SIZE = 16,
	LINUX_FLAGS = 24, /* bit 0: big-endian */
	LINUX_MAGIC = 56,
	LINUX_HEADER = 64,
};

/* The parts of ELF64 that are looked at. */
enum {
	ELF_KIND = 4, /* class, byte order, version */
	ELF_TYPE = 16,
	ELF_MACHINE = 18,
	ELF_ENTRY = 24,
	ELF_TABLE = 32,
	ELF_ENTRY_SIZE = 54,
	ELF_N_ENTRIES = 56,
	ELF_HEADER = 64,

	SEGMENT_TYPE = 0,
	SEGMENT_OFFSET = 8,
	SEGMENT_VIRTUAL = 16,
	SEGMENT_PHYSICAL = 24,
	SEGMENT_FILE_SIZE = 32,
	SEGMENT_MEMORY_SIZE = 40,
	SEGMENT_SIZE = 56,
};

enum { ELF_EXECUTABLE = 2, ELF_DYNAMIC = 3, ELF_RISCV = 243, SEGMENT_LOAD = 1 };

PRINTF(3, 4)
static int refuse(struct image_error *error, int result, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(error->text, sizeof(error->text), format, arguments);
	va_end(arguments);
	return result;
}

/* The little-endian number of n bytes at this offset, which the caller knows to be there. */
static uint64_t number(const unsigned char *bytes, unsigned at, unsigned n)
{
	uint64_t value = 0;

	while (n--)
		value = value << 8 | bytes[at + n];
	return value;
}

/* --- what all formats share */

/* How far memory goes on from here: `at` itself where there is none. */
static uint64_t end_of_memory(const struct guest_memory *memory, uint64_t at)
{
	for (unsigned i = 0; i < memory->n_ranges; i++) {
		const struct gpa_range *r = &memory->ranges[i];

		if (at - r->at.v < r->size) {
			at = r->at.v + r->size;
			i = UINT32_MAX; /* another may begin there */
		}
	}
	return at;
}

static int check_fit(const struct source *source, const struct image_segment *s)
{
	uint64_t end = end_of_memory(&source->memory, s->at.v), size = s->memory_size;
	unsigned shift = size >= MiB ? 20 : size >= KiB ? 10 : 0;
	const char *unit = shift == 20 ? "MiB" : shift ? "KiB" : "bytes";
	uint64_t count = (size >> shift) + !is_aligned(size, BIT(shift));

	if (end == s->at.v)
		return refuse(source->error, -ENOSPC,
			      "image needs %" PRIu64 " %s at %" PRIx64 ", and no memory is there",
			      count, unit, s->at.v);
	if (size > end - s->at.v)
		return refuse(source->error, -ENOSPC,
			      "image needs %" PRIu64 " %s at %" PRIx64
			      ", and the region ends at %" PRIx64,
			      count, unit, s->at.v, end);
	return 0;
}

static bool is_overlap(const struct image_segment *a, const struct image_segment *b)
{
	return a->at.v - b->at.v < b->memory_size || b->at.v - a->at.v < a->memory_size;
}

/* Every segment in the file, in memory, and clear of the others; then what they span. */
static int check_segments(const struct source *source)
{
	struct guest_image *plan = source->plan;

	plan->low = GPA(UINT64_MAX);
	plan->high = GPA(0);
	for (unsigned i = 0; i < plan->n_segments; i++) {
		const struct image_segment *s = &plan->segments[i];
		int error = check_fit(source, s);

		if (error)
			return error;
		if (s->file_size > s->memory_size || s->offset > plan->unpacked_size ||
		    s->file_size > plan->unpacked_size - s->offset)
			return refuse(source->error, -EINVAL,
				      "segment %u is not wholly in the file", i);
		for (unsigned k = 0; k < i; k++)
			if (is_overlap(s, &plan->segments[k]))
				return refuse(source->error, -EINVAL, "segments %u and %u overlap",
					      k, i);
		if (s->at.v < plan->low.v)
			plan->low = s->at;
		if (s->at.v + s->memory_size > plan->high.v)
			plan->high = GPA(s->at.v + s->memory_size);
	}
	if (plan->entry.v % 2 || plan->entry.v - plan->low.v >= plan->high.v - plan->low.v)
		return refuse(source->error, -EINVAL,
			      "no instruction can be at the entry, %" PRIx64, plan->entry.v);
	return 0;
}

/* One piece, with its entry at its start. */
static void plan_one_segment(struct guest_image *plan, uint64_t at, uint64_t memory_size)
{
	plan->n_segments = 1;
	plan->entry = GPA(at);
	plan->segments[0] = (struct image_segment){
		.at = GPA(at),
		.file_size = plan->unpacked_size,
		.memory_size = memory_size,
	};
}

/* --- Linux Image */

static bool is_linux(const struct source *source)
{
	return source->size >= LINUX_HEADER && !memcmp(source->bytes + LINUX_MAGIC, "RSC\x05", 4);
}

/* Images from before image_size was filled in have 0 there. */
static int plan_linux(const struct source *source, uint64_t load)
{
	struct guest_image *plan = source->plan;
	uint64_t memory_size = number(source->bytes, LINUX_IMAGE_SIZE, 8);

	if (source->bytes[LINUX_FLAGS] & 1)
		return refuse(source->error, -EINVAL, "a big-endian Linux image");
	if (load == IMAGE_LOAD_DEFAULT)
		load = align_up(source->memory.ranges[0].at.v, MEGA_SIZE) +
		       number(source->bytes, LINUX_TEXT_OFFSET, 8);
	if (!is_aligned(load, MEGA_SIZE))
		return refuse(source->error, -EINVAL,
			      "a Linux image must lie on a 2 MiB boundary, which %" PRIx64
			      " is not",
			      load);
	if (memory_size < plan->unpacked_size)
		memory_size = plan->unpacked_size;
	plan->format = IMAGE_LINUX;
	plan_one_segment(plan, load, memory_size);
	return 0;
}

/* --- ELF */

static bool is_elf(const struct source *source)
{
	return source->size >= 4 && !memcmp(source->bytes,
					    "\x7f"
					    "ELF",
					    4);
}

static int check_elf_header(const struct source *source)
{
	const unsigned char *header = source->bytes;
	uint64_t type, at;

	if (source->size < ELF_HEADER)
		return refuse(source->error, -EINVAL, "an ELF file that ends in its header");
	type = number(header, ELF_TYPE, 2);
	if (memcmp(header + ELF_KIND, "\2\1\1", 3) || number(header, ELF_MACHINE, 2) != ELF_RISCV)
		return refuse(source->error, -EINVAL, "an ELF file, but not for 64-bit RISC-V");
	if (type != ELF_EXECUTABLE && type != ELF_DYNAMIC)
		return refuse(source->error, -EINVAL, "an ELF file that is no program");
	at = number(header, ELF_TABLE, 8);
	if (number(header, ELF_ENTRY_SIZE, 2) != SEGMENT_SIZE || at > source->size ||
	    number(header, ELF_N_ENTRIES, 2) * SEGMENT_SIZE > source->size - at)
		return refuse(source->error, -EINVAL,
			      "an ELF file whose program headers are out of reach");
	return 0;
}

/* Where the entry is, by its segment: linkers write it virtual or physical, which may be the same.
 */
static bool find_entry(uint64_t entry, const unsigned char *segment, unsigned base, uint64_t *at)
{
	uint64_t offset = entry - number(segment, base, 8);

	*at = number(segment, SEGMENT_PHYSICAL, 8) + offset;
	return offset < number(segment, SEGMENT_MEMORY_SIZE, 8);
}

static int add_segment(const struct source *source, const unsigned char *segment)
{
	struct guest_image *plan = source->plan;

	if (plan->n_segments == IMAGE_SEGMENTS)
		return refuse(source->error, -EINVAL, "an ELF file with more than %d segments",
			      IMAGE_SEGMENTS);
	plan->segments[plan->n_segments++] = (struct image_segment){
		.at = GPA(number(segment, SEGMENT_PHYSICAL, 8)),
		.offset = number(segment, SEGMENT_OFFSET, 8),
		.file_size = number(segment, SEGMENT_FILE_SIZE, 8),
		.memory_size = number(segment, SEGMENT_MEMORY_SIZE, 8),
	};
	return 0;
}

/* All of it, entry included, so that its lowest byte is at `load`. */
static void move(struct guest_image *plan, uint64_t load)
{
	uint64_t low = UINT64_MAX;

	for (unsigned i = 0; i < plan->n_segments; i++)
		if (plan->segments[i].at.v < low)
			low = plan->segments[i].at.v;
	for (unsigned i = 0; i < plan->n_segments; i++)
		plan->segments[i].at.v += load - low;
	plan->entry.v += load - low;
}

static int plan_elf(const struct source *source, uint64_t load)
{
	struct guest_image *plan = source->plan;
	uint64_t entry, n, at;
	bool is_virtual = false, is_physical = false;
	int error = check_elf_header(source);

	if (error)
		return error;
	plan->format = IMAGE_ELF;
	entry = number(source->bytes, ELF_ENTRY, 8);
	n = number(source->bytes, ELF_N_ENTRIES, 2);
	for (const unsigned char *p = source->bytes + number(source->bytes, ELF_TABLE, 8);
	     n && !error; n--, p += SEGMENT_SIZE) {
		if (number(p, SEGMENT_TYPE, 4) != SEGMENT_LOAD ||
		    !number(p, SEGMENT_MEMORY_SIZE, 8))
			continue;
		error = add_segment(source, p);
		if (!is_virtual && find_entry(entry, p, SEGMENT_VIRTUAL, &at)) {
			is_virtual = true;
			plan->entry = GPA(at);
		}
		is_physical |= find_entry(entry, p, SEGMENT_PHYSICAL, &at);
	}
	if (error)
		return error;
	if (!is_virtual && !is_physical)
		return refuse(source->error, -EINVAL,
			      "an ELF file whose entry, %" PRIx64 ", is in no segment", entry);
	if (!is_virtual)
		plan->entry = GPA(entry);
	if (load != IMAGE_LOAD_DEFAULT)
		move(plan, load);
	return 0;
}

/* --- raw */

/* Compressed files that would be run as if they were code. */
static const char *foreign_packing(const struct source *source)
{
	static const struct {
		unsigned char n, at;
		char magic[6];
		const char *name;
	} foreign[] = {
		{ 4, 4, "zimg", "an EFI-packed Linux image" },
		{ 6, 0,
		  "\xfd"
		  "7zXZ",
		  "packed by xz" },
		{ 4, 0, "\x28\xb5\x2f\xfd", "packed by zstd" },
		{ 4, 0, "\x02\x21\x4c\x18", "packed by lz4" },
	};

	for (unsigned i = 0; i < ARRAY_LEN(foreign); i++)
		if (source->size >= 8 &&
		    !memcmp(source->bytes + foreign[i].at, foreign[i].magic, foreign[i].n))
			return foreign[i].name;
	return NULL;
}

static int plan_raw(const struct source *source, uint64_t load)
{
	const char *foreign = foreign_packing(source);

	if (foreign)
		return refuse(source->error, -ENOTSUP, "%s: unpack it, or pack it by gzip",
			      foreign);
	if (!source->plan->unpacked_size)
		return refuse(source->error, -EINVAL, "an empty file");
	if (load == IMAGE_LOAD_DEFAULT)
		load = source->memory.ranges[0].at.v + MEGA_SIZE;
	source->plan->format = IMAGE_RAW;
	plan_one_segment(source->plan, load, source->plan->unpacked_size);
	return 0;
}

/* --- gzip */

/* Ends the unpacking when the window is full: it then holds the start of the file. */
static int peek(void *n_seen, const void *bytes, size_t n)
{
	(void)bytes;
	return (*(uint64_t *)n_seen += n) == INFLATE_WINDOW ? -ECANCELED : 0;
}

/* Replace the packed file by as much of what is in it as fits into the window. The size of all is
 * what the last member says of itself. */
static int unpack_head(struct source *source, struct inflate *scratch)
{
	uint64_t n = 0, all;
	int error = gunzip(scratch, source->bytes, source->size, peek, &n);

	if (error && error != -ECANCELED)
		return refuse(source->error, -EINVAL, "a damaged gzip file");
	all = number(source->bytes + source->size - 4, 0, 4);
	if (error ? all < n : all != n)
		return refuse(source->error, -ENOTSUP, "a gzip file of several members");
	source->plan->is_gzip = true;
	source->plan->unpacked_size = all;
	source->bytes = scratch->window;
	source->size = n;
	return 0;
}

int guest_image_plan(struct guest_image *plan, const void *bytes, size_t size,
		     struct guest_memory memory, uint64_t load, struct inflate *scratch,
		     struct image_error *error)
{
	struct source source = { bytes, size, plan, memory, error };
	int result = 0;

	*plan = (struct guest_image){ .unpacked_size = size };
	if (is_gzip(bytes, size))
		result = unpack_head(&source, scratch);
	if (result)
		return result;
	if (is_linux(&source))
		result = plan_linux(&source, load);
	else if (is_elf(&source))
		result = plan_elf(&source, load);
	else
		result = plan_raw(&source, load);
	return result ? result : check_segments(&source);
}

/* --- loading */

struct loading {
	const struct guest_image *plan;
	guest_image_put *put;
	void *context;
	uint64_t n_unpacked;
};

/* What the piece of the file at this offset means for each segment. */
static int put_piece(const struct loading *l, uint64_t offset, const unsigned char *bytes, size_t n)
{
	int error = 0;

	for (unsigned i = 0; i < l->plan->n_segments && !error; i++) {
		const struct image_segment *s = &l->plan->segments[i];
		uint64_t from = s->offset > offset ? s->offset : offset;
		uint64_t end = s->offset + s->file_size;

		if (end > offset + n)
			end = offset + n;
		if (from < end)
			error = l->put(l->context, GPA(s->at.v + (from - s->offset)),
				       bytes + (from - offset), end - from);
	}
	return error;
}

static int put_unpacked(void *context, const void *bytes, size_t n)
{
	struct loading *l = context;
	uint64_t offset = l->n_unpacked;

	if (n > l->plan->unpacked_size - offset)
		return -EINVAL;
	l->n_unpacked += n;
	return put_piece(l, offset, bytes, n);
}

int guest_image_load(const struct guest_image *plan, const void *bytes, size_t size,
		     guest_image_put *put, void *context, struct inflate *scratch)
{
	struct loading l = { .plan = plan, .put = put, .context = context };
	int error;

	if (!plan->is_gzip)
		return put_piece(&l, 0, bytes, size);
	error = gunzip(scratch, bytes, size, put_unpacked, &l);
	if (error)
		return error;
	return l.n_unpacked == plan->unpacked_size ? 0 : -EINVAL;
}

const char *image_format_text(enum image_format format)
{
	static const char *const texts[] = {
		[IMAGE_RAW] = "raw",
		[IMAGE_LINUX] = "Linux",
		[IMAGE_ELF] = "ELF",
	};

	return texts[format];
}
