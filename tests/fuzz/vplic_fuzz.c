/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any sequence of register accesses, lines and resets: the PLIC answers and notifies as a model
 * does which keeps one flag a source and works everything out anew after every step.
 */
#include <stdlib.h>
#include <string.h>

#include "devices/plic.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { VCPUS = 3 };

static struct {
	unsigned n_sources;
	bool line[128], pending[128], claimed[128];
	unsigned priority[128];
	bool enabled[VCPUS][128];
	unsigned threshold[VCPUS];
} model;

static bool is_on[VCPUS]; /* as the PLIC said last */

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void set_output(void *context, unsigned vcpu, bool on)
{
	must(vcpu < VCPUS && is_on[vcpu] != on);
	is_on[vcpu] = on;
}

static void let_through(void)
{
	for (unsigned s = 1; s <= model.n_sources; s++)
		model.pending[s] |= model.line[s] && !model.claimed[s];
}

static unsigned best_of(unsigned vcpu)
{
	unsigned best = 0;

	for (unsigned s = model.n_sources; s; s--)
		if (model.pending[s] && model.enabled[vcpu][s] && model.priority[s] &&
		    model.priority[s] >= model.priority[best])
			best = s;
	return best;
}

static uint32_t word_of(const bool *flags, unsigned word)
{
	uint32_t bits = 0;

	for (unsigned i = 0; word < 4 && i < 32; i++)
		bits |= (uint32_t)flags[32 * word + i] << i;
	return bits;
}

static uint32_t model_read(uint32_t offset)
{
	unsigned context, best;

	if (offset < 0x1000)
		return offset / 4 < 128 ? model.priority[offset / 4] : 0;
	if (offset < 0x2000)
		return word_of(model.pending, (offset - 0x1000) / 4);
	if (offset < 0x200000) {
		context = (offset - 0x2000) / 0x80;
		return context % 2 && context / 2 < VCPUS
			       ? word_of(model.enabled[context / 2], offset % 0x80 / 4)
			       : 0;
	}
	context = (offset - 0x200000) / 0x1000;
	if (context % 2 == 0 || context / 2 >= VCPUS)
		return 0;
	if (offset % 0x1000 == 0)
		return model.threshold[context / 2];
	if (offset % 0x1000 != 4)
		return 0;
	best = best_of(context / 2);
	if (best) {
		model.pending[best] = false;
		model.claimed[best] = true;
	}
	return best;
}

static void model_write(uint32_t offset, uint32_t value)
{
	unsigned context, s = offset / 4;

	if (offset < 0x1000) {
		if (s && s <= model.n_sources)
			model.priority[s] = value & 7;
	} else if (offset >= 0x200000) {
		context = (offset - 0x200000) / 0x1000;
		if (context % 2 == 0 || context / 2 >= VCPUS)
			return;
		if (offset % 0x1000 == 0)
			model.threshold[context / 2] = value & 7;
		if (offset % 0x1000 == 4 && value < 128 && model.enabled[context / 2][value])
			model.claimed[value] = false;
	} else if (offset >= 0x2000) {
		context = (offset - 0x2000) / 0x80;
		if (context % 2 == 0 || context / 2 >= VCPUS)
			return;
		for (unsigned i = 0; i < 32; i++) {
			s = offset % 0x80 * 8 + i;
			if (s && s <= model.n_sources)
				model.enabled[context / 2][s] = value >> i & 1;
		}
	}
}

static void model_reset(void)
{
	bool line[128];

	memcpy(line, model.line, sizeof(line));
	model = (typeof(model)){ .n_sources = model.n_sources };
	memcpy(model.line, line, sizeof(line));
}

/* Where accesses go: mostly to what there is, sometimes anywhere. */
static uint32_t offset_of(unsigned kind, unsigned where)
{
	unsigned context = where >> 2 & 7;

	switch (kind) {
	case 0:
		return where % 128 * 4;
	case 1:
		return 0x1000 + where % 8 * 4;
	case 2:
		return 0x2000 + 0x80 * context + where % 4 * 4;
	case 3:
		return 0x200000 + 0x1000 * context;
	case 4:
		return 0x200004 + 0x1000 * context;
	default:
		return (where * 0x6789u + where) % (PLIC_SIZE / 4) * 4;
	}
}

static void step(struct plic *p, const uint8_t op[4])
{
	const struct device_ops *ops = p->device.ops;
	uint32_t offset = offset_of(op[0] >> 2 & 7, op[1]);
	uint32_t value =
		op[2] | (uint32_t)op[3] << 8 | (uint32_t)op[2] << 16 | (uint32_t)op[3] << 24;
	uint64_t got;

	switch (op[0] & 3) {
	case 0:
		must(ops->read(&p->device, offset, 4, &got));
		must(got == model_read(offset));
		break;
	case 1:
		if (offset >= 0x200000)
			value = op[3] == 255 ? value : op[2];
		must(ops->write(&p->device, offset, 4, value));
		model_write(offset, value);
		break;
	case 2:
		plic_set_line(p, op[1], op[2] & 1);
		if (op[1] <= model.n_sources)
			model.line[op[1]] = op[1] && op[2] & 1;
		break;
	default:
		if (op[1] == 77) {
			ops->reset(&p->device);
			model_reset();
		} else if (op[1] < 6) {
			must(!ops->read(&p->device, offset & ~7u, op[1] & 1 ? 8 : op[1] & 2, &got));
			must(!ops->write(&p->device, offset & ~7u, op[1] & 1 ? 8 : 1, value));
		}
	}
	let_through();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const unsigned n_sources[] = { 1, 7, 31, 32, 33, 64, PLIC_SOURCES };
	static struct plic_context contexts[VCPUS];
	static struct plic p;

	if (!size)
		return 0;
	model = (typeof(model)){ .n_sources = n_sources[data[0] % ARRAY_LEN(n_sources)] };
	memset(is_on, 0, sizeof(is_on));
	plic_init(&p, &(struct plic_config){ .n_sources = model.n_sources,
					     .n_vcpus = VCPUS,
					     .contexts = contexts,
					     .output = { .set = set_output } });
	for (size_t i = 1; i + 4 <= size; i += 4) {
		step(&p, data + i);
		for (unsigned v = 0; v < VCPUS; v++) {
			unsigned best = best_of(v);

			must(is_on[v] == (best && model.priority[best] > model.threshold[v]));
		}
	}
	return 0;
}
