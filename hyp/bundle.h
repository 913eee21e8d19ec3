/* SPDX-License-Identifier: BSD-2-Clause */
/* What an image boots when it is given nothing: one flat unikernel, linked in. */
#ifndef HYP_BUNDLE_H
#define HYP_BUNDLE_H

#include "lib/component.h"

extern const char bundle_image[], bundle_image_end[];
extern const char bundle_name[];

/* Link the file at `path_` in, under this name. The build file says what path_ is. */
#define BUNDLE(name_, path_)                                                                       \
	__asm__("	.section .rodata, \"a\"\n"                                                       \
		"	.balign	8\n"                                                                     \
		"	.global	bundle_image, bundle_image_end\n"                                        \
		"bundle_image:	.incbin \"" path_ "\"\n"                                           \
		"bundle_image_end:\n");                                                            \
	const char bundle_name[] = #name_;                                                         \
	COMPONENT(bundle_##name_, PHASE_NONE, NULL, NULL, "the built-in guest")

#endif
