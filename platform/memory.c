/* SPDX-License-Identifier: BSD-2-Clause */
/* Which RAM is whose when the hypervisor starts; the rest goes to the frame allocator. */
#include <errno.h>

#include "lib/component.h"
#include "platform/boot.h"
#include "platform/frames.h"
#include "platform/mmu_internal.h"

extern const char image_start[], image_end[];

static int memory_init(void)
{
	struct hpa_range taken[MACHINE_RESERVED + 3];
	unsigned n = 0;

	for (; n < machine.n_reserved; n++)
		taken[n] = machine.reserved[n];
	taken[n++] =
		(struct hpa_range){ image_hpa(image_start), (uint64_t)(image_end - image_start) };
	taken[n++] = boot_tree_range();
	taken[n++] = machine.initrd;
	int error = frames_init(machine.banks, machine.n_banks, taken, n, machine.n_harts);

	return error ? error : mmu_make_window(0);
}

COMPONENT(memory, PHASE_FRAMES, memory_init, NULL,
	  "frames of RAM, own memory, windows, the hypervisor's page tables");
