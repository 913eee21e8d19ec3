/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading and writing guest memory by guest-physical address, a page at a time; it can fail. */
#ifndef GSTAGE_GMEM_H
#define GSTAGE_GMEM_H

#include "gstage/gtable.h"

/* Copy n bytes. -EFAULT: some of it is not mapped with that right; what lies before may be copied.
 */
MUST_CHECK int guest_copy_in(const struct gtable *t, void *to, struct gpa from, size_t n);
MUST_CHECK int guest_copy_out(const struct gtable *t, struct gpa to, const void *from, size_t n);

#endif
