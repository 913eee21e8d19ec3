/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A VM's map: regions of guest-physical addresses, the frames behind them, and the G-stage table
 * that hardware walks, which is a cache of the map and no more.
 *
 * Always true: regions are disjoint, sorted, page-aligned; each leaf of the table lies inside one
 * region and is just one block of frames of the map's owner, or part of a window; what the owner
 * holds is in the table, or in the hands of a fault that is being answered, or of a reset. Faults
 * take no lock of the map: the list of regions is replaced as a whole, and an old one is freed only
 * after every hart that ran the VM has been made to forget, which no hart does while it answers a
 * fault. Changes of the list come from the boot hart alone.
 */
#ifndef GSTAGE_GMAP_H
#define GSTAGE_GMAP_H

#include "gstage/flush.h"
#include "gstage/region.h"
#include "platform/frames.h"

enum { GMAP_REGIONS = 32 };

struct region_list {
	unsigned n;
	struct region_place {
		uint64_t at, last; /* the region's first and last byte */
		struct region *region;
	} by_address[GMAP_REGIONS];
};

struct gmap {
	struct gtable table;
	struct flusher flusher;
	struct frame_owner owner;
	_Atomic(struct region_list *) list;
	_Atomic uint32_t n_filling; /* faults that hold, or may soon hold, a frame of their own */
	_Atomic uint32_t n_lost;    /* frames given back since another hart was first */
};

/* An empty map whose table has so many levels; frames are paid by `name`, up to `quota`. -ENOMEM.
 */
MUST_CHECK int gmap_init(struct gmap *m, const char *name, unsigned levels, uint64_t quota);
/* Everything goes back, pinned or not. No vCPU runs over it any more. */
void gmap_destroy(struct gmap *m);

/*
 * Add a region like this one. -EINVAL: misaligned, empty, rights that make no sense; -ERANGE: more
 * than the table reaches; -EEXIST: another is in the way; -ENOSPC: too many; -ENOMEM, -EDQUOT. On
 * error no region, frame or leaf has changed.
 */
MUST_CHECK int gmap_add(struct gmap *m, const struct region *like);

/* Take the region [gpa, +size) away. -EINVAL, -ERANGE as above; -ENOENT: there is none with just
 * these bounds; -EBUSY: it is pinned; -ENOMEM. On error nothing has changed. */
MUST_CHECK int gmap_remove(struct gmap *m, struct gpa gpa, uint64_t size);

/* Give the region [gpa, +size) other rights; accesses meanwhile may be refused by either. Errors as
 * above, but needs no memory. */
MUST_CHECK int gmap_protect(struct gmap *m, struct gpa gpa, uint64_t size,
			    enum gtable_rights rights);

/* All frames of all regions that have frames go back, and eager ones get new ones, zeroed: memory
 * as at the first start. -EBUSY: one is pinned, and nothing has changed; -ENOMEM, -EDQUOT: eager
 * regions lack memory, and the next reset tries again. No vCPU runs over it. Zeroing takes long:
 * `pause`, which may be NULL, is called after each 2 MiB of it at most, with no lock held; it
 * changes nothing of the map, and may end the reset by returning an error, which is passed on. */
MUST_CHECK int gmap_reset(struct gmap *m, int (*pause)(struct gmap *m));

/* All frames go back. -EBUSY: some are pinned; then nothing has changed. No vCPU runs over it. */
MUST_CHECK int gmap_empty(struct gmap *m);

/* The region over `gpa`, NULL where there is none. */
struct region *gmap_find(const struct gmap *m, struct gpa gpa);

enum fill { FILL_NEW, FILL_PRESENT };

/*
 * Something touched `gpa`, of which this is the region: see to it that a frame is there. Returns
 * FILL_NEW, or FILL_PRESENT if one was; -EACCES: the region does not give that right, -EFAULT: it
 * has no memory; -ENOMEM, -EDQUOT. Who may have met the hole fences.
 */
MUST_CHECK int gmap_fill(struct gmap *m, struct region *r, struct gpa gpa,
			 enum gtable_rights access);

/* Fill the hole at `gpa` with a leaf that holds what is at `from`, of which there are n bytes.
 * Returns how many it holds; 0: the hole is smaller than a leaf, n is, or there is no memory, and
 * gmap_fill may do. */
size_t gmap_fill_with(struct gmap *m, struct region *r, struct gpa gpa, const void *from, size_t n);

/*
 * Copy n bytes from or to guest memory, where the guest itself could do so; memory that is lazy
 * appears. -EFAULT: not all of it is memory with that right; what lies before may have been
 * copied; -ENOMEM, -EDQUOT.
 */
MUST_CHECK int guest_copy_in(struct gmap *m, void *to, struct gpa from, size_t n);
MUST_CHECK int guest_copy_out(struct gmap *m, struct gpa to, const void *from, size_t n);
/* The same for who builds the VM: also into what the guest may not write. What is overwritten as a
 * whole is not zeroed before. */
MUST_CHECK int guest_load(struct gmap *m, struct gpa to, const void *from, size_t n);

#endif
