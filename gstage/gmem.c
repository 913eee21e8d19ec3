/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading and writing guest memory by guest-physical address, a page at a time; it can fail. */
#include <errno.h>
#include <string.h>

#include "gstage/gmap.h"
#include "platform/mmu.h"

/* Where the byte at `gpa` is; made to be there where memory is lazy. */
static int find(struct gmap *m, struct gpa gpa, enum gtable_rights access, struct hpa *at)
{
	struct region *r = gmap_find(m, gpa);
	unsigned level;

	if (!r || r->kind == REGION_DEVICE)
		return -EFAULT;
	int error = (r->rights & access) == access ? 0 : -EFAULT;
	pte_t leaf = error ? 0 : gtable_leaf(&m->table, gpa, &level);

	if (!error && !leaf) {
		error = gmap_fill(m, r, gpa, access);
		leaf = error < 0 ? 0 : gtable_leaf(&m->table, gpa, &level);
	}
	if (!leaf)
		return error < 0 ? error : -EFAULT;
	*at = HPA(pte_hpa(leaf).v + gpa.v % gtable_leaf_size(level));
	return 0;
}

static int copy(struct gmap *m, struct gpa gpa, char *here, size_t n, bool to_guest,
		enum gtable_rights access)
{
	for (size_t part; n; n -= part, here += part, gpa.v += part) {
		struct hpa at;
		int error = find(m, gpa, access, &at);

		if (error)
			return error;
		part = PAGE_SIZE - gpa.v % PAGE_SIZE;
		if (part > n)
			part = n;
		char *window = window_open(at, part);

		memcpy(to_guest ? window : here, to_guest ? here : window, part);
		window_close(window);
	}
	return 0;
}

int guest_copy_in(struct gmap *m, void *to, struct gpa from, size_t n)
{
	return copy(m, from, to, n, false, GTABLE_R);
}

int guest_copy_out(struct gmap *m, struct gpa to, const void *from, size_t n)
{
	return copy(m, to, (char *)from, n, true, GTABLE_W);
}

int guest_load(struct gmap *m, struct gpa to, const void *from, size_t n)
{
	return copy(m, to, (char *)from, n, true, 0);
}
