/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The IMSIC: each hart has a file of interrupt ids, reached through siselect and sireg; a message
 * to its page makes an id pending there. A wired source arrives through the APLIC under an id of
 * its own, the same one in every hart's file. Id 1 is kept for IPIs between our harts: they would
 * be a write of 1 to imsic_file_of(their hart).at, and a case for it in imsic_handle.
 */
#include <errno.h>
#include <stdatomic.h>

#include "arch/csr.h"
#include "arch/mmio.h"
#include "platform/boot.h"
#include "platform/hart.h"
#include "platform/irq/chips.h"
#include "platform/probe.h"

enum {
	ID_IPI = 1,
	ID_FIRST = 2, /* what wired sources may have */
	N_IDS = 64,   /* every file has ids up to 63 at least */
};

/* What siselect can select: on RV64 only the even ones of eie and eip exist, 64 ids in each. */
enum {
	EIDELIVERY = 0x70,
	EITHRESHOLD = 0x72,
	EIP0 = 0x80,
	EIE0 = 0xc0,
};

#define STOPEI_ID MASK(26, 16)

static const struct machine_imsic *imsic;

/* By id: the source that comes as it, 0 for none. Written under irq.c's lock, read by anyone. */
static _Atomic uint16_t source_of[N_IDS];

static PER_HART bool can_receive;
static PER_HART struct imsic_file file; /* this hart's, if it can receive */

static void file_write(unsigned reg, uint64_t value)
{
	csr_write(CSR_SISELECT, reg);
	csr_write(CSR_SIREG, value);
}

static void file_listen_to(unsigned id, bool on)
{
	csr_write(CSR_SISELECT, EIE0 + id / 64 * 2);
	if (on)
		csr_set(CSR_SIREG, BIT(id % 64));
	else
		csr_clear(CSR_SIREG, BIT(id % 64));
}

/* The id of a source, or of none: a free one. 0 if there is none. */
static unsigned id_of(unsigned source)
{
	for (unsigned id = ID_FIRST; id < N_IDS; id++)
		if (atomic_load_explicit(&source_of[id], memory_order_relaxed) == source)
			return id;
	return 0;
}

static int imsic_enable(unsigned source)
{
	unsigned id = id_of(source);
	int err;

	if (!can_receive)
		return -ENODEV;
	if (!id)
		id = id_of(0);
	if (!id)
		return -ENOSPC;
	atomic_store_explicit(&source_of[id], (uint16_t)source, memory_order_relaxed);
	file_listen_to(id, true);
	err = aplic_forward(source, file.hart_number, id);
	if (err) {
		file_listen_to(id, false);
		atomic_store_explicit(&source_of[id], 0, memory_order_relaxed);
	}
	return err;
}

/* The id stays with its source: a message may still be on its way, to a hart that is not this one.
 */
static void imsic_disable(unsigned source)
{
	aplic_stop_forwarding(source);
}

static void imsic_handle(void)
{
	uint64_t top;

	if (!can_receive)
		return;
	/* Reading gives the most urgent id; writing, whatever the value, claims the one just read.
	 */
	while ((top = csr_swap(CSR_STOPEI, 0)) != 0) {
		mmio_fence_read_then_memory();
		unsigned id = (unsigned)field_get(STOPEI_ID, top);
		unsigned source =
			id < N_IDS ? atomic_load_explicit(&source_of[id], memory_order_relaxed) : 0;

		if (!source)
			continue;
		irq_dispatch(source);
		aplic_forwarded_one_is_done(source);
	}
}

static bool imsic_init_hart(void)
{
	unsigned n_ids = imsic->n_ids < 2047 ? imsic->n_ids : 2047;

	can_receive = this_hart_features()->aia && imsic_file_of(imsic, hart_id, &file);
	if (!can_receive)
		return false;
	for (unsigned i = 0; i <= n_ids / 64; i++) {
		file_write(EIE0 + 2 * i, 0);
		file_write(EIP0 + 2 * i, 0);
	}
	file_write(EITHRESHOLD, 0); /* 0: no threshold */
	file_write(EIDELIVERY, 1);
	return true;
}

static const struct irqchip chip = {
	.name = "aplic+imsic",
	.init_hart = imsic_init_hart,
	.enable = imsic_enable,
	.disable = imsic_disable,
	.handle = imsic_handle,
};

const struct irqchip *imsic_attach(const struct machine *m)
{
	imsic = &m->imsic;
	return aplic_attach_forwarding(m) ? &chip : NULL;
}
