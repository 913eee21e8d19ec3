/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls down to the firmware, as the SBI specification gives them. Every extension is asked for
 * before it is used (`sbi_has`): firmware may be as old as SBI 0.2 without any of them.
 */
#ifndef SBI_HOST_SBI_H
#define SBI_HOST_SBI_H

#include "arch/addr.h"

#define SBI_SUCCESS               0l
#define SBI_ERR_FAILED            (-1l)
#define SBI_ERR_NOT_SUPPORTED     (-2l)
#define SBI_ERR_INVALID_PARAM     (-3l)
#define SBI_ERR_DENIED            (-4l)
#define SBI_ERR_INVALID_ADDRESS   (-5l)
#define SBI_ERR_ALREADY_AVAILABLE (-6l)
#define SBI_ERR_ALREADY_STARTED   (-7l)
#define SBI_ERR_ALREADY_STOPPED   (-8l)

#define SBI_EXT_BASE 0x10l
#define SBI_EXT_TIME 0x54494d45l
#define SBI_EXT_IPI  0x735049l
#define SBI_EXT_RFNC 0x52464e43l
#define SBI_EXT_HSM  0x48534dl
#define SBI_EXT_SRST 0x53525354l
#define SBI_EXT_DBCN 0x4442434el
#define SBI_EXT_FWFT 0x46574654l

struct sbi_ret {
	long error;
	long value;
};

#ifdef __riscv
static inline struct sbi_ret sbi_call(long ext, long fid, uint64_t a0, uint64_t a1, uint64_t a2,
				      uint64_t a3, uint64_t a4)
{
	register uint64_t r0 __asm__("a0") = a0;
	register uint64_t r1 __asm__("a1") = a1;
	register uint64_t r2 __asm__("a2") = a2;
	register uint64_t r3 __asm__("a3") = a3;
	register uint64_t r4 __asm__("a4") = a4;
	register uint64_t r6 __asm__("a6") = (uint64_t)fid;
	register uint64_t r7 __asm__("a7") = (uint64_t)ext;

	__asm__ volatile("ecall"
			 : "+r"(r0), "+r"(r1)
			 : "r"(r2), "r"(r3), "r"(r4), "r"(r6), "r"(r7)
			 : "memory");
	return (struct sbi_ret){ .error = (long)r0, .value = (long)r1 };
}
#endif

/* Does the firmware have this extension? Legacy extensions answer only where SBI 0.1 is all there
 * is. */
bool sbi_has(long ext);

/* major << 24 | minor; 0 for SBI 0.1, whose BASE call does not exist. */
uint64_t sbi_spec_version(void);
uint64_t sbi_impl_id(void);
uint64_t sbi_impl_version(void);
const char *sbi_impl_name(uint64_t id);

/* -errno for an SBI error: what our own callers pass on. */
int sbi_errno(long error);

#endif
