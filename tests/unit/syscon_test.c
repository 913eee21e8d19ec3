/* SPDX-License-Identifier: BSD-2-Clause */
/* The register by which a guest ends, and the writer of trees that every device describes itself
 * with. */
#include <errno.h>
#include <libfdt.h>
#include <string.h>

#include "devices/syscon.h"
#include "lib/node.h"
#include "tests/kit/kit.h"

static unsigned n_ends, last_code;
static enum syscon_end last_end;

static void note_end(void *context, enum syscon_end how, unsigned code)
{
	EXPECT(context == &n_ends);
	n_ends++;
	last_end = how;
	last_code = code;
}

static struct syscon made(void)
{
	struct syscon s;

	n_ends = 0;
	syscon_init(&s, GPA(0x100000), 4, note_end, &n_ends);
	return s;
}

static bool put(struct syscon *s, uint64_t offset, unsigned width, uint64_t value)
{
	return s->device.ops->write(&s->device, offset, width, value);
}

TEST(syscon, ends_a_guest_in_the_three_ways_of_qemus_virt_machine)
{
	struct syscon s = made();

	EXPECT(put(&s, 0, 4, 0x5555));
	EXPECT(n_ends == 1 && last_end == SYSCON_OFF && last_code == 0);
	EXPECT(put(&s, 0, 4, 0x7777));
	EXPECT(n_ends == 2 && last_end == SYSCON_REBOOT && last_code == 0);
	EXPECT(put(&s, 0, 4, 0x1233333));
	EXPECT(n_ends == 3 && last_end == SYSCON_FAILURE && last_code == 0x123);
}

TEST(syscon, takes_half_words_too_and_a_failure_in_one_has_no_code)
{
	struct syscon s = made();

	EXPECT(put(&s, 0, 2, 0x5555));
	EXPECT(n_ends == 1 && last_end == SYSCON_OFF);
	EXPECT(put(&s, 0, 2, 0x1233333));
	EXPECT(n_ends == 2 && last_end == SYSCON_FAILURE && last_code == 0);
}

TEST(syscon, ignores_every_other_value_and_register)
{
	struct syscon s = made();

	for (uint64_t value = 0; value < 0x10000; value++)
		if (value != 0x5555 && value != 0x7777 && value != 0x3333)
			EXPECT(put(&s, 0, 4, value));
	for (uint64_t offset = 4; offset < s.device.size; offset += 4)
		EXPECT(put(&s, offset, 4, 0x5555));
	EXPECT_EQ(n_ends, 0);
}

/* Linux changes the register with regmap_update_bits(), which does not write what it has read. */
TEST(syscon, reads_as_zero)
{
	struct syscon s = made();
	uint64_t value = 1;

	EXPECT(s.device.ops->read(&s.device, 0, 4, &value));
	EXPECT_EQ(value, 0);
}

TEST(syscon, refuses_bytes_and_double_words)
{
	struct syscon s = made();
	uint64_t value;

	for (unsigned width = 1; width <= 8; width *= 8) {
		EXPECT(!put(&s, 0, width, 0x5555));
		EXPECT(!s.device.ops->read(&s.device, 0, width, &value));
	}
	EXPECT_EQ(n_ends, 0);
}

static char tree[1024];

static uint32_t number(const char *path, const char *name)
{
	int length;
	const fdt32_t *cell = fdt_getprop(tree, fdt_path_offset(tree, path), name, &length);

	return cell && length == 4 ? fdt32_to_cpu(*cell) : UINT32_MAX;
}

TEST(syscon, describes_what_linux_and_u_boot_look_for)
{
	struct syscon s = made();
	struct node_writer w;
	int node;

	node_start(&w, tree, sizeof(tree));
	node_begin(&w, "");
	s.device.ops->describe(&s.device, &w);
	node_end(&w);
	node_finish(&w);
	REQUIRE_EQ(w.error, 0);
	node = fdt_path_offset(tree, "/test@100000");
	EXPECT_EQ(fdt_node_check_compatible(tree, node, "sifive,test0"), 0);
	EXPECT_EQ(fdt_node_check_compatible(tree, node, "sifive,test1"), 0);
	EXPECT_EQ(fdt_node_check_compatible(tree, node, "syscon"), 0);
	EXPECT_EQ(fdt_get_phandle(tree, node), 4);
	EXPECT_EQ(fdt_node_check_compatible(tree, fdt_path_offset(tree, "/poweroff"),
					    "syscon-poweroff"),
		  0);
	EXPECT_EQ(number("/poweroff", "regmap"), 4);
	EXPECT_EQ(number("/poweroff", "offset"), 0);
	EXPECT_EQ(number("/poweroff", "value"), 0x5555);
	EXPECT_EQ(
		fdt_node_check_compatible(tree, fdt_path_offset(tree, "/reboot"), "syscon-reboot"),
		0);
	EXPECT_EQ(number("/reboot", "regmap"), 4);
	EXPECT_EQ(number("/reboot", "offset"), 0);
	EXPECT_EQ(number("/reboot", "value"), 0x7777);
}

TEST(node, writes_every_kind_of_value_as_the_devicetree_specification_has_it)
{
	struct node_writer w;
	int root, length;
	const void *value;

	node_start(&w, tree, sizeof(tree));
	node_begin(&w, "");
	node_flag(&w, "flag");
	node_text(&w, "text", "hart");
	node_strings(&w, "strings", "a\0bc", 2);
	node_number(&w, "number", 0x01020304);
	node_cells(&w, "cells", (uint32_t[]){ 1, 2, 3 }, 3);
	node_bytes(&w, "bytes", "\1\2\3", 3);
	node_begin_at(&w, "memory", 0x8000000000000000);
	node_reg(&w, 0x123456789, 0xabcdef012);
	node_end(&w);
	node_end(&w);
	node_finish(&w);
	REQUIRE_EQ(w.error, 0);
	EXPECT_EQ(fdt_check_full(tree, fdt_totalsize(tree)), 0);
	root = fdt_path_offset(tree, "/");
	EXPECT(fdt_getprop(tree, root, "flag", &length) && length == 0);
	EXPECT_STR(fdt_getprop(tree, root, "text", NULL), "hart");
	EXPECT_EQ(fdt_stringlist_count(tree, root, "strings"), 2);
	EXPECT_STR(fdt_stringlist_get(tree, root, "strings", 1, NULL), "bc");
	value = fdt_getprop(tree, root, "number", &length);
	EXPECT(length == 4 && !memcmp(value, "\1\2\3\4", 4));
	value = fdt_getprop(tree, root, "cells", &length);
	EXPECT(length == 12 && !memcmp(value, "\0\0\0\1\0\0\0\2\0\0\0\3", 12));
	value = fdt_getprop(tree, root, "bytes", &length);
	EXPECT(length == 3 && !memcmp(value, "\1\2\3", 3));
	value = fdt_getprop(tree, fdt_path_offset(tree, "/memory@8000000000000000"), "reg",
			    &length);
	EXPECT(length == 16 &&
	       !memcmp(value, "\0\0\0\1\x23\x45\x67\x89\0\0\0\xa\xbc\xde\xf0\x12", 16));
}

TEST(node, keeps_its_first_error_however_little_room_there_is)
{
	struct node_writer w;
	size_t room = 0, needed = 0;

	do {
		memset(tree, 0xaa, sizeof(tree));
		node_start(&w, tree, room);
		node_begin(&w, "");
		node_text(&w, "a", "value");
		node_number(&w, "b", 1);
		node_end(&w);
		node_finish(&w);
		if (w.error)
			EXPECT_EQ(w.error, -ENOSPC);
		for (size_t i = room; i < sizeof(tree); i++)
			EXPECT_EQ((uint8_t)tree[i], 0xaa);
		needed = room++;
	} while (w.error && room < sizeof(tree));
	EXPECT_EQ(w.error, 0);
	EXPECT(fdt_totalsize(tree) <= needed);
}
