/* SPDX-License-Identifier: BSD-2-Clause */
#include "arch/csr.h"
#include "tests/guest/saved.h"
#include "tests/guest/second.h"

#define KEPT_CSRS CSR_SATP, CSR_STVEC, CSR_SSCRATCH, CSR_SSTATUS, CSR_SIE

	.text
	.global	second_leave
second_leave:
	save	SECOND_SAVED, a0, KEPT_CSRS
	mv	a6, a1
	mv	a0, a2
	mv	a1, a3
	mv	a2, a4
	mv	a7, a5
	ecall
	ret

	.balign	4
	.global	second_begins
second_begins:
	sd	a0, SECOND_FOUND(a1)
	save_csrs SECOND_FOUND + 8, a1, CSR_SATP, CSR_SSTATUS, CSR_SIE, CSR_SIP
	restore	SECOND_SAVED, a1, KEPT_CSRS
	li	a0, 0
	ret
