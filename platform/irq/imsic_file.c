/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a hart's S-mode interrupt file is. Pure. The files lie in the order of the tree's list,
 * each followed by its hart's guest files, through all of the controller's areas as if they were
 * one. The number by which an APLIC names a hart is not that order: it is read off the address,
 * whose bits above the guest files' hold the hart's number in its group, and higher up its group's.
 */
#include "platform/irq/chips.h"

bool imsic_file_of(const struct machine_imsic *imsic, uint64_t hart_id, struct imsic_file *file)
{
	int index = irq_context_of(imsic->files, imsic->n_files, hart_id);
	unsigned shift = PAGE_SHIFT + imsic->guest_index_bits;
	uint64_t offset, hart, group;

	/* The bounds of the specification: no shift below leaves 64 bits, no number its field. */
	if (index < 0 || imsic->guest_index_bits > 7 || imsic->hart_index_bits > 15 ||
	    imsic->group_index_bits > 7 || imsic->group_index_shift > 55)
		return false;
	offset = (uint64_t)index << shift;
	for (unsigned i = 0; i < imsic->n_regs && i < ARRAY_LEN(imsic->regs); i++) {
		const struct hpa_range *regs = &imsic->regs[i];

		uint64_t files = align_up(regs->size, BIT(shift));

		if (offset >= files) {
			offset -= files;
			continue;
		}
		file->at = HPA(regs->at.v + offset);
		hart = file->at.v >> shift & (BIT(imsic->hart_index_bits) - 1);
		group = file->at.v >> imsic->group_index_shift & (BIT(imsic->group_index_bits) - 1);
		file->hart_number = (unsigned)(group << imsic->hart_index_bits | hart);
		return true;
	}
	return false;
}
