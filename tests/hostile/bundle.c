/* SPDX-License-Identifier: BSD-2-Clause */
/* The two guests, linked in. */
#include "tests/hostile/host.h"

#define GUEST(name)                                                                                \
	__asm__("	.section .rodata, \"a\"\n"                                                       \
		"	.balign	8\n"                                                                     \
		"	.global	image_of_" #name ", image_of_" #name "_end\n"                      \
		"image_of_" #name ":	.incbin \"" BUILD "/hostile-" #name ".bin\"\n"             \
		"image_of_" #name "_end:\n");                                                      \
	extern const char image_of_##name[], image_of_##name##_end[]

GUEST(hostile);
GUEST(neighbour);

const struct guest_file hostile_file = { image_of_hostile, image_of_hostile_end };
const struct guest_file neighbour_file = { image_of_neighbour, image_of_neighbour_end };
