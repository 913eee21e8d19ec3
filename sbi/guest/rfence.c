/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * RFENCE: fences on the guest's harts. The caller's own are executed at once, as given; a sibling
 * is asked for one of everything, and the caller goes on when all that run have executed theirs.
 * Fences of a guest's own guests come with the nested H extension.
 */
#include "sbi/guest/events.h"
#include "sbi/guest/vsbi.h"

enum { MAX_ASID = 0xffff };

static void ask_others(struct vcpu *v, uint64_t ids, enum guest_fence kind)
{
	unsigned event = kind == FENCE_CODE    ? FW_FENCE_I_SENT
			 : kind == FENCE_PAGES ? FW_SFENCE_VMA_SENT
					       : FW_SFENCE_VMA_ASID_SENT;

	for (uint64_t id = 0; ids; id++, ids >>= 1) {
		if (!(ids & 1))
			continue;
		struct vcpu *to = vcpu_ops->sibling(v, id);

		vcpu_count_event(v, event);
		vcpu_count_event(to, event + 1);
		vcpu_ask_fence(v, to, kind == FENCE_CODE ? FENCE_CODE : FENCE_PAGES);
	}
	if (v->awaits)
		vcpu_leave(v, VERDICT_POLL);
}

long vsbi_fence(struct vcpu *v, uint64_t ids, enum guest_fence kind, uint64_t start, uint64_t size,
		uint64_t asid)
{
	uint64_t own = BIT(v->hart_id);

	if (!start && !size)
		size = ~0ull;
	/* The last byte may be the last there is. */
	if (size && ~size && size - 1 > ~start)
		return SBI_ERR_INVALID_ADDRESS;
	if (asid > MAX_ASID)
		return SBI_ERR_INVALID_PARAM;
	if (UNLIKELY(ids & ~own))
		ask_others(v, ids & ~own, kind);
	if (ids & own)
		v->engine->guest_fence(v, kind, start, size, asid);
	return SBI_SUCCESS;
}

static struct sbi_ret fence(struct vcpu *v, enum guest_fence kind, uint64_t start, uint64_t size,
			    uint64_t asid)
{
	struct hart_list harts = vsbi_harts(v, vsbi_arg(v, 0), vsbi_arg(v, 1));

	if (!harts.exist)
		return vsbi_error(SBI_ERR_INVALID_PARAM);
	return vsbi_error(vsbi_fence(v, harts.ids, kind, start, size, asid));
}

static struct sbi_ret remote_fence_i(struct vcpu *v)
{
	return fence(v, FENCE_CODE, 0, 0, 0);
}

static struct sbi_ret remote_sfence_vma(struct vcpu *v)
{
	return fence(v, FENCE_PAGES, vsbi_arg(v, 2), vsbi_arg(v, 3), 0);
}

static struct sbi_ret remote_sfence_vma_asid(struct vcpu *v)
{
	return fence(v, FENCE_ASID, vsbi_arg(v, 2), vsbi_arg(v, 3), vsbi_arg(v, 4));
}

static vsbi_function *const functions[] = { remote_fence_i, remote_sfence_vma,
					    remote_sfence_vma_asid };

VSBI_EXTENSION(vsbi_rfence, SBI_EXT_RFNC, "RFNC", functions);
