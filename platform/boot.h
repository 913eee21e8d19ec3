/* SPDX-License-Identifier: BSD-2-Clause */
/* What boot leaves behind for everybody: the machine's description, and where the image is. */
#ifndef PLATFORM_BOOT_H
#define PLATFORM_BOOT_H

#include "arch/addr.h"
#include "lib/machine.h"

/* Filled before the first component starts, constant from then on. */
extern const struct machine machine;

/* The device tree itself, mapped read-only, its rng-seed erased; for those who pass nodes on. */
const void *boot_tree(size_t *size);

/* The memory that the tree takes. */
struct hpa_range boot_tree_range(void);

/* Where a variable of the image lies in memory. */
struct hpa image_hpa(const void *p);

/* The boot hart's instret at the image's first instructions; 0 where the firmware lets nobody
 * count. */
uint64_t boot_entry_instret(void);

#endif
