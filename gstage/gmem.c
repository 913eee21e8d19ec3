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

/* One page at a time, into the guest or out of it. */
static int copy(const struct gtable *t, struct gpa gpa, char *here, size_t n, bool to_guest)
{
	for (size_t part; n; n -= part, here += part, gpa.v += part) {
		struct hpa at;

		if (find(t, gpa, to_guest ? PTE_W : PTE_R, &at, &part))
			return -EFAULT;
		if (part > n)
			part = n;
		char *window = window_open(at, part);

		memcpy(to_guest ? window : here, to_guest ? here : window, part);
		window_close(window);
	}
	return 0;
}

int guest_copy_in(const struct gtable *t, void *to, struct gpa from, size_t n)
{
	return copy(t, from, to, n, false);
}

int guest_copy_out(const struct gtable *t, struct gpa to, const void *from, size_t n)
{
	return copy(t, to, (char *)from, n, true);
}

COMPONENT(gstage, PHASE_NONE, NULL, NULL, "guest memory and its tables");
