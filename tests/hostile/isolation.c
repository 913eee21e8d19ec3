/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/hostile/isolation.h"

#include "hyp/vm.h"
#include "platform/boot.h"
#include "tests/hostile/report.h"

uint64_t isolation_n_leaves;

static bool overlaps(struct hpa_range range, uint64_t at, uint64_t size)
{
	return at < range.at.v + range.size && range.at.v < at + size;
}

static bool is_of_the_bus(uint64_t at, uint64_t size)
{
	struct hpa_range ranges[REPORT_RANGES];

	for (unsigned i = report_ranges(ranges); i--;)
		if (overlaps(ranges[i], at, size))
			return true;
	return false;
}

static bool is_ram(uint64_t at, uint64_t size)
{
	for (unsigned i = 0; i < machine.n_banks; i++)
		if (at >= machine.banks[i].at.v &&
		    at + size <= machine.banks[i].at.v + machine.banks[i].size)
			return true;
	return false;
}

static bool is_held(const struct vm *vm, struct hpa at, uint64_t size)
{
	unsigned order;

	return frame_owner_of(at, &order) == &vm->map.owner && PAGE_SIZE << order == size;
}

static const char *broken_leaf(const struct vm *vm, pte_t leaf, struct gpa at, unsigned level)
{
	uint64_t size = gtable_leaf_size(level);
	struct hpa to = pte_hpa(leaf);

	isolation_n_leaves++;
	if (is_of_the_bus(to.v, size))
		return "a leaf leads to the report's bus";
	if (is_of_the_bus(at.v, size))
		return "a leaf has the addresses of the report's bus";
	if (!is_ram(to.v, size))
		return "a leaf leads to no RAM";
	return is_held(vm, to, size) ? NULL : "a leaf leads to memory that the guest does not hold";
}

static const char *broken_region(const struct region *r)
{
	if (r->kind == REGION_DEVICE)
		return "a region is a window on the host's devices";
	return is_of_the_bus(r->at.v, r->size) ? "a region has the addresses of the report's bus"
					       : NULL;
}

const char *isolation_broken(struct vm *vm)
{
	const struct region_list *list = vm->map.list;
	struct gpa at = GPA(0), end = GPA(gtable_end(&vm->map.table));
	const char *broken = NULL;
	unsigned level;

	for (unsigned i = 0; !broken && i < list->n; i++)
		broken = broken_region(list->by_address[i].region);
	while (!broken) {
		pte_t leaf = gtable_next_leaf(&vm->map.table, &at, end, &level);

		if (!leaf)
			break;
		broken = broken_leaf(vm, leaf, at, level);
		at = GPA(align_down(at.v, gtable_leaf_size(level)) + gtable_leaf_size(level));
	}
	return broken;
}
