/* SPDX-License-Identifier: BSD-2-Clause */
#include "sbi/guest/vsbi.h"

#include "lib/component.h"
#include "platform/panic.h"

static const struct vsbi_extension *const extensions[] = {
	&vsbi_base, &vsbi_dbcn,   &vsbi_hsm,  &vsbi_ipi,
	&vsbi_pmu,  &vsbi_rfence, &vsbi_srst, &vsbi_time,
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

bool vsbi_find_harts(struct vcpu *v, uint64_t mask, uint64_t base, uint64_t *harts)
{
	bool is_all = base == ~0ull;
	uint64_t missing = is_all ? 0 : mask;
	struct vcpu *other;

	*harts = 0;
	for (unsigned i = 0; (is_all || missing) && (other = vcpu_ops->sibling_at(v, i)); i++) {
		uint64_t bit = other->hart_id - base;

		if (!is_all && (other->hart_id < base || bit >= 64 || !(mask & BIT(bit))))
			continue;
		*harts |= BIT(i);
		if (!is_all)
			missing &= ~BIT(bit);
	}
	return !missing;
}

static int vsbi_init(void)
{
	for (unsigned i = 0; i < ARRAY_LEN(extensions); i++) {
		const struct vsbi_extension **at = &table[place(extensions[i]->id)];

		CHECK(!*at);
		*at = extensions[i];
	}
	return 0;
}

COMPONENT(vsbi, PHASE_SERVICE, vsbi_init, NULL, "the SBI that guests see");
