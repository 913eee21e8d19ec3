/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Into a guest and out again, with the H extension. What an exit costs is here, so every
 * instruction counts: the C ABI keeps s0 to s11 and nobody of ours uses gp, so those stay in their
 * registers from exit to exit and go to the vCPU only when the run ends or an exit asks for them.
 *
 * sscratch holds the vCPU while the guest runs, and 0 while we do: so the one vector tells a guest's
 * trap from our own, which goes on to the runtime's.
 */
#include "arch/csr.h"
#include "vcpu/vcpu.h"

#define FRAME		   112
#define CAUSE_ECALL	   10
#define CAUSE_VIRTUAL_INSN 22

	.section .text.hot, "ax"

	.macro	each_s op, base, first
	.set	at, \first
	.irp	n, 8, 9, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27
	\op	x\n, at(\base)
	.set	at, at + 8
	.endr
	.endm

	/* The same registers at their places in a vCPU. */
	.macro	each_guest_s op
	.irp	n, 3, 8, 9, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27
	\op	x\n, VCPU_X(\n)(a0)
	.endr
	.endm

/* enum verdict hext_enter(struct vcpu *v) */
	.balign	4
	.global	hext_enter
hext_enter:
	addi	sp, sp, -FRAME
	each_s	sd, sp, 16
	sd	ra, 8(sp)
	sd	a0, 0(sp)
	sd	sp, VCPU_HOST_SP(a0)
	sd	tp, VCPU_HOST_TP(a0)
	each_guest_s ld
	la	t0, exit_vector
	csrw	CSR_STVEC, t0

resume:	/* a0 = vCPU */
	ld	t0, VCPU_PC(a0)
	csrw	CSR_SEPC, t0
	csrw	CSR_SSCRATCH, a0
	.irp	n, 1, 2, 4, 5, 6, 7, 11, 12, 13, 14, 15, 16, 17, 28, 29, 30, 31
	ld	x\n, VCPU_X(\n)(a0)
	.endr
	ld	a0, VCPU_X(10)(a0)
	sret

	.balign	4
exit_vector:
	csrrw	a0, CSR_SSCRATCH, a0
	beqz	a0, own_trap
	.irp	n, 1, 2, 4, 5, 6, 7, 11, 12, 13, 14, 15, 16, 17, 28, 29, 30, 31
	sd	x\n, VCPU_X(\n)(a0)
	.endr
	csrrw	t0, CSR_SSCRATCH, zero
	csrr	t1, CSR_SEPC
	csrr	a1, CSR_SCAUSE
	ld	sp, VCPU_HOST_SP(a0)
	ld	tp, VCPU_HOST_TP(a0)
	sd	t0, VCPU_X(10)(a0)
	li	t2, CAUSE_ECALL
	bne	a1, t2, other_exit
	addi	t1, t1, 4
	sd	t1, VCPU_PC(a0)
	call	hext_sbi_call
	ld	a0, 0(sp)
	lw	t0, VCPU_REQUESTS(a0)
	beqz	t0, resume
	j	leave_or_resume

own_trap: /* of the hypervisor's code: sscratch is 0 again behind this */
	csrrw	a0, CSR_SSCRATCH, a0
	j	trap_vector

other_exit:
	sd	t1, VCPU_PC(a0)
	li	t2, CAUSE_VIRTUAL_INSN
	bne	a1, t2, any_exit
	call	hext_wait_is_over
	mv	t1, a0
	ld	a0, 0(sp)
	li	a1, CAUSE_VIRTUAL_INSN
	beqz	t1, any_exit
	lw	t0, VCPU_REQUESTS(a0)		/* its fetch may have been a trap of our own */
	beqz	t0, resume
	j	leave_or_resume

any_exit:
	call	hext_exit
	mv	t1, a0
	ld	a0, 0(sp)
	bnez	t1, with_all_registers
	lw	t0, VCPU_REQUESTS(a0)
	beqz	t0, resume
leave_or_resume:
	call	hext_verdict
	mv	t1, a0
	ld	a0, 0(sp)
	beqz	t1, resume

	each_guest_s sd
	mv	a0, t1
	la	t0, trap_vector
	csrw	CSR_STVEC, t0
	each_s	ld, sp, 16
	ld	ra, 8(sp)
	addi	sp, sp, FRAME
	ret

with_all_registers:
	each_guest_s sd
	call	hext_do_access
	ld	a0, 0(sp)
	each_guest_s ld
	lw	t0, VCPU_REQUESTS(a0)
	beqz	t0, resume
	j	leave_or_resume
