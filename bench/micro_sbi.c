/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls of the SBI that end where they began. */
#include "bench/micro.h"

#include "sbi/host/sbi.h"

static void get_spec_version(void)
{
	CALL_ROUNDS(SBI_EXT_BASE, 0, 0, 0, 0, 0);
}

static void set_timer(void)
{
	CALL_ROUNDS(SBI_EXT_TIME, 0, ~UINT64_C(0), 0, 0, 0);
}

static void hart_status(void)
{
	CALL_ROUNDS(SBI_EXT_HSM, 2, 0, 0, 0, 0);
}

/* Of one page, on this hart, by its mask. */
static void fence_page(void)
{
	CALL_ROUNDS(SBI_EXT_RFNC, 1, 1, 0, 0x80000000, 0x1000);
}

/* A carriage return leaves no trace in what is read. */
static void write_byte(void)
{
	CALL_ROUNDS(SBI_EXT_DBCN, 2, '\r', 0, 0, 0);
}

static const struct row rows[] = {
	{ "sbi-get-spec-version", NULL, get_spec_version, ROUNDS },
	{ "sbi-set-timer", NULL, set_timer, ROUNDS },
	{ "sbi-hart-status", NULL, hart_status, ROUNDS },
	{ "sbi-remote-fence-self", NULL, fence_page, ROUNDS },
	{ "sbi-write-byte", NULL, write_byte, ROUNDS },
};

GROUP(sbi_group, rows);
