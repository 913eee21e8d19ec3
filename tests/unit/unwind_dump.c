/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What lib/unwind.c says of an image: `unwind_dump IMAGE.bin`. Each line of the input is the start
 * of a function, a pc in it, and 1 if that is a return address, 0 if not, the first two as
 * hexadecimal offsets; each line of the output is the frame's size there, where ra was saved, and
 * whether a call ends at the pc.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/unwind.h"

static uint16_t *read_image(const char *path, uint64_t *size)
{
	FILE *file = fopen(path, "rb");
	uint16_t *code;
	long length;

	if (!file || fseek(file, 0, SEEK_END) || (length = ftell(file)) < 0 ||
	    fseek(file, 0, SEEK_SET))
		return NULL;
	code = malloc((size_t)length + 2);
	*size = (uint64_t)length;
	if (!code || fread(code, 1, *size, file) != *size || fclose(file))
		return NULL;
	return code;
}

int main(int argc, char **argv)
{
	uint64_t start, pc, size;
	unsigned is_return;
	uint16_t *code = argc == 2 ? read_image(argv[1], &size) : NULL;

	if (!code) {
		fprintf(stderr, "usage: unwind_dump IMAGE.bin\n");
		return 2;
	}
	while (scanf("%" SCNx64 " %" SCNx64 " %u", &start, &pc, &is_return) == 3) {
		if (start > pc || pc > size || start % 2) {
			fprintf(stderr, "no such place: %" PRIx64 " %" PRIx64 "\n", start, pc);
			return 2;
		}
		struct frame_shape shape = unwind_shape(code, start, pc - is_return);

		printf("%" PRIu64 " %" PRId32 " %d\n", shape.size, shape.ra_at,
		       unwind_is_return(code, pc));
	}
	free(code);
	return 0;
}
