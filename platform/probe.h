/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a hart can do, found out by trying: a CSR exists if reading it does not trap, a field is
 * there if what is written to it can be read back. The device tree is believed only where there is
 * nothing to try. Each hart probes itself as it comes up; from then on its features are constant.
 */
#ifndef PLATFORM_PROBE_H
#define PLATFORM_PROBE_H

#include "lib/machine.h"
#include "platform/hart.h"

enum engine { ENGINE_SOFT, ENGINE_HEXT };

struct hart_features {
	struct isa isa;      /* the tree's word */
	bool h;              /* the hypervisor CSRs answer */
	bool sstc;           /* stimecmp answers */
	bool svinval;        /* sinval.vma does not trap */
	bool siselect;       /* siselect answers: vsiselect is there for guests */
	bool aia;            /* and so does stopei */
	bool stateen;        /* sstateen0 answers */
	bool stateen_n;      /* sstateen1 to 3 do, which firmware may hide */
	bool hstateen;       /* hstateen0 answers */
	bool hstateen_n;     /* hstateen1 to 3 do */
	bool scontext;       /* scontext answers */
	bool hvien;          /* interrupts can be injected without pending in the host */
	bool svade;          /* a clear A or D in our own entries faults */
	bool svadu;          /* hardware sets A and D by itself */
	bool svnapot;        /* NAPOT entries of our own translate */
	bool svpbmt;         /* entries of our own may say a memory type */
	uint8_t satp_modes;  /* bit n: mode 8 + n: Sv39, Sv48, Sv57 */
	uint8_t hgatp_modes; /* the same for Sv39x4, Sv48x4, Sv57x4 */
	uint8_t asid_bits;
	uint8_t vmid_bits;
	uint8_t geilen;   /* guest interrupt files */
	uint8_t counters; /* that answer: bits 0 to 3 are cycle, time, instret, hpmcounter3 */
	uint64_t senvcfg; /* bits that can be set */
	uint64_t henvcfg; /* after the firmware was asked for what is its to allow */
	uint64_t hcounteren;
	uint64_t scounteren;
	uint64_t hedeleg;
	uint64_t hideleg;
	uint64_t hstateen0;
	unsigned cbom_block; /* the tree's word; 0: none */
	unsigned cboz_block; /* 0: no cbo.zero */
	unsigned vlenb;      /* bytes of a vector register; 0: no V */
};

const struct hart_features *hart_features(unsigned hart);
const struct hart_features *this_hart_features(void);

/* The engine that a hart's guests get: hext where it can, unless the option `engine` says soft. */
enum engine hart_engine(unsigned hart);
const char *engine_text(enum engine engine);

#endif
