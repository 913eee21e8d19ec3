/* SPDX-License-Identifier: BSD-2-Clause */
/* Guests that trap at their own trap vector: its first instruction lies nowhere (HOLE), or is one
 * that only a hypervisor may execute. */
	.globl	_start
_start:
#ifdef HOLE
	li	t0, 0x40000000
#else
	la	t0, vector
#endif
	csrw	stvec, t0
	jr	t0

	.balign	4
vector:
	.insn r 0x73, 0, 0x31, x0, x0, x0	/* hfence.gvma */
	j	vector
