/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A device that has every access: its registers are bytes, little endian, which loads, stores and
 * AMOs of any width read and write. Tests set and see them by a call too, which is not what they
 * try.
 */
#include <string.h>

#include "devices/device.h"
#include "tests/guest/calls.h"
#include "tests/guest/host.h"

static uint8_t bytes[SCRATCH_SIZE];

static bool scratch_read(struct device *d, uint64_t offset, unsigned width, uint64_t *value)
{
	(void)d;
	*value = 0;
	memcpy(value, bytes + offset, width);
	return true;
}

static bool scratch_write(struct device *d, uint64_t offset, unsigned width, uint64_t value)
{
	(void)d;
	memcpy(bytes + offset, &value, width);
	return true;
}

static const struct device_ops ops = {
	.name = "scratch",
	.read = scratch_read,
	.write = scratch_write,
};

/* Not on the VM's own list of devices, so nobody resets or describes it. */
int scratch_add(struct vm *vm)
{
	static struct device scratch = { .ops = &ops, .at = { MAP_SCRATCH }, .size = SCRATCH_SIZE };

	return gmap_add(&vm->map, &(struct region){ .at = scratch.at,
						    .size = PAGE_SIZE,
						    .kind = REGION_EMULATED,
						    .device = &scratch });
}

struct sbi_ret scratch_copy(struct vcpu *v)
{
	struct gpa at = GPA(vsbi_arg(v, 0));
	int error = vsbi_arg(v, 1) ? vcpu_ops->copy_in(v, bytes, at, sizeof(bytes))
				   : vcpu_ops->copy_out(v, at, bytes, sizeof(bytes));

	return error ? vsbi_error(SBI_ERR_INVALID_PARAM) : vsbi_value(0);
}
