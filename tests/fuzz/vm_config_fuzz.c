/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes as the description of a VM: nothing outside them is read (the copy ends where its
 * memory ends), what is read keeps the promises of hyp/config.h, and what is refused is refused
 * with a line that can be printed. The seeds are tests/unit/vm, compiled by dtc.
 */
#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/vm_config_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const char *broken)
{
	if (broken) {
		fprintf(stderr, "broken: %s\n", broken);
		abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct vm_config c;
	struct vm_config_error error;
	void *copy = malloc(size);

	memcpy(copy, data, size);
	if (!vm_config_read(&c, "fuzz.dtb", copy, size, &error)) {
		check(vm_config_broken_promise(&c));
	} else {
		size_t n = strnlen(error.text, sizeof(error.text));

		check(n && n < sizeof(error.text) ? NULL : "the complaint has no end");
		for (size_t i = 0; i < n; i++)
			check(error.text[i] >= ' ' && error.text[i] <= '~'
				      ? NULL
				      : "the complaint cannot be printed");
	}
	free(copy);
	return 0;
}
