/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where this test tells what it found: a serial port of its own, behind the host's PCI Express,
 * which no guest is given. The console is left to what guests and the hypervisor print.
 *
 * Always true of a whole report: its last line says how many stand before it.
 */
#ifndef TESTS_HOSTILE_REPORT_H
#define TESTS_HOSTILE_REPORT_H

#include "arch/bits.h"
#include "lib/machine.h"

/* Find the port, give it an address and make it ready. NULL, or why that cannot be. */
const char *report_open(void);

/* A line, without its end. On the boot hart, as all here; waits for the port, with a bound. */
void report(const char *format, ...) PRINTF(1, 2);

/* The last line. False if anything was not taken. */
MUST_CHECK bool report_close(void);

/* What of the host's addresses leads to the port, or to anything else on its bus. */
enum { REPORT_RANGES = 4 };
unsigned report_ranges(struct hpa_range ranges[REPORT_RANGES]);

#endif
