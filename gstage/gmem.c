/* SPDX-License-Identifier: BSD-2-Clause */
#include "gstage/gmem.h"

#include <errno.h>
#include <string.h>

#include "lib/component.h"
#include "platform/mmu.h"

/* Where the byte at `gpa` is, and how many follow it in the same page. */
static int find(const struct gtable *t, struct gpa gpa, uint64_t right, struct hpa *at, size_t *n)
{
	unsigned level;
	pte_t leaf = gtable_leaf(t, gpa, &level);

	if ((leaf & (PTE_V | right)) != (PTE_V | right))
		return -EFAULT;
	*at = HPA(pte_hpa(leaf).v + gpa.v % BIT(PAGE_SHIFT + 9 * level));
	*n = PAGE_SIZE - gpa.v % PAGE_SIZE;
	return 0;
}

int guest_copy_in(const struct gtable *t, void *to, struct gpa from, size_t n)
{
	for (size_t part; n; n -= part, to = (char *)to + part, from.v += part) {
		struct hpa at;

		if (find(t, from, PTE_R, &at, &part))
			return -EFAULT;
		if (part > n)
			part = n;
		void *window = window_open(at, part);

		memcpy(to, window, part);
		window_close(window);
	}
	return 0;
}

int guest_copy_out(const struct gtable *t, struct gpa to, const void *from, size_t n)
{
	for (size_t part; n; n -= part, to.v += part, from = (const char *)from + part) {
		struct hpa at;

		if (find(t, to, PTE_W, &at, &part))
			return -EFAULT;
		if (part > n)
			part = n;
		void *window = window_open(at, part);

		memcpy(window, from, part);
		window_close(window);
	}
	return 0;
}

COMPONENT(gstage, PHASE_NONE, NULL, NULL, "guest memory and its tables");
