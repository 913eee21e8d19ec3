/* SPDX-License-Identifier: BSD-2-Clause */
/* The idle loop: what a hart does that has nothing to run. It sleeps until an interrupt is pending.
 */
#ifndef PLATFORM_IDLE_H
#define PLATFORM_IDLE_H

_Noreturn void idle_forever(void);

#endif
