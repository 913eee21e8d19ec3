/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The VMs that there are, and their life, as the monitor and main see it. Everything here is
 * called on the boot hart, from its loop; nothing waits for a guest.
 */
#ifndef HYP_VMS_H
#define HYP_VMS_H

#include "arch/bits.h"

struct vm;
struct vconsole;

unsigned n_vms(void);
struct vm *vm_at(unsigned i);
struct vm *vm_by_name(const char *name); /* NULL: there is none */

const char *vm_name(const struct vm *vm);
const char *vm_state_text(const struct vm *vm);
bool vm_is_running(const struct vm *vm);
struct vconsole *vm_console(struct vm *vm);

/* It shall begin from its images, with memory and devices as new; if it then cannot, the log tells
 * why. 0; -EBUSY: it runs, or is starting. */
MUST_CHECK int vm_start(struct vm *vm);
/* It ends at the next moment that its vCPUs, or the loading, are looked at, and does not start
 * again by itself. 0; -EALREADY: it has ended. */
int vm_stop(struct vm *vm);
/* It stands still from the moment that its vCPUs are looked at, its time too, until vm_resume. Both
 * may be called while the other is under way. -EALREADY: it is so already; -EBUSY: it does not run.
 */
MUST_CHECK int vm_pause(struct vm *vm);
MUST_CHECK int vm_resume(struct vm *vm);
/* A person is there: it goes on if it has suspended itself. Had it? */
bool vm_wake(struct vm *vm);
/* Stop it, and start it when it has stopped; one that is starting goes on. */
MUST_CHECK int vm_restart(struct vm *vm);

/* Lines that a person reads. `is_physical`: the address is the guest's physical one. */
void vm_show_stats(struct vm *vm, void (*show)(const char *format, ...) PRINTF(1, 2));
void vm_show_translation(struct vm *vm, uint64_t address, bool is_physical,
			 void (*show)(const char *format, ...) PRINTF(1, 2));

#endif
