/* SPDX-License-Identifier: BSD-2-Clause */
/* Trees as large as they may be, each made to cost as much as it can: the answer must come soon. */
#include <errno.h>
#include <libfdt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/kit/kit.h"
#include "tests/unit/tree_maker.h"

enum {
	HOSTILE_MS = 900, /* also under sanitizers and on a busy machine */
};

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec * 1000ull + t.tv_nsec / 1000000;
}

static bool has_room(int bytes)
{
	return TREE_ROOM - (int)fdt_off_dt_struct(fdt) - (int)fdt_size_dt_struct(fdt) >
	       bytes + 1024;
}

/* Whatever the answer to the tree is, it must come soon. */
static void read_hostile_tree(void)
{
	uint64_t start = now_ms(), took;

	(void)read_tree(0);
	took = now_ms() - start;
	kit_note("%u ms, \"%s\"", (unsigned)took, error.text);
	EXPECT(took < HOSTILE_MS);
}

static void begin_bus(unsigned n_ranges, uint32_t last)
{
	uint32_t *ranges = calloc(n_ranges, 5 * sizeof(*ranges));

	for (unsigned i = 0; i < n_ranges; i++) {
		ranges[5 * i + 1] = i + 1 < n_ranges ? 0x10000 : last;
		ranges[5 * i + 4] = 0x1000;
	}
	begin("bus");
	CELLS("#address-cells", 2);
	CELLS("#size-cells", 1);
	cells("ranges", 5 * n_ranges, ranges);
	free(ranges);
}

/* Each bus finds its way in the last entry of its `ranges`, up to the outermost, which has none. */
TEST(hostile, many_uarts_behind_buses_that_lead_nowhere)
{
	begin_tree();
	add_basics();
	begin_bus(16000, 0x10000);
	for (unsigned i = 0; i < 12; i++)
		begin_bus(64, 0);
	while (has_room(128)) {
		begin("u");
		text("compatible", "ns16550a");
		CELLS("reg", 0, 0x10, 0x100);
		end();
	}
	for (unsigned i = 0; i < 13; i++)
		end();
	read_hostile_tree();
	EXPECT_EQ(m.uart.kind, UART_NONE);
}

TEST(hostile, many_small_nodes)
{
	begin_tree();
	add_basics();
	while (has_room(64)) {
		begin("");
		end();
	}
	read_hostile_tree();
}

TEST(hostile, many_properties)
{
	begin_tree();
	add_basics();
	begin("cpus");
	while (has_room(64))
		REQUIRE_EQ(fdt_property(fdt, "x", NULL, 0), 0);
	end();
	read_hostile_tree();
}

TEST(hostile, many_harts)
{
	begin_tree();
	add_basics();
	begin_cpus();
	for (uint32_t id = 1; has_room(512); id++)
		add_cpu(id);
	end();
	read_hostile_tree();
}

TEST(hostile, many_harts_that_are_one)
{
	begin_tree();
	add_basics();
	begin_cpus();
	while (has_room(512))
		add_cpu(7);
	end();
	read_hostile_tree();
}

TEST(hostile, many_memory_ranges)
{
	begin_tree();
	add_basics();
	for (uint32_t at = 0; has_room(128); at += 0x2000)
		add_memory(at, 0x1000);
	read_hostile_tree();
}

TEST(hostile, many_isa_names)
{
	void *names;

	begin_tree();
	add_memory(0x80000000, 0x8000000);
	begin_cpus();
	begin("cpu");
	text("device_type", "cpu");
	text("riscv,isa-base", "rv64i");
	REQUIRE_EQ(fdt_property_placeholder(fdt, "riscv,isa-extensions", TREE_ROOM - 4096, &names),
		   0);
	for (unsigned i = 0; i < TREE_ROOM - 4096; i++)
		((char *)names)[i] = i % 3 == 2 || i == TREE_ROOM - 4097 ? '\0' : 'z';
	CELLS("reg", 0);
	end();
	end();
	read_hostile_tree();
}

static void add_contexts(unsigned size)
{
	void *places;

	REQUIRE_EQ(fdt_property_placeholder(fdt, "interrupts-extended", size, &places), 0);
	for (unsigned i = 0; i < size / 8; i++) {
		fdt32_st((char *)places + 8 * i, 5);
		fdt32_st((char *)places + 8 * i + 4, 9);
	}
}

TEST(hostile, many_contexts_in_many_controllers)
{
	static const char *const kinds[] = { "riscv,imsics", "riscv,aplic", "sifive,plic-1.0.0" };

	begin_tree();
	add_memory(0x80000000, 0x8000000);
	begin_cpus();
	for (uint32_t id = 0; id < 64; id++)
		add_cpu(id);
	end();
	for (unsigned i = 0; i < 18; i++) {
		begin("controller");
		text("compatible", kinds[i % 3]);
		CELLS("reg", 0, 0x10000000, 0, 0x10000000);
		CELLS("riscv,num-ids", 63);
		CELLS("riscv,hart-index-bits", 3);
		CELLS("riscv,num-sources", 63);
		CELLS("riscv,ndev", 63);
		add_contexts(48 << 10);
		end();
	}
	read_hostile_tree();
	EXPECT_EQ(m.n_irqchips_left_out, 2);
}

/* Each property's name is the tail of one long string. */
TEST(hostile, long_property_names)
{
	uint32_t size, at;

	begin_tree();
	add_basics();
	begin("n");
	for (unsigned i = 0; i < 30000; i++)
		REQUIRE_EQ(fdt_property(fdt, "x", NULL, 0), 0);
	end();
	end_tree();
	size = fdt_totalsize(fdt);
	at = TREE_ROOM - 8;
	memset(fdt + size, 'x', at - size);
	fdt_set_size_dt_strings(fdt, at + 1 - fdt_off_dt_strings(fdt));
	fdt_set_totalsize(fdt, TREE_ROOM);
	EXPECT_EQ(read_copy(fdt, TREE_ROOM, 0), -EINVAL);
	EXPECT_STR(error.text, "a property name is longer than 255 bytes");
	free(fdt);
}
