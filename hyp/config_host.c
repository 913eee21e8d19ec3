/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether a description asks for what the host has, and may be given away. */
#include "hyp/config_internal.h"

#include <errno.h>

static bool touches(const struct vm_region *w, struct hpa_range range)
{
	return w->host.v < range.at.v + range.size && range.at.v < w->host.v + w->size;
}

/* What is behind a window that must not be, or NULL. */
static const char *behind(const struct vm_region *w, const struct machine *m)
{
	for (unsigned i = 0; i < m->n_banks; i++) {
		if (touches(w, m->banks[i]))
			return "RAM";
	}
	for (unsigned i = 0; i < ARRAY_LEN(m->imsic.regs); i++) {
		if (touches(w, m->imsic.regs[i]))
			return "the IMSIC";
	}
	if (touches(w, m->plic.regs) || touches(w, m->aplic.regs))
		return "the interrupt controller";
	return NULL;
}

static bool has_hart(const struct vm_config *c, const struct machine *m)
{
	for (unsigned i = 0; i < m->n_harts; i++) {
		const struct machine_hart *h = &m->harts[i];

		if (h->use == HART_USABLE && h->id < 64 && c->harts >> h->id & 1)
			return true;
	}
	return !c->harts;
}

int vm_config_check_host(const struct vm_config *c, const char *file, const struct machine *machine,
			 struct vm_config_error *error)
{
	const struct reader r = { .file = file, .error = error };

	error->text[0] = '\0';
	for (const struct vm_region *w = c->regions; w < c->regions + c->n_regions; w++) {
		const char *what = w->kind == REGION_DEVICE ? behind(w, machine) : NULL;

		if (what)
			return config_fail(&r, w->node, prop_name(PROP_HOST_ADDRESS),
					   "expected a device, found %s of the host", what);
	}
	if (!has_hart(c, machine))
		return config_fail(&r, "", prop_name(PROP_HARTS), "expected one that the host has");
	return 0;
}
