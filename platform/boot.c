/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the first C function to main: the device tree becomes `machine`, the boot arguments become
 * options, then the components start in their order. Whatever fails here says one line and stops.
 */
#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/csr.h"
#include "arch/fence.h"
#include "lib/component.h"
#include "platform/boot.h"
#include "platform/boot_internal.h"
#include "platform/catch.h"
#include "platform/hart.h"
#include "platform/layout.h"
#include "platform/log.h"
#include "platform/mmu.h"
#include "platform/option.h"
#include "platform/panic.h"
#include "platform/power.h"
#include "platform/random.h"
#include "platform/trace.h"
#include "platform/trap.h"

enum { MAX_TREE = 2 * MiB - PAGE_SIZE };

static struct machine machine_found;
extern const struct machine machine __attribute__((alias("machine_found")));

static void *tree;
static size_t tree_size;
static struct hpa tree_where;
static uint64_t entry_instret;

extern const struct component components[], components_end[];
extern const char tls_data[], tls_data_end[], boot_locals[], boot_trap_top[];

void locals_init(void *locals)
{
	memcpy(locals, tls_data, (size_t)(tls_data_end - tls_data));
}

const void *boot_tree(size_t *size)
{
	*size = tree_size;
	return tree;
}

struct hpa_range boot_tree_range(void)
{
	return (struct hpa_range){ tree_where, tree_size };
}

uint64_t boot_entry_instret(void)
{
	return entry_instret;
}

_Noreturn void boot_stop(const char *what, const char *why)
{
	log_error("boot: %s: %s", what, why);
	power_off(POWER_FAILURE);
}

/* Nobody promises that a1 leads to memory. */
static bool is_readable(const void *at)
{
	uint64_t caught, value;

	__asm__ volatile(CATCH("lw %[value], (%[at])")
			 : [caught] "=&r"(caught), [value] "=&r"(value)
			 : [at] "r"(at)
			 : "t0", "memory");
	return caught == CAUGHT_NOTHING;
}

/* The tree's size stands in its first page; then all of it is mapped. */
static void map_tree(struct hpa at)
{
	const struct fdt_header *header = mmu_map_blob(at, sizeof(*header));

	if (at.v % 8 || !header || !is_readable(header) || fdt_magic(header) != FDT_MAGIC)
		boot_stop("device tree", "the firmware passed none in a1");
	tree_where = at;
	tree_size = fdt_totalsize(header);
	if (tree_size < sizeof(*header) || tree_size > MAX_TREE)
		boot_stop("device tree", "its size is absurd");
	tree = (void *)mmu_map_blob(at, tree_size);
	if (!tree)
		boot_stop("device tree", "no room to map it");
}

static void read_tree(struct hpa at, uint64_t boot_hart_id)
{
	struct machine_error error;

	map_tree(at);
	if (machine_read(&machine_found, tree, tree_size, boot_hart_id, &error))
		boot_stop("device tree", error.text);
}

/* The seed is for one reader: it goes into our generator, and out of `machine` and of the tree. */
static void take_seed(void)
{
	random_feed(machine_found.rng_seed, machine_found.rng_seed_size);
	memset(machine_found.rng_seed, 0, sizeof(machine_found.rng_seed));
	if (!machine_found.rng_seed_size)
		log_notice(
			"random: the tree has no /chosen/rng-seed; what is drawn can be guessed");
}

/* The tree is mapped read-only: its memory is reached by a window, as soon as there are any. */
static int erase_seed(void)
{
	uint64_t at = tree_where.v + machine_found.rng_seed_offset;
	uint64_t end = at + machine_found.rng_seed_whole;

	while (at < end) {
		uint64_t page_end = align_down(at, PAGE_SIZE) + PAGE_SIZE;
		uint64_t n = (page_end < end ? page_end : end) - at;
		void *seed = window_open(HPA(at), n);

		memset(seed, 0, n);
		window_close(seed);
		at += n;
	}
	return 0;
}

static void init_components(void)
{
	for (const struct component *c = components; c < components_end; c++) {
		int error = c->init ? c->init() : 0;

		if (error)
			boot_stop(c->name, strerror(-error));
		/* Harts that came up by now would have missed it. */
		CHECK(!c->init_hart || n_harts() == 1);
		if (c->init_hart)
			c->init_hart();
		log_info("boot: %-10s %s", c->name, component_about(c));
		trace(TRACE_BOOT, (uint64_t)c->name, 0);
	}
}

void components_init_hart(void)
{
	for (const struct component *c = components; c < components_end; c++)
		if (c->init_hart)
			c->init_hart();
}

_Noreturn void boot_main(uint64_t id, uint64_t tree_at, uint64_t instret)
{
	extern int main(void);

	locals_init((void *)boot_locals);
	trap_init_hart((uint64_t)boot_trap_top);
	hart_id = id;
	entry_instret = instret;
	read_tree(HPA(tree_at), id);
	take_seed();
	__stack_chk_guard = random_u64() & ~0xffull; /* its first byte stops string functions */
	options_read(machine_found.bootargs);
	init_components();
	exit(main());
}

COMPONENT(boot, PHASE_MEMORY, erase_seed, NULL,
	  "from the first instruction to the first component");
