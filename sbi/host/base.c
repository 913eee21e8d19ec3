/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>

#include "lib/component.h"
#include "sbi/host/sbi.h"

enum { BASE_SPEC_VERSION, BASE_IMPL_ID, BASE_IMPL_VERSION, BASE_PROBE };

static struct sbi_ret base_call(long fid, uint64_t argument)
{
	return sbi_call(SBI_EXT_BASE, fid, argument, 0, 0, 0, 0);
}

uint64_t sbi_spec_version(void)
{
	struct sbi_ret r = base_call(BASE_SPEC_VERSION, 0);

	return r.error ? 0 : (uint64_t)r.value & MASK(30, 0);
}

uint64_t sbi_impl_id(void)
{
	return (uint64_t)base_call(BASE_IMPL_ID, 0).value;
}

uint64_t sbi_impl_version(void)
{
	return (uint64_t)base_call(BASE_IMPL_VERSION, 0).value;
}

bool sbi_has(long ext)
{
	struct sbi_ret r = base_call(BASE_PROBE, (uint64_t)ext);

	return !r.error && r.value;
}

const char *sbi_impl_name(uint64_t id)
{
	static const char *const names[] = {
		"BBL",    "OpenSBI", "Xvisor",        "KVM",      "RustSBI", "Diosix",
		"Coffer", "Xen",     "PolarFire HSS", "coreboot", "oreboot", "bhyve",
	};

	return id < ARRAY_LEN(names) ? names[id] : "unknown firmware";
}

int sbi_errno(long error)
{
	switch (error) {
	case SBI_SUCCESS:
		return 0;
	case SBI_ERR_NOT_SUPPORTED:
		return -ENOSYS;
	case SBI_ERR_INVALID_PARAM:
		return -EINVAL;
	case SBI_ERR_DENIED:
		return -EPERM;
	case SBI_ERR_INVALID_ADDRESS:
		return -EFAULT;
	case SBI_ERR_ALREADY_AVAILABLE:
	case SBI_ERR_ALREADY_STARTED:
	case SBI_ERR_ALREADY_STOPPED:
		return -EALREADY;
	default:
		return -EIO;
	}
}

COMPONENT(sbi, PHASE_NONE, NULL, NULL, "calls down to the firmware");
