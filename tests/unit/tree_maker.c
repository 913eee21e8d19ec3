/* SPDX-License-Identifier: BSD-2-Clause */
/* See tree_maker.h. */
#include "tests/unit/tree_maker.h"

#include <errno.h>
#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

#include "tests/kit/kit.h"
#include "tests/unit/machine_check.h"

struct machine m;
struct machine_error error;

char *fdt;

void begin(const char *name)
{
	REQUIRE_EQ(fdt_begin_node(fdt, name), 0);
}

void end(void)
{
	REQUIRE_EQ(fdt_end_node(fdt), 0);
}

void text(const char *name, const char *value)
{
	REQUIRE_EQ(fdt_property_string(fdt, name, value), 0);
}

void cells(const char *name, unsigned n, const uint32_t *values)
{
	void *at;

	REQUIRE_EQ(fdt_property_placeholder(fdt, name, 4 * n, &at), 0);
	for (unsigned i = 0; i < n; i++)
		fdt32_st((char *)at + 4 * i, values[i]);
}

void begin_tree(void)
{
	fdt = calloc(1, TREE_ROOM);
	REQUIRE(fdt);
	REQUIRE_EQ(fdt_create(fdt, TREE_ROOM), 0);
	REQUIRE_EQ(fdt_finish_reservemap(fdt), 0);
	begin("");
	CELLS("#address-cells", 2);
	CELLS("#size-cells", 2);
}

void add_memory(uint32_t at, uint32_t size)
{
	begin("memory");
	text("device_type", "memory");
	CELLS("reg", 0, at, 0, size);
	end();
}

void begin_cpus(void)
{
	begin("cpus");
	CELLS("#address-cells", 1);
	CELLS("#size-cells", 0);
	CELLS("timebase-frequency", 10000000);
}

void add_cpu(uint32_t id)
{
	begin("cpu");
	text("device_type", "cpu");
	CELLS("reg", id);
	text("riscv,isa", "rv64imac");
	text("mmu-type", "riscv,sv39");
	begin("intc");
	text("compatible", "riscv,cpu-intc");
	CELLS("phandle", 1000 + id);
	end();
	end();
}

void add_basics(void)
{
	add_memory(0x80000000, 0x8000000);
	begin_cpus();
	add_cpu(0);
	end();
}

void end_tree(void)
{
	end();
	REQUIRE_EQ(fdt_finish(fdt), 0);
}

int read_copy(const void *bytes, size_t size, uint64_t boot_hart)
{
	void *copy = malloc(size ? size : 1);
	int err;

	memcpy(copy, bytes, size);
	memset(&error, 'x', sizeof(error));
	memset(&m, 0, sizeof(m));
	err = machine_read(&m, copy, size, boot_hart, &error);
	EXPECT(memchr(error.text, '\0', sizeof(error.text)));
	EXPECT_EQ(err ? -EINVAL : 0, err);
	EXPECT_EQ(err != 0, error.text[0] != '\0');
	if (!err)
		EXPECT_STR(machine_broken_promise(&m, size), NULL);
	free(copy);
	return err;
}

int read_tree(uint64_t boot_hart)
{
	int err;

	end_tree();
	err = read_copy(fdt, fdt_totalsize(fdt), boot_hart);
	free(fdt);
	return err;
}
