/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SBI 0.1, by extension id. These calls change a0 alone. A hart mask is read as the guest's S-mode
 * would read it; what that read would have met the guest takes, with pc on the ecall ("Legacy
 * Extensions"). No mask at all (NULL) means all harts, as OpenSBI and its predecessor have it.
 */
#include "arch/cause.h"
#include "arch/csr.h"
#include "gstage/walk.h"
#include "sbi/guest/vsbi.h"
#include "vcpu/extensions.h"

static struct sbi_ret answer(const struct vcpu *v, long a0)
{
	return (struct sbi_ret){ .error = a0, .value = (long)v->x[REG_A1] };
}

static struct sbi_ret set_timer(struct vcpu *v)
{
	vsbi_set_timer(v, vsbi_arg(v, 0));
	return answer(v, 0);
}

static struct sbi_ret console_putchar(struct vcpu *v)
{
	char byte = (char)vsbi_arg(v, 0);

	return vcpu_ops->console_write(v, &byte, 1) ? answer(v, 0) : vsbi_again(v);
}

static struct sbi_ret console_getchar(struct vcpu *v)
{
	char byte;

	return answer(v, vcpu_ops->console_read(v, &byte, 1) ? (uint8_t)byte : -1);
}

static struct sbi_ret clear_ipi(struct vcpu *v)
{
	return answer(v, v->engine->clear_ipi(v));
}

static bool read_entry(void *context, struct gpa at, uint64_t *entry)
{
	return !vcpu_ops->copy_in(context, entry, at, sizeof(*entry));
}

/* Where a load at `at` by the guest's S-mode would read; returns the cause of its fault, or 0. */
static unsigned translate(struct vcpu *v, uint64_t at, struct gpa *gpa)
{
	struct vcpu_translation t = v->engine->translation(v);
	struct walk_access load = {
		.kind = GTABLE_R, .sum = t.sum, .mxr = t.mxr, .sets_ad = v->vs.henvcfg & ENVCFG_ADUE
	};
	struct walk w;

	walk_guest(&w, t.satp, GVA(at), ~0ull, read_entry, v);
	*gpa = GPA(w.to);
	switch (walk_guest_fault(&w, load)) {
	case 0:
		return 0;
	case CAUSE_LOAD_PAGE:
		return CAUSE_LOAD_PAGE;
	default:
		return CAUSE_LOAD_ACCESS;
	}
}

/* One word holds all the harts that a VM can have. It may lie across two pages. */
static bool load_mask(struct vcpu *v, uint64_t at, uint64_t *mask)
{
	char *to = (char *)mask;
	struct gpa gpa;

	for (uint64_t n = sizeof(*mask), part; n; n -= part, at += part, to += part) {
		part = PAGE_SIZE - at % PAGE_SIZE;
		if (part > n)
			part = n;
		unsigned cause = translate(v, at, &gpa);

		if (!cause && vcpu_ops->copy_in(v, to, gpa, part))
			cause = CAUSE_LOAD_ACCESS;
		if (cause) {
			v->pc -= 4;
			v->engine->inject(v, cause, at);
			return false;
		}
	}
	return true;
}

/* What the calls with a hart mask have in common: `kind` 0 is an IPI. */
static struct sbi_ret send(struct vcpu *v, uint32_t kind, uint64_t start, uint64_t size,
			   uint64_t asid)
{
	uint64_t at = vsbi_arg(v, 0), mask = 0;

	if (at && !load_mask(v, at, &mask))
		return vsbi_unchanged(v);
	struct hart_list harts = vsbi_harts(v, mask, at ? 0 : ~0ull);

	if (!harts.exist)
		return answer(v, SBI_ERR_INVALID_PARAM);
	if (kind)
		return answer(v, vsbi_fence(v, harts.ids, kind, start, size, asid));
	vsbi_send_ipi(v, harts.ids);
	return answer(v, 0);
}

static struct sbi_ret send_ipi(struct vcpu *v)
{
	return send(v, 0, 0, 0, 0);
}

static struct sbi_ret remote_fence_i(struct vcpu *v)
{
	return send(v, FENCE_CODE, 0, 0, 0);
}

static struct sbi_ret remote_sfence_vma(struct vcpu *v)
{
	return send(v, FENCE_PAGES, vsbi_arg(v, 1), vsbi_arg(v, 2), 0);
}

static struct sbi_ret remote_sfence_vma_asid(struct vcpu *v)
{
	return send(v, FENCE_ASID, vsbi_arg(v, 1), vsbi_arg(v, 2), vsbi_arg(v, 3));
}

static struct sbi_ret shut_down(struct vcpu *v)
{
	vsbi_stop_vm(v, STOP_SHUTDOWN);
	return vsbi_unchanged(v);
}

static vsbi_function *const functions[] = {
	set_timer,      console_putchar,   console_getchar,        clear_ipi, send_ipi,
	remote_fence_i, remote_sfence_vma, remote_sfence_vma_asid, shut_down
};

VSBI_EXTENSION(vsbi_legacy, 0, "legacy", functions);
