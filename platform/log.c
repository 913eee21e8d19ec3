/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "lib/component.h"
#include "platform/boot.h"
#include "platform/console.h"
#include "platform/log.h"
#include "platform/option.h"
#include "platform/timer.h"

unsigned log_level = LOG_NOTICE;
OPTION_CHOICE(log, log, log_level, "error notice info trace", "error: only that Hartwood is wrong; notice: boot, VMs, crashes; info: for developers; trace: "
	      "every exit that comes to the run loop");

/* One line, one write: lines of different harts do not mix. */
void log_line(enum log_level level, const char *format, ...)
{
	static const char *const marks[] = { "ERROR: ", "", "", "" };
	char line[256];
	uint64_t us = machine.timebase_hz ? time_to_us(time_now()) : 0;
	size_t n = (size_t)snprintf(line, sizeof(line), "[%4" PRIu64 ".%06" PRIu64 "] %s",
				    us / 1000000, us % 1000000, marks[level]);
	va_list arguments;

	va_start(arguments, format);
	int more = vsnprintf(line + n, sizeof(line) - n, format, arguments);
	va_end(arguments);
	n += more < 0 ? 0 : (size_t)more;
	if (n > sizeof(line) - 2)
		n = sizeof(line) - 2;
	line[n++] = '\n';
	console_write(line, n);
}

COMPONENT(log, PHASE_NONE, NULL, NULL, "the log");
