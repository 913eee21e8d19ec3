/* SPDX-License-Identifier: BSD-2-Clause */
/* Trees with too many of something, and broken bytes. What real trees say is in machine_golden.c.
 */
#include <errno.h>
#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

#include "lib/machine_blob.h"
#include "tests/kit/kit.h"
#include "tests/unit/tree_maker.h"

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
	EXPECT(strstr(error.text, "nested more than 12 deep"));
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
	EXPECT_EQ(machine_read(&m, fdt + 4, TREE_ROOM - 4, 0, &error), -EINVAL);
	EXPECT_STR(error.text, "not at a multiple of 8 bytes");
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
	EXPECT_STR(error.text, "a node or property is longer than the structure block");
	free(fdt);
}

/* Names with and without an address, and ways that lead nowhere. */
TEST(blob, path_leads_where_libfdt_says)
{
	static const char *const paths[] = {
		"/",
		"//",
		"",
		"/soc",
		"/soc/",
		"/soc//uart",
		"/soc/uart@1",
		"/soc/uart@2",
		"/soc/uart@",
		"/soc/uar",
		"/soc/uart@10",
		"/soc/uart/port",
		"/soc/bus/uart@2",
		"/bus",
		"/soc/bus/uart@1",
		"/cpu",
		"/cpus/cpu@0",
		"/cpus/cpu@0/x",
		"/port",
	};

	begin_tree();
	add_basics();
	begin("soc@0");
	begin("uart@10");
	begin("port");
	end();
	end();
	begin("uart@2");
	end();
	begin("bus");
	begin("uart@1");
	end();
	end();
	end();
	begin("soc");
	begin("uart@1");
	end();
	end();
	end_tree();
	for (unsigned i = 0; i < ARRAY_LEN(paths); i++) {
		int expected = *paths[i] ? fdt_path_offset(fdt, paths[i]) : 0;

		EXPECT_EQ(blob_find(fdt, paths[i], strlen(paths[i])),
			  expected < 0 ? -ENOENT : expected);
	}
	EXPECT_EQ(blob_find(fdt, "/soc/bus?", 8), fdt_path_offset(fdt, "/soc/bus"));
}
