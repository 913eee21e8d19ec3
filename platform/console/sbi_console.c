/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The firmware as a console: the debug console extension, else the calls of SBI 0.1. It needs
 * nothing but the firmware, so it serves a crash at any time, and machines whose UART we do not
 * know. It has no interrupt, and firmware may well wait for its UART, so what one call passes on is
 * kept small.
 */
#include <string.h>

#include "platform/boot.h"
#include "platform/console/driver.h"
#include "sbi/host/dbcn.h"
#include "sbi/host/legacy.h"

enum { BOUNCE_SIZE = 64, LEGACY_BURST = 16 };

/* Firmware takes physical addresses; what a caller has need not be in one piece there. */
static char bounce[BOUNCE_SIZE];

static size_t taken(struct sbi_ret ret, size_t n)
{
	if (ret.error || ret.value < 0)
		return 0;
	return (size_t)ret.value < n ? (size_t)ret.value : n;
}

static size_t dbcn_write(const char *bytes, size_t n)
{
	if (n > sizeof(bounce))
		n = sizeof(bounce);
	memcpy(bounce, bytes, n);
	return taken(sbi_dbcn_write(n, image_hpa(bounce)), n);
}

static size_t dbcn_read(char *bytes, size_t n)
{
	if (n > sizeof(bounce))
		n = sizeof(bounce);
	n = taken(sbi_dbcn_read(n, image_hpa(bounce)), n);
	memcpy(bytes, bounce, n);
	return n;
}

static size_t legacy_write(const char *bytes, size_t n)
{
	if (n > LEGACY_BURST)
		n = LEGACY_BURST;
	for (size_t i = 0; i < n; i++)
		sbi_legacy_putchar((unsigned char)bytes[i]);
	return n;
}

static size_t legacy_read(char *bytes, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		int byte = sbi_legacy_getchar();

		if (byte < 0)
			break;
		bytes[i] = (char)byte;
	}
	return i;
}

static const struct console_driver dbcn = {
	.name = "sbi-dbcn",
	.write = dbcn_write,
	.read = dbcn_read,
	.is_text = true,
};

static const struct console_driver legacy = {
	.name = "sbi-legacy",
	.write = legacy_write,
	.read = legacy_read,
	.is_text = true,
};

const struct console_driver *console_firmware_driver(void)
{
	return sbi_has(SBI_EXT_DBCN) ? &dbcn : &legacy;
}
