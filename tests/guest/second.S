/* SPDX-License-Identifier: BSD-2-Clause */
#include "arch/csr.h"
#include "tests/guest/second.h"

#define SBI_HSM  0x48534d
#define SAVED(n) (SECOND_SAVED + 8 * (n))
#define FOUND(n) (SECOND_FOUND + 8 * (n))

	.macro	each_saved op, at
	.set	n, 0
	.irp	r, 1, 2, 3, 4, 8, 9, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27
	\op	x\r, SAVED(n)(\at)
	.set	n, n + 1
	.endr
	.endm

	.text
	.global	second_leave
second_leave:
	each_saved sd, a0
	.irp	csr, CSR_SATP, CSR_STVEC, CSR_SSCRATCH, CSR_SSTATUS, CSR_SIE
	csrr	t0, \csr
	sd	t0, SAVED(n)(a0)
	.set	n, n + 1
	.endr
	mv	a6, a1
	mv	a0, a2
	mv	a1, a3
	mv	a2, a4
	li	a7, SBI_HSM
	ecall
	ret

	.balign	4
	.global	second_begins
second_begins:
	sd	a0, FOUND(0)(a1)
	.set	n, 1
	.irp	csr, CSR_SATP, CSR_SSTATUS, CSR_SIE, CSR_SIP
	csrr	t0, \csr
	sd	t0, FOUND(n)(a1)
	.set	n, n + 1
	.endr
	.set	n, 16
	.irp	csr, CSR_SATP, CSR_STVEC, CSR_SSCRATCH, CSR_SSTATUS, CSR_SIE
	ld	t0, SAVED(n)(a1)
	csrw	\csr, t0
	.set	n, n + 1
	.endr
	sfence.vma
	each_saved ld, a1
	li	a0, 0
	ret
