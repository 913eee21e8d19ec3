/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A host program of tests: `NAME [only-pattern]`. Results go to the file that KIT_RESULT names, or
 * to stdout, and each line is out before the test goes on. Exit status: 0 all passed, 1 some
 * failed, 2 the results could not be written. A program that dies leaves them truncated, and so it
 * is seen.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/kit/kit.h"

static FILE *results;

void kit_sink(const char *line)
{
	if (fprintf(results, "%s\n", line) < 0 || fflush(results) != 0) {
		perror("results");
		exit(2);
	}
}

int main(int argc, char **argv)
{
	const char *path = getenv("KIT_RESULT");
	int n_failed;

	if (argc > 2) {
		fprintf(stderr, "usage: %s [only-pattern]\n", argv[0]);
		return 2;
	}
	results = path ? fopen(path, "w") : stdout;
	if (!results) {
		perror(path);
		return 2;
	}
	n_failed = kit_run(argc > 1 ? argv[1] : NULL);
	if (fclose(results) != 0) {
		perror("results");
		return 2;
	}
	return n_failed ? 1 : 0;
}
