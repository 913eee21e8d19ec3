/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes as a cpio archive: what is named lies inside, reading ends, and finding is the same as
 * looking at all entries. The first byte says whether the others are an archive or how one is made:
 * then what was put in comes out, unless a change of one byte made it an error.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cpio.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static bool is_inside(const void *part, size_t n, const void *whole, size_t size)
{
	size_t offset = (size_t)((const char *)part - (const char *)whole);

	return offset <= size && n <= size - offset;
}

/* Returns the number of entries or the error. */
static int walk(const void *bytes, size_t size)
{
	struct cpio archive = CPIO(bytes, size);
	struct cpio_file file, found;
	int n = 0, result;

	while ((result = cpio_next(&archive, &file)) > 0) {
		struct cpio again = CPIO(bytes, size);

		require(is_inside(file.name, strlen(file.name) + 1, bytes, size));
		require(is_inside(file.bytes, file.size, bytes, size));
		require(strncmp(file.name, "./", 2) && file.name[0] != '/');
		require(archive.at <= size && ++n <= (int)(size / 110));
		result = cpio_find(&again, file.name, &found);
		require(result == 0 || result == -ENOTSUP || result == -EINVAL);
		require(result || (!strcmp(found.name, file.name) &&
				   is_inside(found.bytes, found.size, bytes, size)));
		if (n > 16)
			break;
	}
	if (result < 0)
		require(result == -EINVAL && archive.why && archive.at <= size);
	require(cpio_find(&CPIO(bytes, size), "\x01 none", &found) ==
			(result < 0 ? -EINVAL : -ENOENT) ||
		result > 0);
	return result < 0 ? result : n;
}

static size_t put(char *to, const char *name, size_t name_size, const uint8_t *bytes, size_t n)
{
	int at = sprintf(to,
			 "07070100000001000081A40000000000000000000000010000000000%06zx"
			 "00000000000000000000000000000000%08zx00000000",
			 n, name_size);

	require(at == 110);
	memcpy(to + at, name, name_size);
	at = (int)align_up((uint64_t)at + name_size, 4);
	memcpy(to + at, bytes, n);
	return align_up((uint64_t)at + n, 4);
}

/* Bytes make lengths of names and files; the rest is their content. */
static void make(const uint8_t *data, size_t size)
{
	static char made[1 << 16];
	size_t at = 0, n_files = data[0] % 6, used = 16;
	struct cpio archive;
	struct cpio_file file;
	char name[300];

	memset(made, 0, sizeof(made));
	for (size_t i = 0; i < n_files; i++) {
		size_t n = data[i + 1] * 2u < size - used ? data[i + 1] * 2u : size - used;
		size_t length = data[i + 7] % 32 + 2;

		memset(name, 0, sizeof(name));
		memset(name, 'a' + (int)i, length);
		at += put(made + at, name, length + 1 + data[13] % 9, data + used, n);
		if (data[14] & 1 << i)
			at += put(made + at, "TRAILER!!!", 11, data, 0) + 4 * (data[15] % 200u);
		used += n;
	}
	at += put(made + at, "TRAILER!!!", 11, data, 0) + data[15] % 64;
	char *copy = malloc(at);
	memcpy(copy, made, at);
	require(walk(copy, at) == (int)n_files);
	archive = CPIO(copy, at);
	used = 16;
	for (size_t i = 0; i < n_files; i++) {
		size_t n = data[i + 1] * 2u < size - used ? data[i + 1] * 2u : size - used;

		require(cpio_next(&archive, &file) == 1 && file.size == n);
		require(!memcmp(file.bytes, data + used, n) && file.name[0] == 'a' + (char)i);
		require(strlen(file.name) == data[i + 7] % 32u + 2 && file.mode == 0100644);
		used += n;
	}
	require(cpio_next(&archive, &file) == 0);
	copy[(data[2] * 256u + data[3]) % at] = (char)data[4];
	(void)walk(copy, at);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 18)
		return 0;
	if (data[0] & 1) {
		make(data + 1, size - 1);
		return 0;
	}
	char *copy = malloc(size - 1);

	memcpy(copy, data + 1, size - 1);
	(void)walk(copy, size - 1);
	free(copy);
	return 0;
}
