/* SPDX-License-Identifier: BSD-2-Clause */
/* Inside the hext engine: what enter.S and its C files give each other. */
#ifndef VCPU_HEXT_HEXT_H
#define VCPU_HEXT_HEXT_H

#include "vcpu/vcpu.h"

/* In enter.S: run the guest until an exit's verdict is not to resume. */
enum verdict hext_enter(struct vcpu *v);

/* Called from enter.S: an SBI call, pc behind it; any other exit; and the verdict, when something
 * asks for it. */
void hext_sbi_call(struct vcpu *v);
void hext_exit(struct vcpu *v, uint64_t cause);
enum verdict hext_verdict(struct vcpu *v);

/* Make the guest take this trap at its own vector. */
void hext_inject(struct vcpu *v, uint64_t cause, uint64_t value);

/* A virtual-instruction trap: wfi waits, what a guest may not do is illegal for it. */
enum verdict hext_privileged_insn(struct vcpu *v);

#endif
