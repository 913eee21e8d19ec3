/* SPDX-License-Identifier: BSD-2-Clause */
/* SBI 0.1: what firmware offers that has nothing newer. These calls return in a0 alone. */
#ifndef SBI_HOST_LEGACY_H
#define SBI_HOST_LEGACY_H

#include "sbi/host/sbi.h"

void sbi_legacy_set_timer(uint64_t time);
void sbi_legacy_putchar(int byte);
int sbi_legacy_getchar(void); /* -1: nothing there */
void sbi_legacy_shutdown(void);

#endif
