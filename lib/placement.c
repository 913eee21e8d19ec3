/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/placement.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

/* Within [low, high) and clear of the image: the highest place of this size. */
static bool find_highest(uint64_t low, uint64_t high, const struct guest_image *image,
			 uint64_t size, struct gpa *at)
{
	if (high < low || size > high - low)
		return false;
	at->v = align_down(high - size, PAGE_SIZE);
	if (at->v < image->high.v && image->low.v < at->v + size) {
		high = image->low.v;
		if (high < low || size > high - low)
			return false;
		at->v = align_down(high - size, PAGE_SIZE);
	}
	return at->v >= low;
}

int guest_place(struct guest_placement *placement, const struct guest_image *image,
		struct gpa_range ram, uint64_t initrd_size, uint64_t tree_size,
		struct image_error *error)
{
	uint64_t low = ram.at.v, end = low + ram.size;
	uint64_t middle = ram.size > GIGA_SIZE ? low + GIGA_SIZE : end;
	struct gpa *tree = &placement->tree, *initrd = &placement->initrd;

	*placement = (struct guest_placement){ 0 };
	if (find_highest(low, middle, image, tree_size, tree) ||
	    find_highest(middle, end, image, tree_size, tree)) {
		bool is_near = tree->v < middle;

		if (!initrd_size ||
		    find_highest(low, is_near ? tree->v : middle, image, initrd_size, initrd) ||
		    find_highest(middle, is_near ? end : tree->v, image, initrd_size, initrd))
			return 0;
	}
	snprintf(error->text, sizeof(error->text),
		 "initrd, %" PRIu64 " KiB, and tree, %" PRIu64 " KiB, do not fit into %" PRIu64
		 " KiB beside the image, %" PRIu64 " KiB",
		 align_up(initrd_size, KiB) / KiB, align_up(tree_size, KiB) / KiB, ram.size / KiB,
		 align_up(image->high.v - image->low.v, KiB) / KiB);
	return -ENOSPC;
}
