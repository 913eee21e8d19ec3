/* SPDX-License-Identifier: BSD-2-Clause */
/* The idle loop: what a hart does that has nothing to run. It sleeps until an interrupt is pending.
 */
#ifndef PLATFORM_IDLE_H
#define PLATFORM_IDLE_H

#include "arch/bits.h"

_Noreturn void idle_forever(void);

/* From now on an idle hart calls this before it sleeps, and sleeps only if it returns false. Harts
 * that are asleep look when they are kicked next. */
typedef bool idle_work(void);
void idle_set_work(idle_work *work);

#endif
