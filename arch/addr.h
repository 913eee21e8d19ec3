/* SPDX-License-Identifier: BSD-2-Clause */
/* The three address spaces as three types, so that mixing them does not compile. */
#ifndef ARCH_ADDR_H
#define ARCH_ADDR_H

#include "arch/bits.h"

struct gva { /* guest virtual: what a guest's instruction names */
	uint64_t v;
};
struct gpa { /* guest physical: what the guest's own tables yield */
	uint64_t v;
};
struct hpa { /* host physical: what is on the bus */
	uint64_t v;
};

#define GVA(x) ((struct gva){ (x) })
#define GPA(x) ((struct gpa){ (x) })
#define HPA(x) ((struct hpa){ (x) })

#endif
