/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Traps of the hypervisor's own code. They are exceptions only, since it runs with interrupts off, and
 * rare: a caught probe, a spurious fault, or a bug. All registers go to a frame on the trap stack, so
 * that an overflown stack can be reported too.
 *
 * sscratch holds the trap stack, or 0 while one is being handled: a trap inside the handler stays on
 * the stack that it is on.
 */
#include "arch/csr.h"
#include "platform/trap.h"

	.section .text.trap, "ax"
	.balign	4
	.global	trap_vector
trap_vector:
	csrrw	sp, CSR_SSCRATCH, sp
	bnez	sp, 1f
	csrrw	sp, CSR_SSCRATCH, sp	/* nested: sscratch is 0 again, sp as it was */
	addi	sp, sp, -TRAP_FRAME_SIZE
	sd	t0, TRAP_X(5)(sp)
	li	t0, 1
	sd	t0, TRAP_NESTED(sp)
	addi	t0, sp, TRAP_FRAME_SIZE
	j	2f
1:	addi	sp, sp, -TRAP_FRAME_SIZE
	sd	t0, TRAP_X(5)(sp)
	sd	zero, TRAP_NESTED(sp)
	csrrw	t0, CSR_SSCRATCH, zero
2:	sd	t0, TRAP_X(2)(sp)
	sd	zero, TRAP_X(0)(sp)
	sd	ra, TRAP_X(1)(sp)
	.irp	n, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	sd	x\n, TRAP_X(\n)(sp)
	.endr
	csrr	t1, CSR_SEPC
	sd	t1, TRAP_PC(sp)
	csrr	t1, CSR_SCAUSE
	sd	t1, TRAP_CAUSE(sp)
	csrr	t1, CSR_STVAL
	sd	t1, TRAP_VALUE(sp)
	csrr	t1, CSR_SSTATUS
	sd	t1, TRAP_STATUS(sp)
	mv	a0, sp
	call	trap_handle
	/* It returns only when the interrupted code can go on. */
	ld	t1, TRAP_PC(sp)
	csrw	CSR_SEPC, t1
	ld	t1, TRAP_STATUS(sp)
	csrw	CSR_SSTATUS, t1
	ld	ra, TRAP_X(1)(sp)
	.irp	n, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	ld	x\n, TRAP_X(\n)(sp)
	.endr
	/* The outermost one's frame is at the top of the trap stack, where the next trap begins again. */
	ld	t0, TRAP_NESTED(sp)
	bnez	t0, 3f
	addi	t0, sp, TRAP_FRAME_SIZE
	csrw	CSR_SSCRATCH, t0
3:	ld	t0, TRAP_X(5)(sp)
	ld	sp, TRAP_X(2)(sp)
	sret
