/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a guest's initrd and device tree go, beside its image. */
#ifndef LIB_PLACEMENT_H
#define LIB_PLACEMENT_H

#include "lib/guest_image.h"

struct guest_placement {
	struct gpa tree;
	struct gpa initrd; /* 0 where there is none */
};

/*
 * Both page-aligned (which serves the 8 bytes that a tree needs), clear of each other and of all of
 * [image->low, image->high), and inside `ram`: as high as possible below the first gigabyte's end,
 * the tree on top. High, since guests take what follows their image for their own (U-Boot's stack,
 * a unikernel's heap). In the first gigabyte, since a guest's early code may map just one 1 GiB
 * leaf, and since QEMU's machine, which all guests know, puts nothing above 3 GiB either. An initrd
 * that does not fit there goes to the end of RAM; only guests that map all of their memory can have
 * such a one.
 *
 * Sizes are what is to be kept free; an initrd of 0 bytes is none. 0; -ENOSPC, with the sizes.
 */
MUST_CHECK int guest_place(struct guest_placement *placement, const struct guest_image *image,
			   struct gpa_range ram, uint64_t initrd_size, uint64_t tree_size,
			   struct image_error *error);

#endif
