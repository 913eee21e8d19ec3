/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * FWFT: what of its environment a guest's hart may choose. All of it that is here stands in that
 * hart's henvcfg; the features of misaligned accesses, landing pads, shadow stacks and double traps
 * are absent, as the extensions are that they belong to.
 */
#include "sbi/host/fwft.h"
#include "sbi/guest/vsbi.h"
#include "vcpu/extensions.h"

enum { N_FEATURES = SBI_FWFT_POINTER_MASKING_PMLEN + 1 };
enum { SET_LOCK = 1 };

/* The value that each content of a feature's field stands for; NONE: for none that can be set. */
enum { NONE = 0xff };
static const struct {
	uint64_t field;
	uint8_t values[4];
} features[N_FEATURES] = {
	[SBI_FWFT_PTE_AD_HW_UPDATING] = { ENVCFG_ADUE, { 0, 1, NONE, NONE } },
	[SBI_FWFT_POINTER_MASKING_PMLEN] = { ENVCFG_PMM, { 0, NONE, 7, 16 } },
};

/* Its number, and whether this guest has it. */
static long find_feature(const struct vcpu *v, uint32_t *feature)
{
	*feature = (uint32_t)vsbi_arg(v, 0);
	/* Reserved, or of a platform that we are not. */
	if (*feature >= N_FEATURES)
		return SBI_ERR_DENIED;
	return features[*feature].field & v->env->henvcfg_choice ? SBI_SUCCESS
								 : SBI_ERR_NOT_SUPPORTED;
}

static struct sbi_ret set(struct vcpu *v)
{
	uint64_t value = vsbi_arg(v, 1), flags = vsbi_arg(v, 2), content = 0;
	uint32_t feature;
	long error = find_feature(v, &feature);

	if (error)
		return vsbi_error(error);
	if (flags & ~(uint64_t)SET_LOCK)
		return vsbi_error(SBI_ERR_INVALID_PARAM);
	if (v->sbi.fwft_locked >> feature & 1)
		return vsbi_error(SBI_ERR_DENIED_LOCKED);
	while (content < 4 && features[feature].values[content] != value)
		content++;
	uint64_t field = features[feature].field;

	if (value == NONE || content == 4 ||
	    !v->engine->set_env(v, (v->vs.henvcfg & ~field) | field_put(field, content)))
		return vsbi_error(SBI_ERR_INVALID_PARAM);
	v->sbi.fwft_locked |= (uint32_t)(flags & SET_LOCK) << feature;
	return vsbi_value(0);
}

static struct sbi_ret get(struct vcpu *v)
{
	uint32_t feature;
	long error = find_feature(v, &feature);

	if (error)
		return vsbi_error(error);
	return vsbi_value(
		features[feature].values[field_get(features[feature].field, v->vs.henvcfg)]);
}

static vsbi_function *const functions[] = { set, get };

VSBI_EXTENSION(vsbi_fwft, SBI_EXT_FWFT, "FWFT", functions);
