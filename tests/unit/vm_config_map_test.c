/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Regions and devices in descriptions: AX5 and AX6 are regions and rights, AX7 windows on the
 * host's devices.
 */
#include <errno.h>
#include <stdio.h>

#include "tests/kit/kit.h"
#include "tests/unit/vm_source.h"

/* AX5 */
TEST(vm_config, regions_have_kind_rights_and_backing)
{
	REQUIRE_EQ(read_file("everything"), 0);
	REQUIRE_EQ(c.n_regions, 5);
	EXPECT_EQ(region("memory@40000000")->kind, REGION_LAZY);
	EXPECT_EQ(region("memory@40000000")->fill_level, 0);
	EXPECT_EQ(region("memory@40000000")->rights, GTABLE_RWX);
	EXPECT(!region("memory@40000000")->stops_guest);
	EXPECT_EQ(region("memory@100000000")->kind, REGION_EAGER);
	EXPECT_EQ(region("memory@100000000")->at.v, 0x100000000);
	EXPECT_EQ(region("memory@100000000")->size, 0x200000);
	EXPECT_EQ(region("memory@100000000")->rights, GTABLE_R | GTABLE_W);
	EXPECT(region("memory@100000000")->stops_guest); /* as the root says */
	EXPECT_EQ(region("rom@20000000")->kind, REGION_ROM);
	EXPECT_EQ(region("rom@20000000")->rights, GTABLE_R | GTABLE_X);
	EXPECT_STR(region("rom@20000000")->file, "edk2.bin");
	EXPECT_EQ(region("device@30000000")->kind, REGION_DEVICE);
	EXPECT_EQ(region("device@30000000")->host.v, 0x10008000);
	EXPECT_EQ(region("device@30000000")->rights, GTABLE_R);
	EXPECT_EQ(region("reserved@50000000")->kind, REGION_RESERVED);
	EXPECT_EQ(region("reserved@50000000")->rights, 0);
}

/* AX5: identity and shared come later; until then they are refused by name. */
TEST(vm_config, kinds_that_are_not_there_yet_are_refused_by_name)
{
	EXPECT_STR(OF_NODE("memory@80000000 { kind = \"shared\"; };"),
		   "/memory@80000000: kind: expected one of lazy, eager, reserved, rom, device, "
		   "found \"shared\", which is not supported yet");
	EXPECT_STR(OF_NODE("memory@80000000 { kind = \"identity\"; };"),
		   "/memory@80000000: kind: expected one of lazy, eager, reserved, rom, device, "
		   "found \"identity\", which is not supported yet");
}

/* AX6: device memory is never RAM. */
TEST(vm_config, a_node_is_of_the_kind_that_its_name_says)
{
	EXPECT_STR(OF_NODE("memory@0 { reg = <0 0 0 0x1000>; kind = \"device\"; };"),
		   "/memory@0: kind: expected lazy or eager here");
	EXPECT_STR(OF_NODE("memory@0 { reg = <0 0 0 0x1000>; kind = \"rom\"; };"),
		   "/memory@0: kind: expected lazy or eager here");
	EXPECT_STR(OF_NODE("rom@0 { reg = <0 0 0 0x1000>; file = \"f\"; kind = \"lazy\"; };"),
		   "/rom@0: kind: expected rom here");
	EXPECT_STR(OF_NODE("device@0 { reg = <0 0 0 0x1000>; host-address = <0>; "
			   "kind = \"eager\"; };"),
		   "/device@0: kind: expected device here");
	EXPECT_STR(OF_NODE("reserved@0 { reg = <0 0 0 0x1000>; kind = \"lazy\"; };"),
		   "/reserved@0: kind: expected reserved here");
}

/* AX5 */
TEST(vm_config, regions_are_whole_pages_below_2_59)
{
	EXPECT_STR(OF_NODE("memory@80000000 { reg = <0 0x80000000 0 0>; };"),
		   "/memory@80000000: reg: expected a size, found 0x0");
	EXPECT_STR(OF_NODE("memory@80000800 { reg = <0 0x80000800 0 0x1000>; };"),
		   "/memory@80000800: reg: expected multiples of 0x1000, found 0x80000800");
	EXPECT_STR(OF_NODE("memory@80000000 { reg = <0 0x80000000 0 0x1800>; };"),
		   "/memory@80000000: reg: expected multiples of 0x1000, found 0x1800");
	EXPECT_STR(OF_NODE("serial@10000100 { reg = <0 0x10000100 0 0x100>; };"),
		   "/serial@10000100: reg: expected multiples of 0x1000, found 0x10000100");
	EXPECT_STR(OF_NODE("memory@7fffffffffff000 { reg = <0x7ffffff 0xfffff000 0 0x2000>; };"),
		   "/memory@7fffffffffff000: reg: expected an end not above 2^59, found "
		   "0x800000000001000");
	EXPECT_STR(OF_NODE("memory@7fffffffffff000 { reg = <0x7ffffff 0xfffff000 0 0x1000>; };"),
		   "");
	EXPECT_STR(OF_NODE("memory@fffffffffffff000 { reg = <0xffffffff 0xfffff000 0 0x1000>; };"),
		   "/memory@fffffffffffff000: reg: expected an end not above 2^59, found 0x0");
	EXPECT_STR(OF_NODE("memory@1000 { reg = <0 0x1000 0xffffffff 0xfffff000>; };"),
		   "/memory@1000: reg: expected an end not above 2^59, found 0x0");
	EXPECT_STR(
		OF_NODE("memory@8000000 { reg = <0 0x80000000 0 0x1000>; };"),
		"/memory@8000000: reg: expected a node of the name memory@80000000, which begins "
		"there");
}

TEST(vm_config, fill_size_is_a_leafs_and_of_lazy_memory)
{
	EXPECT_STR(OF_NODE("memory@0 { reg = <0 0 0 0x1000000>; fill-size = <0x3000>; };"),
		   "/memory@0: fill-size: expected 0x1000 or 0x200000, found 0x3000");
	EXPECT_STR(OF_NODE("memory@0 { reg = <0 0 0 0x1000000>; kind = \"eager\"; "
			   "fill-size = <0x1000>; };"),
		   "/memory@0: fill-size: expected only with the kind lazy, found 0x1000");
	EXPECT_STR(complaint("no-default-devices;", "memory@0 { reg = <0 0 0 0x1000000>; "
						    "fill-size = <0x200000>; };"),
		   "");
	EXPECT_EQ(c.regions[0].fill_level, 1);
}

/* AX6 */
TEST(vm_config, rights_fit_the_kind)
{
	EXPECT_STR(
		OF_NODE("memory@0 { rights = \"w\"; };"),
		"/memory@0: rights: expected letters out of \"rwx\", w only with r, found \"w\"");
	EXPECT_STR(
		OF_NODE("memory@0 { rights = \"wx\"; };"),
		"/memory@0: rights: expected letters out of \"rwx\", w only with r, found \"wx\"");
	EXPECT_STR(
		OF_NODE("memory@0 { rights = \"rq\"; };"),
		"/memory@0: rights: expected letters out of \"rwx\", w only with r, found \"rq\"");
	EXPECT_STR(OF_NODE("memory@0 { rights = \"\"; };"),
		   "/memory@0: rights: expected letters out of \"rwx\", w only with r, found \"\"");
	EXPECT_STR(OF_NODE("rom@0 { reg = <0 0 0 0x1000>; file = \"f\"; rights = \"rw\"; };"),
		   "/rom@0: rights: expected no w here");
	EXPECT_STR(OF_NODE("device@0 { reg = <0 0 0 0x1000>; host-address = <0>; "
			   "rights = \"rwx\"; };"),
		   "/device@0: rights: expected no x here");
	EXPECT_STR(OF_NODE("rom@0 { reg = <0 0 0 0x1000>; file = \"f\"; rights = \"r\"; };"), "");
	EXPECT_EQ(region("rom@0")->rights, GTABLE_R);
	EXPECT_STR(OF_NODE("reserved@0 { rights = \"r\"; };"),
		   "/reserved@0: rights: not known here; expected one of reg kind on-fault");
}

/* AX6: code lies where it may run. */
TEST(vm_config, a_guest_begins_where_it_may_run)
{
	EXPECT_STR(OF_NODE("kernel { file = \"k\"; load = <0x1000>; };"),
		   "/kernel: load: expected an address in RAM, found 0x1000");
	EXPECT_STR(OF_NODE("kernel { file = \"k\"; load = <0x90000000>; };"),
		   "/kernel: load: expected an address in RAM, found 0x90000000");
	EXPECT_STR(OF_NODE("kernel { file = \"k\"; load = <0x8ffffffc>; };"), "");
	EXPECT_STR(OF_NODE("kernel { file = \"k\"; load = <0x20000000>; };"
			   "rom@20000000 { reg = <0 0x20000000 0 0x1000>; file = \"f\"; };"),
		   "/kernel: load: expected an address in RAM, found 0x20000000");
	EXPECT_STR(OF_NODE("kernel { file = \"k\"; load = <0x80000000>; };"
			   "memory@80000000 { reg = <0 0x80000000 0 0x1000>; rights = \"rw\"; };"),
		   "/kernel: load: expected an address where the rights hold an x, found "
		   "0x80000000");
	EXPECT_STR(OF_NODE("kernel { entry = <0x20000000>; };"),
		   "/kernel: entry: expected an address where the rights hold an x, found "
		   "0x20000000");
	EXPECT_STR(OF_NODE("kernel { entry = <0x20000000>; };"
			   "rom@20000000 { reg = <0 0x20000000 0 0x1000>; file = \"f\"; "
			   "rights = \"r\"; };"),
		   "/kernel: entry: expected an address where the rights hold an x, found "
		   "0x20000000");
}

TEST(vm_config, overlaps_are_refused_and_both_named)
{
	EXPECT_STR(OF_NODE("memory@80000000 { reg = <0 0x80000000 0 0x3000>; };"
			   "memory@80002000 { reg = <0 0x80002000 0 0x1000>; };"),
		   "/memory@80002000: reg: overlaps /memory@80000000");
	EXPECT_STR(OF_NODE("rom@1000 { reg = <0 0x1000 0 0x1000>; file = \"f\"; };"
			   "reserved@0 { reg = <0 0 0 0x8000>; };"),
		   "/reserved@0: reg: overlaps /rom@1000");
	EXPECT_STR(OF_NODE("memory@c000000 { reg = <0 0xc000000 0 0x1000>; };"),
		   "/memory@c000000: reg: overlaps /plic@c000000, which is there by default");
	EXPECT_STR(OF_NODE("rom@80000000 { reg = <0 0x80000000 0 0x1000>; file = \"f\"; };"),
		   "/rom@80000000: reg: overlaps /memory@80000000, which is there by default");
	EXPECT_STR(OF_NODE("memory@0 { reg = <0 0 0 0x2000>; }; serial@1000 { "
			   "reg = <0 0x1000 0 0x100>; };"),
		   "/serial@1000: reg: overlaps /memory@0");
	EXPECT_STR(OF_NODE("serial@c5ff000 { reg = <0 0xc5ff000 0 0x100>; };"),
		   "/serial@c5ff000: reg: overlaps /plic@c000000, which is there by default");
	EXPECT_STR(OF_NODE("plic@0 { reg = <0 0 0 0x600000>; };"
			   "serial@5ff000 { reg = <0 0x5ff000 0 0x100>; };"),
		   "/serial@5ff000: reg: overlaps /plic@0");
	EXPECT_STR(OF_NODE("serial@1000 { reg = <0 0x1000 0 0x1000>; };"
			   "serial@2000 { reg = <0 0x2000 0 0x100>; };"),
		   "");
}

#define WINDOW_WITH(at, size, host, props)                                                         \
	"device@" #at " { reg = <0 0x" #at " 0 " #size ">; host-address = <" #host ">; " props "}" \
	";"
#define WINDOW(at, size, host) WINDOW_WITH(at, size, host, "")

/* AX7 */
TEST(vm_config, windows_are_widened_to_pages_with_the_offset_of_their_base)
{
	REQUIRE_EQ(read_vm("", WINDOW(20000100, 0x1000, 0x30004100)), 0);
	EXPECT_EQ(region("device@20000100")->at.v, 0x20000000);
	EXPECT_EQ(region("device@20000100")->host.v, 0x30004000);
	EXPECT_EQ(region("device@20000100")->size, 0x2000); /* the tail's page too */
	EXPECT_EQ(region("device@20000100")->rights, GTABLE_R | GTABLE_W);
	REQUIRE_EQ(read_vm("", WINDOW(20000ff0, 0x10, 0x30004ff0)), 0);
	EXPECT_EQ(region("device@20000ff0")->size, 0x1000);
	EXPECT_STR(OF_NODE(WINDOW(20000100, 0x1000, 0x30004000)),
		   "/device@20000100: host-address: expected the same place in a page as in reg, "
		   "found 0x30004000");
}

/* AX7 */
TEST(vm_config, windows_are_sorted_and_merged_where_both_sides_are_contiguous)
{
	REQUIRE_EQ(read_vm("",
			   WINDOW(20002000, 0x1000, 0x30002000) WINDOW(20000000, 0x1000, 0x30000000)
				   WINDOW(20001000, 0x1000, 0x30001000)),
		   0);
	EXPECT_EQ(c.n_regions, 2);
	EXPECT_EQ(region("device@20000000")->at.v, 0x20000000);
	EXPECT_EQ(region("device@20000000")->host.v, 0x30000000);
	EXPECT_EQ(region("device@20000000")->size, 0x3000);
	EXPECT_STR(c.regions[1].node, "memory@80000000");
}

/* AX7: a neighbour of one side is none. */
TEST(vm_config, windows_that_are_contiguous_on_one_side_stay_two)
{
	REQUIRE_EQ(read_vm("", WINDOW(20000000, 0x1000, 0x30000000)
				       WINDOW(20001000, 0x1000, 0x30002000)),
		   0);
	EXPECT_EQ(c.n_regions, 3);
	EXPECT_EQ(region("device@20001000")->host.v, 0x30002000);
	REQUIRE_EQ(read_vm("", WINDOW(20000000, 0x1000, 0x30000000)
				       WINDOW(20002000, 0x1000, 0x30001000)),
		   0);
	EXPECT_EQ(c.n_regions, 3);
	REQUIRE_EQ(read_vm("", WINDOW(20000000, 0x1000, 0x30000000)
				       WINDOW(20002000, 0x1000, 0x30002000)),
		   0);
	EXPECT_EQ(c.n_regions, 3); /* a gap on both */
}

TEST(vm_config, windows_that_differ_in_rights_or_policy_stay_two)
{
	REQUIRE_EQ(read_vm("", WINDOW(20000000, 0x1000, 0x30000000) WINDOW_WITH(
				       20001000, 0x1000, 0x30001000, "rights = \"r\";")),
		   0);
	EXPECT_EQ(c.n_regions, 3);
	EXPECT_EQ(region("device@20001000")->rights, GTABLE_R);
	REQUIRE_EQ(read_vm("", WINDOW(20000000, 0x1000, 0x30000000) WINDOW_WITH(
				       20001000, 0x1000, 0x30001000, "on-fault = \"stop\";")),
		   0);
	EXPECT_EQ(c.n_regions, 3);
	EXPECT(region("device@20001000")->stops_guest);
}

/* AX7 */
TEST(vm_config, three_windows_become_one_beside_a_fourth)
{
	REQUIRE_EQ(read_file("windows"), 0);
	REQUIRE_EQ(c.n_regions, 3);
	EXPECT_EQ(c.regions[0].at.v, 0x20000000);
	EXPECT_EQ(c.regions[0].size, 0x3000);
	EXPECT_EQ(c.regions[0].host.v, 0x30000000);
	EXPECT_EQ(c.regions[1].at.v, 0x20003000);
	EXPECT_EQ(c.regions[1].host.v, 0x30004000);
	EXPECT_EQ(c.regions[2].kind, REGION_LAZY);
}

/* AX7 */
TEST(vm_config, windows_may_share_a_page_that_is_one_on_the_host_too)
{
	REQUIRE_EQ(read_vm("", WINDOW(20000100, 0x1f00, 0x30000100)
				       WINDOW(20000000, 0x100, 0x30000000)),
		   0);
	EXPECT_EQ(c.n_regions, 2);
	EXPECT_EQ(c.regions[0].at.v, 0x20000000);
	EXPECT_EQ(c.regions[0].size, 0x2000);
	EXPECT_STR(OF_NODE(WINDOW(20000000, 0x100, 0x30000000) WINDOW(20000100, 0x100, 0x40000100)),
		   "/device@20000100: reg: shares a page with /device@20000000");
	EXPECT_STR(OF_NODE(WINDOW(10000100, 0x100,
				  0x40000100) "serial@10000000 { reg = <0 0x10000000 0 0x100>; };"),
		   "/serial@10000000: reg: overlaps /device@10000100");
	EXPECT_STR(OF_NODE(WINDOW(20000000, 0x101, 0x30000000) WINDOW(20000100, 0x100, 0x30000100)),
		   "/device@20000100: reg: overlaps /device@20000000");
}

TEST(vm_config, windows_end_below_2_56_of_the_host)
{
	EXPECT_STR(OF_NODE("device@0 { reg = <0 0 0 0x2000>; "
			   "host-address = <0xffffff 0xfffff000>; };"),
		   "/device@0: host-address: expected an end not above 2^56, found "
		   "0xfffffffffff000");
	EXPECT_STR(OF_NODE("device@0 { reg = <0 0 0 0x1000>; "
			   "host-address = <0xffffff 0xfffff000>; };"),
		   "");
	EXPECT_STR(OF_NODE("device@0 { reg = <0 0 0 0x1000>; "
			   "host-address = <0xffffffff 0xfffff000>; };"),
		   "/device@0: host-address: expected an end not above 2^56, found "
		   "0xfffffffffffff000");
}

TEST(vm_config, a_mode_that_is_asked_for_covers_the_map)
{
	EXPECT_STR(complaint("gstage-mode = \"sv39x4\";",
			     "memory@1fffffff000 { reg = <0x1ff 0xfffff000 0 0x1000>; };"),
		   "");
	EXPECT_STR(complaint("gstage-mode = \"sv39x4\";",
			     "memory@1fffffff000 { reg = <0x1ff 0xfffff000 0 0x2000>; };"),
		   "/: gstage-mode: expected one that reaches the end of /memory@1fffffff000, "
		   "0x20000001000");
	EXPECT_STR(complaint("gstage-mode = \"sv48x4\";",
			     "test@4000000000000 { reg = <0x40000 0 0 0x1000>; };"),
		   "/: gstage-mode: expected one that reaches the end of /test@4000000000000, "
		   "0x4000000001000");
}

TEST(vm_config, interrupts_are_each_devices_own_and_need_a_plic)
{
	EXPECT_STR(OF_NODE("serial@1000 { reg = <0 0x1000 0 0x100>; interrupts = <3>; };"
			   "serial@2000 { reg = <0 0x2000 0 0x100>; interrupts = <3>; };"),
		   "/serial@2000: interrupts: expected a number of its own, found that of "
		   "/serial@1000");
	EXPECT_STR(complaint("no-default-devices;",
			     "serial@1000 { reg = <0 0x1000 0 0x100>; interrupts = <3>; };"),
		   "/serial@1000: interrupts: expected a plic that takes them");
	EXPECT_STR(complaint("no-default-devices;", "serial@1000 { reg = <0 0x1000 0 0x100>; };"),
		   "");
	EXPECT_EQ(c.n_devices, 1);
	EXPECT_EQ(c.devices[0].irq, 0);
}

TEST(vm_config, a_device_has_the_size_of_its_registers)
{
	EXPECT_STR(OF_NODE("plic@1000000 { reg = <0 0x1000000 0 0x400000>; };"),
		   "/plic@1000000: reg: expected a size of 0x600000, found 0x400000");
	EXPECT_STR(OF_NODE("test@0 { reg = <0 0 0 0x1001>; };"),
		   "/test@0: reg: expected a size of 0x1000, found 0x1001");
	EXPECT_STR(OF_NODE("test@0 { reg = <0 0 0 4>; };"), "");
	EXPECT_EQ(device("test@0")->size, 0x1000);
}

TEST(vm_config, there_may_be_so_many_and_no_more)
{
	char nodes[4096];
	size_t n = 0;

	for (unsigned i = 0; i < CONFIG_REGIONS; i++)
		n += snprintf(nodes + n, sizeof(nodes) - n,
			      "memory@%x { reg = <0 0x%x 0 0x1000>; };", 0x1000 * i, 0x1000 * i);
	EXPECT_STR(OF_NODE(nodes), "");
	EXPECT_EQ(c.n_regions, CONFIG_REGIONS);
	snprintf(nodes + n, sizeof(nodes) - n, "rom@f0000 { };");
	EXPECT_STR(OF_NODE(nodes), "/rom@f0000: expected at most 16 regions");
	n = 0;
	for (unsigned i = 0; i < CONFIG_REGIONS; i++)
		n += snprintf(nodes + n, sizeof(nodes) - n,
			      "reserved@%x { reg = <0 0x%x 0 0x1000>; };", 0x1000 * i, 0x1000 * i);
	EXPECT_STR(OF_NODE(nodes), "/: memory@...: expected a node of this name");
	n = 0;
	for (unsigned i = 0; i < CONFIG_DEVICES - 2; i++)
		n += snprintf(nodes + n, sizeof(nodes) - n,
			      "serial@%x { reg = <0 0x%x 0 0x1000>; };", 0x1000 * i, 0x1000 * i);
	EXPECT_STR(OF_NODE(nodes), "");
	EXPECT_EQ(c.n_devices, CONFIG_DEVICES);
	snprintf(nodes + n, sizeof(nodes) - n, "serial@f0000 { };");
	EXPECT_STR(OF_NODE(nodes), "/serial@f0000: expected at most 6 of this name");
	EXPECT_STR(OF_NODE("plic@c000000 { reg = <0 0xc000000 0 0x600000>; }; plic@0 { };"),
		   "/plic@0: expected at most 1 of this name");
}

static int check_host(const struct machine *m)
{
	int err = vm_config_check_host(&c, "linux.dtb", m, &error);

	EXPECT_EQ(err != 0, error.text[0] != '\0');
	return err;
}

/* AX6: a window never leads to the host's RAM. */
TEST(vm_config, a_window_leads_to_nothing_that_the_host_needs)
{
	static struct machine m = {
		.n_banks = 1,
		.banks = { { { 0x80000000 }, 0x10000000 } },
		.plic.regs = { { 0xc000000 }, 0x600000 },
		.imsic.regs = { { { 0x28000000 }, 0x4000 } },
	};

	REQUIRE_EQ(read_vm("", WINDOW(20000000, 0x1000, 0x10000000)), 0);
	EXPECT_EQ(check_host(&m), 0);
	REQUIRE_EQ(read_vm("", WINDOW(20000000, 0x1001, 0x7ffff000)), 0);
	EXPECT_EQ(check_host(&m), -EINVAL);
	EXPECT_STR(error.text,
		   "linux.dtb: /device@20000000: host-address: expected a device, found "
		   "RAM of the host");
	REQUIRE_EQ(read_vm("", WINDOW(20000000, 0x1000, 0x7ffff000)), 0);
	EXPECT_EQ(check_host(&m), 0);
	REQUIRE_EQ(read_vm("", WINDOW(20000000, 0x1000, 0xc200000)), 0);
	EXPECT_EQ(check_host(&m), -EINVAL);
	EXPECT_STR(error.text,
		   "linux.dtb: /device@20000000: host-address: expected a device, found "
		   "the interrupt controller of the host");
	REQUIRE_EQ(read_vm("", WINDOW(20000000, 0x1000, 0x28003000)), 0);
	EXPECT_EQ(check_host(&m), -EINVAL);
}

TEST(vm_config, a_vm_needs_a_hart_that_the_host_has)
{
	static struct machine m = { .n_harts = 2,
				    .harts = { { .id = 0, .use = HART_DISABLED }, { .id = 2 } } };

	REQUIRE_EQ(read_vm("", ""), 0);
	EXPECT_EQ(check_host(&m), 0);
	REQUIRE_EQ(read_vm("harts = <1 2>;", ""), 0);
	EXPECT_EQ(check_host(&m), 0);
	REQUIRE_EQ(read_vm("harts = <0 1>;", ""), 0);
	EXPECT_EQ(check_host(&m), -EINVAL);
	EXPECT_STR(error.text, "linux.dtb: /: harts: expected one that the host has");
}
