/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The registers of V: one of the two files with instructions of theirs. Whole registers are stored
 * and loaded whatever vl and vtype say, but from vstart on; vsetvl clears vstart. So vstart is read
 * first and written last.
 */
	.option	arch, +v
	.text

	.macro	each_group op
	csrr	t0, vlenb
	slli	t0, t0, 3
	.irp	n, 0, 8, 16, 24
	\op	v\n, (a0)
	.if	\n < 24
	add	a0, a0, t0
	.endif
	.endr
	.endm

/* void vector_save(void *area, uint64_t csrs[N_VECTOR_CSRS]) */
	.global	vector_save
vector_save:
	csrrw	t0, vstart, zero
	csrr	t1, vcsr
	csrr	t2, vl
	csrr	t3, vtype
	sd	t0, 0(a1)
	sd	t1, 8(a1)
	sd	t2, 16(a1)
	sd	t3, 24(a1)
	each_group vs8r.v
	ret

/* void vector_restore(const void *area, const uint64_t csrs[N_VECTOR_CSRS]) */
	.global	vector_restore
vector_restore:
	csrw	vstart, zero
	each_group vl8r.v
	ld	t0, 0(a1)
	ld	t1, 8(a1)
	ld	t2, 16(a1)
	ld	t3, 24(a1)
	vsetvl	zero, t2, t3
	csrw	vcsr, t1
	csrw	vstart, t0
	ret
