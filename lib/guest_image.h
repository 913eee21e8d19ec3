/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a guest is started from: tells the format of a file by its content, plans where its parts
 * go, and then puts them there.
 *
 *	Linux Image  by its magic; goes to the start of RAM + text_offset, and has image_size
 *	ELF          64 bit, RISC-V; goes where the physical addresses of its PT_LOAD segments say
 *	raw          everything else; goes to RAM + 2 MiB, where S-mode programs expect to be
 *
 * Each may be packed by gzip, in one member. A load address that is given moves the image so that
 * its lowest byte lies there. Files are hostile: nothing in them leads out of the file or out of
 * the guest's memory.
 *
 * Memory that the image has and the file does not (bss, the rest of image_size) must read as zero
 * before: it is counted, and never written, so that first-touch memory stays untouched.
 */
#ifndef LIB_GUEST_IMAGE_H
#define LIB_GUEST_IMAGE_H

#include "arch/addr.h"
#include "lib/inflate.h"

enum image_format { IMAGE_RAW, IMAGE_LINUX, IMAGE_ELF };

#define IMAGE_SEGMENTS     16
#define IMAGE_LOAD_DEFAULT UINT64_MAX

struct gpa_range {
	struct gpa at;
	uint64_t size;
};

/* Where a guest has memory that can be loaded into; ranges are not empty, do not overlap, and end
 * below 2^64. The first is its main RAM. */
struct guest_memory {
	const struct gpa_range *ranges;
	unsigned n_ranges;
};

struct image_segment {
	struct gpa at;
	uint64_t offset, file_size; /* in the file once it is unpacked */
	uint64_t memory_size;       /* file_size at least */
};

struct guest_image {
	enum image_format format;
	bool is_gzip;
	uint64_t unpacked_size;
	struct gpa entry;
	struct gpa low, high; /* all segments lie in [low, high), and so does the entry */
	unsigned n_segments;
	struct image_segment segments[IMAGE_SEGMENTS]; /* clear of each other */
};

struct image_error {
	char text[120];
};

/*
 * Where the parts of this file go. 0; -EINVAL: damaged, or not for this machine; -ENOTSUP: packed
 * in a way we do not have; -ENOSPC: there is no such memory. The text says which, with sizes and
 * addresses; plan is then not to be used. `load` is an address or IMAGE_LOAD_DEFAULT. A packed file
 * is unpacked only as far as its headers, so that damage further on is found by guest_image_load.
 */
MUST_CHECK int guest_image_plan(struct guest_image *plan, const void *bytes, size_t size,
				struct guest_memory memory, uint64_t load, struct inflate *scratch,
				struct image_error *error);

/* Writes n bytes to guest memory. Anything but 0 ends the loading. */
typedef int guest_image_put(void *context, struct gpa to, const void *from, size_t n);

/* Do as planned, with the same file. 0; -EINVAL: damaged, or larger or smaller than its end says;
 * or what `put` returned. After an error a part may have been written. */
MUST_CHECK int guest_image_load(const struct guest_image *plan, const void *bytes, size_t size,
				guest_image_put *put, void *context, struct inflate *scratch);

const char *image_format_text(enum image_format format);

#endif
