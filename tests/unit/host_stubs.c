/* SPDX-License-Identifier: BSD-2-Clause */
/* platform/hart.h and platform/panic.h for the host. */
#include "tests/unit/host_stubs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "platform/hart.h"
#include "platform/panic.h"

PER_HART unsigned hart_index;
PER_HART uint64_t hart_id;

static _Atomic unsigned harts = 1;
static _Thread_local jmp_buf *volatile expected;

unsigned n_harts(void)
{
	return harts;
}

uint64_t hart_id_of(unsigned index)
{
	return index;
}

void host_set_n_harts(unsigned n)
{
	harts = n;
}

bool host_check_fails(void (*f)(void *context), void *context)
{
	jmp_buf here;
	bool failed = true;

	expected = &here;
	if (!setjmp(here)) {
		f(context);
		failed = false;
	}
	expected = NULL;
	return failed;
}

void check_failed(const char *what, const char *file, int line)
{
	if (expected)
		longjmp(*expected, 1);
	fprintf(stderr, "%s:%d: CHECK failed: %s\n", file, line, what);
	abort();
}

void panic(const char *format, ...)
{
	va_list args;

	if (expected)
		longjmp(*expected, 1);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	abort();
}
