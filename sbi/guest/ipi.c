/* SPDX-License-Identifier: BSD-2-Clause */
/* IPI: software interrupts for the guest's harts. One that is stopped loses it. */
#include "sbi/guest/events.h"
#include "sbi/guest/vsbi.h"

void vsbi_send_ipi(struct vcpu *v, uint64_t ids)
{
	for (uint64_t id = 0; ids; id++, ids >>= 1) {
		if (!(ids & 1))
			continue;
		struct vcpu *to = id == v->hart_id ? v : vcpu_ops->sibling(v, id);

		if (to != v) {
			vcpu_count_event(v, FW_IPI_SENT);
			vcpu_count_event(to, FW_IPI_SENT + 1);
		}
		vcpu_set_line(to, LINE_SOFT, true);
	}
}

static struct sbi_ret send_ipi(struct vcpu *v)
{
	struct hart_list harts = vsbi_harts(v, vsbi_arg(v, 0), vsbi_arg(v, 1));

	if (!harts.exist)
		return vsbi_error(SBI_ERR_INVALID_PARAM);
	vsbi_send_ipi(v, harts.ids);
	return vsbi_value(0);
}

static vsbi_function *const functions[] = { send_ipi };

VSBI_EXTENSION(vsbi_ipi, SBI_EXT_IPI, "IPI", functions);
