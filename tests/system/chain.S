/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A step between the firmware and an image, which gives the image a start that no firmware at hand
 * gives: another place, another device tree or none, another boot hart. QEMU's loader device writes
 * what is wanted into the words at ORDER_OF_CHAIN; tests/system/_boot.py knows their places.
 *
 * Where another hart is to boot, this one starts it here and stops; that one waits until HSM says
 * so, since the image must find all other harts stopped.
 */

/* Beyond this image: QEMU lets no two things be loaded at one place. */
#define ORDER_OF_CHAIN 0x80300000
#define ORDER_IMAGE 0		  /* where to go on */
#define ORDER_HAS_TREE 8	  /* not 0: a1 becomes the next word */
#define ORDER_TREE 16
#define ORDER_HAS_HART 24	  /* not 0: the hart of the next word goes on */
#define ORDER_HART 32
#define ORDER_BEFORE 40		  /* written here: the hart that came from the firmware */

#define SBI_HSM	       0x48534d
#define HSM_HART_START 0
#define HSM_HART_STOP  1
#define HSM_GET_STATUS 2
#define HSM_STOPPED    1

	.text
	.global chain
chain:
	csrw	sie, zero
	li	s0, ORDER_OF_CHAIN
	mv	s1, a0
	mv	s2, a1
	ld	t0, ORDER_HAS_HART(s0)
	beqz	t0, go_on
	ld	a0, ORDER_HART(s0)
	beq	a0, s1, go_on

	sd	s1, ORDER_BEFORE(s0)
	lla	a1, chosen_hart
	mv	a2, s2
	li	a6, HSM_HART_START
	li	a7, SBI_HSM
	ecall
	li	a6, HSM_HART_STOP
	ecall
1:	j	1b

chosen_hart:
	li	s0, ORDER_OF_CHAIN
	mv	s1, a0
	mv	s2, a1
2:	ld	a0, ORDER_BEFORE(s0)
	li	a6, HSM_GET_STATUS
	li	a7, SBI_HSM
	ecall
	li	t0, HSM_STOPPED
	bne	a1, t0, 2b

go_on:
	ld	t0, ORDER_HAS_TREE(s0)
	beqz	t0, 3f
	ld	s2, ORDER_TREE(s0)
3:	ld	t1, ORDER_IMAGE(s0)
	mv	a0, s1
	mv	a1, s2
	fence.i
	jr	t1
