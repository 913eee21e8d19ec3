/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How inputs that are device trees are changed. Blind changes mostly break the tree's framing,
 * which is soon found out; so most are made to single words between tags, where cells, lengths and
 * references are.
 */
#include <libfdt.h>
#include <stdint.h>
#include <string.h>

#include "arch/bits.h"

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size); /* libFuzzer's own */

static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

static uint32_t change_word(uint32_t word, uint32_t other, uint32_t *state)
{
	static const uint32_t telling[] = {
		0,         1,         2,         3,          4,        8,          9,
		11,        16,        63,        64,         1023,     1024,       0xfff,
		PAGE_SIZE, MEGA_SIZE, 0x8000000, 0x10000000, 1u << 31, UINT32_MAX,
	};
	uint32_t r = next_random(state);

	switch (r % 8) {
	case 0:
		return telling[r / 8 % ARRAY_LEN(telling)];
	case 1:
		return word + 1;
	case 2:
		return word - 1;
	case 3:
		return word + (r / 8 % 2 ? PAGE_SIZE : -PAGE_SIZE);
	case 4:
		return word ^ 1u << r / 8 % 32;
	default:
		return other;
	}
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	struct fdt_header header;
	uint32_t state = seed, n_words;

	memcpy(&header, data, size < sizeof(header) ? size : sizeof(header));
	if (size <= sizeof(header) || seed % 3 == 0 || fdt_off_dt_struct(&header) > size - 4 ||
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
