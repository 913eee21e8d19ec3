/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "arch/csr.h"
#include "arch/fence.h"
#include "arch/pte.h"
#include "lib/component.h"
#include "platform/boot.h"
#include "platform/catch.h"
#include "platform/frames.h"
#include "platform/mmu.h"
#include "platform/mmu_internal.h"
#include "platform/option.h"
#include "platform/probe_internal.h"
#include "platform/zero.h"
#include "sbi/host/fwft.h"

static struct hart_features found[MAX_HARTS];

static unsigned asid_limit = 16, vmid_limit = 14, engine_wanted;
OPTION_NUMBER(asid-bits, asid_bits, asid_limit, 0, 16, "pretend that harts have at most so many ASID bits");
OPTION_NUMBER(vmid-bits, vmid_bits, vmid_limit, 0, 14, "pretend that harts have at most so many VMID bits");
OPTION_CHOICE(engine, engine, engine_wanted, "auto soft",
	      "auto: guests use the H extension where a hart has it; soft: nowhere");

/* Bits of a CSR that can be set; its value is put back. 0 where it does not exist. */
#define writable_bits(csr, tried)                                                                  \
	({                                                                                         \
		uint64_t old_, now_ = 0;                                                           \
		if (csr_try_swap(csr, tried, &old_) == CAUGHT_NOTHING)                             \
			now_ = csr_swap(csr, old_);                                                \
		now_;                                                                              \
	})

static unsigned count_bits(uint64_t v)
{
	unsigned n = 0;

	for (; v; v &= v - 1)
		n++;
	return n;
}

static void probe_satp(struct hart_features *f)
{
	uint64_t old = csr_read(CSR_SATP);

	/* Only the mode that translates our own code can be tried while it runs: a mode that is not
	 * supported leaves satp as it was, one that is would walk our tables a level too deep. The
	 * tree's mmu-type says the rest. */
	csr_write(CSR_SATP, old | SATP_ASID);
	f->asid_bits = (uint8_t)count_bits(field_get(SATP_ASID, csr_read(CSR_SATP)));
	csr_write(CSR_SATP, old);
	sfence_vma_all();
	if (f->asid_bits > asid_limit)
		f->asid_bits = (uint8_t)asid_limit;
}

static void probe_mmu_type(struct hart_features *f, enum mmu_type type)
{
	f->satp_modes = 1;
	if (type >= MMU_SV48)
		f->satp_modes |= 2;
	if (type >= MMU_SV57)
		f->satp_modes |= 4;
}

static void probe_hgatp(struct hart_features *f)
{
	static const uint64_t modes[] = { HGATP_MODE_SV39X4, HGATP_MODE_SV48X4, HGATP_MODE_SV57X4 };

	for (unsigned i = 0; i < ARRAY_LEN(modes); i++) {
		csr_write(CSR_HGATP, field_put(HGATP_MODE, modes[i]));
		if (field_get(HGATP_MODE, csr_read(CSR_HGATP)) == modes[i])
			f->hgatp_modes |= BIT(i);
	}
	/* A readback is no proof: QEMU 7.2 keeps every value. Nor is a mode larger than the hart's
	 * own. */
	f->hgatp_modes &= f->satp_modes;
	csr_write(CSR_HGATP, field_put(HGATP_MODE, HGATP_MODE_SV39X4) | HGATP_VMID);
	f->vmid_bits = (uint8_t)count_bits(field_get(HGATP_VMID, csr_read(CSR_HGATP)));
	csr_write(CSR_HGATP, 0);
	__asm__ volatile(".insn r 0x73, 0, 0x31, x0, x0, x0" ::: "memory"); /* hfence.gvma */
	if (f->vmid_bits > vmid_limit)
		f->vmid_bits = (uint8_t)vmid_limit;
}

/* Hardware's A and D updates for guests: henvcfg.ADUE is there only if menvcfg.ADUE is set, and
 * where the tree names Svade too, firmware leaves that to us to ask for. Our own entries have both
 * bits set from the start. */
static uint64_t probe_henvcfg(const struct hart_features *f)
{
	uint64_t bits = writable_bits(CSR_HENVCFG, ~0ull);

	if (isa_has(&f->isa, ISA_SVADU) && !(bits & ENVCFG_ADUE) &&
	    !sbi_fwft_set(SBI_FWFT_PTE_AD_HW_UPDATING, 1))
		bits = writable_bits(CSR_HENVCFG, ~0ull);
	return bits;
}

static void probe_h(struct hart_features *f)
{
	f->h = csr_exists(CSR_HSTATUS) && csr_exists(CSR_HGATP);
	if (!f->h)
		return;
	probe_hgatp(f);
	f->geilen = (uint8_t)count_bits(writable_bits(CSR_HGEIE, ~0ull));
	f->henvcfg = probe_henvcfg(f);
	f->hcounteren = writable_bits(CSR_HCOUNTEREN, ~0ull) & MASK(31, 0);
	f->hedeleg = writable_bits(CSR_HEDELEG, ~0ull);
	f->hideleg = writable_bits(CSR_HIDELEG, ~0ull);
	f->hstateen = csr_exists(CSR_HSTATEEN0);
	f->hstateen_n =
		csr_exists(CSR_HSTATEEN1) && csr_exists(CSR_HSTATEEN2) && csr_exists(CSR_HSTATEEN3);
	f->hstateen0 = writable_bits(CSR_HSTATEEN0, ~0ull);
	f->hvien = csr_exists(CSR_HVIEN);
	/* What of these a guest writes the next one would read. Without guests that reach them they
	 * are not looked for: each that is not there costs a way through the firmware. */
	f->stateen = csr_exists(CSR_SSTATEEN0);
	f->stateen_n =
		csr_exists(CSR_SSTATEEN1) && csr_exists(CSR_SSTATEEN2) && csr_exists(CSR_SSTATEEN3);
	f->scontext = csr_exists(CSR_SCONTEXT);
}

static bool traps_sinval(void)
{
	uint64_t caught;

	/* sinval.vma of an address that is never mapped */
	__asm__ volatile(CATCH(".insn r 0x73, 0, 0x0b, x0, x0, x0")
			 : [caught] "=&r"(caught)::"t0", "memory");
	return caught != CAUGHT_NOTHING;
}

static unsigned vector_bytes(void)
{
	uint64_t status = csr_read(CSR_SSTATUS), bytes = 0;

	csr_set(CSR_SSTATUS, field_put(SSTATUS_VS, 1));
	(void)csr_try_read(CSR_VLENB, &bytes);
	csr_write(CSR_SSTATUS, status);
	return (unsigned)bytes;
}

/* sinval.vma is tried only where the tree names Svinval: OpenSBI from 1.6 on prints a line when it
 * traps. */
static void probe_s(struct hart_features *f)
{
	f->sstc = csr_exists(CSR_STIMECMP);
	f->svinval = isa_has(&f->isa, ISA_SVINVAL) && !traps_sinval();
	/* The tree is asked first: where there is no such counter, OpenSBI 1.6 dies of the attempt
	 * to emulate it. */
	bool has_more = isa_has(&f->isa, ISA_ZIHPM) && csr_exists(CSR_HPMCOUNTER3);

	f->counters = (uint8_t)(csr_exists(CSR_CYCLE) | csr_exists(CSR_TIME) << 1 |
				csr_exists(CSR_INSTRET) << 2 | has_more << 3);
	f->vlenb = isa_has(&f->isa, ISA_V) ? vector_bytes() : 0;
	f->siselect = (f->h || machine.imsic.n_regs) && csr_exists(CSR_SISELECT);
	f->aia = f->siselect && csr_exists(CSR_STOPEI);
	f->senvcfg = writable_bits(CSR_SENVCFG, ~0ull);
	f->scounteren = writable_bits(CSR_SCOUNTEREN, ~0ull) & MASK(31, 0);
}

const struct hart_features *hart_features(unsigned hart)
{
	return &found[hart];
}

const struct hart_features *this_hart_features(void)
{
	return &found[hart_index];
}

enum engine hart_engine(unsigned hart)
{
	return found[hart].h && found[hart].hgatp_modes && !engine_wanted ? ENGINE_HEXT
									  : ENGINE_SOFT;
}

const char *engine_text(enum engine engine)
{
	return engine == ENGINE_HEXT ? "hext" : "soft";
}

/* On a frame that was not cleared, since that may be by the very instruction; the boot hart's block
 * was found before there were any. */
static unsigned cbo_zero_block(void)
{
	static struct frame_owner owner = { .name = "probe", .quota = MAX_HARTS };
	struct hpa at;

	if (hart_index == 0)
		return zero_block();
	if (frames_alloc(&owner, ORDER_PAGE, FRAMES_DIRTY, &at))
		return 0;
	void *page = window_open(at, PAGE_SIZE);
	unsigned block = zero_try_block(page);

	window_close(page);
	frame_put(at);
	return block;
}

static void probe_init_hart(void)
{
	struct hart_features *f = &found[hart_index];
	const struct machine_hart *tree = machine_hart(&machine, hart_id);

	f->isa = tree->isa;
	f->cbom_block = tree->cbom_block;
	f->cboz_block = isa_has(&tree->isa, ISA_ZICBOZ) ? cbo_zero_block() : 0;
	if (f->cboz_block != zero_block())
		zero_use_blocks(0);
	probe_satp(f);
	probe_mmu_type(f, tree->mmu);
	probe_h(f);
	probe_s(f);
	probe_entries(f);
}

/* The boot hart's cbo.zero goes on being used if every hart's tree names it; each hart that finds
 * otherwise, as it comes up, ends that for all. */
static int probe_init(void)
{
	for (unsigned i = 0; i < machine.n_harts; i++)
		if (machine.harts[i].use == HART_USABLE &&
		    !isa_has(&machine.harts[i].isa, ISA_ZICBOZ))
			zero_use_blocks(0);
	return 0;
}

COMPONENT(probe, PHASE_PROBE, probe_init, probe_init_hart, "what each hart can do");
