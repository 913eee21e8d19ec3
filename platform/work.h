/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Deferred work and the interrupts between harts that carry it. A work item is queued for one hart,
 * which runs it at its next poll point; the hart is kicked if it may be asleep or busy elsewhere.
 */
#ifndef PLATFORM_WORK_H
#define PLATFORM_WORK_H

#include <stdatomic.h>

#include "arch/bits.h"

struct work {
	void (*call)(struct work *work);
	_Atomic(struct work *) next; /* in the queue; owned by the queue while queued */
	_Atomic uint32_t is_queued;  /* 0 or 1; a word, since a byte would need libatomic */
};

/* Run `work->call` on that hart. One that is queued already, anywhere, is left there: it runs once,
 * after this call. Any hart may call it. */
void work_queue(struct work *work, unsigned hart);

/* Run what is queued for this hart. Called from poll points. */
void work_run(void);
bool work_is_pending(void);

/* Interrupt another hart, so that it comes to a poll point. */
void hart_kick(unsigned hart);

/* Interrupt every other hart for good: they stop at their next poll point. For the crash report. */
void harts_stop_others(void);

/* Called at poll points: stops this hart for good if another one crashed. */
void hart_stop_if_told(void);

#endif
