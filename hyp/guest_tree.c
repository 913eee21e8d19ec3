/* SPDX-License-Identifier: BSD-2-Clause */
/* The device tree that a guest is given: what its VM is, and nothing of the host. */
#include <errno.h>
#include <inttypes.h>
#include <libfdt.h>
#include <stdio.h>
#include <string.h>

#include "hyp/vm.h"
#include "hyp/vm_devices.h"
#include "lib/node.h"
#include "platform/boot.h"
#include "platform/probe.h"
#include "platform/random.h"

static void write_chosen(struct node_writer *w, const struct vm *vm, uint64_t initrd,
			 uint64_t initrd_size)
{
	uint8_t seed[32];
	uint64_t range[2] = { cpu_to_fdt64(initrd), cpu_to_fdt64(initrd + initrd_size) };

	node_begin(w, "chosen");
	if (vm->config.bootargs[0])
		node_text(w, "bootargs", vm->config.bootargs);
	if (initrd_size) {
		node_bytes(w, "linux,initrd-start", &range[0], 8);
		node_bytes(w, "linux,initrd-end", &range[1], 8);
	}
	if (vm->devices->serial) {
		char path[40];

		snprintf(path, sizeof(path), "/soc/serial@%" PRIx64,
			 vm->devices->serial->uart.device.at.v);
		node_text(w, "stdout-path", path);
	}
	/* Each VM and each start has its own. */
	random_bytes(seed, sizeof(seed));
	node_bytes(w, "rng-seed", seed, sizeof(seed));
	node_end(w);
	memset(seed, 0, sizeof(seed));
}

static void write_memory(struct node_writer *w, const struct vm *vm)
{
	for (unsigned i = 0; i < vm->config.n_regions; i++) {
		const struct vm_region *r = &vm->config.regions[i];

		if (r->kind != REGION_LAZY && r->kind != REGION_EAGER)
			continue;
		node_begin_at(w, "memory", r->at.v);
		node_text(w, "device_type", "memory");
		node_reg(w, r->at.v, r->size);
		node_end(w);
	}
}

/* A list of strings grows name by name. */
struct names {
	char text[1024];
	size_t size;
	unsigned n;
};

static void add_name(void *context, const char *name)
{
	struct names *names = context;
	size_t n = strlen(name) + 1;

	if (names->size + n > sizeof(names->text))
		return;
	memcpy(names->text + names->size, name, n);
	names->size += n;
	names->n++;
}

static void write_isa(struct node_writer *w, const struct vm *vm)
{
	struct names names = {};
	char text[640];

	(void)isa_text(&vm->isa, text, sizeof(text));
	node_text(w, "riscv,isa", text);
	node_text(w, "riscv,isa-base", "rv64i");
	isa_names(&vm->isa, add_name, &names);
	node_strings(w, "riscv,isa-extensions", names.text, names.n);
	if (vm->env.cbom_block)
		node_number(w, "riscv,cbom-block-size", vm->env.cbom_block);
	if (vm->env.cboz_block)
		node_number(w, "riscv,cboz-block-size", vm->env.cboz_block);
}

/* The largest mode that every hart translates by. */
static const char *mmu_type(void)
{
	unsigned modes = 7;

	for_each_hart (i)
		modes &= hart_features(i)->satp_modes;
	return modes & 4 ? "riscv,sv57" : modes & 2 ? "riscv,sv48" : "riscv,sv39";
}

static void write_cpus(struct node_writer *w, const struct vm *vm)
{
	node_begin(w, "cpus");
	node_number(w, "#address-cells", 1);
	node_number(w, "#size-cells", 0);
	node_number(w, "timebase-frequency", machine.timebase_hz);
	for (unsigned i = 0; i < vm->n_vcpus; i++) {
		node_begin_at(w, "cpu", vm->vcpus[i]->hart_id);
		node_text(w, "device_type", "cpu");
		node_text(w, "compatible", "riscv");
		node_text(w, "status", "okay");
		node_number(w, "reg", (uint32_t)vm->vcpus[i]->hart_id);
		node_text(w, "mmu-type", mmu_type());
		write_isa(w, vm);
		node_begin(w, "interrupt-controller");
		node_text(w, "compatible", "riscv,cpu-intc");
		node_number(w, "#interrupt-cells", 1);
		node_flag(w, "interrupt-controller");
		node_number(w, "phandle", PHANDLE_FIRST_INTC + i);
		node_end(w);
		node_end(w);
	}
	node_end(w);
}

static void write_devices(struct node_writer *w, const struct vm *vm)
{
	node_begin(w, "soc");
	node_number(w, "#address-cells", 2);
	node_number(w, "#size-cells", 2);
	node_text(w, "compatible", "simple-bus");
	node_flag(w, "ranges");
	for (unsigned i = 0; i < vm->devices->n; i++)
		vm->devices->list[i]->ops->describe(vm->devices->list[i], w);
	node_end(w);
}

int guest_tree_make(const struct vm *vm, void *tree, size_t room, uint64_t initrd,
		    uint64_t initrd_size)
{
	struct node_writer w;

	node_start(&w, tree, room);
	node_begin(&w, "");
	node_number(&w, "#address-cells", 2);
	node_number(&w, "#size-cells", 2);
	node_text(&w, "compatible", "hartwood,vm");
	node_text(&w, "model", "hartwood,vm");
	write_chosen(&w, vm, initrd, initrd_size);
	write_memory(&w, vm);
	write_cpus(&w, vm);
	write_devices(&w, vm);
	node_end(&w);
	node_finish(&w);
	return w.error ? -ENOSPC : (int)fdt_totalsize(tree);
}
