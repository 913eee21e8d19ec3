/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The first instructions of every image: the header that boot loaders know, the boot hart's way into
 * C, and the other harts' way. Until satp is written, code here runs wherever it was loaded and may
 * only use pc-relative addresses.
 */
#include "arch/csr.h"
#include "platform/layout.h"
#include "platform/start.h"

	.section .text.head, "ax"
	.balign	4
	.option push
	.option norvc
head:
	j	boot_hart		/* executable code, one 4-byte instruction */
	nop
	.option pop
	.dword	0x200000		/* where to load it, from the start of RAM */
	.dword	image_end - image_start	/* memory it takes, bss and stacks included */
	.dword	0			/* little endian */
	.word	2			/* header version 0.2 */
	.word	0
	.dword	0
	.ascii	"RISCV\0\0\0"
	.ascii	"RSC\x05"
	.word	0

/* a0 = hart id, a1 = device tree (physical). Firmware without HSM starts all harts here at once: the
 * first one goes on, the others stay where nothing is written. */
boot_hart:
	fence.i				/* whoever wrote the image may be another hart */
	csrw	CSR_SIE, zero
	lla	t0, boot_taken
	li	t1, 1
	amoswap.w.aq t1, t1, (t0)
	bnez	t1, park

	/* Where the count may not be read, the trap comes to the same place and the count is 0. */
	li	s2, 0
	lla	t0, 1f
	csrw	CSR_STVEC, t0
	csrr	s2, CSR_INSTRET
	.balign	4
1:
	mv	s0, a0
	mv	s1, a1
	lla	sp, boot_stack_top
	call	zero_bss
	lla	a0, image_start
	call	boot_map		/* returns satp */
	ld	sp, boot_stack_va
	ld	tp, boot_locals_va
	mv	a3, a0
	mv	a0, s0
	mv	a1, s1
	mv	a2, s2
	ld	t0, boot_main_va
	j	go_virtual

/*
 * a0 = hart id, a1 = its struct hart_start (physical). A hart that comes after its time finds that it
 * was given up: it touches nothing else and sleeps for good.
 */
	.global	start_hart
start_hart:
	fence.i
	csrw	CSR_SIE, zero
	addi	t0, a1, HART_START_STATE
	li	t1, HART_STARTING
	li	t2, HART_ARRIVED
1:	lr.w.aq	t3, (t0)
	bne	t3, t1, park
	sc.w.aqrl t3, t2, (t0)
	bnez	t3, 1b
	ld	a3, HART_START_SATP(a1)
	ld	sp, HART_START_SP(a1)
	ld	tp, HART_START_TP(a1)
	ld	a1, HART_START_SELF(a1)
	ld	t0, hart_main_va
	/* fall through */

/* Turn on translation by satp = a3 and go on at t0. The old pc is not mapped: the next fetch faults, and
 * the trap leads to the same code where it is linked. */
go_virtual:
	ld	t1, is_virtual_va
	csrw	CSR_STVEC, t1
	sfence.vma
	csrw	CSR_SATP, a3
	.balign	4
is_virtual:
	jr	t0

park:
	csrw	CSR_SIE, zero
1:	wfi
	j	1b

	.balign	8
boot_main_va:	.dword boot_main
hart_main_va:	.dword hart_main
is_virtual_va:	.dword is_virtual
boot_stack_va:	.dword boot_stack_top
boot_locals_va:	.dword boot_locals

	.section .data
	.balign	4
boot_taken:	.word 0
