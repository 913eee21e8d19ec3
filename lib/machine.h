/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the machine is, as its device tree says: one plain struct, filled once by `machine_read` and
 * constant from then on. It holds values only, no pointer into the tree, so the tree may be moved
 * or dropped afterwards. Pure: the same code reads the trees of boards in host tests and under a
 * fuzzer.
 *
 * Always true after success: n_banks >= 1, banks are page-aligned, sorted, and neither overlap nor
 * touch; hart ids are unique, and `boot_hart_id` is a usable one; timebase is not 0; every string
 * is terminated; no range reaches beyond 56 bits of address; the registers of every interrupt
 * context lie inside their `regs`.
 *
 * Surplus banks, harts and controllers are left out and counted (the boot hart never is). Surplus
 * reserved ranges are an error, since memory that is forgotten here would be given away. A UART or
 * a test device that cannot be understood is passed over.
 */
#ifndef LIB_MACHINE_H
#define LIB_MACHINE_H

#include "arch/addr.h"
#include "lib/isa.h"

enum {
	MACHINE_BANKS = 16,
	MACHINE_RESERVED = 64,
	MACHINE_HARTS = 64,
	MACHINE_TEXT = 64,
	MACHINE_ARGS = 1024,
	MACHINE_SEED = 64,
};

struct hpa_range {
	struct hpa at;
	uint64_t size;
};

/* Why a hart is not used, or that it is. */
enum hart_use {
	HART_USABLE,
	HART_DISABLED,  /* status is not "okay" */
	HART_NO_MMU,    /* no mmu-type: it has no S-mode, or no translation in it */
	HART_NOT_64BIT, /* the ISA string says rv32 */
	HART_NO_ISA,    /* no ISA string, or one that cannot be read */
};

enum mmu_type { MMU_NONE, MMU_SV32, MMU_SV39, MMU_SV48, MMU_SV57 };

struct machine_hart {
	uint64_t id; /* the `reg` of the node, never its name */
	enum hart_use use;
	enum mmu_type mmu;
	struct isa isa;        /* from riscv,isa-extensions, else from riscv,isa */
	uint32_t cbom_block;   /* riscv,cbom-block-size, 0 if absent */
	uint32_t cboz_block;   /* riscv,cboz-block-size, 0 if absent */
	uint32_t phandle_intc; /* of its interrupt-controller child, 0 if none */
};

enum uart_kind { UART_NONE, UART_NS16550, UART_SIFIVE };

struct machine_uart {
	enum uart_kind kind;
	struct hpa_range regs;
	uint32_t reg_shift;    /* registers lie 1 << reg_shift apart */
	uint32_t reg_io_width; /* bytes of one access: 1 or 4 */
	uint32_t clock_hz;     /* 0 if unknown: the divisor is then left as it is */
	uint32_t irq;          /* source number at the PLIC or APLIC below, 0 if none leads there */
	char path[MACHINE_TEXT]; /* cut where it is longer */
};

enum irqchip_kind { IRQCHIP_NONE, IRQCHIP_PLIC, IRQCHIP_APLIC, IRQCHIP_APLIC_IMSIC };

/* Which S-mode context (PLIC), IDC (APLIC) or interrupt file (IMSIC) belongs to a hart. */
struct machine_irq_context {
	uint64_t hart_id;
	uint32_t index;
};

struct machine_plic {
	struct hpa_range regs;
	uint32_t n_sources;
	uint32_t n_contexts;
	struct machine_irq_context
		contexts[MACHINE_HARTS]; /* those for S-mode external interrupts */
};

struct machine_aplic { /* the S-mode domain; regs.size 0: an IMSIC without one */
	struct hpa_range regs;
	uint32_t n_sources;
	uint32_t n_idcs; /* 0 when it delivers by MSI */
	struct machine_irq_context idcs[MACHINE_HARTS];
};

struct machine_imsic { /* the S-mode files */
	struct hpa_range regs[4];
	uint32_t n_regs;
	uint32_t n_ids; /* riscv,num-ids */
	uint32_t guest_index_bits;
	uint32_t hart_index_bits;
	uint32_t group_index_bits;
	uint32_t group_index_shift;
	uint32_t n_files;
	struct machine_irq_context files[MACHINE_HARTS]; /* index: place in interrupts-extended */
};

struct machine {
	char model[MACHINE_TEXT];
	char compatible[MACHINE_TEXT]; /* the root's first */

	uint32_t n_banks;
	struct hpa_range banks[MACHINE_BANKS]; /* RAM */
	uint32_t n_banks_left_out;             /* beyond MACHINE_BANKS */
	uint32_t n_reserved;
	struct hpa_range
		reserved[MACHINE_RESERVED]; /* /memreserve/ and /reserved-memory; may overlap */

	uint32_t n_harts;
	struct machine_hart harts[MACHINE_HARTS];
	uint32_t n_harts_left_out; /* beyond MACHINE_HARTS */
	uint64_t boot_hart_id;
	uint32_t timebase_hz;

	struct machine_uart uart;
	enum irqchip_kind irqchip;
	uint32_t n_irqchips_left_out; /* nodes beyond the first 16, not looked at */
	struct machine_plic plic;
	struct machine_aplic aplic;
	struct machine_imsic imsic;

	struct hpa_range test_device; /* sifive,test0/1; size 0 if there is none */
	struct hpa_range initrd;      /* size 0 if there is none */
	char bootargs[MACHINE_ARGS];
	uint8_t rng_seed[MACHINE_SEED];
	uint32_t rng_seed_size;   /* bytes in rng_seed */
	uint32_t rng_seed_offset; /* where in the tree it stands, so that it can be erased there */
	uint32_t rng_seed_whole;  /* and how long it is there */
};

/* The one line that says what is wrong with a tree. */
struct machine_error {
	char text[160];
};

/*
 * Read the tree at `fdt`, of which `size` bytes may be touched, into `m`, which is all zeros:
 * at boot it was just cleared with the rest. `boot_hart_id` is what
 * the firmware passed. Returns 0, or -EINVAL with the reason in `error`; nothing outside [fdt,
 * +size) is ever read, whatever the bytes say.
 */
MUST_CHECK int machine_read(struct machine *m, const void *fdt, size_t size, uint64_t boot_hart_id,
			    struct machine_error *error);

const char *hart_use_text(enum hart_use use);
const char *mmu_type_text(enum mmu_type type);

/* The hart with that id, or NULL. */
const struct machine_hart *machine_hart(const struct machine *m, uint64_t hart_id);

#endif
