/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/guest/sse.h"

#define SBI_SSE	     0x535345
#define SSE_COMPLETE 6
#define FRAME	     112

	.macro	each_scratch op
	.set	n, 0
	.irp	r, 1, 5, 6, 7, 10, 11, 12, 13, 14, 15, 28, 29, 30, 31
	\op	x\r, n(sp)
	.set	n, n + 8
	.endr
	.endm

	.text
	.balign	4
	.global	sse_begins
sse_begins:	/* a6 = hart, a7 = handler; what they held, completion brings back */
	sd	sp, HANDLER_SP(a7)
	ld	sp, HANDLER_STACK(a7)
	addi	sp, sp, -FRAME - 16
	each_scratch sd
	sd	a7, FRAME(sp)
	mv	a0, a7
	mv	a1, a6
	ld	t0, HANDLER_CALL(a7)
	jalr	t0
	ld	a7, FRAME(sp)
	each_scratch ld
	ld	sp, HANDLER_SP(a7)
	li	a6, SSE_COMPLETE
	li	a7, SBI_SSE
	ecall
1:	j	1b
