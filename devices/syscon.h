/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The register by which a guest ends, as on QEMU's virt machine: a write of 0x5555 switches it off,
 * 0x7777 restarts it, 0x3333 says that it failed, with a code in the upper half. It reads as zero;
 * any other value, and any other register, is ignored. It has no state and no lock.
 */
#ifndef DEVICES_SYSCON_H
#define DEVICES_SYSCON_H

#include "devices/device.h"

enum syscon_end { SYSCON_OFF, SYSCON_REBOOT, SYSCON_FAILURE };

struct syscon {
	struct device device;
	uint32_t phandle;
	/* The guest asks for its end, which may come after the write has returned. `code` is 0 but
	 * for failures. */
	void (*end)(void *context, enum syscon_end how, unsigned code);
	void *context;
};

/* Its registers are the page at `at`. */
void syscon_init(struct syscon *s, struct gpa at, uint32_t phandle,
		 void (*end)(void *context, enum syscon_end how, unsigned code), void *context);

#endif
