/* SPDX-License-Identifier: BSD-2-Clause */
#include "sbi/guest/vsbi.h"

#include "gstage/gtable.h"
#include "lib/component.h"
#include "platform/panic.h"

/* SSE is a component of its own, of 2.4 KB: an image may do without it, and BASE's probe tells. */
extern const struct vsbi_extension vsbi_sse __attribute__((weak));

__attribute__((weak)) bool vsbi_take_event(struct vcpu *v)
{
	(void)v;
	return false;
}

__attribute__((weak)) void vsbi_leave_events(struct vcpu *v)
{
	(void)v;
}

__attribute__((weak)) void vsbi_reset_system(struct vcpu *first)
{
	(void)first;
}

static const struct vsbi_extension *const extensions[] = {
	&vsbi_base,   &vsbi_dbcn, &vsbi_fwft, &vsbi_hsm, &vsbi_ipi,  &vsbi_pmu,
	&vsbi_rfence, &vsbi_srst, &vsbi_sse,  &vsbi_sta, &vsbi_susp, &vsbi_time,
};

/*
 * Ids are spread over a table by one multiplication; that no two meet is checked when it is filled.
 * The factor was drawn at random, odd, until none of the sixteen ids of SBI 3.0 met another.
 */
enum { TABLE_BITS = 5 };
static const struct vsbi_extension *table[1 << TABLE_BITS];

static unsigned place(uint64_t id)
{
	return (uint32_t)((uint32_t)id * 0x96c8da19u) >> (32 - TABLE_BITS);
}

static const struct vsbi_extension *find(uint64_t id)
{
	const struct vsbi_extension *e = table[place(id)];

	return LIKELY(e && e->id == id) ? e : NULL;
}

bool vsbi_has(uint64_t id)
{
	return find(id) || id < vsbi_legacy.n_functions;
}

void vsbi_handle_call(struct vcpu *v)
{
	uint64_t id = v->x[REG_A7], function = v->x[REG_A6];
	const struct vsbi_extension *e = find(id);
	struct sbi_ret ret = { .error = SBI_ERR_NOT_SUPPORTED };

	if (LIKELY(e && function < e->n_functions && e->functions[function]))
		ret = e->functions[function](v);
	else if (id < vsbi_legacy.n_functions)
		ret = vsbi_legacy.functions[id](v);
	v->x[REG_A0] = (uint64_t)ret.error;
	v->x[REG_A1] = (uint64_t)ret.value;
}

struct hart_list vsbi_harts(const struct vcpu *v, uint64_t mask, uint64_t base)
{
	if (base == ~0ull)
		return (struct hart_list){ .ids = v->siblings, .exist = true };
	if (!mask)
		return (struct hart_list){ .exist = true };
	/* No guest has a hart 64, so an id that is cut off here is nobody's. */
	uint64_t ids = base < 64 ? mask << base : 0;

	return (struct hart_list){
		.ids = ids,
		.exist = base < 64 && ids >> base == mask && !(ids & ~v->siblings),
	};
}

long vsbi_find_shmem(struct vcpu *v, uint64_t size, uint64_t *at)
{
	uint64_t low = vsbi_arg(v, 0), high = vsbi_arg(v, 1), flags = vsbi_arg(v, 2);

	*at = 0;
	if (flags)
		return SBI_ERR_INVALID_PARAM;
	if (!~low && !~high)
		return SBI_SUCCESS;
	if (!is_aligned(low, size))
		return SBI_ERR_INVALID_PARAM;
	if (high || !vcpu_ops->is_memory(v, GPA(low), size, GTABLE_R | GTABLE_W))
		return SBI_ERR_INVALID_ADDRESS;
	*at = low | 1;
	return SBI_SUCCESS;
}

static int vsbi_init(void)
{
	for (unsigned i = 0; i < ARRAY_LEN(extensions); i++) {
		if (!extensions[i])
			continue;
		const struct vsbi_extension **at = &table[place(extensions[i]->id)];

		CHECK(!*at);
		*at = extensions[i];
	}
	return 0;
}

COMPONENT(vsbi, PHASE_SERVICE, vsbi_init, NULL, "the SBI that guests see");
