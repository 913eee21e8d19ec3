/* SPDX-License-Identifier: BSD-2-Clause */
/* The registers of F and D: one of the two files with instructions of theirs. */
	.option	arch, +f, +d
	.text

	.macro	each_f op
	.set	at, 0
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, \
		   23, 24, 25, 26, 27, 28, 29, 30, 31
	\op	f\n, at(a0)
	.set	at, at + 8
	.endr
	.endm

/* void float_save(uint64_t f[32], uint64_t *fcsr) */
	.global	float_save
float_save:
	each_f	fsd
	frcsr	t0
	sd	t0, (a1)
	ret

/* void float_restore(const uint64_t f[32], const uint64_t *fcsr) */
	.global	float_restore
float_restore:
	each_f	fld
	ld	t0, (a1)
	fscsr	t0
	ret
