/* SPDX-License-Identifier: BSD-2-Clause */
/* The host's goldfish RTC, which QEMU's virt machine has and nobody else here uses: a register that
 * a guest may reach through a window, and what the host reads of it. */
#include <libfdt.h>

#include "platform/boot.h"
#include "platform/mmu.h"
#include "tests/guest/host.h"

/* Its node is below one of two address and two size cells. */
bool rtc_find(struct hpa *at)
{
	size_t size;
	const void *tree = boot_tree(&size);
	int length, node = fdt_node_offset_by_compatible(tree, -1, "google,goldfish-rtc");
	const fdt32_t *reg = node < 0 ? NULL : fdt_getprop(tree, node, "reg", &length);

	if (!reg || length != 16)
		return false;
	*at = HPA((uint64_t)fdt32_to_cpu(reg[0]) << 32 | fdt32_to_cpu(reg[1]));
	return is_aligned(at->v, PAGE_SIZE);
}

struct sbi_ret rtc_read(struct vcpu *v)
{
	static const volatile char *regs;
	uint64_t offset = vsbi_arg(v, 0);
	struct hpa at;

	if (!regs && rtc_find(&at))
		regs = mmu_map_device(at, PAGE_SIZE);
	if (!regs || offset >= PAGE_SIZE || offset % 4)
		return vsbi_error(SBI_ERR_INVALID_PARAM);
	return vsbi_value(*(const volatile uint32_t *)(regs + offset));
}
