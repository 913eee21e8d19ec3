/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For code that leaves a C function's world and comes back: the registers that a function has to
 * keep, and CSRs that are named, in a row of words from `offset` of the address in `base` on. t0
 * is used.
 */
#ifndef TESTS_GUEST_SAVED_H
#define TESTS_GUEST_SAVED_H

/* clang-format off */

#define N_KEPT 16

	.macro	each_kept op, offset, base
	.set	n, \offset
	.irp	r, 1, 2, 3, 4, 8, 9, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27
	\op	x\r, n(\base)
	.set	n, n + 8
	.endr
	.endm

	.macro	save_csrs offset, base, csrs:vararg
	.set	n, \offset
	.irp	csr, \csrs
	csrr	t0, \csr
	sd	t0, n(\base)
	.set	n, n + 8
	.endr
	.endm

	.macro	save offset, base, csrs:vararg
	each_kept sd, \offset, \base
	save_csrs \offset + 8 * N_KEPT, \base, \csrs
	.endm

/* satp may be one of them: what lies behind it is read by the translation that it then is. */
	.macro	restore offset, base, csrs:vararg
	.set	n, \offset + 8 * N_KEPT
	.irp	csr, \csrs
	ld	t0, n(\base)
	csrw	\csr, t0
	.set	n, n + 8
	.endr
	sfence.vma
	each_kept ld, \offset, \base
	.endm

#endif
