/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hostile guest's start, its way into an operation and its way back. Nothing is kept between two
 * operations: the way back makes stack, pointers and CSRs anew, whatever the operation left.
 */
#include "arch/csr.h"
#include "tests/hostile/calls.h"

#define STACK_TOP 0x80300000

	.section .text.head, "ax"
	.global	hostile_start
hostile_start:
	li	a0, CAUSE_BOOT
	csrrw	t1, CSR_SATP, zero
	j	again

	/* Translation may be on, by any tables that map this page. */
	.balign	4
	.global	hostile_vector
hostile_vector:
	csrrw	t1, CSR_SATP, zero
	csrr	a0, CSR_SCAUSE
	j	again

	/* The vector of operations that go on behind an instruction which is illegal. */
	.balign	4
	.global	hostile_skip
hostile_skip:
	csrr	x30, CSR_SCAUSE
	addi	x30, x30, -2
	bnez	x30, hostile_vector
	csrr	x30, CSR_SEPC
	addi	x30, x30, 4
	csrw	CSR_SEPC, x30
	sret

	/* Where code that meets no trap goes. */
	.global	hostile_return
hostile_return:
	csrrw	t1, CSR_SATP, zero
	li	a0, CAUSE_NONE
again:
	csrw	CSR_SIE, zero
	csrw	CSR_SIP, zero
	beqz	t1, 1f
	sfence.vma
1:
	li	sp, STACK_TOP
	lla	t0, hostile_vector
	csrw	CSR_STVEC, t0
	li	t0, 0x6600 /* FS and VS: dirty */
	csrw	CSR_SSTATUS, t0
	call	hostile_operation /* which ends in hostile_launch */

/* void hostile_launch(const uint64_t x[32], uint64_t pc, uint64_t sstatus, uint64_t satp): x[0] is
 * not used. */
	.global	hostile_launch
hostile_launch:
	/* What a neighbour would find if somebody forgot to switch it. */
	csrw	CSR_SSCRATCH, a0
	csrw	CSR_SCOUNTEREN, a1
	csrw	CSR_SCAUSE, a1
	csrw	CSR_STVAL, a1
	csrw	CSR_SSTATUS, a2
	csrw	CSR_SEPC, a1
	fence.i
	beqz	a3, 1f
	csrw	CSR_SATP, a3
	sfence.vma
1:
	.irp	n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	ld	x\n, 8 * \n(a0)
	.endr
	ld	a0, 80(a0)
	sret
