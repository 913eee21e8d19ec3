/* SPDX-License-Identifier: BSD-2-Clause */
/* Switching the machine off, with a verdict for whoever started it. */
#ifndef PLATFORM_POWER_H
#define PLATFORM_POWER_H

#include "arch/bits.h"

enum power_verdict { POWER_SUCCESS = 0, POWER_FAILURE = 1 };

/*
 * By the machine's test device where it has one: the verdict becomes the simulator's exit status.
 * Else by SBI system reset with the true reason; where firmware refuses to shut down, by a reboot;
 * else the legacy call; else this hart sleeps. Output that is queued goes out first.
 */
_Noreturn void power_off(enum power_verdict verdict);

/* The same without the console and the test device: for a crash in these. */
_Noreturn void power_off_by_firmware(enum power_verdict verdict);

#endif
