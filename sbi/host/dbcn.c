/* SPDX-License-Identifier: BSD-2-Clause */
#include "sbi/host/dbcn.h"

enum { DBCN_WRITE, DBCN_READ };

struct sbi_ret sbi_dbcn_write(size_t n, struct hpa from)
{
	return sbi_call(SBI_EXT_DBCN, DBCN_WRITE, n, from.v, 0, 0, 0);
}

struct sbi_ret sbi_dbcn_read(size_t n, struct hpa to)
{
	return sbi_call(SBI_EXT_DBCN, DBCN_READ, n, to.v, 0, 0, 0);
}
