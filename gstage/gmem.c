/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading and writing guest memory by guest-physical address, a leaf at a time; it can fail. */
#include <errno.h>
#include <string.h>

#include "gstage/gmap.h"
#include "platform/mmu.h"

/* Where bytes are, as many as one window reaches. */
struct place {
	struct hpa at;
	uint64_t n;
};

/* Find the byte at `gpa`; made to be there where memory is lazy. */
static int find(struct gmap *m, struct gpa gpa, enum gtable_rights access, struct place *p)
{
	struct region *r = gmap_find(m, gpa);
	unsigned level;

	if (!r || r->kind == REGION_DEVICE || (r->rights & access) != access)
		return -EFAULT;
	pte_t leaf = gtable_leaf(&m->table, gpa, &level);

	if (!leaf) {
		int error = gmap_fill(m, r, gpa, access);

		if (error < 0)
			return error == -EACCES ? -EFAULT : error;
		leaf = gtable_leaf(&m->table, gpa, &level);
	}
	if (!leaf)
		return -EFAULT;
	uint64_t size = gtable_leaf_size(level), window = size < MEGA_SIZE ? size : MEGA_SIZE;

	p->at = HPA(pte_hpa(leaf).v + gpa.v % size);
	p->n = window - gpa.v % window;
	return 0;
}

/* To `in`, or from `out`: the other is NULL. */
static int copy(struct gmap *m, struct gpa gpa, char *in, const char *out, size_t n,
		enum gtable_rights access)
{
	for (size_t done = 0; done < n;) {
		struct place p;
		int error = find(m, GPA(gpa.v + done), access, &p);

		if (error)
			return error;
		if (p.n > n - done)
			p.n = n - done;
		void *window = window_open(p.at, p.n);

		if (in)
			memcpy(in + done, window, p.n);
		else
			memcpy(window, out + done, p.n);
		window_close(window);
		done += p.n;
	}
	return 0;
}

int guest_copy_in(struct gmap *m, void *to, struct gpa from, size_t n)
{
	return copy(m, from, to, NULL, n, GTABLE_R);
}

int guest_copy_out(struct gmap *m, struct gpa to, const void *from, size_t n)
{
	return copy(m, to, NULL, from, n, GTABLE_W);
}

int guest_load(struct gmap *m, struct gpa to, const void *from, size_t n)
{
	for (size_t part; n; n -= part, to.v += part, from = (const char *)from + part) {
		struct region *r = gmap_find(m, to);

		part = r ? gmap_fill_with(m, r, to, from, n) : 0;
		if (part)
			continue;
		part = MEGA_SIZE - to.v % MEGA_SIZE; /* where a whole leaf may begin */
		if (part > n)
			part = n;
		int error = copy(m, to, NULL, from, part, 0);

		if (error)
			return error;
	}
	return 0;
}
