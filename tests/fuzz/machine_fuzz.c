/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes as a device tree: nothing outside them is read (the copy ends where its memory ends),
 * and what is read keeps the promises of lib/machine.h. The boot hart is the first that can be
 * used, so that most inputs get as far as they can.
 *
 * Blind changes mostly break the tree's framing, which is soon found out; so half of the changes
 * are made to single words between tags, where cells, lengths and references are.
 */
#include <libfdt.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/machine.h"
#include "tests/unit/machine_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size); /* libFuzzer's own */

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

static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

static uint32_t change_word(uint32_t word, uint32_t other, uint32_t *state)
{
	static const uint32_t telling[] = { 0, 1,  2,  3,    4,    9,        11,       16,
					    8, 64, 63, 1023, 1024, 1u << 12, 1u << 31, UINT32_MAX };
	uint32_t r = next_random(state);

	switch (r % 6) {
	case 0:
		return telling[r / 6 % ARRAY_LEN(telling)];
	case 1:
		return word + 1;
	case 2:
		return word - 1;
	case 3:
		return word ^ 1u << r / 6 % 32;
	default:
		return other;
	}
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	struct fdt_header header;
	uint32_t state = seed, n_words;

	memcpy(&header, data, size < sizeof(header) ? size : sizeof(header));
	if (size <= sizeof(header) || seed % 2 || fdt_off_dt_struct(&header) > size - 4 ||
	    fdt_size_dt_struct(&header) > size - fdt_off_dt_struct(&header))
		return LLVMFuzzerMutate(data, size, max_size);
	n_words = fdt_size_dt_struct(&header) / 4;
	if (!n_words)
		return LLVMFuzzerMutate(data, size, max_size);
	for (unsigned n = 1 + next_random(&state) % 3; n; n--) {
		uint8_t *words = data + fdt_off_dt_struct(&header);
		uint8_t *at = words + 4 * (next_random(&state) % n_words);
		uint32_t word = fdt32_ld((fdt32_t *)at);
		uint32_t other = fdt32_ld((fdt32_t *)(words + 4 * (next_random(&state) % n_words)));

		fdt32_st(at, change_word(word, other, &state));
	}
	return size;
}
