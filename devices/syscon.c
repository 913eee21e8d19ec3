/* SPDX-License-Identifier: BSD-2-Clause */
#include "devices/syscon.h"

#include "lib/node.h"

enum { CODE_OFF = 0x5555, CODE_REBOOT = 0x7777, CODE_FAILURE = 0x3333 };

static bool is_access(unsigned width) /* QEMU's has these two */
{
	return width == 2 || width == 4;
}

static bool syscon_read(struct device *d, uint64_t offset, unsigned width, uint64_t *value)
{
	(void)d;
	(void)offset;
	*value = 0;
	return is_access(width);
}

static bool syscon_write(struct device *d, uint64_t offset, unsigned width, uint64_t value)
{
	struct syscon *s = CONTAINER_OF(d, struct syscon, device);

	if (!is_access(width))
		return false;
	if (offset)
		return true;
	switch (value & 0xffff) {
	case CODE_OFF:
		s->end(s->context, SYSCON_OFF, 0);
		break;
	case CODE_REBOOT:
		s->end(s->context, SYSCON_REBOOT, 0);
		break;
	case CODE_FAILURE:
		s->end(s->context, SYSCON_FAILURE, width == 4 ? value >> 16 & 0xffff : 0);
		break;
	}
	return true;
}

static void syscon_reset(struct device *d) {}

static void describe_end(const struct syscon *s, struct node_writer *w, const char *name,
			 const char *compatible, uint32_t value)
{
	node_begin(w, name);
	node_text(w, "compatible", compatible);
	node_number(w, "regmap", s->phandle);
	node_number(w, "offset", 0);
	node_number(w, "value", value);
	node_end(w);
}

static void syscon_describe(const struct device *d, struct node_writer *w)
{
	const struct syscon *s = CONTAINER_OF(d, struct syscon, device);

	node_begin_at(w, "test", d->at.v);
	node_strings(w, "compatible", "sifive,test1\0sifive,test0\0syscon", 3);
	node_reg(w, d->at.v, d->size);
	node_number(w, "phandle", s->phandle);
	node_end(w);
	describe_end(s, w, "poweroff", "syscon-poweroff", CODE_OFF);
	describe_end(s, w, "reboot", "syscon-reboot", CODE_REBOOT);
}

static const struct device_ops syscon_ops = {
	.name = "syscon",
	.read = syscon_read,
	.write = syscon_write,
	.reset = syscon_reset,
	.describe = syscon_describe,
};

void syscon_init(struct syscon *s, struct gpa at, uint32_t phandle,
		 void (*end)(void *context, enum syscon_end how, unsigned code), void *context)
{
	*s = (struct syscon){
		.device = { .ops = &syscon_ops, .at = at, .size = PAGE_SIZE },
		.phandle = phandle,
		.end = end,
		.context = context,
	};
}
