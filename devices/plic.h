/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The platform-level interrupt controller that a guest sees, as the RISC-V PLIC specification 1.0
 * has it, laid out as on QEMU's virt machine: vCPU n has context 2n + 1. Contexts 2n would be
 * M-mode's; they read as zero and cannot be written.
 *
 * Sources are level-triggered lines. A line that is high becomes pending once; a claim takes that
 * away and closes the source until it is completed; then it becomes pending again if its line is
 * still high. What is pending stays so when the line falls. Claims look past the threshold, which
 * holds back notifications only.
 *
 * Always true outside its lock: a vCPU was last told `on` exactly if a source that it enabled is
 * pending with a priority above its threshold; a source that is neither pending nor claimed has a
 * low line.
 */
#ifndef DEVICES_PLIC_H
#define DEVICES_PLIC_H

#include "devices/device.h"
#include "platform/lock.h"

enum {
	PLIC_SOURCES = 127,
	PLIC_WORDS = 4,   /* of source bits; bit 0 of the first stays clear */
	PLIC_VCPUS = 512, /* as many as its registers have room for */
	PLIC_SIZE = 0x600000,
};

struct plic_output {
	/* Vcpu's external interrupt. Called inside the PLIC's lock, so that the last call is the
	 * last word; it must not call the PLIC, nor wait for anybody who may. Changes only. */
	void (*set)(void *context, unsigned vcpu, bool on);
	void *context;
};

struct plic_context {
	uint32_t enabled[PLIC_WORDS];
	uint8_t threshold;
	bool is_on;
};

struct plic_config {
	struct gpa at;
	unsigned n_sources;            /* they are 1 .. n_sources; at most PLIC_SOURCES */
	unsigned n_vcpus;              /* at most PLIC_VCPUS */
	struct plic_context *contexts; /* room for n_vcpus of them, the PLIC's from now on */
	uint32_t phandle;
	uint32_t intc_phandle; /* of vCPU 0's interrupt controller; vCPU n's is n more */
	struct plic_output output;
};

struct plic {
	struct device device;
	/* Fixed at creation. */
	struct plic_config config;
	uint32_t exists[PLIC_WORDS];
	/* Under the lock, and so are the contexts. */
	struct lock lock;
	uint32_t line[PLIC_WORDS]; /* is high */
	uint32_t pending[PLIC_WORDS];
	uint32_t claimed[PLIC_WORDS]; /* and not completed */
	uint8_t priority[PLIC_SOURCES + 1];
};

/* No line is high, nothing is enabled, every vCPU is off. */
void plic_init(struct plic *p, const struct plic_config *config);

/* Any hart. A source that there is not is ignored. */
void plic_set_line(struct plic *p, unsigned source, bool level);

#endif
