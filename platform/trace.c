/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>

#include "lib/component.h"
#include "platform/option.h"
#include "platform/timer.h"
#include "platform/trace.h"

unsigned trace_on = 1;
OPTION_FLAG(trace, trace, trace_on, "keep the last events of each hart for the crash report");

static PER_HART struct trace_record records[TRACE_RECORDS];
static PER_HART uint64_t n_written;

static const char *const names[] = {
#define X(id, name, about) [TRACE_##id] = name " (" about ")",
	TRACE_EVENTS(X)
#undef X
};

void trace_write(enum trace_event event, uint64_t a, uint64_t b)
{
	records[n_written++ % TRACE_RECORDS] = (struct trace_record){ time_now(), event, a, b };
}

void trace_show(unsigned n, void (*show)(const char *format, ...))
{
	uint64_t kept = n_written < TRACE_RECORDS ? n_written : TRACE_RECORDS;

	for (uint64_t i = n_written - (n < kept ? n : kept); i < n_written; i++) {
		const struct trace_record *r = &records[i % TRACE_RECORDS];

		if (r->event == TRACE_BOOT) {
			show("  %12" PRIu64 "  boot %s", r->time, (const char *)r->a);
			continue;
		}
		show("  %12" PRIu64 "  %-20s %16" PRIx64 " %16" PRIx64, r->time, names[r->event],
		     r->a, r->b);
	}
}

COMPONENT(trace, PHASE_NONE, NULL, NULL, "the trace of each hart");
