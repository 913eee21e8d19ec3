/* SPDX-License-Identifier: BSD-2-Clause */
/* Inside the hext engine: what enter.S and its C files give each other. */
#ifndef VCPU_HEXT_HEXT_H
#define VCPU_HEXT_HEXT_H

#include "vcpu/engine.h"

/* In enter.S: run the guest until an exit's verdict is not to resume. */
enum verdict hext_enter(struct vcpu *v);

/* Called from enter.S: an SBI call, pc behind it; a virtual instruction: true if it was a wfi that
 * ends at once; any other exit: true if it is an access that moves a register which is not saved
 * yet; then that access, with all registers in the vCPU; and the verdict, when something asks for
 * it. */
void hext_sbi_call(struct vcpu *v);
bool hext_wait_is_over(struct vcpu *v);
bool hext_exit(struct vcpu *v, uint64_t cause);
void hext_do_access(struct vcpu *v);
enum verdict hext_verdict(struct vcpu *v);

/* modes.c: which tables work, tried. */
uint64_t hext_reach(unsigned hart, unsigned levels);

/* state.c: the guest's state in this hart's CSRs. */
void hext_reset(struct vcpu *v, struct gpa entry, uint64_t a0, uint64_t a1);
uint64_t hext_hgatp(const struct gtable *table, uint64_t vmid);
void hext_set_table(struct vcpu *v, const struct gtable *table, struct flusher *flusher);
void hext_load(struct vcpu *v, struct flusher *flusher);
void hext_save(struct vcpu *v);
struct vcpu_privilege hext_privilege_get(const struct vcpu *v);
void hext_privilege_set(struct vcpu *v, const struct vcpu_privilege *p);
bool hext_set_env(struct vcpu *v, uint64_t henvcfg);
uint64_t hext_float_get(struct vcpu *v, unsigned reg);
void hext_float_set(struct vcpu *v, unsigned reg, uint64_t value);

/* irq.c: interrupts and the timer. */
void hext_take_lines(struct vcpu *v);
void hext_set_timer(struct vcpu *v, uint64_t when);
bool hext_clear_ipi(struct vcpu *v);
bool hext_is_awake(struct vcpu *v);
uint64_t hext_wakes_at(struct vcpu *v);

/* insn.c: the guest's instructions, fetched as it would. */
bool hext_find_access(struct vcpu *v, struct access *a);
enum verdict hext_privileged_insn(struct vcpu *v);

/* Make the guest take this trap at its own vector. */
void hext_inject(struct vcpu *v, uint64_t cause, uint64_t value);

#endif
