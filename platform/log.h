/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The log: lines for a reader. ERROR: the hypervisor is wrong. NOTICE: boot, a VM's start and end,
 * a guest's crash. INFO: for developers. TRACE: every exit that comes to the run loop. What is
 * above the level that the option `log` asks for is not printed. A line ends with its newline
 * added; it never waits for a device.
 */
#ifndef PLATFORM_LOG_H
#define PLATFORM_LOG_H

#include "arch/bits.h"

enum log_level { LOG_ERROR, LOG_NOTICE, LOG_INFO, LOG_TRACE };

extern unsigned log_level;

void log_line(enum log_level level, const char *format, ...) PRINTF(2, 3);

#define LOG(level, ...)                                                                            \
	(UNLIKELY((int)(level) <= (int)log_level) ? log_line((level), __VA_ARGS__) : (void)0)
#define log_error(...)  LOG(LOG_ERROR, __VA_ARGS__)
#define log_notice(...) LOG(LOG_NOTICE, __VA_ARGS__)
#define log_info(...)   LOG(LOG_INFO, __VA_ARGS__)
#define log_trace(...)  LOG(LOG_TRACE, __VA_ARGS__)

#endif
