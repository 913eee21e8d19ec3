/* SPDX-License-Identifier: BSD-2-Clause */
/* A guest that needs no runtime, and no counters: a0 = hart id, a1 = device tree. */
	.text
	.global	timeless_entry
timeless_entry:
	lla	sp, stack_top
	j	timeless_main

	.bss
	.balign	16
	.space	4096
stack_top:
