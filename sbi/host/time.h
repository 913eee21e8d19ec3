/* SPDX-License-Identifier: BSD-2-Clause */
/* The firmware's timer, for harts without Sstc. */
#ifndef SBI_HOST_TIME_H
#define SBI_HOST_TIME_H

#include "sbi/host/sbi.h"

/* Raise the timer interrupt of this hart when `time` reaches that value, and clear a pending one.
 */
void sbi_set_timer(uint64_t time);

#endif
