/* SPDX-License-Identifier: BSD-2-Clause */
#include "sbi/guest/vsbi.h"

#include "lib/component.h"
#include "platform/panic.h"

static const struct vsbi_extension *const extensions[] = {
	&vsbi_base,
	&vsbi_dbcn,
	&vsbi_srst,
	&vsbi_time,
};

/* Ids are spread over a table by one multiplication; that no two meet is checked when it is filled.
 */
enum { TABLE_BITS = 6 };
static const struct vsbi_extension *table[1 << TABLE_BITS];

static unsigned place(uint64_t id)
{
	return (uint32_t)((uint32_t)id * 0xefba91fdu) >> (32 - TABLE_BITS);
}

static const struct vsbi_extension *find(uint64_t id)
{
	const struct vsbi_extension *e = table[place(id)];

	return LIKELY(e && e->id == id) ? e : NULL;
}

bool vsbi_has(uint64_t id)
{
	return find(id);
}

void vsbi_handle_call(struct vcpu *v)
{
	const struct vsbi_extension *e = find(v->x[REG_A7]);
	uint64_t function = v->x[REG_A6];
	struct sbi_ret ret = { .error = SBI_ERR_NOT_SUPPORTED };

	if (LIKELY(e && function < e->n_functions && e->functions[function]))
		ret = e->functions[function](v);
	v->x[REG_A0] = (uint64_t)ret.error;
	v->x[REG_A1] = (uint64_t)ret.value;
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
