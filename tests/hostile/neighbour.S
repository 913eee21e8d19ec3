/* SPDX-License-Identifier: BSD-2-Clause */
/* The neighbour's start and vector, and its checks of registers, which C cannot say. */
#include "arch/csr.h"

#define STACK_TOP 0x80300000
#define SERIAL	  0x10000000

	.option	arch, +d
	.section .text.head, "ax"
	.global	neighbour_start
neighbour_start:
	lla	t0, vector
	csrw	CSR_STVEC, t0
	li	sp, STACK_TOP
	li	t0, 0x6600
	csrw	CSR_SSTATUS, t0
	call	neighbour_main

	/* A trap that nobody expects ends it; one that is tried leads behind the instruction; and an
	 * interrupt is noted by taking its right away. */
	.balign	4
	.global	neighbour_vector
neighbour_vector:
vector:
	csrrw	t0, CSR_SSCRATCH, t0
	csrr	t0, CSR_SCAUSE
	bltz	t0, interrupt
	lla	t0, is_trying
	lw	t0, 0(t0)
	beqz	t0, unexpected
	csrr	t0, CSR_SEPC
	addi	t0, t0, 4
	csrw	CSR_SEPC, t0
	lla	t0, is_trying
	sw	zero, 0(t0)
	csrrw	t0, CSR_SSCRATCH, t0
	sret
interrupt:
	csrw	CSR_SIE, zero
	csrrw	t0, CSR_SSCRATCH, t0
	sret
unexpected:
	csrr	a0, CSR_SCAUSE
	csrr	a1, CSR_SEPC
	li	sp, STACK_TOP
	call	neighbour_trap

/* uint64_t neighbour_has_vectors(void): bytes in one, 0 where there are none. */
	.global	neighbour_has_vectors
neighbour_has_vectors:
	lla	t1, is_trying
	li	t2, 1
	li	a0, 0
	sw	t2, 0(t1)
	csrr	a0, CSR_VLENB
	sw	zero, 0(t1)
	ret

/*
 * uint64_t neighbour_check_x(uint64_t pattern, uint64_t turns): put a value of its own into every
 * register but x0, wait, read a device's, call an extension that nobody has, and look again. Returns
 * 0, or 1 if one had changed. t0 counts; it is itself wrong if the loop does not end.
 */
	.global	neighbour_check_x
neighbour_check_x:
	addi	sp, sp, -112
	.set	at, 0
	.irp	n, 1, 3, 4, 8, 9, 18, 19, 20, 21, 22, 23, 24, 25, 26
	sd	x\n, at(sp)
	.set	at, at + 8
	.endr
	addi	sp, sp, -16
	sd	x27, 0(sp)
	csrw	CSR_SSCRATCH, sp
	mv	t0, a1
	mv	t1, a0
	.irp	n, 1, 2, 3, 4, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	addi	x\n, t1, 31 * \n
	.endr
1:	addi	t0, t0, -1
	bnez	t0, 1b
	li	t0, SERIAL + 5
	lbu	t0, 0(t0)
	ecall
	addi	a0, a0, 2 /* SBI_ERR_NOT_SUPPORTED */
	bnez	a0, 2f
	bnez	a1, 2f
	addi	a0, t1, 31 * 10
	addi	a1, t1, 31 * 11
	.irp	n, 1, 2, 3, 4, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	addi	x\n, x\n, -31 * \n
	bne	x\n, t1, 2f
	.endr
	li	a0, 0
	j	3f
2:	li	a0, 1
3:	csrr	sp, CSR_SSCRATCH
	ld	x27, 0(sp)
	addi	sp, sp, 16
	.set	at, 0
	.irp	n, 1, 3, 4, 8, 9, 18, 19, 20, 21, 22, 23, 24, 25, 26
	ld	x\n, at(sp)
	.set	at, at + 8
	.endr
	addi	sp, sp, 112
	ret

/* uint64_t neighbour_check_f(uint64_t pattern, uint64_t turns): the same of the f registers; returns
 * 0, or 1. */
	.global	neighbour_check_f
neighbour_check_f:
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	addi	t0, a0, 31 * \n
	fmv.d.x	f\n, t0
	.endr
	andi	t2, a0, 0x7f
	fscsr	t2
	frcsr	t2
1:	addi	a1, a1, -1
	bnez	a1, 1b
	frcsr	t1
	bne	t1, t2, 2f
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	addi	t0, a0, 31 * \n
	fmv.x.d	t1, f\n
	bne	t0, t1, 2f
	.endr
	li	a0, 0
	ret
2:	li	a0, 1
	ret

	.option	arch, +v
/* uint64_t neighbour_check_v(uint8_t *memory, uint64_t turns): the vector registers, from memory of 32
 * of them, and back behind it. Returns 0, or 1 if one of their CSRs had changed. */
	.global	neighbour_check_v
neighbour_check_v:
	csrr	t0, CSR_VLENB
	slli	t0, t0, 3
	.irp	n, 0, 8, 16, 24
	vl8re8.v v\n, (a0)
	add	a0, a0, t0
	.endr
	csrwi	CSR_VCSR, 5
	vsetvli	t1, zero, e32, m4, ta, ma
	addi	t1, t1, -1
	vsetvli	t1, t1, e32, m4, ta, ma
	csrr	t2, CSR_VTYPE
1:	addi	a1, a1, -1
	bnez	a1, 1b
	csrr	t3, CSR_VCSR
	csrr	t4, CSR_VL
	csrr	t5, CSR_VTYPE
	.irp	n, 0, 8, 16, 24
	vs8r.v	v\n, (a0)
	add	a0, a0, t0
	.endr
	li	a0, 1
	addi	t3, t3, -5
	bnez	t3, 2f
	bne	t4, t1, 2f
	bne	t5, t2, 2f
	li	a0, 0
2:	ret

	.data
	.balign	4
is_trying: .word 0
