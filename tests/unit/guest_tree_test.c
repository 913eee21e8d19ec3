/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The device tree that a guest is given, judged by libfdt: it holds what the VM's description says
 * and no more, and is written into the room that there is. Devices are the real ones; what is drawn
 * at random is written down.
 */
#include <errno.h>
#include <inttypes.h>
#include <libfdt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hyp/vm.h"
#include "hyp/vm_devices.h"
#include "platform/boot.h"
#include "platform/probe.h"
#include "platform/random.h"
#include "tests/kit/kit.h"
#include "tests/unit/host_stubs.h"

enum { SEED = 32, ROOM = 16384, TIMEBASE = 10000000, CBOM = 64, CBOZ = 128, N_VCPUS = 3 };
enum { INITRD = 0x84000000, INITRD_SIZE = 0x123456 };
enum { SERIAL_AT = 0x10000000, SERIAL_IRQ = 10, PLIC_AT = 0xc000000, TEST_AT = 0x100000 };
#define BOOTARGS "console=ttyS0 panic=-1"

/* --- what the tree is made from, beside the VM --- */

const struct machine machine = { .timebase_hz = TIMEBASE };
static struct hart_features features[2];

const struct hart_features *hart_features(unsigned hart)
{
	return &features[hart];
}

static uint8_t drawn[256]; /* the last draw */
static size_t n_drawn;
static uint64_t state = 1;

void random_bytes(void *bytes, size_t n)
{
	REQUIRE(n <= sizeof(drawn));
	n_drawn = n;
	for (size_t i = 0; i < n; i++) {
		state = state * 6364136223846793005 + 1442695040888963407;
		drawn[i] = (uint8_t)(state >> 56);
	}
	memcpy(bytes, drawn, n);
}

/* --- a VM --- */

static const char isa_names_of_vm[] = "i\0m\0a\0c\0zicsr\0zicbom\0zicboz\0sstc";
static struct vm vm;
static struct vcpu vcpus[N_VCPUS];
static struct vm_devices devices;
static struct vm_serial serial;
static struct plic plic;
static struct plic_context contexts[N_VCPUS];
static struct syscon syscon;
static _Alignas(8) uint8_t tree[ROOM];

static size_t put(void *context, const char *bytes, size_t n)
{
	(void)context, (void)bytes;
	return n;
}

static void set_irq(void *context, bool on)
{
	(void)context, (void)on;
}

static void set_output(void *context, unsigned vcpu, bool on)
{
	(void)context, (void)vcpu, (void)on;
}

static void end_vm(void *context, enum syscon_end how, unsigned code)
{
	(void)context, (void)how, (void)code;
}

static void make_devices(void)
{
	uart_init(&serial.uart, GPA(SERIAL_AT), SERIAL_IRQ, PHANDLE_PLIC,
		  &(struct uart_backend){ .put = put, .irq = set_irq });
	plic_init(&plic, &(struct plic_config){ .at = GPA(PLIC_AT),
						.n_sources = CONFIG_LAST_IRQ,
						.n_vcpus = N_VCPUS,
						.contexts = contexts,
						.phandle = PHANDLE_PLIC,
						.intc_phandle = PHANDLE_FIRST_INTC,
						.output = { .set = set_output } });
	syscon_init(&syscon, GPA(TEST_AT), PHANDLE_TEST, end_vm, NULL);
	devices = (struct vm_devices){
		.n = 3,
		.list = { &serial.uart.device, &plic.device, &syscon.device },
		.plic = &plic,
		.serial = &serial,
	};
}

static void begin(void)
{
	static const struct vm_region regions[] = {
		{ .at = { 0x20000000 }, .size = 0x1000, .kind = REGION_ROM },
		{ .at = { 0x30000000 }, .size = 0x1000, .kind = REGION_DEVICE },
		{ .at = { 0x40000000 }, .size = 0x1000, .kind = REGION_RESERVED },
		{ .at = { 0x80000000 }, .size = 256 * MiB, .kind = REGION_LAZY },
		{ .at = { 0x1234500000 }, .size = 8 * GiB, .kind = REGION_EAGER },
	};

	memset(&vm, 0, sizeof(vm));
	memset(tree, 0xee, sizeof(tree));
	host_set_n_harts(2);
	features[0].satp_modes = features[1].satp_modes = 7;
	vm.n_vcpus = N_VCPUS;
	for (unsigned i = 0; i < N_VCPUS; i++) {
		vcpus[i].hart_id = 17 * i; /* ids in the tree are hexadecimal, and not dense */
		vm.vcpus[i] = &vcpus[i];
	}
	strcpy(vm.config.bootargs, BOOTARGS);
	vm.config.n_regions = ARRAY_LEN(regions);
	memcpy(vm.config.regions, regions, sizeof(regions));
	vm.isa.xlen = 64;
	isa_add_names(&vm.isa, isa_names_of_vm, sizeof(isa_names_of_vm));
	vm.env.cbom_block = CBOM;
	vm.env.cboz_block = CBOZ;
	make_devices();
	vm.devices = &devices;
}

/* --- what stands in it --- */

static void make_tree(void)
{
	int size = guest_tree_make(&vm, tree, ROOM, INITRD, INITRD_SIZE);

	REQUIRE(size > 0);
	REQUIRE_EQ(fdt_check_full(tree, ROOM), 0);
	EXPECT_EQ(size, fdt_totalsize(tree));
	EXPECT_EQ(fdt_version(tree), 17);
	EXPECT_EQ(fdt_last_comp_version(tree), 16);
	EXPECT_EQ(fdt_off_dt_struct(tree) + fdt_size_dt_struct(tree), fdt_off_dt_strings(tree));
	EXPECT_EQ(fdt_off_dt_strings(tree) + fdt_size_dt_strings(tree), size);
}

static int node(const char *format, ...) PRINTF(1, 2);
static int node(const char *format, ...)
{
	char path[64];
	va_list args;

	va_start(args, format);
	vsnprintf(path, sizeof(path), format, args);
	va_end(args);
	int offset = fdt_path_offset(tree, path);

	if (offset < 0)
		kit_note("there is no %s", path);
	REQUIRE(offset >= 0);
	return offset;
}

static void expect_text(int at, const char *name, const char *text)
{
	int n = 0;
	const char *there = fdt_getprop(tree, at, name, &n);

	EXPECT_STR(there, text);
	EXPECT(there && (size_t)n == strlen(there) + 1);
}

/* A number of that many cells. */
static uint64_t number(int at, const char *name, int cells)
{
	int n = 0;
	const fdt32_t *there = fdt_getprop(tree, at, name, &n);
	uint64_t value = 0;

	if (!there || n != 4 * cells)
		kit_note("%s: %d bytes", name, n);
	REQUIRE(there && n == 4 * cells);
	for (int i = 0; i < cells; i++)
		value = value << 32 | fdt32_to_cpu(there[i]);
	return value;
}

static void expect_absent(int at, const char *name)
{
	EXPECT(!fdt_getprop(tree, at, name, NULL));
}

/* How many nodes in `parent` are called that, before their @. */
static unsigned n_named(int parent, const char *name)
{
	unsigned n = 0;
	int at;

	fdt_for_each_subnode(at, tree, parent)
	{
		const char *there = fdt_get_name(tree, at, NULL);

		n += !strncmp(there, name, strlen(name)) && there[strlen(name)] == '@';
	}
	return n;
}

TEST(guest_tree, has_the_arguments_and_the_initrd_that_the_vm_has)
{
	begin();
	make_tree();
	int chosen = node("/chosen");

	expect_text(chosen, "bootargs", BOOTARGS);
	EXPECT_EQ(number(chosen, "linux,initrd-start", 2), INITRD);
	EXPECT_EQ(number(chosen, "linux,initrd-end", 2), INITRD + INITRD_SIZE);
}

TEST(guest_tree, has_no_word_of_what_the_vm_has_not)
{
	begin();
	vm.config.bootargs[0] = '\0';
	vm.env.cbom_block = vm.env.cboz_block = 0;
	devices.serial = NULL;
	REQUIRE(guest_tree_make(&vm, tree, ROOM, INITRD, 0) > 0);
	REQUIRE_EQ(fdt_check_full(tree, ROOM), 0);
	int chosen = node("/chosen"), cpu = node("/cpus/cpu@0");

	expect_absent(chosen, "bootargs");
	expect_absent(chosen, "linux,initrd-start");
	expect_absent(chosen, "linux,initrd-end");
	expect_absent(chosen, "stdout-path");
	expect_absent(cpu, "riscv,cbom-block-size");
	expect_absent(cpu, "riscv,cboz-block-size");
	EXPECT_EQ(fdt_num_mem_rsv(tree), 0);
}

/* What is no RAM is none to the guest; addresses and sizes above 4 GiB are whole. */
TEST(guest_tree, has_the_ram_of_the_vm_as_its_memory)
{
	unsigned n = 0;

	begin();
	make_tree();
	for (unsigned i = 0; i < vm.config.n_regions; i++) {
		const struct vm_region *r = &vm.config.regions[i];
		int size = 0;

		if (r->kind != REGION_LAZY && r->kind != REGION_EAGER)
			continue;
		int memory = node("/memory@%" PRIx64, r->at.v);
		const fdt64_t *reg = fdt_getprop(tree, memory, "reg", &size);

		REQUIRE_EQ(size, 16);
		EXPECT_EQ(fdt64_ld(&reg[0]), r->at.v);
		EXPECT_EQ(fdt64_ld(&reg[1]), r->size);
		expect_text(memory, "device_type", "memory");
		n++;
	}
	EXPECT_EQ(n_named(0, "memory"), n);
	EXPECT_EQ(n, 2);
	EXPECT_EQ(number(0, "#address-cells", 1), 2);
	EXPECT_EQ(number(0, "#size-cells", 1), 2);
}

TEST(guest_tree, has_a_cpu_for_each_vcpu_with_the_isa_of_the_vm)
{
	begin();
	make_tree();
	int cpus = node("/cpus");

	EXPECT_EQ(number(cpus, "timebase-frequency", 1), TIMEBASE);
	EXPECT_EQ(number(cpus, "#address-cells", 1), 1);
	EXPECT_EQ(number(cpus, "#size-cells", 1), 0);
	EXPECT_EQ(n_named(cpus, "cpu"), N_VCPUS);
	for (unsigned i = 0; i < N_VCPUS; i++) {
		int n = 0, cpu = node("/cpus/cpu@%" PRIx64, vcpus[i].hart_id);
		const char *list = fdt_getprop(tree, cpu, "riscv,isa-extensions", &n);

		EXPECT_EQ(number(cpu, "reg", 1), vcpus[i].hart_id);
		expect_text(cpu, "device_type", "cpu");
		expect_text(cpu, "compatible", "riscv");
		expect_text(cpu, "status", "okay");
		expect_text(cpu, "riscv,isa", "rv64imac_zicsr_zicbom_zicboz_sstc");
		expect_text(cpu, "riscv,isa-base", "rv64i");
		REQUIRE_EQ(n, sizeof(isa_names_of_vm));
		EXPECT(!memcmp(list, isa_names_of_vm, sizeof(isa_names_of_vm)));
		EXPECT_EQ(number(cpu, "riscv,cbom-block-size", 1), CBOM);
		EXPECT_EQ(number(cpu, "riscv,cboz-block-size", 1), CBOZ);
		int intc = fdt_subnode_offset(tree, cpu, "interrupt-controller");

		REQUIRE(intc >= 0);
		EXPECT_EQ(fdt_get_phandle(tree, intc), PHANDLE_FIRST_INTC + i);
		EXPECT_EQ(number(intc, "#interrupt-cells", 1), 1);
		expect_text(intc, "compatible", "riscv,cpu-intc");
		EXPECT(fdt_getprop(tree, intc, "interrupt-controller", NULL));
	}
}

/* Names are cut nowhere, whatever a hart may have. */
TEST(guest_tree, has_room_for_every_extension_there_is)
{
	char all[2048];
	int n = 0;

	begin();
	for (unsigned e = 0; e < ISA_N_EXTENSIONS; e++)
		isa_add(&vm.isa, e);
	make_tree();
	int cpu = node("/cpus/cpu@0");

	REQUIRE(isa_text(&vm.isa, all, sizeof(all)) < sizeof(all));
	expect_text(cpu, "riscv,isa", all);
	EXPECT_EQ(fdt_stringlist_count(tree, cpu, "riscv,isa-extensions"), ISA_N_EXTENSIONS);
#define X(id, name)                                                                                \
	EXPECT_STR(fdt_stringlist_get(tree, cpu, "riscv,isa-extensions", ISA_##id, &n), name);
	ISA_EXTENSIONS(X)
#undef X
}

TEST(guest_tree, says_the_mode_that_every_hart_translates_by)
{
	static const struct {
		uint8_t modes[2];
		const char *text;
	} cases[] = {
		{ { 7, 7 }, "riscv,sv57" }, { { 7, 3 }, "riscv,sv48" }, { { 3, 7 }, "riscv,sv48" },
		{ { 1, 7 }, "riscv,sv39" }, { { 7, 1 }, "riscv,sv39" }, { { 5, 3 }, "riscv,sv39" },
	};

	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		begin();
		features[0].satp_modes = cases[i].modes[0];
		features[1].satp_modes = cases[i].modes[1];
		make_tree();
		expect_text(node("/cpus/cpu@0"), "mmu-type", cases[i].text);
	}
}

TEST(guest_tree, has_the_devices_of_the_vm_and_the_first_serial_port_as_its_console)
{
	begin();
	make_tree();
	int soc = node("/soc"), chosen = node("/chosen");
	int uart = node("/soc/serial@%x", SERIAL_AT);

	expect_text(soc, "compatible", "simple-bus");
	EXPECT(fdt_getprop(tree, soc, "ranges", NULL));
	EXPECT_EQ(number(soc, "#address-cells", 1), 2);
	EXPECT_EQ(number(soc, "#size-cells", 1), 2);
	EXPECT_EQ(number(uart, "interrupt-parent", 1), PHANDLE_PLIC);
	EXPECT_EQ(fdt_path_offset(tree, fdt_getprop(tree, chosen, "stdout-path", NULL)), uart);
	EXPECT_EQ(fdt_node_offset_by_phandle(tree, PHANDLE_PLIC), node("/soc/plic@%x", PLIC_AT));
	EXPECT(fdt_node_offset_by_phandle(tree, PHANDLE_TEST) > soc);
}

/* --- the seed --- */

static void take_seed(uint8_t seed[SEED])
{
	int n = 0;

	make_tree();
	const void *there = fdt_getprop(tree, node("/chosen"), "rng-seed", &n);

	REQUIRE(there && n == SEED);
	memcpy(seed, there, SEED);
}

/* All of it is drawn for this one tree; what one guest knows is no other's, nor its next start's.
 */
TEST(guest_tree, has_a_seed_of_its_own_for_each_vm_and_each_start)
{
	enum { N = 6 };
	uint8_t seeds[N][SEED];

	for (unsigned i = 0; i < N; i++) {
		begin();
		vm.n_starts = i / 2;
		vm.config.name[0] = i % 2 ? 'a' : 'b';
		n_drawn = 0;
		take_seed(seeds[i]);
		REQUIRE_EQ(n_drawn, SEED);
		EXPECT(!memcmp(seeds[i], drawn, SEED));
		for (unsigned k = 0; k < i; k++)
			EXPECT(memcmp(seeds[i], seeds[k], SEED));
	}
	for (unsigned i = 0; i < N; i++)
		EXPECT(memcmp(seeds[i], seeds[i] + 1, SEED - 1)); /* not one byte again and again */
}

/* --- room --- */

/* Each room is a block of its own, beyond which nothing can be written unseen. */
TEST(guest_tree, fits_into_the_room_that_it_needs_and_into_none_that_is_smaller)
{
	begin();
	int need = guest_tree_make(&vm, tree, ROOM, INITRD, INITRD_SIZE);

	REQUIRE(need > 0 && need < ROOM - 8);
	for (int room = 0; room < need + 8; room++) {
		uint8_t *exactly = malloc((size_t)room);
		int made;

		REQUIRE(exactly);
		made = guest_tree_make(&vm, exactly, (size_t)room, INITRD, INITRD_SIZE);
		if (made != (room < need ? -ENOSPC : need))
			kit_note("%d of %d bytes: %d", room, need, made);
		EXPECT_EQ(made, room < need ? -ENOSPC : need);
		if (made > 0)
			EXPECT_EQ(fdt_check_full(exactly, (size_t)room), 0);
		free(exactly);
	}
}

/* The guest sees none of it, where values are padded, either. */
TEST(guest_tree, has_the_same_bytes_whatever_lay_in_its_room_before)
{
	static _Alignas(8) uint8_t clean[ROOM];

	begin();
	memset(clean, 0, sizeof(clean));
	state = 1;
	int size = guest_tree_make(&vm, clean, ROOM, INITRD, INITRD_SIZE);

	state = 1;
	EXPECT_EQ(guest_tree_make(&vm, tree, ROOM, INITRD, INITRD_SIZE), size);
	REQUIRE(size > 0);
	EXPECT(!memcmp(tree, clean, (size_t)size));
}
