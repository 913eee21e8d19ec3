/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Trees made here: too many of something, broken bytes, and hostile ones that are as large as a
 * tree may be. What real trees say is in machine_golden.c.
 */
#include "lib/machine.h"

#include <errno.h>
#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/kit/kit.h"
#include "tests/unit/machine_check.h"

enum {
	ROOM = 1 << 20,
	HOSTILE_MS = 900, /* also under sanitizers and on a busy machine */
};

static struct machine m;
static struct machine_error error;

/* A tree under construction; its root is open. */
static char *fdt;

static void begin(const char *name)
{
	REQUIRE_EQ(fdt_begin_node(fdt, name), 0);
}

static void end(void)
{
	REQUIRE_EQ(fdt_end_node(fdt), 0);
}

static void text(const char *name, const char *value)
{
	REQUIRE_EQ(fdt_property_string(fdt, name, value), 0);
}

static void cells(const char *name, unsigned n, const uint32_t *values)
{
	void *at;

	REQUIRE_EQ(fdt_property_placeholder(fdt, name, 4 * n, &at), 0);
	for (unsigned i = 0; i < n; i++)
		fdt32_st((char *)at + 4 * i, values[i]);
}

#define CELLS(name, ...)                                                                           \
	cells(name, sizeof((uint32_t[]){ __VA_ARGS__ }) / 4, (uint32_t[]){ __VA_ARGS__ })

static void begin_tree(void)
{
	fdt = calloc(1, ROOM);
	REQUIRE(fdt);
	REQUIRE_EQ(fdt_create(fdt, ROOM), 0);
	REQUIRE_EQ(fdt_finish_reservemap(fdt), 0);
	begin("");
	CELLS("#address-cells", 2);
	CELLS("#size-cells", 2);
}

static void add_memory(uint32_t at, uint32_t size)
{
	begin("memory");
	text("device_type", "memory");
	CELLS("reg", 0, at, 0, size);
	end();
}

static void begin_cpus(void)
{
	begin("cpus");
	CELLS("#address-cells", 1);
	CELLS("#size-cells", 0);
	CELLS("timebase-frequency", 10000000);
}

static void add_cpu(uint32_t id)
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

/* Memory and one hart, which every good tree needs. */
static void add_basics(void)
{
	add_memory(0x80000000, 0x8000000);
	begin_cpus();
	add_cpu(0);
	end();
}

static void end_tree(void)
{
	end();
	REQUIRE_EQ(fdt_finish(fdt), 0);
}

/* Read a copy that ends where its memory ends, so that an overread is seen. */
static int read_copy(const void *bytes, size_t size, uint64_t boot_hart)
{
	void *copy = malloc(size ? size : 1);
	int err;

	memcpy(copy, bytes, size);
	memset(&error, 'x', sizeof(error));
	err = machine_read(&m, copy, size, boot_hart, &error);
	EXPECT(memchr(error.text, '\0', sizeof(error.text)));
	EXPECT_EQ(err ? -EINVAL : 0, err);
	EXPECT_EQ(err != 0, error.text[0] != '\0');
	if (!err)
		EXPECT_STR(machine_broken_promise(&m, size), NULL);
	free(copy);
	return err;
}

static int read_tree(uint64_t boot_hart)
{
	int err;

	end_tree();
	err = read_copy(fdt, fdt_totalsize(fdt), boot_hart);
	free(fdt);
	return err;
}

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec * 1000ull + t.tv_nsec / 1000000;
}

static bool has_room(int bytes)
{
	return ROOM - (int)fdt_off_dt_struct(fdt) - (int)fdt_size_dt_struct(fdt) > bytes + 1024;
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

TEST(machine, reads_a_minimal_tree)
{
	begin_tree();
	add_basics();
	REQUIRE_EQ(read_tree(0), 0);
	EXPECT_EQ(m.n_banks, 1);
	EXPECT_EQ(m.banks[0].at.v, 0x80000000);
	EXPECT_EQ(m.banks[0].size, 0x8000000);
	EXPECT_EQ(m.n_harts, 1);
	EXPECT_EQ(m.harts[0].phandle_intc, 1000);
	EXPECT_EQ(m.uart.kind, UART_NONE);
	EXPECT_EQ(m.irqchip, IRQCHIP_NONE);
}

TEST(machine, keeps_the_boot_hart_where_harts_are_too_many)
{
	begin_tree();
	add_memory(0x80000000, 0x8000000);
	begin_cpus();
	for (unsigned id = 0; id < 70; id++)
		add_cpu(id);
	end();
	REQUIRE_EQ(read_tree(68), 0);
	EXPECT_EQ(m.n_harts, MACHINE_HARTS);
	EXPECT_EQ(m.n_harts_left_out, 6);
	EXPECT_EQ(m.harts[62].id, 62);
	EXPECT_EQ(m.harts[63].id, 68);
	EXPECT_EQ(m.harts[63].phandle_intc, 1068);
}

TEST(machine, counts_banks_beyond_the_last)
{
	begin_tree();
	add_basics();
	for (unsigned i = 0; i < 20; i++)
		add_memory(0x10000000 + i * 0x100000, 0x1000);
	REQUIRE_EQ(read_tree(0), 0);
	EXPECT_EQ(m.n_banks, MACHINE_BANKS);
	EXPECT_EQ(m.n_banks_left_out, 5);
}

TEST(machine, joins_banks_in_any_order)
{
	begin_tree();
	add_basics();
	add_memory(0x20003000, 0x1000);
	add_memory(0x20000000, 0x1000);
	add_memory(0x20005000, 0x1000);
	add_memory(0x20001000, 0x3000);
	add_memory(0x7ffff000, 0x2000);
	REQUIRE_EQ(read_tree(0), 0);
	REQUIRE_EQ(m.n_banks, 3);
	EXPECT_EQ(m.banks[0].at.v, 0x20000000);
	EXPECT_EQ(m.banks[0].size, 0x4000);
	EXPECT_EQ(m.banks[1].at.v, 0x20005000);
	EXPECT_EQ(m.banks[2].at.v, 0x7ffff000);
	EXPECT_EQ(m.banks[2].size, 0x8001000);
}

/* A reserved range that is forgotten would be given out: that is an error, not a count. */
TEST(machine, refuses_too_many_reserved_ranges)
{
	begin_tree();
	add_basics();
	begin("reserved-memory");
	CELLS("#address-cells", 2);
	CELLS("#size-cells", 2);
	for (unsigned i = 0; i < MACHINE_RESERVED + 1; i++) {
		begin("firmware");
		CELLS("reg", 0, 0x80000000 + 0x2000 * i, 0, 0x1000);
		end();
	}
	end();
	EXPECT_EQ(read_tree(0), -EINVAL);
	EXPECT_STR(error.text, "/reserved-memory/firmware: more than 64 reserved ranges");
}

TEST(machine, tells_where_the_seed_is)
{
	uint8_t seed[100];
	size_t size;

	for (unsigned i = 0; i < sizeof(seed); i++)
		seed[i] = i ^ 0xa5;
	begin_tree();
	add_basics();
	begin("chosen");
	REQUIRE_EQ(fdt_property(fdt, "rng-seed", seed, sizeof(seed)), 0);
	end();
	end_tree();
	size = fdt_totalsize(fdt);
	REQUIRE_EQ(read_copy(fdt, size, 0), 0);
	EXPECT_EQ(m.rng_seed_size, MACHINE_SEED);
	EXPECT_EQ(m.rng_seed_whole, sizeof(seed));
	EXPECT(!memcmp(m.rng_seed, seed, MACHINE_SEED));
	EXPECT(!memcmp(fdt + m.rng_seed_offset, seed, sizeof(seed)));
	free(fdt);
}

TEST(machine, refuses_long_boot_arguments)
{
	char args[MACHINE_ARGS + 1];

	memset(args, 'a', sizeof(args));
	args[MACHINE_ARGS] = '\0';
	begin_tree();
	add_basics();
	begin("chosen");
	text("bootargs", args);
	end();
	EXPECT_EQ(read_tree(0), -EINVAL);
	EXPECT_STR(error.text, "/chosen: bootargs: expected at most 1023 bytes");
	args[MACHINE_ARGS - 1] = '\0';
	begin_tree();
	add_basics();
	begin("chosen");
	text("bootargs", args);
	end();
	EXPECT_EQ(read_tree(0), 0);
	EXPECT_STR(m.bootargs, args);
}

TEST(machine, refuses_deep_nesting)
{
	begin_tree();
	add_basics();
	for (unsigned i = 0; i < 16; i++)
		begin("n");
	for (unsigned i = 0; i < 16; i++)
		end();
	EXPECT_EQ(read_tree(0), -EINVAL);
	EXPECT(strstr(error.text, "nested more than 16 deep"));
}

TEST(machine, names_in_errors_are_printable)
{
	begin_tree();
	begin("memory\033[2J\n");
	text("device_type", "memory");
	CELLS("reg", 1, 2, 3);
	end();
	EXPECT_EQ(read_tree(0), -EINVAL);
	EXPECT_STR(error.text, "/memory?[2J?: reg: 12 bytes, expected a multiple of 16");
}

TEST(machine, refuses_every_truncation)
{
	size_t size;

	begin_tree();
	add_basics();
	end_tree();
	size = fdt_totalsize(fdt);
	for (size_t n = 0; n < size; n++)
		EXPECT_EQ(read_copy(fdt, n, 0), -EINVAL);
	EXPECT_EQ(read_copy(fdt, size, 0), 0);
	free(fdt);
}

/* Any one byte may be any other: no crash, no overread, and promises kept. */
TEST(machine, survives_every_changed_byte)
{
	static const uint8_t others[] = { 0x00, 0x01, 0x7f, 0x80, 0xff };
	size_t size;

	begin_tree();
	add_basics();
	end_tree();
	size = fdt_totalsize(fdt);
	for (size_t n = 0; n < size; n++) {
		char was = fdt[n];

		for (unsigned i = 0; i < ARRAY_LEN(others); i++) {
			fdt[n] = others[i];
			(void)read_copy(fdt, size, 0);
		}
		fdt[n] = was;
	}
	free(fdt);
}

TEST(machine, refuses_a_tree_at_an_odd_address)
{
	begin_tree();
	add_basics();
	end_tree();
	memmove(fdt + 4, fdt, fdt_totalsize(fdt));
	EXPECT_EQ(machine_read(&m, fdt + 4, ROOM - 4, 0, &error), -EINVAL);
	EXPECT_STR(error.text, "device tree: not at a multiple of 8 bytes");
	free(fdt);
}

/* A length of -12 leads back to the property itself: older libfdt would go round for ever. */
TEST(machine, refuses_a_property_that_leads_backwards)
{
	int at;

	begin_tree();
	add_basics();
	end_tree();
	at = fdt_first_property_offset(fdt, 0);
	fdt32_st(fdt + fdt_off_dt_struct(fdt) + at + 4, -12u);
	EXPECT_EQ(read_copy(fdt, fdt_totalsize(fdt), 0), -EINVAL);
	EXPECT_STR(error.text,
		   "device tree: a node or property is longer than the structure block");
	free(fdt);
}

/* Each bus finds its way in the last entry of its `ranges`, up to the outermost, which has none. */
TEST(hostile, many_uarts_behind_buses_that_lead_nowhere)
{
	uint32_t ranges[64 * 5] = { 0 };

	begin_tree();
	add_basics();
	for (unsigned i = 0; i < 13; i++) {
		begin("bus");
		CELLS("#address-cells", 2);
		CELLS("#size-cells", 1);
		for (unsigned j = 0; j < 64; j++) {
			ranges[5 * j + 1] = i && j == 63 ? 0 : 0x10000;
			ranges[5 * j + 4] = 0x1000;
		}
		cells("ranges", ARRAY_LEN(ranges), ranges);
	}
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
	REQUIRE_EQ(fdt_property_placeholder(fdt, "riscv,isa-extensions", ROOM - 4096, &names), 0);
	for (unsigned i = 0; i < ROOM - 4096; i++)
		((char *)names)[i] = i % 3 == 2 || i == ROOM - 4097 ? '\0' : 'z';
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
	at = ROOM - 8;
	memset(fdt + size, 'x', at - size);
	fdt_set_size_dt_strings(fdt, at + 1 - fdt_off_dt_strings(fdt));
	fdt_set_totalsize(fdt, ROOM);
	EXPECT_EQ(read_copy(fdt, ROOM, 0), -EINVAL);
	EXPECT_STR(error.text, "device tree: a property name is longer than 255 bytes");
	free(fdt);
}
