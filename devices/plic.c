/* SPDX-License-Identifier: BSD-2-Clause */
#include "devices/plic.h"

#include <libfdt.h>
#include <string.h>

#include "arch/cause.h"
#include "lib/node.h"
#include "platform/panic.h"

enum {
	PRIORITY = 0,     /* a word a source */
	PENDING = 0x1000, /* a bit a source, as in the enables */
	ENABLE = 0x2000,
	ENABLE_STEP = 0x80, /* a context */
	CONTEXT = 0x200000,
	CONTEXT_STEP = 0x1000,
	THRESHOLD = 0, /* in a context */
	CLAIM = 4,

	PRIORITY_MASK = 7, /* eight levels, as QEMU's has */
};

static bool has_bit(const uint32_t *words, unsigned source)
{
	return words[source / 32] >> source % 32 & 1;
}

static void set_bit(uint32_t *words, unsigned source)
{
	words[source / 32] |= 1u << source % 32;
}

static void clear_bit(uint32_t *words, unsigned source)
{
	words[source / 32] &= ~(1u << source % 32);
}

/* What a claim would take, 0 if nothing: the highest priority, then the lowest number. Priority 0
 * is "never", and source 0, which does not exist, has it. */
static unsigned best(const struct plic *p, const struct plic_context *c)
{
	unsigned found = 0;

	for (unsigned i = 0; i < PLIC_WORDS; i++) {
		uint32_t w = p->pending[i] & c->enabled[i];

		for (unsigned source = 32 * i; w; source++, w >>= 1)
			if (w & 1 && p->priority[source] > p->priority[found])
				found = source;
	}
	return found;
}

static void update(struct plic *p, struct plic_context *c)
{
	bool on = p->priority[best(p, c)] > c->threshold;

	if (on == c->is_on)
		return;
	c->is_on = on;
	p->config.output.set(p->config.output.context, (unsigned)(c - p->config.contexts), on);
}

/* After a change of what `source` is. */
static void update_users(struct plic *p, unsigned source)
{
	for (unsigned i = 0; i < p->config.n_vcpus; i++)
		if (has_bit(p->config.contexts[i].enabled, source))
			update(p, &p->config.contexts[i]);
}

/* The gateway: a line that is high makes one request, and the next after its completion. */
static void forward(struct plic *p, unsigned source)
{
	if (!has_bit(p->line, source) || has_bit(p->claimed, source))
		return;
	set_bit(p->pending, source);
	update_users(p, source);
}

void plic_set_line(struct plic *p, unsigned source, bool level)
{
	if (!source || source > p->config.n_sources)
		return;
	lock_take(&p->lock);
	if (level) {
		set_bit(p->line, source);
		forward(p, source);
	} else {
		clear_bit(p->line, source);
	}
	lock_release(&p->lock);
}

static unsigned claim(struct plic *p, const struct plic_context *c)
{
	unsigned source = best(p, c);

	if (source) {
		clear_bit(p->pending, source);
		set_bit(p->claimed, source);
		update_users(p, source);
	}
	return source;
}

static void complete(struct plic *p, const struct plic_context *c, uint32_t source)
{
	if (source > p->config.n_sources || !has_bit(c->enabled, source))
		return;
	clear_bit(p->claimed, source);
	forward(p, source);
}

/* An S-mode context by its number; NULL where it is M-mode's or nobody's. */
static struct plic_context *context_at(const struct plic *p, uint64_t n)
{
	return n % 2 && n / 2 < p->config.n_vcpus ? &p->config.contexts[n / 2] : NULL;
}

/* A word of enables by its offset; NULL where there is none. */
static struct plic_context *enables_at(const struct plic *p, uint64_t offset, unsigned *word)
{
	*word = (unsigned)(offset % ENABLE_STEP / 4);
	return *word < PLIC_WORDS ? context_at(p, (offset - ENABLE) / ENABLE_STEP) : NULL;
}

static uint32_t read_word(struct plic *p, uint64_t offset)
{
	struct plic_context *c;
	unsigned word;

	if (offset < PENDING)
		return offset / 4 <= p->config.n_sources ? p->priority[offset / 4] : 0;
	if (offset < ENABLE) {
		word = (unsigned)(offset - PENDING) / 4;
		return word < PLIC_WORDS ? p->pending[word] : 0;
	}
	if (offset < CONTEXT) {
		c = enables_at(p, offset, &word);
		return c ? c->enabled[word] : 0;
	}
	c = context_at(p, (offset - CONTEXT) / CONTEXT_STEP);
	if (!c)
		return 0;
	switch (offset % CONTEXT_STEP) {
	case THRESHOLD:
		return c->threshold;
	case CLAIM:
		return claim(p, c);
	default:
		return 0;
	}
}

static void write_word(struct plic *p, uint64_t offset, uint32_t value)
{
	struct plic_context *c;
	unsigned word;

	if (offset < PENDING) {
		if (offset && offset / 4 <= p->config.n_sources) {
			p->priority[offset / 4] = value & PRIORITY_MASK;
			update_users(p, (unsigned)offset / 4);
		}
	} else if (offset < ENABLE) {
		/* only claims change what is pending */
	} else if (offset < CONTEXT) {
		c = enables_at(p, offset, &word);
		if (c) {
			c->enabled[word] = value & p->exists[word];
			update(p, c);
		}
	} else {
		c = context_at(p, (offset - CONTEXT) / CONTEXT_STEP);
		if (c && offset % CONTEXT_STEP == THRESHOLD) {
			c->threshold = value & PRIORITY_MASK;
			update(p, c);
		} else if (c && offset % CONTEXT_STEP == CLAIM) {
			complete(p, c, value);
		}
	}
}

static bool plic_read(struct device *d, uint64_t offset, unsigned width, uint64_t *value)
{
	struct plic *p = CONTAINER_OF(d, struct plic, device);

	if (width != 4)
		return false;
	lock_take(&p->lock);
	*value = read_word(p, offset);
	lock_release(&p->lock);
	return true;
}

static bool plic_write(struct device *d, uint64_t offset, unsigned width, uint64_t value)
{
	struct plic *p = CONTAINER_OF(d, struct plic, device);

	if (width != 4)
		return false;
	lock_take(&p->lock);
	write_word(p, offset, (uint32_t)value);
	lock_release(&p->lock);
	return true;
}

/* Lines belong to the devices that drive them: one that is still high is pending at once. */
static void plic_reset(struct device *d)
{
	struct plic *p = CONTAINER_OF(d, struct plic, device);

	lock_take(&p->lock);
	memset(p->priority, 0, sizeof(p->priority));
	memset(p->claimed, 0, sizeof(p->claimed));
	memcpy(p->pending, p->line, sizeof(p->pending));
	for (unsigned i = 0; i < p->config.n_vcpus; i++) {
		struct plic_context *c = &p->config.contexts[i];

		*c = (struct plic_context){ .is_on = c->is_on };
		update(p, c);
	}
	lock_release(&p->lock);
}

/* interrupts-extended: per vCPU M-mode's context, which a guest is told to skip by the number that
 * firmware puts there for the same end, and S-mode's, which drives external interrupts (9). */
static void plic_describe(const struct device *d, struct node_writer *w)
{
	const struct plic *p = CONTAINER_OF(d, struct plic, device);
	fdt32_t *parents;

	node_begin_at(w, "plic", d->at.v);
	node_strings(w, "compatible", "sifive,plic-1.0.0\0riscv,plic0", 2);
	node_reg(w, d->at.v, d->size);
	node_flag(w, "interrupt-controller");
	node_number(w, "#interrupt-cells", 1);
	node_number(w, "#address-cells", 0);
	parents = node_room(w, "interrupts-extended", 16 * (size_t)p->config.n_vcpus);
	for (unsigned i = 0; parents && i < p->config.n_vcpus; i++, parents += 4) {
		parents[0] = parents[2] = cpu_to_fdt32(p->config.intc_phandle + i);
		parents[1] = cpu_to_fdt32(UINT32_MAX);
		parents[3] = cpu_to_fdt32(IRQ_S_EXT);
	}
	node_number(w, "riscv,ndev", p->config.n_sources);
	node_number(w, "phandle", p->config.phandle);
	node_end(w);
}

static const struct device_ops plic_ops = {
	.name = "plic",
	.read = plic_read,
	.write = plic_write,
	.reset = plic_reset,
	.describe = plic_describe,
};

void plic_init(struct plic *p, const struct plic_config *config)
{
	CHECK(config->n_sources <= PLIC_SOURCES && config->n_vcpus <= PLIC_VCPUS);
	*p = (struct plic){
		.device = { .ops = &plic_ops, .at = config->at, .size = PLIC_SIZE },
		.config = *config,
		.lock = LOCK_INIT("plic", RANK_PLIC),
	};
	for (unsigned i = 1; i <= config->n_sources; i++)
		set_bit(p->exists, i);
	memset(config->contexts, 0, config->n_vcpus * sizeof(*config->contexts));
}
