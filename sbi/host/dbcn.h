/* SPDX-License-Identifier: BSD-2-Clause */
/* The debug console: bytes by physical address. */
#ifndef SBI_HOST_DBCN_H
#define SBI_HOST_DBCN_H

#include "sbi/host/sbi.h"

/* Bytes taken or given are in `value`; none of these waits. */
struct sbi_ret sbi_dbcn_write(size_t n, struct hpa from);
struct sbi_ret sbi_dbcn_read(size_t n, struct hpa to);

#endif
