/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Control and status registers: numbers, fields by their mask, and the five ways to reach them. The
 * numbers are for assembly too. A register that may not exist is read and written with a catcher
 * (platform/catch.h), never with these.
 */
#ifndef ARCH_CSR_H
#define ARCH_CSR_H

/* Supervisor */
#define CSR_SSTATUS    0x100
#define CSR_SIE        0x104
#define CSR_STVEC      0x105
#define CSR_SCOUNTEREN 0x106
#define CSR_SENVCFG    0x10a
#define CSR_SSTATEEN0  0x10c
#define CSR_SSTATEEN1  0x10d
#define CSR_SSTATEEN2  0x10e
#define CSR_SSTATEEN3  0x10f
#define CSR_SSCRATCH   0x140
#define CSR_SEPC       0x141
#define CSR_SCAUSE     0x142
#define CSR_STVAL      0x143
#define CSR_SIP        0x144
#define CSR_STIMECMP   0x14d
#define CSR_SISELECT   0x150
#define CSR_SIREG      0x151
#define CSR_STOPEI     0x15c
#define CSR_SATP       0x180
#define CSR_SCONTEXT   0x5a8
#define CSR_STOPI      0xdb0

/* Hypervisor */
#define CSR_HSTATUS    0x600
#define CSR_HEDELEG    0x602
#define CSR_HIDELEG    0x603
#define CSR_HIE        0x604
#define CSR_HCOUNTEREN 0x606
#define CSR_HGEIE      0x607
#define CSR_HVIEN      0x608
#define CSR_HENVCFG    0x60a
#define CSR_HSTATEEN0  0x60c
#define CSR_HSTATEEN1  0x60d
#define CSR_HSTATEEN2  0x60e
#define CSR_HSTATEEN3  0x60f
#define CSR_HVIP       0x645
#define CSR_HGATP      0x680
#define CSR_HGEIP      0xe12
#define CSR_HTIMEDELTA 0x605
#define CSR_HTVAL      0x643
#define CSR_HIP        0x644
#define CSR_HTINST     0x64a

/* Virtual supervisor: what a guest's S-mode reads under the supervisor's own names */
#define CSR_VSSTATUS  0x200
#define CSR_VSIE      0x204
#define CSR_VSTVEC    0x205
#define CSR_VSSCRATCH 0x240
#define CSR_VSEPC     0x241
#define CSR_VSCAUSE   0x242
#define CSR_VSTVAL    0x243
#define CSR_VSIP      0x244
#define CSR_VSTIMECMP 0x24d
#define CSR_VSISELECT 0x250
#define CSR_VSATP     0x280

/* Counters that user mode may read */
#define CSR_CYCLE       0xc00
#define CSR_TIME        0xc01
#define CSR_INSTRET     0xc02
#define CSR_HPMCOUNTER3 0xc03

/* F and V, for any mode where sstatus.FS, VS are not 0 */
#define CSR_FCSR   0x003
#define CSR_VSTART 0x008
#define CSR_VCSR   0x00f
#define CSR_VL     0xc20
#define CSR_VTYPE  0xc21
#define CSR_VLENB  0xc22

#ifndef __ASSEMBLER__

#include "arch/bits.h"

#define SSTATUS_SIE  BIT(1)
#define SSTATUS_SPIE BIT(5)
#define SSTATUS_SPP  BIT(8)
#define SSTATUS_VS   MASK(10, 9)
#define SSTATUS_FS   MASK(14, 13)
#define SSTATUS_SUM  BIT(18)
#define SSTATUS_MXR  BIT(19)

#define SIE_SSIE BIT(1) /* software: another hart's IPI */
#define SIE_STIE BIT(5) /* timer */
#define SIE_SEIE BIT(9) /* external */

#define SATP_MODE      MASK(63, 60)
#define SATP_MODE_SV39 8ull
#define SATP_MODE_SV48 9ull
#define SATP_MODE_SV57 10ull
#define SATP_ASID      MASK(59, 44)
#define SATP_PPN       MASK(43, 0)

#define HGATP_MODE        MASK(63, 60)
#define HGATP_MODE_SV39X4 8ull
#define HGATP_MODE_SV48X4 9ull
#define HGATP_MODE_SV57X4 10ull
#define HGATP_VMID        MASK(57, 44)

#define HSTATUS_GVA   BIT(6)
#define HSTATUS_SPV   BIT(7) /* sret goes to V=1 */
#define HSTATUS_SPVP  BIT(8) /* the privilege from which V=1 trapped */
#define HSTATUS_VGEIN MASK(17, 12)
#define HSTATUS_VTVM  BIT(20)
#define HSTATUS_VTW   BIT(21) /* wfi in VS-mode traps */
#define HSTATUS_VTSR  BIT(22)
#define HSTATUS_VSXL  MASK(33, 32)

/* hvip, hip, hie: the VS-level interrupts, one above the supervisor's. */
#define HVIP_VSSIP BIT(2)
#define HVIP_VSTIP BIT(6)
#define HVIP_VSEIP BIT(10)

/* senvcfg, henvcfg: the same places where both have the field. */
#define ENVCFG_FIOM  BIT(0)
#define ENVCFG_LPE   BIT(2)
#define ENVCFG_SSE   BIT(3)
#define ENVCFG_CBIE  MASK(5, 4)
#define ENVCFG_CBCFE BIT(6)
#define ENVCFG_CBZE  BIT(7)
#define ENVCFG_PMM   MASK(33, 32)
#define ENVCFG_DTE   BIT(59)
#define ENVCFG_ADUE  BIT(61)
#define ENVCFG_PBMTE BIT(62)
#define ENVCFG_STCE  BIT(63)

/* sstateen0, hstateen0: what the mode below may reach. SE: the stateen of that mode itself. */
#define STATEEN_CONTEXT BIT(57)
#define STATEEN_CSRIND  BIT(60)
#define STATEEN_ENVCFG  BIT(62)
#define STATEEN_SE      BIT(63)

#define CSR_TEXT_(x) #x
#define CSR_TEXT(x)  CSR_TEXT_(x)

#ifdef __riscv

#define csr_read(csr)                                                                              \
	({                                                                                         \
		uint64_t csr_value_;                                                               \
		__asm__ volatile("csrr %0, " CSR_TEXT(csr) : "=r"(csr_value_)::"memory");          \
		csr_value_;                                                                        \
	})
#define csr_write(csr, value)                                                                      \
	__asm__ volatile("csrw " CSR_TEXT(csr) ", %0" ::"rK"((uint64_t)(value)) : "memory")
#define csr_set(csr, bits)                                                                         \
	__asm__ volatile("csrs " CSR_TEXT(csr) ", %0" ::"rK"((uint64_t)(bits)) : "memory")
#define csr_clear(csr, bits)                                                                       \
	__asm__ volatile("csrc " CSR_TEXT(csr) ", %0" ::"rK"((uint64_t)(bits)) : "memory")
#define csr_swap(csr, value)                                                                       \
	({                                                                                         \
		uint64_t csr_value_;                                                               \
		__asm__ volatile("csrrw %0, " CSR_TEXT(csr) ", %1"                                 \
				 : "=r"(csr_value_)                                                \
				 : "rK"((uint64_t)(value))                                         \
				 : "memory");                                                      \
		csr_value_;                                                                        \
	})

#else

/* On the host there is a model of a hart, which the test program gives. */
uint64_t csr_model_read(unsigned csr);
void csr_model_write(unsigned csr, uint64_t value);

#define csr_read(csr)         csr_model_read(csr)
#define csr_write(csr, value) csr_model_write(csr, (uint64_t)(value))
#define csr_set(csr, bits)    csr_model_write(csr, csr_model_read(csr) | (uint64_t)(bits))
#define csr_clear(csr, bits)  csr_model_write(csr, csr_model_read(csr) & ~(uint64_t)(bits))

#endif
#endif
#endif
