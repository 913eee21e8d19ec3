/* SPDX-License-Identifier: BSD-2-Clause */
/* Descriptions as a user writes them, and what is said of wrong ones. */
#include <errno.h>
#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/kit/kit.h"
#include "tests/unit/vm_config_check.h"
#include "tests/unit/vm_source.h"

enum { FILE_ROOM = 256 << 10 };

static void expect_qemus_map(void)
{
	EXPECT_EQ(c.n_regions, 1);
	EXPECT_EQ(region("memory@80000000")->at.v, 0x80000000);
	EXPECT_EQ(c.regions[0].size, 256 * MiB);
	EXPECT_EQ(c.regions[0].kind, REGION_LAZY);
	EXPECT_EQ(c.regions[0].rights, GTABLE_RWX);
	EXPECT_EQ(c.regions[0].fill_level, 1);
	EXPECT(!c.regions[0].stops_guest);
	EXPECT_EQ(c.n_devices, 3);
	EXPECT_EQ(device("serial@10000000")->kind, VM_SERIAL);
	EXPECT_EQ(device("serial@10000000")->at.v, 0x10000000);
	EXPECT_EQ(device("serial@10000000")->irq, 10);
	EXPECT_EQ(device("plic@c000000")->kind, VM_PLIC);
	EXPECT_EQ(device("plic@c000000")->at.v, 0xc000000);
	EXPECT_EQ(device("plic@c000000")->size, 0x600000);
	EXPECT_EQ(device("test@100000")->kind, VM_TEST);
	EXPECT_EQ(device("test@100000")->at.v, 0x100000);
}

TEST(vm_config, what_is_not_said_is_qemus_virt_machine)
{
	REQUIRE_EQ(read_file("minimal"), 0);
	expect_qemus_map();
	EXPECT_STR(c.name, "linux");
	EXPECT_STR(c.kernel, "hello.bin");
	EXPECT_STR(c.initrd, "");
	EXPECT_STR(c.bootargs, "");
	EXPECT_EQ(c.n_vcpus, 1);
	EXPECT_EQ(c.harts, 0);
	EXPECT_EQ(c.gstage_levels, 0);
	EXPECT_EQ(c.removed.bits[0] | c.removed.bits[1], 0);
	EXPECT(c.starts_by_itself);
	EXPECT_EQ(c.order, 0);
	EXPECT_EQ(c.on_crash, VM_STOP);
	EXPECT_EQ(c.on_reboot, VM_RESTART);
	EXPECT(!c.ends_without_memory && !c.hole_stops_guest && !c.has_load && !c.has_entry);
}

TEST(vm_config, the_default_is_the_same_without_a_description)
{
	memset(&c, 0xa5, sizeof(c));
	vm_config_default(&c, "hello");
	EXPECT_STR(vm_config_broken_promise(&c), "nothing to run"); /* the caller has it */
	EXPECT_STR(c.name, "hello");
	expect_qemus_map();
	EXPECT_EQ(c.n_vcpus, 1);
	EXPECT(c.starts_by_itself);
}

TEST(vm_config, every_property_is_read)
{
	REQUIRE_EQ(read_file("everything"), 0);
	EXPECT_STR(c.name, "all-of-it");
	EXPECT_EQ(c.n_vcpus, 2);
	EXPECT_EQ(c.harts, BIT(1) | BIT(3));
	EXPECT_EQ(c.gstage_levels, GTABLE_SV57X4);
	EXPECT(isa_has(&c.removed, ISA_V) && isa_has(&c.removed, ISA_SSTC));
	EXPECT_EQ(__builtin_popcountl(c.removed.bits[0]) + __builtin_popcountl(c.removed.bits[1]),
		  2);
	EXPECT(!c.starts_by_itself);
	EXPECT_EQ(c.order, 7);
	EXPECT_EQ(c.on_crash, VM_KEEP);
	EXPECT_EQ(c.on_reboot, VM_STOP);
	EXPECT(c.ends_without_memory && c.hole_stops_guest);
	EXPECT_STR(c.bootargs, "console=ttyS0 quiet");
	EXPECT_STR(c.kernel, "linux/Image");
	EXPECT(c.has_load && c.has_entry);
	EXPECT_EQ(c.load.v, 0x40200000);
	EXPECT_EQ(c.entry.v, 0x20000000);
	EXPECT_STR(c.initrd, "initramfs.cpio.gz");
}

TEST(vm_config, devices_take_the_place_of_those_by_default)
{
	REQUIRE_EQ(read_file("everything"), 0);
	REQUIRE_EQ(c.n_devices, 4);
	EXPECT_EQ(device("plic@d000000")->kind, VM_PLIC);
	EXPECT_EQ(device("serial@10001000")->irq, 11);
	EXPECT_EQ(device("serial@10001000")->size, 0x1000);
	EXPECT_EQ(device("serial@10000000")->irq, 0);
	EXPECT_EQ(device("test@200000")->kind, VM_TEST);
	REQUIRE_EQ(read_vm("", "test@200000 { reg = <0 0x200000 0 0x1000>; };"), 0);
	EXPECT_EQ(c.n_devices, 3);
	EXPECT_EQ(device("serial@10000000")->irq, 10);
	REQUIRE_EQ(read_vm("no-default-devices;", ""), 0);
	EXPECT_EQ(c.n_devices, 0);
}

TEST(vm_config, cells_of_addresses_and_sizes_may_be_one)
{
	REQUIRE_EQ(read_file("small-cells"), 0);
	EXPECT_EQ(region("memory@40000000")->kind, REGION_EAGER);
	EXPECT_EQ(region("memory@40000000")->size, 0x1000000);
	EXPECT_EQ(region("device@50000100")->host.v, 0x10000000);
	EXPECT(c.has_entry);
	EXPECT_EQ(c.entry.v, 0x80000000);
	EXPECT_STR(c.kernel, "");
}

TEST(vm_config, a_blob_that_is_none_is_named)
{
	EXPECT_EQ(read_blob("", 0), -EINVAL);
	EXPECT_STR(error.text, "vm/linux.dtb: not a device tree: shorter than its header");
	REQUIRE_EQ(read_file("minimal"), 0);
	EXPECT_EQ(read_blob(blob, blob_size - 1), -EINVAL);
	EXPECT_STR(error.text,
		   "vm/linux.dtb: not a device tree: longer than the memory it was given in");
}

TEST(vm_config, every_cut_and_every_changed_word_is_survived)
{
	REQUIRE_EQ(read_file("everything"), 0);
	for (size_t n = 0; n < blob_size; n++)
		EXPECT_EQ(read_blob(blob, n), -EINVAL);
	for (size_t at = 0; at + 4 <= blob_size; at += 4) {
		static const uint32_t words[] = { 0, 1, 3, 0x10, 0x1000, 0x80000000, UINT32_MAX };
		fdt32_t was = *(fdt32_t *)(blob + at);

		for (unsigned i = 0; i < ARRAY_LEN(words); i++) {
			fdt32_st(blob + at, words[i]);
			(void)read_blob(blob, blob_size);
		}
		*(fdt32_t *)(blob + at) = was;
	}
}

TEST(vm_config, an_unknown_property_is_named_and_those_that_there_are)
{
	EXPECT_STR(OF_ROOT("vcpu = <1>;"),
		   "/: vcpu: not known here; expected one of #address-cells #size-cells compatible "
		   "label vcpus harts gstage-mode remove-extensions start order on-crash on-reboot "
		   "on-no-memory on-fault bootargs no-default-devices");
	EXPECT_STR(OF_NODE("memory@80000000 { reg = <0 0x80000000 0 0x1000>; fil-size = <0>; };"),
		   "/memory@80000000: fil-size: not known here; expected one of reg kind rights "
		   "on-fault fill-size");
	EXPECT_STR(OF_NODE("kernel { reg = <1>; };"),
		   "/kernel: reg: not known here; expected one of file load entry");
	EXPECT_STR(OF_NODE("test@0 { interrupts = <1>; };"),
		   "/test@0: interrupts: not known here; expected one of compatible reg");
}

#define NODES                                                                                      \
	"kernel initrd memory@... rom@... device@... reserved@... serial@... plic@... test@..."

TEST(vm_config, an_unknown_node_is_named_and_those_that_there_are)
{
	EXPECT_STR(OF_NODE("seral@10000000 { };"),
		   "/seral@10000000: not known here; expected one of " NODES);
	EXPECT_STR(OF_NODE("memory { };"), "/memory: not known here; expected one of " NODES);
	EXPECT_STR(OF_NODE("initrd@1 { };"), "/initrd@1: not known here; expected one of " NODES);
	EXPECT_STR(OF_NODE("chosen { };"), "/chosen: not known here; expected one of " NODES);
	EXPECT_STR(OF_NODE("test@100000 { inner { }; };"),
		   "/test@100000: expected no node in it, found inner");
}

TEST(vm_config, what_must_be_there_is_missed)
{
	EXPECT_EQ(read_source("/dts-v1/; / { kernel { file = \"k\"; }; };"), -EINVAL);
	EXPECT_STR(error.text, "vm/linux.dtb: /: compatible: expected, not there");
	EXPECT_EQ(read_source("/dts-v1/; / { compatible = \"hartwood,vm\"; };"), -EINVAL);
	EXPECT_STR(error.text, "vm/linux.dtb: /: kernel: expected a node of this name");
	EXPECT_STR(OF_NODE("kernel { };"), "/kernel: file: expected, or an entry into a rom");
	EXPECT_STR(OF_NODE("initrd { };"), "/initrd: file: expected, not there");
	EXPECT_STR(OF_NODE("memory@0 { };"), "/memory@0: reg: expected, not there");
	EXPECT_STR(OF_NODE("rom@0 { reg = <0 0 0 0x1000>; };"),
		   "/rom@0: file: expected, not there");
	EXPECT_STR(OF_NODE("device@0 { reg = <0 0 0 0x1000>; };"),
		   "/device@0: host-address: expected, not there");
	EXPECT_STR(OF_NODE("reserved@0 { };"), "/reserved@0: reg: expected, not there");
	EXPECT_STR(OF_NODE("serial@0 { };"), "/serial@0: reg: expected, not there");
}

TEST(vm_config, compatible_says_what_a_node_is)
{
	EXPECT_EQ(read_source("/dts-v1/; / { compatible = \"linux,vm\"; };"), -EINVAL);
	EXPECT_STR(error.text,
		   "vm/linux.dtb: /: compatible: expected \"hartwood,vm\", found \"linux,vm\"");
	EXPECT_STR(OF_NODE("serial@0 { compatible = \"ns8250\"; };"),
		   "/serial@0: compatible: expected \"ns16550a\", found \"ns8250\"");
	EXPECT_STR(OF_NODE("plic@0 { compatible = \"aplic\"; };"),
		   "/plic@0: compatible: expected \"sifive,plic-1.0.0\", found \"aplic\"");
	EXPECT_STR(OF_NODE("test@0 { compatible = \"syscon\"; };"),
		   "/test@0: compatible: expected \"sifive,test0\", found \"syscon\"");
}

TEST(vm_config, texts_have_a_length_an_end_and_no_odd_characters)
{
	EXPECT_STR(OF_ROOT("label = \"\";"),
		   "/: label: expected a string without blanks of 1 to 31 characters, found \"\"");
	EXPECT_STR(
		OF_ROOT("label = \"a b\";"),
		"/: label: expected a string without blanks of 1 to 31 characters, found \"a b\"");
	EXPECT_STR(OF_ROOT("label = \"0123456789012345678901234567890\";"), "");
	EXPECT_STR(c.name, "0123456789012345678901234567890");
	EXPECT_STR(OF_ROOT("label = \"01234567890123456789012345678901\";"),
		   "/: label: expected a string without blanks of 1 to 31 characters, found "
		   "\"01234567890123456789012345678901\"");
	EXPECT_STR(
		OF_ROOT("label = [61 62 63];"),
		"/: label: expected a string without blanks of 1 to 31 characters, found 3 bytes");
	EXPECT_STR(OF_ROOT("label = \"a\", \"b\";"), /* two strings are 4 bytes, as a cell is */
		   "/: label: expected a string without blanks of 1 to 31 characters, found "
		   "<0x61006200>");
	EXPECT_STR(
		OF_ROOT("label;"),
		"/: label: expected a string without blanks of 1 to 31 characters, found 0 bytes");
	EXPECT_STR(OF_ROOT("bootargs = \"a\\nb\";"),
		   "/: bootargs: expected a string of 0 to 1023 characters, found <0x610a6200>");
	EXPECT_STR(OF_ROOT("bootargs = \"\";"), "");
	EXPECT_STR(OF_NODE("initrd { file = \"0123456789012345678901234567890123456789"
			   "012345678901234567890123\"; };"),
		   "/initrd: file: expected a string without blanks of 1 to 63 characters, found "
		   "\"012345678901234567890123456789012345678901234567\"");
	EXPECT_STR(OF_NODE("kernel { file = <1>; };"), "/kernel: file: expected a string without "
						       "blanks of 1 to 63 characters, found <0x1>");
	EXPECT_STR(
		OF_NODE("rom@0 { reg = <0 0 0 0x1000>; file = \"\"; };"),
		"/rom@0: file: expected a string without blanks of 1 to 63 characters, found \"\"");
}

TEST(vm_config, boot_arguments_may_be_1023_bytes)
{
	char props[1200], args[1025];

	memset(args, 'a', 1024);
	args[1023] = '\0';
	snprintf(props, sizeof(props), "bootargs = \"%s\";", args);
	EXPECT_STR(OF_ROOT(props), "");
	EXPECT_STR(c.bootargs, args);
	args[1023] = 'a';
	args[1024] = '\0';
	snprintf(props, sizeof(props), "bootargs = \"%s\";", args);
	EXPECT_STR(OF_ROOT(props), "/: bootargs: expected a string of 0 to 1023 characters, found "
				   "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"");
}

TEST(vm_config, words_are_those_that_there_are)
{
	EXPECT_STR(OF_ROOT("start = \"autoo\";"),
		   "/: start: expected one of manual, auto, found \"autoo\"");
	EXPECT_STR(OF_ROOT("start = \"aut\";"),
		   "/: start: expected one of manual, auto, found \"aut\"");
	EXPECT_STR(OF_ROOT("start = \"manual, auto\";"),
		   "/: start: expected one of manual, auto, found \"manual, auto\"");
	EXPECT_STR(OF_ROOT("start = <1>;"), "/: start: expected one of manual, auto, found <0x1>");
	EXPECT_STR(OF_ROOT("on-crash = \"halt\";"),
		   "/: on-crash: expected one of stop, restart, keep, found \"halt\"");
	EXPECT_STR(OF_ROOT("on-reboot = \"\";"),
		   "/: on-reboot: expected one of stop, restart, keep, found \"\"");
	EXPECT_STR(OF_ROOT("on-no-memory = \"stop\";"),
		   "/: on-no-memory: expected one of pause, crash, found \"stop\"");
	EXPECT_STR(OF_ROOT("on-fault = \"kill\";"),
		   "/: on-fault: expected one of inject, stop, found \"kill\"");
	EXPECT_STR(OF_ROOT("gstage-mode = \"sv39\";"),
		   "/: gstage-mode: expected one of sv39x4, sv48x4, sv57x4, found \"sv39\"");
	EXPECT_STR(OF_ROOT("gstage-mode = \"sv39x4\"; start = \"auto\"; on-crash = \"restart\";"),
		   "");
	EXPECT_EQ(c.gstage_levels, GTABLE_SV39X4);
	EXPECT(c.starts_by_itself);
	EXPECT_EQ(c.on_crash, VM_RESTART);
}

TEST(vm_config, numbers_have_one_cell_and_bounds)
{
	EXPECT_STR(OF_ROOT("vcpus = <0>;"), "/: vcpus: expected a number from 1 to 64, found <0>");
	EXPECT_STR(OF_ROOT("vcpus = <65>;"),
		   "/: vcpus: expected a number from 1 to 64, found <65>");
	EXPECT_STR(OF_ROOT("vcpus = <1 2>;"),
		   "/: vcpus: expected a number from 1 to 64, found <1 2>");
	EXPECT_STR(OF_ROOT("vcpus = \"two\";"),
		   "/: vcpus: expected a number from 1 to 64, found \"two\"");
	EXPECT_STR(OF_ROOT("vcpus = <64>;"), "");
	EXPECT_STR(OF_ROOT("order = <65536>;"),
		   "/: order: expected a number from 0 to 65535, found <65536>");
	EXPECT_STR(OF_ROOT("#address-cells = <3>;"),
		   "/: #address-cells: expected a number from 1 to 2, found <3>");
	EXPECT_STR(OF_ROOT("#size-cells = <0>;"),
		   "/: #size-cells: expected a number from 1 to 2, found <0>");
	EXPECT_STR(OF_NODE("serial@0 { interrupts = <0>; };"),
		   "/serial@0: interrupts: expected a number from 1 to 95, found <0>");
	EXPECT_STR(OF_NODE("serial@0 { interrupts = <96>; };"),
		   "/serial@0: interrupts: expected a number from 1 to 95, found <96>");
	EXPECT_STR(OF_ROOT("no-default-devices = <1>;"),
		   "/: no-default-devices: expected no value, found <0x1>");
}

TEST(vm_config, harts_are_named_by_their_ids)
{
	EXPECT_STR(OF_ROOT("harts = <64>;"),
		   "/: harts: expected ids of harts, below 64, found <64>");
	EXPECT_STR(OF_ROOT("harts;"), "/: harts: expected ids of harts, below 64, found 0 bytes");
	EXPECT_STR(OF_ROOT("harts = [00 00 00 00 01];"),
		   "/: harts: expected ids of harts, below 64, found 5 bytes");
	EXPECT_STR(OF_ROOT("harts = <0 63>;"), "");
	EXPECT_EQ(c.harts, BIT(0) | BIT(63));
}

TEST(vm_config, extensions_to_be_removed_are_known_ones)
{
	EXPECT_STR(OF_ROOT("remove-extensions = \"sstc\", \"svfoo\";"),
		   "/: remove-extensions: expected names of extensions, found \"svfoo\"");
	EXPECT_STR(OF_ROOT("remove-extensions = \"\";"),
		   "/: remove-extensions: expected names of extensions, found \"\"");
	EXPECT_STR(OF_ROOT("remove-extensions = <1>;"),
		   "/: remove-extensions: expected names of extensions, found <0x1>");
}

TEST(vm_config, addresses_have_one_or_two_cells)
{
	EXPECT_STR(OF_NODE("kernel { file = \"k\"; load = <0 0 0x80200000>; };"),
		   "/kernel: load: expected one or two cells, found <0x0 0x0 0x80200000>");
	EXPECT_STR(OF_NODE("kernel { file = \"k\"; load = <0x80200000>; };"), "");
	EXPECT_EQ(c.load.v, 0x80200000);
	EXPECT_STR(OF_NODE("memory@0 { reg = <0 0x1000>; };"),
		   "/memory@0: reg: expected an address and a size of #address-cells and "
		   "#size-cells, found <0x0 0x1000>");
	EXPECT_STR(complaint("#size-cells = <1>;", "memory@0 { reg = <0 0 0 0x1000>; };"),
		   "/memory@0: reg: expected an address and a size of #address-cells and "
		   "#size-cells, found <0x0 0x0 0x0 0x1000>");
}

/* dtc does not write these; another program might. */
TEST(vm_config, what_is_there_twice_is_refused)
{
	char room[1024];

	REQUIRE_EQ(fdt_create(room, sizeof(room)), 0);
	REQUIRE_EQ(fdt_finish_reservemap(room), 0);
	REQUIRE_EQ(fdt_begin_node(room, ""), 0);
	REQUIRE_EQ(fdt_property_string(room, "compatible", "hartwood,vm"), 0);
	REQUIRE_EQ(fdt_property_u32(room, "order", 1), 0);
	REQUIRE_EQ(fdt_property_u32(room, "order", 1), 0);
	REQUIRE_EQ(fdt_end_node(room), 0);
	REQUIRE_EQ(fdt_finish(room), 0);
	EXPECT_EQ(read_blob(room, fdt_totalsize(room)), -EINVAL);
	EXPECT_STR(error.text, "vm/linux.dtb: /: order: expected once, found twice");
	REQUIRE_EQ(fdt_create(room, sizeof(room)), 0);
	REQUIRE_EQ(fdt_finish_reservemap(room), 0);
	REQUIRE_EQ(fdt_begin_node(room, ""), 0);
	for (unsigned i = 0; i < 2; i++) {
		REQUIRE_EQ(fdt_begin_node(room, "kernel"), 0);
		REQUIRE_EQ(fdt_property_string(room, "file", "k"), 0);
		REQUIRE_EQ(fdt_end_node(room), 0);
	}
	REQUIRE_EQ(fdt_end_node(room), 0);
	REQUIRE_EQ(fdt_finish(room), 0);
	EXPECT_EQ(read_blob(room, fdt_totalsize(room)), -EINVAL);
	EXPECT_STR(error.text, "vm/linux.dtb: /kernel: expected at most 1 of this name");
}

TEST(vm_config, a_vm_without_a_label_is_called_after_its_file)
{
	REQUIRE_EQ(read_file("minimal"), 0);
	void *copy = malloc(blob_size);

	memcpy(copy, blob, blob_size);
	REQUIRE_EQ(vm_config_read(&c, "debian.dtb", copy, blob_size, &error), 0);
	EXPECT_STR(c.name, "debian");
	REQUIRE_EQ(vm_config_read(&c, "a/b c.d.dtb", copy, blob_size, &error), 0);
	EXPECT_STR(c.name, "b-c");
	REQUIRE_EQ(vm_config_read(&c, "a/.dtb", copy, blob_size, &error), 0);
	EXPECT_STR(c.name, "vm");
	REQUIRE_EQ(
		vm_config_read(&c, "0123456789012345678901234567890123", copy, blob_size, &error),
		0);
	EXPECT_STR(c.name, "0123456789012345678901234567890");
	free(copy);
}

/* What a wrong description holds goes to the console: no control characters come along. */
TEST(vm_config, complaints_can_be_printed)
{
	REQUIRE_EQ(read_file("minimal"), 0);
	char *name = blob;

	while (name < blob + blob_size - 7 && memcmp(name, "kernel", 7))
		name++;
	name[1] = '\033';
	EXPECT_EQ(read_blob(blob, blob_size), -EINVAL);
	EXPECT_STR(error.text, "vm/linux.dtb: /k?rnel: not known here; expected one of " NODES);
}

/* The page for users: every example in it that is whole is a description that is accepted. */
TEST(vm_config, the_examples_of_the_page_are_right)
{
	static char page[FILE_ROOM];
	FILE *f = fopen("docs/vm-description.md", "r");
	unsigned n = 0;

	REQUIRE(f);
	page[fread(page, 1, sizeof(page) - 1, f)] = '\0';
	fclose(f);
	for (char *at = strstr(page, "```dts\n/dts-v1/"); at; at = strstr(at, "```dts\n/dts-v1/")) {
		char *end = strstr(at + 7, "\n```");

		REQUIRE(end);
		end[1] = '\0';
		if (read_source(at + 7))
			EXPECT_STR(error.text, "");
		at = end + 2;
		n++;
	}
	EXPECT(n >= 3);
}
