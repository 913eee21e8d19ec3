/* SPDX-License-Identifier: BSD-2-Clause */
/* BASE: what this SBI is, and which extensions it has. */
#include "sbi/guest/vsbi.h"

enum {
	SPEC_3_0 = 3 << 24,
	IMPLEMENTATION = 0x48415254, /* above the assigned ids; docs/sbi.md */
	IMPLEMENTATION_VERSION = 0x000100,
};

static struct sbi_ret spec_version(struct vcpu *v)
{
	(void)v;
	return vsbi_value(SPEC_3_0);
}

static struct sbi_ret impl_id(struct vcpu *v)
{
	(void)v;
	return vsbi_value(IMPLEMENTATION);
}

static struct sbi_ret impl_version(struct vcpu *v)
{
	(void)v;
	return vsbi_value(IMPLEMENTATION_VERSION);
}

static struct sbi_ret probe(struct vcpu *v)
{
	return vsbi_value(vsbi_has(vsbi_arg(v, 0)));
}

/* mvendorid, marchid, mimpid: 0 says that they are not told. */
static struct sbi_ret machine_id(struct vcpu *v)
{
	(void)v;
	return vsbi_value(0);
}

static vsbi_function *const functions[] = { spec_version, impl_id,    impl_version, probe,
					    machine_id,   machine_id, machine_id };

VSBI_EXTENSION(vsbi_base, SBI_EXT_BASE, "BASE", functions);
