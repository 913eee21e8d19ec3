/* SPDX-License-Identifier: BSD-2-Clause */
/* The run loop: what a hart does with the vCPUs that are its own. */
#ifndef HYP_RUN_H
#define HYP_RUN_H

#include "vcpu/vcpu.h"

/* Harts that have nothing else to do run vCPUs from the start; the boot hart does so when its main
 * asks. Run one of this hart's vCPUs for a while. False: none of them is runnable. */
bool run_next(void);

/* For long work on a hart that runs guests: called between its pieces, it gives each other vCPU of
 * this hart its turn whenever the caller has had a slice itself. Not inside a turn. */
void run_share(void);

/* What runs on this hart has had its turn: run_next returns. In a poll point. */
void run_end_turn(void);

/* Its lines or orders have changed. On its hart. */
void run_look(struct vcpu *v);

/* A new vCPU, off; before anything else here is called for it. */
void run_add(struct vcpu *v);

/* See to it that v->seen is where its translation stands now. On the boot hart. */
void run_show(struct vcpu *v);

/* This vCPU, which is off, runs from now on. Any hart. */
void run_start(struct vcpu *v);

/* It parks, which vm_has_parked tells; what comes for it, a start too, waits until it may go on. On
 * the boot hart. */
void run_pause(struct vcpu *v);
void run_resume(struct vcpu *v);

#endif
