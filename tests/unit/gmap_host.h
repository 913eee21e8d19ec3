/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a VM's map stands on, for the host: frames with contents (platform/frames.h), windows on
 * them (platform/mmu.h), and allocations of every kind that fail when a test asks for it. Any
 * number of threads may use it. Always true: what is given out dirty is full of a pattern, a block
 * that is put twice or in part ends the program, and a window on what nobody holds does too.
 */
#ifndef TESTS_UNIT_GMAP_HOST_H
#define TESTS_UNIT_GMAP_HOST_H

#include "platform/frames.h"

enum { GMAP_HOST_DIRT = 0xa5 };

/* Let the n-th allocation of this kind from now on fail, 1 being the next; 0: none. `malloc` is
 * wrapped by the linker: -Wl,--wrap=malloc,--wrap=calloc. */
enum gmap_host_kind { FAIL_MALLOC, FAIL_OWN, FAIL_FRAMES, N_FAIL_KINDS };
void gmap_host_fail_at(enum gmap_host_kind kind, unsigned n);

/* Of blocks of this order (4K, 2M or 1G) there are only so many. */
void gmap_host_limit(unsigned order, unsigned n_blocks);
void gmap_host_no_limits(void);

/* From now on a block is zeroed, or filled with dirt, in the first byte of each page alone: for who
 * looks at no other, and has millions to do. */
void gmap_host_write_less(void);

/* From now on a block that was given back is the next one to be given out. */
void gmap_host_use_again_soon(void);

bool gmap_host_is_held(struct hpa at);
uint64_t gmap_host_n_held(void);   /* frames, of all owners */
uint64_t gmap_host_n_zeroed(void); /* bytes, ever */
unsigned char *gmap_host_byte(struct hpa at);

#endif
