/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes as the description of a VM: nothing outside them is read (the copy ends where its
 * memory ends), what is read keeps the promises of hyp/config.h, and what is refused is refused
 * with a line that can be printed.
 *
 * Blind changes mostly break the tree's framing, which is soon found out; so most changes are made
 * to single words between tags, where cells, lengths and references are. The seeds are
 * tests/unit/vm, compiled by dtc.
 */
#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/vm_config_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size); /* libFuzzer's own */

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

static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

static uint32_t change_word(uint32_t word, uint32_t other, uint32_t *state)
{
	static const uint32_t telling[] = { 0,          1,          2,         4,         8,
					    16,         64,         0xfff,     PAGE_SIZE, MEGA_SIZE,
					    0x80000000, 0x10000000, 0x8000000, UINT32_MAX };
	uint32_t r = next_random(state);

	switch (r % 6) {
	case 0:
		return telling[r / 6 % ARRAY_LEN(telling)];
	case 1:
		return word + 1;
	case 2:
		return word + (r / 6 % 2 ? PAGE_SIZE : -PAGE_SIZE);
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
	if (size <= sizeof(header) || seed % 4 == 0 || fdt_off_dt_struct(&header) > size - 4 ||
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
