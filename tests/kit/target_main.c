/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The `main` of a test image. Its words come from QEMU's `-semihosting-config arg=...`: the image's
 * name, the path of the result file, and if wanted a pattern that names of tests must contain.
 * Without a path results go to the console. QEMU ends with status 0: all passed, 1: some failed, 2:
 * the results could not be written.
 */
#include <stdio.h>
#include <string.h>

#include "lib/component.h"
#include "platform/console.h"
#include "tests/kit/kit.h"
#include "tests/kit/semihost.h"

enum { CONSOLE = -1, FLUSH_MS = 1000 };

static char words[1024];
static int results = CONSOLE;

static _Noreturn void end_with(int status)
{
	console_flush(FLUSH_MS);
	semihost_exit(status);
}

void kit_sink(const char *line)
{
	if (results == CONSOLE) {
		puts(line);
	} else if (semihost_write(results, line, strlen(line)) ||
		   semihost_write(results, "\n", 1)) {
		puts("the results cannot be written");
		end_with(2);
	}
}

int main(void)
{
	const char *path, *only;
	char *rest;
	int n_failed;

	if (semihost_command_line(words, sizeof(words))) {
		puts("the command line is too long");
		end_with(2);
	}
	(void)strtok_r(words, " ", &rest);
	path = strtok_r(NULL, " ", &rest);
	only = strtok_r(NULL, " ", &rest);
	if (path) {
		results = semihost_create(path);
		if (results < 0) {
			printf("cannot create %s\n", path);
			end_with(2);
		}
	}
	n_failed = kit_run(only);
	if (path && semihost_close(results)) {
		puts("the results cannot be closed");
		end_with(2);
	}
	end_with(n_failed ? 1 : 0);
}

COMPONENT(kit, PHASE_SERVICE, NULL, NULL, "the test kit, with its results by semihosting");
