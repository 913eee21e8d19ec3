/* SPDX-License-Identifier: BSD-2-Clause */
/* DBCN: the debug console. Addresses are guest-physical. */
#include "sbi/guest/vsbi.h"

enum { CHUNK = 256 }; /* a call may take less than it was given; the guest calls again */

static struct sbi_ret write(struct vcpu *v)
{
	uint64_t n = vsbi_arg(v, 0), low = vsbi_arg(v, 1), high = vsbi_arg(v, 2);
	char bytes[CHUNK];

	if (high || n > ~low)
		return vsbi_error(SBI_ERR_INVALID_PARAM);
	if (n > sizeof(bytes))
		n = sizeof(bytes);
	if (vcpu_ops->copy_in(v, bytes, GPA(low), n))
		return vsbi_error(SBI_ERR_INVALID_PARAM);
	return vsbi_value(vcpu_ops->console_write(v, bytes, n));
}

/* Guests have no input yet: nothing is ever there. */
static struct sbi_ret read(struct vcpu *v)
{
	(void)v;
	return vsbi_value(0);
}

static struct sbi_ret write_byte(struct vcpu *v)
{
	char byte = (char)vsbi_arg(v, 0);

	if (!vcpu_ops->console_write(v, &byte, 1))
		return vsbi_error(SBI_ERR_FAILED);
	return vsbi_value(0);
}

static vsbi_function *const functions[] = { write, read, write_byte };

VSBI_EXTENSION(vsbi_dbcn, SBI_EXT_DBCN, "DBCN", functions);
