/* SPDX-License-Identifier: BSD-2-Clause */
/* The device tree that a guest is given: what its VM is, and nothing of the host. */
#include <errno.h>
#include <libfdt.h>
#include <string.h>

#include "hyp/vm.h"
#include "platform/boot.h"
#include "platform/probe.h"
#include "platform/random.h"

/* A tree that is being written; the first error stays. */
struct writer {
	void *fdt;
	int error;
};

static void note(struct writer *w, int error)
{
	if (!w->error)
		w->error = error;
}

static void begin(struct writer *w, const char *name)
{
	note(w, fdt_begin_node(w->fdt, name));
}

static void end(struct writer *w)
{
	note(w, fdt_end_node(w->fdt));
}

static void text(struct writer *w, const char *name, const char *value)
{
	note(w, fdt_property_string(w->fdt, name, value));
}

static void number(struct writer *w, const char *name, uint32_t value)
{
	note(w, fdt_property_u32(w->fdt, name, value));
}

static void write_chosen(struct writer *w)
{
	uint8_t seed[32];

	random_bytes(seed, sizeof(seed));
	begin(w, "chosen");
	note(w, fdt_property(w->fdt, "rng-seed", seed, sizeof(seed)));
	end(w);
	memset(seed, 0, sizeof(seed));
}

static void write_memory(struct writer *w, const struct vm *vm)
{
	uint64_t reg[2] = { cpu_to_fdt64(vm->ram.v), cpu_to_fdt64(vm->ram_size) };

	begin(w, "memory@80000000");
	text(w, "device_type", "memory");
	note(w, fdt_property(w->fdt, "reg", reg, sizeof(reg)));
	end(w);
}

static void write_cpus(struct writer *w, const struct vm *vm)
{
	bool sstc = hart_features(0)->sstc;

	begin(w, "cpus");
	number(w, "#address-cells", 1);
	number(w, "#size-cells", 0);
	number(w, "timebase-frequency", machine.timebase_hz);
	begin(w, "cpu@0");
	text(w, "device_type", "cpu");
	text(w, "compatible", "riscv");
	text(w, "status", "okay");
	number(w, "reg", (uint32_t)vm->vcpu->hart_id);
	text(w, "mmu-type", "riscv,sv39");
	text(w, "riscv,isa",
	     sstc ? "rv64imafdc_zicsr_zifencei_zicntr_sstc" : "rv64imafdc_zicsr_zifencei_zicntr");
	begin(w, "interrupt-controller");
	text(w, "compatible", "riscv,cpu-intc");
	number(w, "#interrupt-cells", 1);
	note(w, fdt_property(w->fdt, "interrupt-controller", NULL, 0));
	number(w, "phandle", 1);
	end(w);
	end(w);
	end(w);
}

int guest_tree_make(const struct vm *vm, void *tree, size_t room)
{
	struct writer w = { .fdt = tree };

	note(&w, fdt_create(tree, (int)room));
	note(&w, fdt_finish_reservemap(tree));
	begin(&w, "");
	number(&w, "#address-cells", 2);
	number(&w, "#size-cells", 2);
	text(&w, "compatible", "hartwood,vm");
	text(&w, "model", "hartwood,vm");
	write_chosen(&w);
	write_memory(&w, vm);
	write_cpus(&w, vm);
	end(&w);
	note(&w, fdt_finish(tree));
	return w.error ? -ENOSPC : (int)fdt_totalsize(tree);
}
