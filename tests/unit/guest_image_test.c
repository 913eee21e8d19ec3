/* SPDX-License-Identifier: BSD-2-Clause */
/* Images made here, whole and damaged, and Debian's kernel where the build has it; placement too.
 */
#include "lib/guest_image.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "lib/placement.h"
#include "tests/kit/kit.h"

#define RAM      UINT64_C(0x80000000)
#define RAM_SIZE (64 * MiB)
#define KERNEL   "build/linux/stable/vmlinux"

static const struct gpa_range ranges[] = { { { RAM }, RAM_SIZE } };
static const struct guest_memory memory = { ranges, ARRAY_LEN(ranges) };

static struct inflate scratch;
static struct guest_image plan;
static struct image_error error;

/* The file; room behind it is for packing. */
static unsigned char file[1 << 20], packed[1 << 21];
static size_t size;

static void set(size_t at, uint64_t value, size_t n)
{
	memcpy(file + at, &value, n);
}

/* Of an exact copy, so that reading past the end is seen. */
static int plan_copy(const void *bytes, size_t n, struct guest_memory where, uint64_t load)
{
	void *copy = malloc(n);
	int result;

	memcpy(copy, bytes, n);
	error.text[0] = 0;
	result = guest_image_plan(&plan, copy, n, where, load, &scratch, &error);
	free(copy);
	return result;
}

static int plan_at(uint64_t load)
{
	return plan_copy(file, size, memory, load);
}

static void expect_refused(int result, const char *text)
{
	EXPECT_EQ(plan_at(IMAGE_LOAD_DEFAULT), result);
	EXPECT_STR(error.text, text);
}

static size_t pack(const void *bytes, size_t n, int level)
{
	z_stream z = { .next_in = (unsigned char *)bytes, .avail_in = (unsigned)n };

	REQUIRE_EQ(deflateInit2(&z, level, Z_DEFLATED, 15 + 16, 9, 0), Z_OK);
	z.next_out = packed;
	z.avail_out = sizeof(packed);
	REQUIRE_EQ(deflate(&z, Z_FINISH), Z_STREAM_END);
	deflateEnd(&z);
	return sizeof(packed) - z.avail_out;
}

/* The guest's RAM, and what was written of it. */
static struct {
	unsigned char *bytes;
	uint64_t n_written;
	int refusal;
} guest;

static int put(void *context, struct gpa to, const void *from, size_t n)
{
	REQUIRE(context == &guest && to.v >= RAM && to.v - RAM + n <= RAM_SIZE);
	if (guest.refusal)
		return guest.refusal;
	memcpy(guest.bytes + (to.v - RAM), from, n);
	guest.n_written += n;
	return 0;
}

static int load(const void *bytes, size_t n)
{
	free(guest.bytes);
	guest.bytes = calloc(1, RAM_SIZE);
	guest.n_written = 0;
	return guest_image_load(&plan, bytes, n, put, &guest, &scratch);
}

static void expect_loaded(const void *bytes, size_t n)
{
	uint64_t n_planned = 0;

	REQUIRE_EQ(load(bytes, n), 0);
	for (unsigned i = 0; i < plan.n_segments; i++) {
		const struct image_segment *s = &plan.segments[i];

		EXPECT(!memcmp(guest.bytes + (s->at.v - RAM), file + s->offset, s->file_size));
		n_planned += s->file_size;
	}
	EXPECT_EQ(guest.n_written, n_planned);
}

/* As it is and packed, the file must be planned alike and loaded alike. */
static void expect_plan(uint64_t load_at, enum image_format format, uint64_t entry, uint64_t low,
			uint64_t high)
{
	for (int level = -1; level <= 9; level += 5) {
		const void *bytes = level < 0 ? file : packed;
		size_t n = level < 0 ? size : pack(file, size, level);

		REQUIRE_EQ(plan_copy(bytes, n, memory, load_at), 0);
		EXPECT_EQ(plan.is_gzip, level >= 0);
		EXPECT_EQ(plan.format, format);
		EXPECT_EQ(plan.unpacked_size, size);
		EXPECT_EQ(plan.entry.v, entry);
		EXPECT_EQ(plan.low.v, low);
		EXPECT_EQ(plan.high.v, high);
		expect_loaded(bytes, n);
	}
}

static void make_raw(size_t n)
{
	uint32_t r = 1;

	size = n;
	for (size_t i = 0; i < n; i++) {
		r = r * 1664525 + 1013904223;
		file[i] = (unsigned char)(r >> 24 & r >> 16);
	}
}

static void make_linux(size_t n, uint64_t text_offset, uint64_t image_size)
{
	make_raw(n);
	set(8, text_offset, 8);
	set(16, image_size, 8);
	set(24, 0, 8);
	memcpy(file + 48, "RISCV\0\0\0RSC\x05", 12);
}

static void make_elf(unsigned type, uint64_t entry, unsigned n_segments)
{
	make_raw(300000);
	memcpy(file,
	       "\x7f"
	       "ELF\2\1\1",
	       8);
	set(16, type | 243 << 16, 4);
	set(24, entry, 8);
	set(32, 64, 8);
	set(54, 56 | n_segments << 16, 4);
	memset(file + 64, 0, n_segments * 56);
}

static void set_segment(unsigned i, uint64_t offset, uint64_t virtual, uint64_t physical,
			uint64_t file_size, uint64_t memory_size)
{
	uint64_t words[7] = {
		1 | 5ull << 32, offset, virtual, physical, file_size, memory_size, 1
	};

	memcpy(file + 64 + i * 56, words, sizeof(words));
}

/* --- raw */

TEST(guest_image, raw_file_goes_2_mib_into_ram_or_where_it_is_told)
{
	make_raw(100001);
	expect_plan(IMAGE_LOAD_DEFAULT, IMAGE_RAW, 0x80200000, 0x80200000, 0x80200000 + 100001);
	expect_plan(0x80001002, IMAGE_RAW, 0x80001002, 0x80001002, 0x80001002 + 100001);
	EXPECT_EQ(plan_at(0x80000001), -EINVAL);
	EXPECT_STR(error.text, "no instruction can be at the entry, 80000001");
}

TEST(guest_image, what_does_not_fit_names_the_sizes)
{
	make_raw(1 << 20);
	EXPECT_EQ(plan_at(RAM + RAM_SIZE - MiB), 0);
	EXPECT_EQ(plan_at(RAM + RAM_SIZE - MiB + 2), -ENOSPC);
	EXPECT_STR(error.text, "image needs 1 MiB at 83f00002, and the region ends at 84000000");
	EXPECT_EQ(plan_at(RAM + RAM_SIZE), -ENOSPC);
	EXPECT_STR(error.text, "image needs 1 MiB at 84000000, and no memory is there");
	EXPECT_EQ(plan_at(RAM - 2), -ENOSPC);
	EXPECT_EQ(plan_at(UINT64_MAX - 1), -ENOSPC);
	size = 1025;
	EXPECT_EQ(plan_at(RAM + RAM_SIZE - 1024), -ENOSPC);
	EXPECT_STR(error.text, "image needs 2 KiB at 83fffc00, and the region ends at 84000000");
	size = 1000;
	EXPECT_EQ(plan_at(0), -ENOSPC);
	EXPECT_STR(error.text, "image needs 1000 bytes at 0, and no memory is there");
}

TEST(guest_image, memory_may_go_on_in_the_next_range)
{
	static const struct gpa_range parts[] = { { { RAM + MiB }, MiB },
						  { { RAM }, MiB },
						  { { RAM + 3 * MiB }, MiB } };
	struct guest_memory all = { parts, ARRAY_LEN(parts) };

	make_raw(1 << 20);
	EXPECT_EQ(plan_copy(file, size, all, RAM + 0x80000), 0);
	EXPECT_EQ(plan_copy(file, size, all, RAM + 0x180000), -ENOSPC);
	EXPECT_STR(error.text, "image needs 1 MiB at 80180000, and the region ends at 80200000");
	/* The first range is the main RAM. */
	EXPECT_EQ(plan_copy(file, size, all, IMAGE_LOAD_DEFAULT), 0);
	EXPECT_EQ(plan.entry.v, RAM + 3 * MiB);
}

TEST(guest_image, empty_file_is_refused)
{
	size = 0;
	expect_refused(-EINVAL, "an empty file");
	size = pack(file, 0, 6);
	memcpy(file, packed, size);
	expect_refused(-EINVAL, "an empty file");
}

TEST(guest_image, other_packings_are_refused_by_name)
{
	make_raw(100);
	memcpy(file, "MZ\0\0zimg", 8);
	expect_refused(-ENOTSUP, "an EFI-packed Linux image: unpack it, or pack it by gzip");
	memcpy(file,
	       "\xfd"
	       "7zXZ\0",
	       6);
	expect_refused(-ENOTSUP, "packed by xz: unpack it, or pack it by gzip");
	memcpy(file, "\x28\xb5\x2f\xfd", 4);
	expect_refused(-ENOTSUP, "packed by zstd: unpack it, or pack it by gzip");
	memcpy(file, "\x02\x21\x4c\x18", 4);
	expect_refused(-ENOTSUP, "packed by lz4: unpack it, or pack it by gzip");
}

/* --- Linux */

TEST(guest_image, linux_goes_to_ram_plus_text_offset_and_has_its_image_size)
{
	make_linux(50000, 0x200000, 0x500000);
	expect_plan(IMAGE_LOAD_DEFAULT, IMAGE_LINUX, 0x80200000, 0x80200000, 0x80700000);
	expect_plan(0x80800000, IMAGE_LINUX, 0x80800000, 0x80800000, 0x80d00000);
	make_linux(50000, 0, 0x500000);
	expect_plan(IMAGE_LOAD_DEFAULT, IMAGE_LINUX, 0x80000000, 0x80000000, 0x80500000);
}

TEST(guest_image, linux_without_image_size_has_the_size_of_its_file)
{
	make_linux(50000, 0x200000, 0);
	expect_plan(IMAGE_LOAD_DEFAULT, IMAGE_LINUX, 0x80200000, 0x80200000, 0x80200000 + 50000);
	size = 64;
	expect_plan(IMAGE_LOAD_DEFAULT, IMAGE_LINUX, 0x80200000, 0x80200000, 0x80200000 + 64);
	size = 60; /* the magic is there, the header is not */
	expect_plan(IMAGE_LOAD_DEFAULT, IMAGE_RAW, 0x80200000, 0x80200000, 0x80200000 + 60);
}

TEST(guest_image, linux_lies_on_a_2_mib_boundary)
{
	static const struct gpa_range odd[] = { { { RAM + 0x1000 }, RAM_SIZE } };

	make_linux(50000, 0x200000, 0x500000);
	EXPECT_EQ(plan_at(0x80300000), -EINVAL);
	EXPECT_STR(error.text, "a Linux image must lie on a 2 MiB boundary, which 80300000 is not");
	EXPECT_EQ(plan_copy(file, size, (struct guest_memory){ odd, 1 }, IMAGE_LOAD_DEFAULT), 0);
	EXPECT_EQ(plan.entry.v, RAM + 2 * MEGA_SIZE);
	set(8, 0x201000, 8);
	EXPECT_EQ(plan_at(IMAGE_LOAD_DEFAULT), -EINVAL);
}

TEST(guest_image, linux_sizes_and_offsets_may_be_anything)
{
	make_linux(50000, 0x200000, RAM_SIZE - 0x200000);
	EXPECT_EQ(plan_at(IMAGE_LOAD_DEFAULT), 0);
	make_linux(50000, 0x200000, RAM_SIZE - 0x1fffff);
	expect_refused(-ENOSPC, "image needs 63 MiB at 80200000, and the region ends at 84000000");
	make_linux(50000, 0x200000, UINT64_MAX);
	EXPECT_EQ(plan_at(IMAGE_LOAD_DEFAULT), -ENOSPC);
	make_linux(50000, 0x200000, UINT64_MAX - 0x80200000 + 2);
	EXPECT_EQ(plan_at(IMAGE_LOAD_DEFAULT), -ENOSPC);
	make_linux(50000, -(uint64_t)0x200000, 0);
	EXPECT_EQ(plan_at(IMAGE_LOAD_DEFAULT), -ENOSPC);
	make_linux(50000, -RAM, 0);
	EXPECT_EQ(plan_at(IMAGE_LOAD_DEFAULT), -ENOSPC);
	make_linux(50000, 0x200000, 0);
	file[24] = 1;
	expect_refused(-EINVAL, "a big-endian Linux image");
}

/* --- ELF */

TEST(guest_image, elf_goes_where_its_physical_addresses_say)
{
	for (unsigned type = 2; type <= 3; type++) {
		make_elf(type, 0xffffffc000000010, 4);
		set_segment(0, 0x1000, 0xffffffc000000000, 0x80200000, 0x2000, 0x2000);
		set_segment(1, 0x40000, 0xffffffc000400000, 0x80100000, 100, 0x10000);
		set_segment(2, 0, 0xffffffc000900000, 0x80900000, 0, 0x100); /* bss alone */
		set_segment(3, 0, 0, 0, 0, 0);
		expect_plan(IMAGE_LOAD_DEFAULT, IMAGE_ELF, 0x80200010, 0x80100000, 0x80900100);
		EXPECT_EQ(plan.n_segments, 3);
	}
}

TEST(guest_image, elf_entry_is_virtual_where_a_segment_has_it_and_else_physical)
{
	make_elf(2, 0x10, 2);
	set_segment(0, 0x1000, 0x80300000, 0x80200000, 0x100, 0x100);
	set_segment(1, 0x1000, 0, 0x80300000, 0x100, 0x100);
	expect_plan(IMAGE_LOAD_DEFAULT, IMAGE_ELF, 0x80300010, 0x80200000, 0x80300100);
	set(24, 0x80300020, 8); /* virtual in the first, physical in the second */
	expect_plan(IMAGE_LOAD_DEFAULT, IMAGE_ELF, 0x80200020, 0x80200000, 0x80300100);
	set(24, 0x80200020, 8);
	expect_plan(IMAGE_LOAD_DEFAULT, IMAGE_ELF, 0x80200020, 0x80200000, 0x80300100);
	set(24, 0x100, 8);
	expect_refused(-EINVAL, "an ELF file whose entry, 100, is in no segment");
	set(24, 0x11, 8);
	expect_refused(-EINVAL, "no instruction can be at the entry, 80300011");
}

TEST(guest_image, elf_with_a_load_address_is_moved_as_a_whole)
{
	make_elf(3, 0x2000, 2);
	set_segment(0, 0x3000, 0x2000, 0x2000, 0x100, 0x100);
	set_segment(1, 0x1000, 0x1000, 0x1000, 0x100, 0x100);
	EXPECT_EQ(plan_at(IMAGE_LOAD_DEFAULT), -ENOSPC);
	EXPECT_STR(error.text, "image needs 256 bytes at 2000, and no memory is there");
	expect_plan(0x80400000, IMAGE_ELF, 0x80401000, 0x80400000, 0x80401100);
}

TEST(guest_image, other_elf_files_are_refused)
{
	static const struct {
		size_t at, n;
		uint64_t value;
		const char *text;
	} changes[] = {
		{ 4, 1, 1, "an ELF file, but not for 64-bit RISC-V" },   /* 32 bit */
		{ 5, 1, 2, "an ELF file, but not for 64-bit RISC-V" },   /* big-endian */
		{ 18, 2, 62, "an ELF file, but not for 64-bit RISC-V" }, /* x86 */
		{ 16, 2, 1, "an ELF file that is no program" },          /* object file */
		{ 16, 2, 4, "an ELF file that is no program" },          /* core dump */
		{ 54, 2, 32, "an ELF file whose program headers are out of reach" },
		{ 32, 8, 300000 - 55, "an ELF file whose program headers are out of reach" },
		{ 32, 8, UINT64_MAX - 8, "an ELF file whose program headers are out of reach" },
		{ 32, 8, 300001, "an ELF file whose program headers are out of reach" },
		{ 56, 2, 0xffff, "an ELF file whose program headers are out of reach" },
		{ 56, 2, 0, "an ELF file whose entry, 80200000, is in no segment" },
	};

	for (unsigned i = 0; i < ARRAY_LEN(changes); i++) {
		make_elf(2, 0x80200000, 1);
		set_segment(0, 0x1000, 0x80200000, 0x80200000, 0x100, 0x100);
		EXPECT_EQ(plan_at(IMAGE_LOAD_DEFAULT), 0);
		set(changes[i].at, changes[i].value, changes[i].n);
		expect_refused(-EINVAL, changes[i].text);
	}
	size = 63;
	expect_refused(-EINVAL, "an ELF file that ends in its header");
}

TEST(guest_image, elf_has_at_most_sixteen_segments)
{
	make_elf(2, 0x80200000, 20);
	for (unsigned i = 0; i < 16; i++)
		set_segment(i, 0x1000 + i, 0x80200000 + 0x1000 * i, 0x80200000 + 0x1000 * i, 8, 16);
	EXPECT_EQ(plan_at(IMAGE_LOAD_DEFAULT), 0);
	EXPECT_EQ(plan.n_segments, 16);
	set_segment(17, 0x1000, 0x80300000, 0x80300000, 8, 16);
	expect_refused(-EINVAL, "an ELF file with more than 16 segments");
}

static void expect_second_segment(int result, const char *text, uint64_t offset, uint64_t at,
				  uint64_t file_size, uint64_t memory_size)
{
	make_elf(2, 0x80200000, 2);
	set_segment(0, 0x1000, 0x80200000, 0x80200000, 0x100, 0x100);
	set_segment(1, offset, 0, at, file_size, memory_size);
	expect_refused(result, text);
}

TEST(guest_image, segments_are_in_the_file_in_memory_and_clear_of_each_other)
{
	static const char *const outside = "segment 1 is not wholly in the file";
	static const char *const overlap = "segments 0 and 1 overlap";

	expect_second_segment(0, "", 300000 - 16, 0x80200100, 16, 16);
	expect_second_segment(0, "", 0, 0x801fff00, 16, 0x100);
	expect_second_segment(-EINVAL, outside, 300000 - 15, 0x80300000, 16, 16);
	expect_second_segment(-EINVAL, outside, 300001, 0x80300000, 0, 16);
	expect_second_segment(-EINVAL, outside, UINT64_MAX - 7, 0x80300000, 16, 16);
	expect_second_segment(-EINVAL, outside, 0, 0x80300000, 17, 16);
	expect_second_segment(-EINVAL, outside, 0, 0x80300000, UINT64_MAX, 16);
	expect_second_segment(-EINVAL, overlap, 0, 0x802000ff, 0, 16);
	expect_second_segment(-EINVAL, overlap, 0, 0x801ffff8, 0, 9);
	expect_second_segment(-EINVAL, overlap, 0, 0x80100000, 0, 0x200000);
	expect_second_segment(-EINVAL, overlap, 0, 0x80200010, 0, 1);
	expect_second_segment(-ENOSPC,
			      "image needs 17592186044416 MiB at 80300000, and the region ends at "
			      "84000000",
			      0, 0x80300000, 0, UINT64_MAX);
	expect_second_segment(-ENOSPC,
			      "image needs 16 bytes at fffffffffffffff8, and no memory is there", 0,
			      UINT64_MAX - 7, 0, 16);
}

/* --- gzip */

TEST(guest_image, packed_file_whose_headers_are_damaged_is_refused)
{
	make_linux(3000, 0x200000, 0);
	size = pack(file, size, 6);
	memcpy(file, packed, size);
	file[size - 5] ^= 1;
	expect_refused(-EINVAL, "a damaged gzip file");
	size = 20;
	expect_refused(-EINVAL, "a damaged gzip file");
}

TEST(guest_image, packed_file_that_is_damaged_further_on_fails_to_load)
{
	size_t n;

	make_linux(300000, 0x200000, 0);
	n = pack(file, size, 6);
	packed[n - 5] ^= 1; /* the check sum */
	REQUIRE_EQ(plan_copy(packed, n, memory, IMAGE_LOAD_DEFAULT), 0);
	EXPECT_EQ(load(packed, n), -EINVAL);
	packed[n - 5] ^= 1;
	EXPECT_EQ(load(packed, n), 0);
	EXPECT_EQ(load(packed, n - 1), -EINVAL);
}

TEST(guest_image, packed_file_never_grows_past_what_was_planned)
{
	size_t n;

	make_raw(300000);
	n = pack(file, size, 6);
	packed[n - 2]--; /* 64 KiB less, which is all that the plan can know */
	REQUIRE_EQ(plan_copy(packed, n, memory, IMAGE_LOAD_DEFAULT), 0);
	EXPECT_EQ(plan.unpacked_size, 300000 - 65536);
	EXPECT_EQ(load(packed, n), -EINVAL);
	EXPECT(guest.n_written <= 300000 - 65536);
	packed[n - 2] += 2;
	REQUIRE_EQ(plan_copy(packed, n, memory, IMAGE_LOAD_DEFAULT), 0);
	EXPECT_EQ(load(packed, n), -EINVAL);
}

TEST(guest_image, packed_file_of_several_members_is_refused)
{
	make_raw(3000);
	size = pack(file, size, 6);
	memcpy(file, packed, size);
	memcpy(file + size, packed, size);
	size *= 2;
	expect_refused(-ENOTSUP, "a gzip file of several members");
}

TEST(guest_image, refusal_of_a_write_ends_the_loading)
{
	size_t n;

	make_raw(300000);
	guest.refusal = -ENOMEM;
	EXPECT_EQ(plan_at(IMAGE_LOAD_DEFAULT), 0);
	EXPECT_EQ(load(file, size), -ENOMEM);
	n = pack(file, size, 6);
	EXPECT_EQ(plan_copy(packed, n, memory, IMAGE_LOAD_DEFAULT), 0);
	EXPECT_EQ(load(packed, n), -ENOMEM);
	guest.refusal = 0;
}

/* --- a real one */

static const char *needs_kernel(void)
{
	FILE *f = fopen(KERNEL, "r");

	if (!f)
		return "no " KERNEL;
	fclose(f);
	return NULL;
}

static unsigned char *read_file(const char *name, size_t *n)
{
	FILE *f = fopen(name, "r");
	unsigned char *bytes = NULL;

	REQUIRE(f && !fseek(f, 0, SEEK_END));
	*n = (size_t)ftell(f);
	rewind(f);
	bytes = malloc(*n);
	REQUIRE(bytes && fread(bytes, 1, *n, f) == *n);
	fclose(f);
	return bytes;
}

TEST_IF(guest_image, debians_kernel_is_a_linux_image, needs_kernel)
{
	size_t n, n_gzip;
	unsigned char *kernel = read_file(KERNEL, &n), *gzip;

	REQUIRE_EQ(plan_copy(kernel, n, memory, IMAGE_LOAD_DEFAULT), 0);
	EXPECT_EQ(plan.format, IMAGE_LINUX);
	EXPECT_EQ(plan.entry.v, 0x80200000);
	EXPECT(plan.high.v - plan.low.v >= n);
	kit_note("%zu bytes in the file, %llu in memory", n,
		 (unsigned long long)(plan.high.v - plan.low.v));
	EXPECT_EQ(load(kernel, n), 0);
	EXPECT(!memcmp(guest.bytes + 0x200000, kernel, n));

	FILE *pipe = popen("gzip -1 -c " KERNEL, "r");

	REQUIRE(pipe);
	gzip = malloc(n);
	n_gzip = fread(gzip, 1, n, pipe);
	EXPECT_EQ(pclose(pipe), 0);
	REQUIRE_EQ(plan_copy(gzip, n_gzip, memory, IMAGE_LOAD_DEFAULT), 0);
	EXPECT(plan.is_gzip && plan.format == IMAGE_LINUX);
	EXPECT_EQ(load(gzip, n_gzip), 0);
	EXPECT(!memcmp(guest.bytes + 0x200000, kernel, n));
	free(gzip);
	free(kernel);
}

/* --- placement */

static struct guest_placement place;

static int place_at(uint64_t ram_size, uint64_t low, uint64_t high, uint64_t initrd, uint64_t tree)
{
	struct guest_image image = { .low = { RAM + low }, .high = { RAM + high } };
	int result = guest_place(&place, &image, (struct gpa_range){ { RAM }, ram_size }, initrd,
				 tree, &error);

	return result;
}

TEST(guest_place, tree_is_at_the_top_and_initrd_below_it)
{
	EXPECT_EQ(place_at(64 * MiB, 2 * MiB, 10 * MiB, 3 * MiB + 1, 0x2001), 0);
	EXPECT_EQ(place.tree.v, RAM + 64 * MiB - 0x3000);
	EXPECT_EQ(place.initrd.v, RAM + 64 * MiB - 0x3000 - 3 * MiB - 0x1000);
	EXPECT_EQ(place_at(64 * MiB, 2 * MiB, 10 * MiB, 0, 0x2000), 0);
	EXPECT_EQ(place.tree.v, RAM + 64 * MiB - 0x2000);
	EXPECT_EQ(place.initrd.v, 0);
}

TEST(guest_place, both_stay_in_the_first_gigabyte)
{
	EXPECT_EQ(place_at(16 * GiB, 2 * MiB, 10 * MiB, 3 * MiB, 0x2000), 0);
	EXPECT_EQ(place.tree.v, RAM + GiB - 0x2000);
	EXPECT_EQ(place.initrd.v, RAM + GiB - 0x2000 - 3 * MiB);
}

TEST(guest_place, what_is_too_large_for_the_first_gigabyte_goes_to_the_end_of_ram)
{
	EXPECT_EQ(place_at(4 * GiB, 2 * MiB, 10 * MiB, 2 * GiB, 0x2000), 0);
	EXPECT_EQ(place.tree.v, RAM + GiB - 0x2000);
	EXPECT_EQ(place.initrd.v, RAM + 2 * GiB);
	EXPECT_EQ(place_at(4 * GiB, 0, GiB + MiB, MiB, 0x2000), 0);
	EXPECT_EQ(place.tree.v, RAM + 4 * GiB - 0x2000);
	EXPECT_EQ(place.initrd.v, RAM + 4 * GiB - 0x2000 - MiB);
}

TEST(guest_place, image_at_the_top_is_gone_below)
{
	EXPECT_EQ(place_at(64 * MiB, 60 * MiB + 8, 64 * MiB, MiB, 0x1000), 0);
	EXPECT_EQ(place.tree.v, RAM + 60 * MiB - 0x1000);
	EXPECT_EQ(place.initrd.v, RAM + 59 * MiB - 0x1000);
	/* One fits above, the other does not. */
	EXPECT_EQ(place_at(64 * MiB, 2 * MiB, 64 * MiB - 0x1000, MiB, 0x1000), 0);
	EXPECT_EQ(place.tree.v, RAM + 64 * MiB - 0x1000);
	EXPECT_EQ(place.initrd.v, RAM + 1 * MiB);
	EXPECT_EQ(place_at(64 * MiB, 2 * MiB, 63 * MiB + 1, MiB - 0x1000, 0x1000), 0);
	EXPECT_EQ(place.initrd.v, RAM + 1 * MiB + 0x1000);
}

TEST(guest_place, what_does_not_fit_names_the_sizes)
{
	EXPECT_EQ(place_at(64 * MiB, 0, 32 * MiB, 32 * MiB - 0x2000, 0x2000), 0);
	EXPECT_EQ(place.initrd.v, RAM + 32 * MiB);
	EXPECT_EQ(place_at(64 * MiB, 0, 32 * MiB, 32 * MiB - 0x1fff, 0x2000), -ENOSPC);
	EXPECT_STR(error.text,
		   "initrd, 32761 KiB, and tree, 8 KiB, do not fit into 65536 KiB beside "
		   "the image, 32768 KiB");
	EXPECT_EQ(place_at(64 * MiB, 0, 64 * MiB, 0, 1), -ENOSPC);
	EXPECT_EQ(place_at(64 * MiB, 0, MiB, UINT64_MAX, 0x1000), -ENOSPC);
	EXPECT_EQ(place_at(64 * MiB, 0, MiB, 0, UINT64_MAX), -ENOSPC);
	EXPECT_EQ(place_at(0x800, 0x800, 0x800, 0, 0x801), -ENOSPC);
}
