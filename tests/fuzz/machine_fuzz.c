/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes as a device tree: nothing outside them is read (the copy ends where its memory ends),
 * and what is read keeps the promises of lib/machine.h. The boot hart is the first that can be
 * used, so that most inputs get as far as they can.
 */
#include <libfdt.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/machine.h"
#include "tests/unit/machine_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct machine *m, size_t size)
{
	const char *broken = machine_broken_promise(m, size);

	if (broken) {
		fprintf(stderr, "broken: %s\n", broken);
		abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct machine m;
	struct machine_error error;
	void *copy = malloc(size);

	memcpy(copy, data, size);
	memset(&m, 0, sizeof(m));
	if (!machine_read(&m, copy, size, 0, &error)) {
		check(&m, size);
	} else {
		if (!error.text[0] || !memchr(error.text, '\0', sizeof(error.text)))
			abort();
		for (unsigned i = 0; i < m.n_harts; i++) {
			uint64_t boot = m.harts[i].id;

			if (m.harts[i].use != HART_USABLE)
				continue;
			memset(&m, 0, sizeof(m));
			if (boot && !machine_read(&m, copy, size, boot, &error))
				check(&m, size);
			break;
		}
	}
	free(copy);
	return 0;
}
