/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where everything lies in the hypervisor's own address space: one root slot of Sv39, so that a
 * root for anybody else (a shadow root, say) includes the hypervisor by copying one entry. For C,
 * for assembly and for the linker script.
 *
 *	offset      what                                            mapped with
 *	0000 0000   the image                                       4 KiB
 *	0200 0000   device registers                                4 KiB
 *	0400 0000   blobs: device tree, initrd (read-only)          4 KiB
 *	0800 0000   a hart's stacks, locals, 4 KiB window           4 KiB, 2 MiB of space a hart
 *	1000 0000   a hart's 2 MiB window                           2 MiB a hart
 *	1800 0000   malloc's heap                                   4 KiB
 *	1be0 0000   the tables of this very space, as an array      4 KiB
 *	1c00 0000   own memory (own_alloc)                          2 MiB
 *	3000 0000   the frame table, a page at a time               4 KiB
 */
#ifndef PLATFORM_LAYOUT_H
#define PLATFORM_LAYOUT_H

#define LAYOUT_BASE 0xffffffc000000000

#define LAYOUT_IMAGE   (LAYOUT_BASE + 0x00000000)
#define LAYOUT_DEVICES (LAYOUT_BASE + 0x02000000)
#define LAYOUT_BLOBS   (LAYOUT_BASE + 0x04000000)
#define LAYOUT_HARTS   (LAYOUT_BASE + 0x08000000)
#define LAYOUT_WINDOWS (LAYOUT_BASE + 0x10000000)
#define LAYOUT_HEAP    (LAYOUT_BASE + 0x18000000)
#define LAYOUT_TABLES  (LAYOUT_BASE + 0x1be00000)
#define LAYOUT_OWN     (LAYOUT_BASE + 0x1c000000)
#define LAYOUT_FRAMES  (LAYOUT_BASE + 0x30000000)
#define LAYOUT_END     (LAYOUT_BASE + 0x40000000)

#define LAYOUT_MEGA         0x200000
#define LAYOUT_IMAGE_TABLES 4 /* level-0 tables for the image: 8 MiB of it at most */

/* Inside a hart's 2 MiB. The pages between these are never mapped: they guard the stacks. */
#define HART_STACK      0x10000
#define HART_STACK_SIZE 0x4000
#define HART_TRAP_STACK 0x20000
#define HART_TRAP_SIZE  0x2000
#define HART_LOCALS     0x40000
#define HART_WINDOW     0x1ff000

/* Where a flat image expects to be, when nobody moved it: RAM + 2 MiB, a 2 MiB boundary like any
 * other. */
#define LAYOUT_LOAD 0x80200000

#endif
