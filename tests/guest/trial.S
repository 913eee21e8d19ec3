/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Into a trial and out again. Both change the translation under themselves, so they run where the
 * image lies in memory, which every root that a trial has maps to itself.
 */
#include "arch/csr.h"
#include "tests/guest/saved.h"
#include "tests/guest/world.h"

#define KEPT_CSRS CSR_SATP, CSR_STVEC, CSR_SSCRATCH, CSR_SSTATUS

	.text
/* void trial_enter(struct trial *t, physical address of t, from addresses to physical ones) */
	.global	trial_enter
trial_enter:
	save	TRIAL_SAVED, a0, KEPT_CSRS
	la	t0, 1f
	add	t0, t0, a2
	mv	a0, a1
	jr	t0
1:	la	t0, trial_ends
	csrw	CSR_STVEC, t0
	csrw	CSR_SSCRATCH, a0
	ld	t0, TRIAL_STATUS(a0)
	csrw	CSR_SSTATUS, t0
	ld	t0, TRIAL_PC(a0)
	csrw	CSR_SEPC, t0
	ld	t0, TRIAL_SATP(a0)
	csrw	CSR_SATP, t0
	sfence.vma
	fence.i
	.irp	n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	ld	x\n, TRIAL_X(\n)(a0)
	.endr
	ld	a0, TRIAL_X(10)(a0)
	sret

	.balign	4
trial_ends:
	csrrw	a0, CSR_SSCRATCH, a0
	.irp	n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	sd	x\n, TRIAL_X(\n)(a0)
	.endr
	csrr	t0, CSR_SSCRATCH
	sd	t0, TRIAL_X(10)(a0)
	csrr	t0, CSR_SEPC
	sd	t0, TRIAL_PC(a0)
	csrr	t0, CSR_SSTATUS
	sd	t0, TRIAL_STATUS(a0)
	csrr	t0, CSR_SCAUSE
	sd	t0, TRIAL_CAUSE(a0)
	csrr	t0, CSR_STVAL
	sd	t0, TRIAL_VALUE(a0)
	restore	TRIAL_SAVED, a0, KEPT_CSRS
	ret
