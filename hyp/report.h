/* SPDX-License-Identifier: BSD-2-Clause */
/* The machine report: what was found, in a page that a person reads. */
#ifndef HYP_REPORT_H
#define HYP_REPORT_H

void report_machine(void);

#endif
