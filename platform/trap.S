/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Traps of the hypervisor's own code. They are exceptions only, since it runs with interrupts off, and
 * rare: a caught probe, a spurious fault, or a bug. All registers go to a frame on the trap stack, so
 * that an overflown stack can be reported too.
 *
 * tp leads to this hart's locals, always, and there lie a place for one register and the trap stack's
 * top, which is 0 while a trap is handled: one inside stays on the stack that it is on. sscratch is
 * not used here: it belongs to whoever runs guests.
 */
#include "arch/csr.h"
#include "platform/trap.h"

	.section .text.trap, "ax"
	.balign	4
	.global	trap_vector
trap_vector:
	bgez	tp, no_locals
	sd	t0, %tprel_lo(trap_t0)(tp)
	ld	t0, %tprel_lo(trap_stack)(tp)
	beqz	t0, 1f
	sd	zero, %tprel_lo(trap_stack)(tp)
	addi	t0, t0, -TRAP_FRAME_SIZE
	sd	zero, TRAP_NESTED(t0)
	j	2f
1:	addi	t0, sp, -TRAP_FRAME_SIZE
	sd	tp, TRAP_NESTED(t0)		/* anything but 0 */
2:	sd	sp, TRAP_X(2)(t0)
	mv	sp, t0
	ld	t0, %tprel_lo(trap_t0)(tp)
	sd	t0, TRAP_X(5)(sp)
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
	sd	t0, %tprel_lo(trap_stack)(tp)
3:	ld	t0, TRAP_X(5)(sp)
	ld	sp, TRAP_X(2)(sp)
	sret

/* tp is no address of ours, so nothing can be said and no stack is known: the firmware switches off. */
no_locals:
	li	a7, 0x53525354		/* system reset */
	li	a6, 0
	li	a0, 0			/* shutdown */
	li	a1, 1			/* system failure */
	ecall
	li	a0, 1			/* refused: reboot */
	li	a1, 1
	ecall
1:	wfi
	j	1b
