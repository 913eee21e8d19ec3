/* SPDX-License-Identifier: BSD-2-Clause */
#include "sbi/host/legacy.h"

enum { LEGACY_SET_TIMER = 0, LEGACY_PUTCHAR = 1, LEGACY_GETCHAR = 2, LEGACY_SHUTDOWN = 8 };

static long legacy_call(long ext, uint64_t argument)
{
	return sbi_call(ext, 0, argument, 0, 0, 0, 0).error;
}

void sbi_legacy_set_timer(uint64_t time)
{
	(void)legacy_call(LEGACY_SET_TIMER, time);
}

void sbi_legacy_putchar(int byte)
{
	(void)legacy_call(LEGACY_PUTCHAR, (uint64_t)byte);
}

int sbi_legacy_getchar(void)
{
	long byte = legacy_call(LEGACY_GETCHAR, 0);

	return byte < 0 ? -1 : (int)byte;
}

void sbi_legacy_shutdown(void)
{
	(void)legacy_call(LEGACY_SHUTDOWN, 0);
}
