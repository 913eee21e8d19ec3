/* SPDX-License-Identifier: BSD-2-Clause */
/* DBCN: the debug console. Addresses are guest-physical. */
#include "gstage/gtable.h"
#include "sbi/guest/vsbi.h"

enum { CHUNK = 1024 }; /* a call may take less than it was given; the guest calls again */

/* The arguments that write and read have in common. All of the memory must be there, and so much of
 * it is used. False: it is not there. */
static bool find_memory(struct vcpu *v, unsigned rights, struct gpa *at, uint64_t *n)
{
	*n = vsbi_arg(v, 0);
	*at = GPA(vsbi_arg(v, 1));
	if (vsbi_arg(v, 2) || !vcpu_ops->is_memory(v, *at, *n, rights))
		return false;
	if (*n > CHUNK)
		*n = CHUNK;
	return true;
}

static struct sbi_ret write(struct vcpu *v)
{
	char bytes[CHUNK];
	struct gpa at;
	uint64_t n;

	if (!find_memory(v, GTABLE_R, &at, &n))
		return vsbi_error(SBI_ERR_INVALID_PARAM);
	if (vcpu_ops->copy_in(v, bytes, at, n))
		return vsbi_error(SBI_ERR_FAILED);
	return vsbi_value(vcpu_ops->console_write(v, bytes, n));
}

/* Lazy memory appears before input is taken, so that none is lost if it cannot. */
static struct sbi_ret read(struct vcpu *v)
{
	char bytes[CHUNK];
	struct gpa at;
	uint64_t n;

	if (!find_memory(v, GTABLE_W, &at, &n))
		return vsbi_error(SBI_ERR_INVALID_PARAM);
	if (vcpu_ops->copy_in(v, bytes, at, n))
		return vsbi_error(SBI_ERR_FAILED);
	n = vcpu_ops->console_read(v, bytes, n);
	if (vcpu_ops->copy_out(v, at, bytes, n))
		return vsbi_error(SBI_ERR_FAILED);
	return vsbi_value(n);
}

static struct sbi_ret write_byte(struct vcpu *v)
{
	char byte = (char)vsbi_arg(v, 0);

	if (!vcpu_ops->console_write(v, &byte, 1))
		return vsbi_again(v);
	return vsbi_value(0);
}

static vsbi_function *const functions[] = { write, read, write_byte };

VSBI_EXTENSION(vsbi_dbcn, SBI_EXT_DBCN, "DBCN", functions);
